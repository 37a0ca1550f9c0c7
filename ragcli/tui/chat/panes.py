"""The two side panes: which of them are shown at which width.

Below the shell's prompt (`--inline`) the chat is one column at any width.
"""

from __future__ import annotations

from typing import Any, Protocol

from textual.screen import Screen

from ragcli.tui.widgets.conversation.answer import ALONE
from ragcli.tui.widgets.panes.sidebar import Sidebar
from ragcli.tui.widgets.panes.sources import SourcesPane

WIDEST = 160
"""Columns from which both panes are wide."""

WIDE = 150
"""Columns from which both panes stand beside the transcript: answers come first."""

MIDDLE = 84
"""Columns from which the sources stand beside the transcript."""

LOW = 14
"""Lines under which the footer is left out."""


class PaneChoicesPort(Protocol):
    """What the user wants to see, from one chat to the next."""

    def wanted(self, key: str) -> bool:
        """Tells whether a pane is to be shown; by the key of its setting."""

    def want(self, key: str, *, wanted: bool) -> None:
        """Remembers whether it is."""


class Panes:
    """Folds the panes that the width has no room for.

    Args:
        screen: Where they stand.
        sidebar: Conversations and profiles.
        sources: The sources of an answer.
        choices: Say which of them the user wants, and remember it.
    """

    def __init__(
        self,
        screen: Screen[Any],
        sidebar: Sidebar,
        sources: SourcesPane,
        choices: PaneChoicesPort,
    ) -> None:
        self._screen = screen
        self._panes = {"sidebar": sidebar, "sources": sources}
        self._choices = choices
        self._wanted = {name: choices.wanted(f"tui.{name}") for name in self._panes}

    def fold(self, *, opened: str = "") -> None:
        """Shows and hides panes by width and wish.

        Args:
            opened: The pane that the user opened just now; on a narrow screen it
                lies over the transcript, one at a time.
        """
        width, height = self._screen.size
        is_column = width < MIDDLE or self._screen.app.is_inline
        is_wide = width >= WIDE and not is_column
        room = {"sidebar": is_wide, "sources": not is_column}
        lies_over = bool(opened) and not room[opened]
        for name, pane in self._panes.items():
            pane.set_class(not room[name], "-over")
            alone = lies_over or not room[name]  # two would leave the answer no room
            pane.display = name == opened if alone else self._wanted[name]
        sources = self._panes["sources"]
        beside = sources.display and not sources.has_class("-over")
        self._screen.set_class(not beside, ALONE)
        self._screen.query_one("#foot").display = height >= LOW
        self._screen.set_class(is_column, "-narrow")
        self._screen.set_class(width >= WIDEST, "-wide")

    def close_over(self) -> bool:
        """Closes a pane that lies over the transcript; False when none does."""
        over = any(p.display and p.has_class("-over") for p in self._panes.values())
        if over:
            self.fold()
        return over

    def toggle(self, name: str) -> bool:
        """Shows or hides `sidebar` or `sources`; returns whether it is shown."""
        pane = self._panes[name]
        shown = not pane.display
        if not pane.has_class("-over"):
            self._wanted[name] = shown
            self._choices.want(f"tui.{name}", wanted=shown)
        self.fold(opened=name if shown else "")
        return shown

    def reveal_sources(self) -> None:
        """Shows the sources where they are hidden."""
        if not self._panes["sources"].display:
            self.toggle("sources")
