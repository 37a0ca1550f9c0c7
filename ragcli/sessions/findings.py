"""What a check found, in one line, and how bad that is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ragcli.errors import ExitCode
from ragcli.frozen import frozen

DAMAGE = "damage"
"""Something is not what was written, or cannot be trusted."""

REPAIRED = "repaired"
"""Something was damaged and has been repaired."""

NOTE = "note"
"""Worth knowing, but not a fault."""

SOUND = "ok"
"""Checked, and in order."""


@frozen
class Finding:
    """One line of `profile verify` or `doctor`."""

    severity: str
    """`DAMAGE`, `REPAIRED`, `NOTE` or `SOUND`."""

    what: str
    """What is wrong, one line."""

    where: str
    """The file or directory, with a line where there is one."""

    hint: str = ""
    """What to do about it, one line, or ""."""

    code: ExitCode = ExitCode.DAMAGED
    """How the command ends while this is so: 4, or 77 for modes and owners."""


def of_left(places: Sequence[Path]) -> list[Finding]:
    """Returns the findings of what killed processes had left.

    Args:
        places: What was there before a profile was opened, which removes it.
    """
    what = "left by a process that was killed"
    return [
        Finding(NOTE, f"{what}; it could not be removed", str(path), "remove it")
        if path.exists()
        else Finding(REPAIRED, f"{what}; removed", str(path))
        for path in places
    ]


def exit_code(findings: list[Finding]) -> ExitCode:
    """Returns how a command ends that found these: 4, else 77, else 0."""
    codes = {finding.code for finding in findings if finding.severity == DAMAGE}
    if ExitCode.DAMAGED in codes:
        return ExitCode.DAMAGED
    return max(codes, default=ExitCode.ANSWERED)
