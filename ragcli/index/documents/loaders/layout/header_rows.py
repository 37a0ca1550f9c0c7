"""Which rows of a table name its columns, and which rows are keys with values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ragcli.index.documents.elements import flat

LONGEST_NAME = 160
"""Characters; a longer cell names no column and no field."""

_NUMBER = re.compile(
    r"[-+\u2212(]*\s*(?:[A-Z]{3}\s?|[^\w\s.,:;]{1,2}\s?)?[-+\u2212]?\s*"
    r"\d[\d.,'\u2019\u00a0\u202f ]*(?:[eE][-+]?\d+)?"
    r"\s*(?:[^\w\s]|[^\W\d_]{1,3})?\s*\)?"
)
_DATE = re.compile(
    r"(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4})?[T ]?(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
    r"(?:\s?[ap]m)?",
    re.IGNORECASE,
)
_PERIOD = re.compile(r"(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?")
_SENTENCE = re.compile(r"\w \S+[!,]$|\w \w+ \w{4,}\.$")
"""How words end that are part of a sentence; a name may be shortened: `Unit pr.`."""

_ERROR = re.compile(r"#(?:[A-Z]{3,5}[!?]|DIV/0!|N/A|GETTING_DATA)|Err:\d{3}")
"""What a cell shows whose formula comes to nothing."""

_CHOICES = frozenset({"true", "false", "yes", "no", "x", "n/a", "tbd"})
_MOSTLY = 0.6
SAMPLE = 200
"""Rows from which it is told where a table's header is."""


class Span(NamedTuple):
    """Cells that are merged; rows and columns are counted from 0, ends inside."""

    top: int
    left: int
    bottom: int
    right: int


class Header(NamedTuple):
    """Where the names of a table's columns are."""

    first: int
    last: int


class GridRow(NamedTuple):
    """A row of part of a grid, with its number in the whole grid."""

    number: int
    cells: tuple[str, ...]

    @property
    def filled(self) -> list[int]:
        """The columns that hold something."""
        return [column for column, cell in enumerate(self.cells) if cell]


def is_value(text: str) -> bool:
    """Tells whether a cell holds a number, date, time, choice or nothing in words."""
    if not any(character.isalnum() for character in text):
        return True
    if len(text) > 40:
        return False
    return text.casefold() in _CHOICES or any(
        pattern.fullmatch(text) for pattern in (_NUMBER, _DATE, _ERROR)
    )


def is_name(text: str) -> bool:
    """Tells whether a cell can name a column: words, or a year or month."""
    if len(text) > LONGEST_NAME or _SENTENCE.search(text):
        return False
    return not is_value(text) or bool(_PERIOD.fullmatch(text))


def find_header(lines: Sequence[GridRow], spans: Sequence[Span] = ()) -> Header | None:
    """Returns where the names of the columns stand, None when nowhere.

    Args:
        lines: The rows of one table, columns without anything left out.
        spans: Its merged cells.
    """
    width = len({column for line in lines for column in line.filled})
    first = next((at for at, line in enumerate(lines) if len(line.filled) > 1), None)
    if first is None or width < 2:
        return None
    lines = lines[: first + SAMPLE]
    last = first
    while last + 1 < len(lines) and _continues(lines, last, width, spans):
        last += 1
    lower = _below_notes(lines, last, spans)
    if lower:
        first = last = lower
    reached = lines[last].number
    if any(span.top <= reached < span.bottom for span in spans):
        return None  # a name does not reach into the rows
    head = lines[first : last + 1]
    named = {column for line in head for column in line.filled}
    named |= {p for line in head for p in _merged_at(line, spans) if p < width}
    if not _are_names(lines[last]) or 2 * len(named) < width:
        return None
    body = [line for line in lines[last + 1 :] if len(line.filled) > 1]
    if body and _stands_over(lines[last], body, width, named):
        return Header(first, last)
    return None


def _below_notes(lines: Sequence[GridRow], last: int, spans: Sequence[Span]) -> int:
    """Returns the row right above the first values, where only that names all columns.

    People write notes into some cells above a table. 0 when nothing is above it.
    """
    values = next(
        (
            at
            for at, line in enumerate(lines)
            if any(is_value(line.cells[column]) for column in line.filled)
        ),
        0,
    )
    names = values - 1
    if names <= last or not _are_names(lines[names]):
        return 0
    fullest_above = max(
        len({*line.filled, *_merged_at(line, spans)}) for line in lines[:names]
    )
    return names if len(lines[names].filled) > fullest_above else 0


def _are_names(line: GridRow) -> bool:
    cells = [line.cells[column] for column in line.filled]
    in_words = 0 not in line.filled or not all(map(is_value, cells))
    return in_words and all(map(is_name, cells))


def _continues(
    lines: Sequence[GridRow], at: int, width: int, spans: Sequence[Span]
) -> bool:
    """Tells whether the names of one row go on in the next: groups above columns.

    A merged name is a group where the row below has names for its columns alone. Where
    that has words below the other names as well, it may be the first of the rows: it
    names columns only if it stands over values.
    """
    upper, lower = lines[at], lines[at + 1]
    if not (all(is_name(upper.cells[p]) for p in upper.filled) and _are_names(lower)):
        return False
    if len(lower.filled) < 2:
        return False
    below = lines[at + 2 :]
    merged = _merged_at(upper, spans)
    has_values = any(is_value(line.cells[p]) for line in below for p in line.filled)
    if not merged:
        inside = set(upper.filled) < set(lower.filled)
        return inside and len(upper.filled) < width and has_values
    alone = [column for column in upper.filled if column not in merged]
    if any(lower.cells[column] for column in alone):
        return any(
            sum(is_value(line.cells[column]) for line in below if line.cells[column])
            >= max(2, _MOSTLY * sum(bool(line.cells[column]) for line in below))
            for column in lower.filled
        )
    return has_values or (
        bool(alone) and all(_reaches(spans, column, upper, lower) for column in alone)
    )


