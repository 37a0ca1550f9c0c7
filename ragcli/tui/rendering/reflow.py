"""Passages at another width: line breaks inside a paragraph are the file's own."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragcli.language.units import Unit

_FLOWING = frozenset({"prose", "sentence", "item", "note", "figure"})
"""Kinds of units whose lines are one text; those of others mean something."""

_BREAK = re.compile(r"(?<![ \t\\])[ \t]?\r?\n[ \t]*(?=\S)")
"""A line break with the indentation after it; not one that Markdown keeps."""


@dataclass(frozen=True, slots=True)
class Reflowed:
    """A text whose paragraphs are one line each."""

    text: str
    starts: Sequence[int] = ()
    """Where in the verbatim text something is shorter here, in order."""
    shifts: Sequence[int] = ()
    """How many characters fewer there are from there on."""

    def at(self, offset: int) -> int:
        """Returns where a character of the verbatim text stands here."""
        index = bisect_right(self.starts, offset) - 1
        return offset - self.shifts[index] if index >= 0 else offset


def reflowed(text: str, units: Iterable[Unit]) -> Reflowed:
    """Joins the lines of paragraphs and items; code, tables and fields are kept.

    Args:
        text: A passage, verbatim.
        units: Its units; without any, nothing is joined.
    """
    pieces: list[str] = []
    starts: list[int] = []
    shifts: list[int] = []
    at = fewer = 0
    for unit in units:
        if unit.kind not in _FLOWING:
            continue
        for match in _BREAK.finditer(text, max(at, unit.start), unit.end):
            pieces += [text[at : match.start()], " "]
            at = match.end()
            fewer += len(match[0]) - 1
            starts.append(at)
            shifts.append(fewer)
    return Reflowed("".join([*pieces, text[at:]]), starts, shifts)
