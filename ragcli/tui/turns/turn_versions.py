"""Which version of an answer `/version` means."""

from __future__ import annotations

from ragcli.errors import UsageError
from ragcli.sessions.records.record_types import Turn


def wanted(turn: Turn, number: str) -> int:
    """Returns the version that is meant, counted from 1.

    Args:
        turn: The version that is shown.
        number: As it was typed; "" for the one before, or the last from the first.

    Raises:
        UsageError: There is no such version, or one alone.
    """
    count = len(turn.versions)
    if count < 2:
        raise UsageError(
            "there is one version of this answer", "/regenerate asks for another"
        )
    if not number:
        return turn.version - 1 or count
    if not (number.isdecimal() and 0 < int(number) <= count):
        raise UsageError(f"there is no version {number!r}", f"1 to {count}")
    return int(number)
