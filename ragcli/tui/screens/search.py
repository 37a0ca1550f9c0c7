"""The screen that searches all conversations of the profile."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from ragcli.sessions.records.record_types import Turn
from ragcli.text import safe_line

_PAUSE = 0.15
"""Seconds without a key before the search starts."""

_AROUND = 40
"""Characters shown before a match."""


class SearchScreen(ModalScreen[tuple[Turn, str] | None]):
    """An input and the turns that match; returns the one chosen, and the text.

    Args:
        search: Looks for a text, newest first; awaited.
        text: What to look for first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close"),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
    ]

    def __init__(
        self, search: Callable[[str], Awaitable[Sequence[Turn]]], text: str = ""
    ) -> None:
        super().__init__()
        self._search, self._text = search, text
        self._turns: Sequence[Turn] = ()

    def compose(self) -> ComposeResult:
        """Yields input, list and count."""
        with Vertical(classes="dialog page"):
            yield Static("Find in all conversations", classes="title")
            yield Input(self._text, placeholder="words", compact=True)
            yield OptionList(markup=False, compact=True)
            yield Static("", classes="hint")

    def on_mount(self) -> None:
        """Leaves the keyboard to the input."""
        self.query_one(OptionList).can_focus = False

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        text = event.value.strip()
        self.set_timer(_PAUSE, lambda: self._look(text))

    def _look(self, text: str) -> None:
        if text == self.query_one(Input).value.strip():
            self.run_worker(self._find(text), exclusive=True)

    async def _find(self, text: str) -> None:
        self._turns = await self._search(text) if text else ()
        lines = self.query_one(OptionList)
        lines.clear_options()
        lines.add_options([Option(_shown(turn, text)) for turn in self._turns])
        lines.highlighted = 0 if self._turns else None
        count = len(self._turns)
        note = f"{count} turn{'s' if count != 1 else ''}" if text else ""
        self.query_one(".hint", Static).update(note)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None and self._turns:
            self._take(at)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option_index)

    def _take(self, at: int) -> None:
        self.dismiss((self._turns[at], self.query_one(Input).value.strip()))

    def action_move(self, step: int) -> None:
        """Moves through the list while the input has the keyboard."""
        lines = self.query_one(OptionList)
        if self._turns:
            lines.highlighted = ((lines.highlighted or 0) + step) % len(self._turns)

    def action_leave(self) -> None:
        """Closes the dialog without an answer."""
        self.dismiss(None)


def _shown(turn: Turn, text: str) -> Content:
    """Returns two lines: the question, and where the words stand in the answer."""
    pattern = re.compile(re.escape(text), re.IGNORECASE)
    match = pattern.search(turn.answer)
    start = max(0, match.start() - _AROUND) if match else 0
    extract = safe_line(("…" if start else "") + turn.answer[start : start + 240], 160)
    content = Content.assemble(
        (safe_line(turn.question, 120), "bold"), "\n", (extract, "$foreground 60%")
    )
    return content.highlight_regex(pattern, style="$text-warning on $warning 20%")
