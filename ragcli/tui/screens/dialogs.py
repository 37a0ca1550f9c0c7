"""Small questions above the chat; each returns a typed value, None when left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from ragcli.text import safe_line, safe_text
from ragcli.tui.rendering.columns import cut, padded, shared


class ConfirmDialog(ModalScreen[bool]):
    """Asks before something that cannot be undone, or that leaves the chat.

    Args:
        question: One sentence.
        detail: What exactly it is about, verbatim; made safe here.
        yes: What the button says that does it.
        danger: Whether something is lost by it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "answer(False)", "No"),
        Binding("y", "answer(True)", "Yes"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(
        self, question: str, detail: str = "", *, yes: str = "Yes", danger: bool = False
    ) -> None:
        super().__init__()
        self._question, self._detail, self._yes = question, detail, yes
        self._danger = danger

    def compose(self) -> ComposeResult:
        """Yields the question and two buttons; the harmless one has the focus."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._question)), classes="title")
            if self._detail:
                yield Static(Content(safe_text(self._detail)), classes="detail")
            with Horizontal(classes="buttons"):
                yield Button(
                    Content(self._yes),
                    id="yes",
                    variant="error" if self._danger else "primary",
                    compact=True,
                )
                yield Button("Cancel", id="no", compact=True)

    def on_mount(self) -> None:
        """Focuses the harmless button."""
        self.query_one("#no" if self._danger else "#yes").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - an action's argument
        """Answers by a key."""
        self.dismiss(answer)


class TextDialog(ModalScreen[str | None]):
    """Asks for a line of text.

    Args:
        title: What it is for.
        value: What stands there already.
        password: Whether it is to be hidden; then it is taken as it is, spaces and all.
        note: What was wrong with the line before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Cancel")]

    def __init__(
        self, title: str, value: str = "", *, password: bool = False, note: str = ""
    ) -> None:
        super().__init__()
        self._title, self._value, self._password = title, value, password
        self._note = note

    def compose(self) -> ComposeResult:
        """Yields title, input and what was wrong."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._title)), classes="title")
            yield Input(self._value, password=self._password, compact=True)
            if self._note:
                yield Static(Content(safe_line(self._note)), classes="wrong")
            yield Static("Enter to accept, Esc to cancel", classes="hint")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        text = event.value if self._password else event.value.strip()
        self.dismiss(text or None)

    def action_leave(self) -> None:
        """Closes the dialog without an answer."""
        self.dismiss(None)


@dataclass(frozen=True, slots=True)
class PickerEntry:
    """One entry of a list to pick from."""

    id: str
    text: str
    detail: str = ""
    aside: str = ""
    """Stands at the right: a key, a count."""


_MARK = 2
"""Columns of the mark before the entry in force."""

_GAP = 2
"""Columns between two columns of a list."""


class PickDialog(ModalScreen[str | None]):
    """A list to pick from, filtered as the user types; returns the entry's id.

    Args:
        title: What is picked.
        choices: The entries.
        current: The id of the entry in force.
        hint: Said below the list: what keys do.
        preview: Shows what an entry would be like while it is gone over; called with
            the id in force when the dialog is left.
    """

    KEEPS_END: ClassVar[bool] = False
    """Whether texts that are too long lose their beginning: paths do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[PickerEntry],
        current: str = "",
        *,
        hint: str = "",
        preview: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._choices, self._current = title, choices, current
        self._hint, self._preview = hint, preview
        self._shown: list[PickerEntry] = []

    def compose(self) -> ComposeResult:
        """Yields title, filter and list."""
        with Vertical(classes="dialog tall"):
            yield Static(Content(safe_text(self._title)), classes="title")
            yield Input(placeholder="filter", compact=True)
            yield OptionList(markup=False, compact=True)
            if self._hint:
                yield Static(self._hint, markup=False, classes="hint")

    def on_mount(self) -> None:
        """Fills the list."""
        self.query_one(OptionList).can_focus = False
        self._fill("")

    def _fill(self, text: str) -> None:
        words = text.lower().split()
        self._shown = [
            choice
            for choice in self._choices
            if all(word in f"{choice.text} {choice.detail}".lower() for word in words)
        ]
        ids = [choice.id for choice in self._shown]
        self._draw(ids.index(self._current) if self._current in ids else 0)

    def _draw(self, highlighted: int) -> None:
        """Draws the entries that are shown, one row each, at the width of the list."""
        lines = self.query_one(OptionList)
        bar = lines.styles.scrollbar_size_vertical
        width = lines.outer_size.width or self.app.size.width  # before it is laid out
        room = max(1, width - lines.gutter.width - bar)
        lines.clear_options()
        lines.add_options([Option(row) for row in self._rows(room)])
        if self._shown:
            lines.highlighted = highlighted

    def on_resize(self) -> None:
        """Fits the list to the new height, and its rows to the new width."""
        # In cells: a share of the height would leave the dialog as high as all rows.
        self.query_one(OptionList).styles.max_height = max(4, self.size.height // 2)
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        self._draw(self.query_one(OptionList).highlighted or 0)

    @cached_property
    def _widths(self) -> tuple[int, int, int]:
        """The widest text, detail and aside of all entries."""
        texts = [
            tuple(map(safe_line, (one.text, one.detail, one.aside)))
            for one in self._choices
        ]
        columns = list(zip(*texts, strict=True)) or [(), (), ()]
        widest, detail, aside = (max(map(cell_len, one), default=0) for one in columns)
        return widest, detail, aside

    def _rows(self, room: int) -> Iterator[Content]:
        """Yields the rows: text, detail, and at the right what stands aside."""
        widest, detail, aside = self._widths
        room -= _MARK + (aside and aside + _GAP)
        first = shared(room, widest, detail and detail + _GAP)
        second = max(0, min(detail, room - first - _GAP))
        for one in self._shown:
            here = ("● ", "$text-success") if one.id == self._current else "  "
            text = cut(safe_line(one.text), first, keep_end=self.KEEPS_END)
            beside = cut(safe_line(one.detail), second)
            last = safe_line(one.aside)
            gap = " " * (room + _GAP + aside - first - _GAP - cell_len(beside))
            yield Content.assemble(
                here,
                padded(text, first),
                (f"{' ' * _GAP}{beside}", "$foreground 60%"),
                (gap[: len(gap) - cell_len(last)] + last, "$text-accent"),
            )

    @on(Input.Changed)
    def _filtered(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @property
    def highlighted(self) -> PickerEntry | None:
        """The entry that Enter takes; None while none matches."""
        at = self.query_one(OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self.highlighted is not None:
            self.dismiss(self.highlighted.id)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].id)

    def action_move(self, step: int) -> None:
        """Moves through the list while the filter has the keyboard."""
        lines = self.query_one(OptionList)
        if self._shown:
            lines.highlighted = ((lines.highlighted or 0) + step) % len(self._shown)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if self._preview and event.option_index < len(self._shown):
            self._preview(self._shown[event.option_index].id)

    def action_leave(self) -> None:
        """Closes the dialog without an answer."""
        if self._preview:
            self._preview(self._current)
        self.dismiss(None)


class LockDialog(ModalScreen[str | None]):
    """Says who holds the profile, and asks what to do with the answer.

    Args:
        message: Who holds it, from the error.
        hint: What the error advises.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "choose('readonly')", "Read-only"),
        Binding("w", "choose('wait')", "Wait"),
        Binding("r", "choose('readonly')", "Read-only"),
        Binding("f", "choose('fork')", "Fork"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__()
        self._message, self._hint = message, hint

    def compose(self) -> ComposeResult:
        """Yields the holder and three choices."""
        with Vertical(classes="dialog"):
            yield Static("The answer could not be recorded", classes="title")
            yield Static(Content(safe_text(self._message)), classes="detail")
            yield Static(Content(_LOCK_HELP), classes="hint")
            with Horizontal(classes="buttons"):
                yield Button("Wait", id="wait", variant="primary", compact=True)
                yield Button("Read-only", id="readonly", compact=True)
                yield Button("Fork", id="fork", compact=True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)

    def action_choose(self, choice: str) -> None:
        """Chooses by a key."""
        self.dismiss(choice)


_LOCK_HELP = (
    "Wait tries again until the other one is done. Read-only goes on without "
    "recording. Fork goes on in a copy of the profile."
)
