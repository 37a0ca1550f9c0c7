"""What a check found, in one line, and how bad that is."""

from __future__ import annotations

from ragcli.errors import ExitCode
from ragcli.frozen import frozen

DAMAGE = "damage"
"""Something is not what was written, or cannot be trusted."""

REPAIRED = "repaired"
"""It was; it is mended now."""

NOTE = "note"
"""Worth knowing; nothing is wrong."""


@frozen
class Finding:
    """One line of `profile verify` or `doctor`."""

    severity: str
    """`DAMAGE`, `REPAIRED` or `NOTE`."""

    what: str
    """What is wrong, one line."""

    where: str
    """The file or directory, with a line where there is one."""

    hint: str = ""
    """What to do about it, one line, or ""."""

    code: ExitCode = ExitCode.DAMAGED
    """How the command ends while this is so: 4, or 77 for modes and owners."""


def exit_code(findings: list[Finding]) -> ExitCode:
    """Returns how a command ends that found these: 4, else 77, else 0."""
    codes = {found.code for found in findings if found.severity == DAMAGE}
    if ExitCode.DAMAGED in codes:
        return ExitCode.DAMAGED
    return max(codes, default=ExitCode.ANSWERED)
