"""Numbered lists and headings of a Word document: the numbers that Word shows."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple
from xml.etree import ElementTree as ET

from ragcli.index.documents.loaders.office.packages import below, number, value_of

_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9
_LARGEST_LETTERS = 26 * 30
_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)


class _ListLevel(NamedTuple):
    """How one level of a list is numbered."""

    start: int = 1
    kind: str = "decimal"
    text: str = ""


class Numbering:
    """Counts the paragraphs of each list.

    Args:
        root: The part with the lists, None when there is none.
    """

    def __init__(self, root: ET.Element | None) -> None:
        abstract: dict[str, dict[int, _ListLevel]] = {}
        self._lists: dict[str, tuple[str, dict[int, _ListLevel]]] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._started: set[tuple[str, int]] = set()
        self._overrides: dict[tuple[str, int], int] = {}
        for item in () if root is None else root:
            if item.tag == "w:abstractNum":
                levels = dict(map(_level, item.iter("w:lvl")))
                abstract[item.get("w:abstractNumId", "")] = levels
            elif item.tag == "w:num":
                self._add(item, abstract)

    def _add(self, item: ET.Element, known: dict[str, dict[int, _ListLevel]]) -> None:
        name = item.get("w:numId", "")
        base = value_of(below(item, "w:abstractNumId"))
        levels = dict(known.get(base, {}))
        for override in item.iter("w:lvlOverride"):
            depth = number(override.get("w:ilvl"))
            start = below(override, "w:startOverride")
            if start is not None:
                self._overrides[name, depth] = number(start.get("w:val"), 1)
            for level in override.iter("w:lvl"):
                levels.update([_level(level)])
        self._lists[name] = (base, levels)

    def label(self, name: str, depth: int) -> str | None:
        """Counts one paragraph and returns what stands before it.

        Args:
            name: The list's number.
            depth: The paragraph's level, from 0.

        Returns:
            `2.1`, `b)`, `-` for a bullet, "" where nothing is shown; None where there
            is no such list.
        """
        if name not in self._lists:
            return None
        base, levels = self._lists[name]
        depth = min(max(depth, 0), _LEVELS - 1)
        counts = self._counts[base]
        if (name, depth) in self._overrides and (name, depth) not in self._started:
            counts.pop(depth, None)
        level = levels.get(depth, _ListLevel())
        start = self._overrides.get((name, depth), level.start)
        self._started.add((name, depth))
        counts[depth] = counts[depth] + 1 if depth in counts else start
        for deeper in range(depth + 1, _LEVELS):
            counts.pop(deeper, None)
        if level.kind == "bullet":
            return "-"
        return _PLACE.sub(lambda at: _shown(levels, counts, int(at[1]) - 1), level.text)


def _shown(levels: dict[int, _ListLevel], counts: dict[int, int], depth: int) -> str:
    level = levels.get(depth, _ListLevel())
    count = counts.get(depth, level.start)
    if level.kind == "none":
        return ""
    if level.kind in {"lowerLetter", "upperLetter"} and 0 < count <= _LARGEST_LETTERS:
        letters = chr(96 + (count - 1) % 26 + 1) * ((count - 1) // 26 + 1)
        return letters.upper() if level.kind == "upperLetter" else letters
    if level.kind in {"lowerRoman", "upperRoman"} and 0 < count < 4000:
        letters = _roman(count)
        return letters.upper() if level.kind == "upperRoman" else letters
    return f"{count:02}" if level.kind == "decimalZero" else str(count)


def _roman(count: int) -> str:
    letters = ""
    for value, sign in _ROMAN:
        letters += sign * (count // value)
        count %= value
    return letters


def _level(element: ET.Element) -> tuple[int, _ListLevel]:
    start = below(element, "w:start")
    return number(element.get("w:ilvl")), _ListLevel(
        number(start.get("w:val"), 1) if start is not None else 1,
        value_of(below(element, "w:numFmt")) or "decimal",
        value_of(below(element, "w:lvlText")),
    )
