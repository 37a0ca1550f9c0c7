"""What a reasoning model says to itself is no part of its answer."""

from __future__ import annotations

from collections.abc import Iterator

_OPEN, _CLOSE = "<think>", "</think>"


def without_reasoning(pieces: Iterator[str]) -> Iterator[str]:
    """Yields the pieces of an answer without a leading `<think>…</think>`.

    Servers that know of reasoning send it apart; older ones, and templates that they
    do not know, leave it in the text. Only the very beginning is looked at.
    """
    held = ""
    for piece in pieces:
        held += piece
        spoken = _spoken(held)
        if spoken:
            yield spoken
            yield from pieces
            return
    if not held.lstrip().startswith(_OPEN):
        yield held


def _spoken(held: str) -> str:
    """Returns what may be shown of an answer's beginning; "" while that is open."""
    start = held.lstrip()
    if start.startswith(_OPEN):
        return start.partition(_CLOSE)[2].lstrip()
    return "" if _OPEN.startswith(start) else held
