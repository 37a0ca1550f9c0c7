"""The help screen: keys and commands for the focused widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ragcli.tui.commands import COMMANDS

Rows = Sequence[tuple[str, str, str]]


class HelpScreen(ModalScreen[None]):
    """A page of keys and commands.

    Args:
        sections: Titles and rows of keys, meaning and name, the nearest first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "dismiss", "Close"),
    ]

    def __init__(self, sections: Sequence[tuple[str, Rows]]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        """Yields the sections; the page scrolls."""
        with Vertical(classes="dialog page"):
            yield Static("Help", classes="title")
            with VerticalScroll():
                for title, rows in (*self._sections, ("Commands", _commands())):
                    yield Static(Content(title), classes="section")
                    yield Static(_table(rows))
            yield Static(
                "ragcli config set keys.NAME KEY changes a key. Esc closes.",
                classes="hint",
            )

    def on_mount(self) -> None:
        """Lets the arrow keys scroll."""
        self.query_one(VerticalScroll).focus()


def _commands() -> Rows:
    return [
        (f"/{c.name} {c.argument}".rstrip(), c.help, "")
        for c in COMMANDS
    ]  # fmt: skip


_MEANING = 52
"""Columns of the longest meaning that the names are aligned after."""


def _table(rows: Rows) -> Content:
    width = max((len(row[0]) for row in rows), default=0) + 2
    clear = min(_MEANING, max((len(row[1]) for row in rows), default=0))
    lines = [
        Content.assemble(
            (keys.ljust(width), "bold $text-accent"),
            meaning.ljust(clear) if name else meaning,
            (f"  {name}", "$foreground 40%"),
        )
        for keys, meaning, name in rows
    ]
    return Content("\n").join(lines)
