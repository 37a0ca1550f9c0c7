"""Small words that agree with their numbers."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Returns a number with its noun: `1 turn`, `1,204 turns`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
