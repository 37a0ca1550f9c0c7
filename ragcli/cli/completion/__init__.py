"""Completion: what a shell gets when Tab is pressed.

Names of documents, models and conversations are other people's bytes, and a shell
would run some of them. `shell_answers` finds the names and says them so that the shell
that asked takes them for names; `bash` reads and writes bash's quotes; `scripts` puts
the few lines that each shell loads, in the folder of shells, where it looks. Start at
`shell_answers`.
"""

from __future__ import annotations

PROGRAM = "ragcli"
VARIABLE = "_RAGCLI_COMPLETE"
"""What a script asks with: its shell's name."""
