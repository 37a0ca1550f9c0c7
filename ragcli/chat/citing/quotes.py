"""Stretches of a passage, word for word, each with its own lines in the file."""

from __future__ import annotations

from ragcli.frozen import frozen
from ragcli.index.passages import Passage


@frozen
class Quote:
    """A sentence of a passage, verbatim."""

    text: str
    lines: tuple[int, int] | None
    """Its own lines in the file, where the passage has lines."""
    start: int = 0
    """Where it begins in the passage's text."""


def quote_of(passage: Passage, start: int, end: int) -> Quote:
    """Returns what stands between two offsets of a passage, with its lines."""
    return quoted(passage, start, passage.text[start:end])


def quoted(passage: Passage, start: int, text: str) -> Quote:
    """Returns a text that begins at an offset of a passage, with its lines."""
    return Quote(text, _lines(passage, start, text), start)


def _lines(passage: Passage, start: int, text: str) -> tuple[int, int] | None:
    end = start + len(text)
    own = [
        unit.lines
        for unit in passage.units
        if unit.lines and unit.start < end and start < unit.end
    ]
    if own:
        return min(first for first, _ in own), max(last for _, last in own)
    if passage.lines is None:
        return None
    first = passage.lines[0] + passage.text.count("\n", 0, start)
    return first, first + text.count("\n")