def _merged_at(line: GridRow, spans: Sequence[Span]) -> set[int]:
    """Returns the columns of a row that a cell merged over several reaches over."""
    return {
        column
        for span in spans
        if span.top <= line.number <= span.bottom and span.right > span.left
        for column in range(span.left, span.right + 1)
    }


def _reaches(
    spans: Sequence[Span], column: int, upper: GridRow, lower: GridRow
) -> bool:
    """Tells whether one cell of a column reaches over both of two rows."""
    return any(
        span.left <= column <= span.right
        and span.top <= upper.number
        and span.bottom >= lower.number
        for span in spans
    )


def _stands_over(
    line: GridRow, body: Sequence[GridRow], width: int, named: set[int]
) -> bool:
    """Tells whether what is below a row of names differs from it as values do."""
    ratios = []
    for column in line.filled:
        cells = [row.cells[column] for row in body if row.cells[column]]
        periods = all(_PERIOD.fullmatch(cell) for cell in cells)
        if cells and not (periods and _PERIOD.fullmatch(line.cells[column])):
            ratios.append(sum(map(is_value, cells)) / len(cells))
    over_values = any(ratio >= _MOSTLY for ratio in ratios)
    if width == 2:
        return over_values and len(body) > 1 and _alike(line, body)
    names = [line.cells[column] for column in line.filled]
    complete = len(named) >= width - 1 and len(set(names)) == len(names)
    if any(name.endswith(":") for name in names[:-1]) and len(body) > 1:
        return False
    return over_values or complete


def _alike(line: GridRow, body: Sequence[GridRow]) -> bool:
    """Tells whether the second of two columns holds values of one kind alone."""
    column = line.filled[-1]
    cells = [row.cells[column] for row in body if row.cells[column]]
    shapes = {_shape(cell) for cell in cells if any(map(str.isalnum, cell))}
    return len(shapes) == 1 and all(map(is_value, cells))


def _shape(cell: str) -> str:
    """Returns what kind of value a cell holds; of a number its unit."""
    if cell.casefold() in _CHOICES:
        return "choice"
    if _DATE.fullmatch(cell):
        return "date"
    return "".join(sign for sign in cell if sign.isalpha() or sign in "%$\u20ac\u00a3")


def column_names(
    lines: Sequence[GridRow], header: Header, spans: Sequence[Span] = ()
) -> tuple[tuple[str, ...], str]:
    """Returns the names of the columns, and what above them is said of all.

    A merged cell names each of its columns. A row above the names with one or two
    cells in it, none of them merged, tells a unit or a period of the whole table.
    """
    rows = [list(line.cells) for line in lines[header.first : header.last + 1]]
    said: list[str] = []
    for at, row in enumerate(rows):
        number = lines[header.first + at].number
        merged = [span for span in spans if span.top <= number <= span.bottom]
        for span in merged:
            for column in range(span.left, min(span.right + 1, len(row))):
                row[column] = row[column] or row[span.left]
        is_group = any(span.right > span.left for span in merged)
        texts = list(dict.fromkeys(filter(None, row)))
        is_said = len(texts) == 1 or (not is_group and len(texts) == 2 < len(row))
        if at < len(rows) - 1 and is_said:
            said += texts
            rows[at] = [""] * len(row)
    names = []
    for cells in zip(*rows, strict=True):
        parts = list(dict.fromkeys(filter(None, map(flat, cells))))
        names.append(" ".join(parts).removesuffix(":"))
    return tuple(names), ", ".join(map(flat, said))


def is_fields(lines: Sequence[GridRow]) -> bool:
    """Tells whether rows without a header are keys, each with its value."""
    pairs = [line for line in lines if len(line.filled) > 1]
    if not pairs:
        return False
    if all(_are_pairs(line) for line in pairs):
        return True
    width = len({column for line in lines for column in line.filled})
    keys = [line.cells[0] for line in pairs]
    return (
        width == 2
        and sum(map(is_name, keys)) >= _MOSTLY * len(keys)
        and not all(map(is_value, keys))
        and max(map(len, keys)) <= LONGEST_NAME
        and len(set(keys)) >= _MOSTLY * len(keys)
    )


def _are_pairs(line: GridRow) -> bool:
    """Tells whether every other cell ends with a colon: `Name: | Ada`."""
    cells = [line.cells[column] for column in line.filled]
    return len(cells) % 2 == 0 and all(
        cell.endswith(":") and len(cell) <= LONGEST_NAME for cell in cells[::2]
    )


def moved(spans: Sequence[Span], used: list[int]) -> list[Span]:
    """Returns merged cells in terms of the columns that hold something."""
    moved = []
    for span in spans:
        inside = [at for at, p in enumerate(used) if span.left <= p <= span.right]
        if inside:
            moved.append(span._replace(left=inside[0], right=inside[-1]))
    return moved
