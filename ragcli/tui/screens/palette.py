"""The list of all commands, each with the key that does the same."""

from __future__ import annotations

from collections.abc import Mapping

from ragcli.tui.commands import COMMANDS, usage
from ragcli.tui.screens.dialogs import PickDialog, PickerEntry


class CommandsDialog(PickDialog):
    """All commands; returns the name of the one chosen.

    Args:
        keys: Keys of commands, by name, as they are shown.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        entries = [
            PickerEntry(
                command.name, command.help, usage(command), keys.get(command.name, "")
            )
            for command in COMMANDS
        ]
        super().__init__("Commands", entries)
