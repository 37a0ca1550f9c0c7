"""How long a question may be, and how much of one is searched for."""

from __future__ import annotations

from ragcli.errors import UsageError

LONGEST = 16 << 10
"""Bytes of UTF-8; a longer text is hardly meant as a question."""


def check(question: str) -> None:
    """Refuses a text that is too long for a question.

    Raises:
        UsageError: It is longer than `LONGEST`.
    """
    if len(question.encode("utf-8", "replace")) > LONGEST:
        raise too_long()


def too_long() -> UsageError:
    """Returns the error for a question that is longer than `LONGEST`."""
    return UsageError(
        f"the question is longer than {LONGEST >> 10} kB: is it a document?",
        'then ask about it: ragcli ask "QUESTION" < FILE',
    )


def searched(text: str) -> str:
    """Returns the beginning of a text that is searched for."""
    return text[:LONGEST]
