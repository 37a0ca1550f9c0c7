"""The help screen: keys and commands for the focused widget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ragcli.tui.commands import COMMANDS, usage
from ragcli.tui.rendering.columns import padded

Rows = Sequence[tuple[str, str, str]]

_KEYS = 24
"""Columns of the widest keys that the meanings are aligned after."""

_GAP = 2

_HINT = "n shows the names of keys · Esc closes"
_HINT_NAMES = "ragcli config set keys.NAME KEY changes a key · n hides · Esc closes"


class HelpScreen(ModalScreen[None]):
    """A page of keys and commands.

    Args:
        sections: Titles and rows of keys, meaning and name, the nearest first.
        keys: Keys of commands, by name, as they are shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q", "dismiss", "Close"),
        Binding("n", "names", "Names"),
    ]

    def __init__(
        self, sections: Sequence[tuple[str, Rows]], keys: Mapping[str, str]
    ) -> None:
        super().__init__()
        self._sections = [*sections, ("Commands", _commands(keys))]
        self._named = False

    def compose(self) -> ComposeResult:
        """Yields the sections; the page scrolls."""
        with Vertical(classes="dialog page"):
            yield Static("Help", classes="title")
            with VerticalScroll():
                for title, _ in self._sections:
                    yield Static(Content(title), classes="section")
                    yield Static(classes="rows")
            yield Static(_HINT, markup=False, classes="hint")

    def on_mount(self) -> None:
        """Lets the arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Fits the columns to the new width."""
        self.call_after_refresh(self._draw)

    def action_names(self) -> None:
        """Shows the names by which keys are changed, or hides them."""
        self._named = not self._named
        hint = _HINT_NAMES if self._named else _HINT
        self.query_one(".hint", Static).update(hint)
        self._draw()

    def _draw(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width - 1
        tables = self.query(".rows").results(Static)
        for (_, rows), table in zip(self._sections, tables, strict=True):
            lines = [line for row in rows for line in self._row(row, width)]
            table.update(Content("\n").join(lines))

    def _row(self, row: tuple[str, str, str], width: int) -> Iterator[Content]:
        """Yields the lines of one row: keys, meaning, and the name where asked for."""
        keys, meaning, name = row
        left = min(_KEYS, width // 3)
        parts = (meaning, (f"  {name}" if self._named else "", "$foreground 50%"))
        right = Content.assemble(*parts).wrap(max(1, width - left - _GAP))
        above = Content.styled(keys, "bold $text-accent").wrap(max(1, left))
        for at in range(max(len(above), len(right))):
            key = above[at] if at < len(above) else Content("")
            gap = " " * (left + _GAP - key.cell_length)
            yield Content.assemble(key, gap, right[at] if at < len(right) else "")


def _commands(keys: Mapping[str, str]) -> Rows:
    """Returns a row for each command, its key after its meaning."""
    widest = max(cell_len(command.help) for command in COMMANDS)
    return [
        (
            usage(command),
            f"{padded(command.help, widest)}  {keys.get(command.name, '')}",
            "",
        )
        for command in COMMANDS
    ]
