"""What Textual does not know yet about the keys of older terminals."""

from __future__ import annotations

from typing import Any, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import Keys

NEWLINES = ("\x1b\r", "\x1b\n")
"""Alt+Enter where no keyboard protocol is spoken: Escape, then the line end."""

MODIFIED_ENTER = frozenset({"shift+\r", "alt+\r", "ctrl+\r", "shift+\n", "alt+\n"})
"""How Textual names Enter with a modifier from xterm's modifyOtherKeys."""


def teach_newlines() -> None:
    """Has Alt+Enter arrive as Ctrl+J, the newline key that every terminal has.

    Textual drops the Escape and reports plain Enter, which would send a question
    that is not finished.
    """
    table: dict[str, tuple[Keys, ...]] = dict.fromkeys(NEWLINES, (Keys.ControlJ,))
    cast("dict[str, Any]", ANSI_SEQUENCES_KEYS).update(table)
