"""The list of questions asked before, found as a shell finds its commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from ragcli.tui.screens.dialogs import PickDialog, PickerEntry


class RecallDialog(PickDialog):
    """Questions, newest first; returns the one chosen.

    Args:
        questions: What was asked, newest first.
        begun: What to look for first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "move(1)", show=False, priority=True),
        Binding("ctrl+s", "move(-1)", show=False, priority=True),
    ]

    def __init__(self, questions: Sequence[str], begun: str = "") -> None:
        entries = [PickerEntry(question, question) for question in questions]
        super().__init__("Questions asked before · Ctrl+R goes back", entries)
        self._begun = begun

    def on_mount(self) -> None:
        """Looks for what was written already."""
        self.query_one(Input).value = self._begun
