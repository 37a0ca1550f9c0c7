"""The list of documents: to mention one, to open it, to take it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from ragcli.tui.screens.dialogs import PickDialog, PickerEntry

_HINT = "Enter mentions it in the prompt · Ctrl+O opens it · Ctrl+D takes it out"


class DocumentsDialog(PickDialog):
    """All documents; returns the path of the one chosen, and `wanted` says what for.

    Args:
        title: Whose documents they are.
        choices: The documents.
        current: The path of the one that is highlighted first.
    """

    KEEPS_END = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "want('open')", show=False, priority=True),
        Binding("ctrl+d", "want('remove')", show=False, priority=True),
    ]

    def __init__(
        self, title: str, choices: Sequence[PickerEntry], current: str = ""
    ) -> None:
        super().__init__(title, choices, current, hint=_HINT)
        self.wanted = "mention"
        """What is to be done with it: `mention`, `open` or `remove`."""

    def action_want(self, what: str) -> None:
        """Takes the highlighted document for something else than a mention."""
        if self.highlighted is not None:
            self.wanted = what
            self.dismiss(self.highlighted.id)
