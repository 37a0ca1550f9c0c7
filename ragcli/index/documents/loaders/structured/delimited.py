"""Rows of cells: CSV, TSV and what is alike, whoever wrote it.

What separates cells, and whether the first row names the columns, is found out from
the first rows: both are told by how well the rest of the table agrees with them.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, Element, Section, TableFacts, flat

_SEPARATORS = ",;\t|"
_SAMPLE = 60
"""Rows that are looked at."""

_LONGEST_ROW = 100_000
_AGREED = 0.8
"""Share of rows with the same number of cells from which a separator is believed."""

_SEPARATOR_LINE = re.compile(r"sep=(.)[ \t]*$", re.IGNORECASE)
_NUMBER = re.compile(
    r"[-+\u2212(]?(?:[A-Z]{2,3}[ ])?[$\u20ac\u00a3\u00a5]?[ ]?\d[\d.,'\u00a0 ]*"
    r"(?:e[-+]?\d+)?[ ]?(?:%|[$\u20ac\u00a3\u00a5]|[A-Za-z]{1,3})?\)?",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\d{1,4}[-./]\d{1,2}(?:[-./]\d{1,4})?(?:[T ]\d{1,2}:\d\d.*)?"
    r"|\d{1,2}:\d\d(?::\d\d)?"
)
_PARTING_COMMA = re.compile(r"(?<!\d),|,(?!\d)")
"""A comma that does not stand between digits, as that of a number does."""

_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_STAMPED = re.compile(r"\W*\d+[-/.:]\d\d")
"""What a record of a log begins with: its colons are those of a time."""

_FEWEST_ROWS = 4
"""Rows from which a plain text is believed to be a table."""

_HEADER_WORDS = frozenset(
    re.findall(
        r"\w+",
        "name id no nr number code date time year type kind status price amount total"
        " cost quantity qty unit description title category city country address email"
        " phone url value key first last state region currency note notes item article"
        " nummer datum zeit jahr art preis betrag menge einheit beschreibung titel"
        " stadt land adresse wert artikel bezeichnung anzahl nom date prix ville pays"
        " fecha nombre precio ciudad cantidad",
    )
)


class _Row(NamedTuple):
    """A row that holds something: offsets, and its cells."""

    start: int
    end: int
    cells: tuple[str, ...]


def comma_separated(content: Content) -> Document:
    """Reads the rows as one table, under its columns' names."""
    return _table(content.text, ",")


def tab_separated(content: Content) -> Document:
    """Reads the rows as one table, under its columns' names."""
    return _table(content.text, "\t")


def in_plain_text(text: str) -> Document | None:
    """Returns a text as a table when all its lines are rows, None of any other text.

    Lines that begin with `#` may name the columns, or say what the rows are.
    """
    separator = _separator_of_lines(text)
    return _read(text, separator) if separator else None


def _table(text: str, usual: str) -> Document:
    if not text.strip():
        return Document()
    first, _, _ = text.partition("\n")
    announced = _SEPARATOR_LINE.match(first.strip("\ufeff\"' "))
    if announced:
        return _read(text, announced[1], is_announced=True)
    return _read(text, _separator(text, usual))


def _read(text: str, separator: str, *, is_announced: bool = False) -> Document:
    """Returns the rows of a text as a table; the first may tell the separator."""
    rows = list(_rows(text, separator))
    del rows[:is_announced]
    width = _width(rows)
    head = _first_of_table(rows, width)
    above, rows = rows[:head], rows[head:]
    names = _named_by_remark(rows, width)
    if names:
        rows.remove(names)
        rows.insert(0, names)
    rows, remarks = _without_remarks(rows, width)
    named = bool(names) or _names_columns(rows)
    columns = tuple(flat(name).lstrip("# ") for name in rows[0].cells) if named else ()
    prose = [_inner(text, row, separator) for row in above]
    caption = flat(" ".join(text[start:end] for start, end in prose))
    prose += [_inner(text, row, separator) for row in remarks]
    elements = [Element("prose", start, end) for start, end in prose]
    elements += [
        Element("row", row.start, row.end, 0, row.cells) for row in rows[named:]
    ]
    if columns:
        elements.append(Element("columns", rows[0].start, rows[0].end, 0))
    elements.sort(key=lambda item: item.start)
    facts = TableFacts(columns, caption[:_LONGEST_CAPTION], len(rows) - named)
    return Document("", (Section(text, (), None, 1, tuple(elements)),), (facts,))


_LONGEST_CAPTION = 300


def _inner(text: str, row: _Row, separator: str) -> tuple[int, int]:
    """Returns where the words of a row without cells stand."""
    piece = text[row.start : row.end]
    marks = f'"# \t{separator}'
    start = row.start + len(piece) - len(piece.lstrip(marks))
    end = row.start + len(piece.rstrip(f'" \t\n{separator}'))
    return (start, end) if start < end else (row.start, row.end)


def _separator(text: str, usual: str) -> str:
    """Returns what separates the cells of a text.

    A decimal comma splits numbers as evenly as a comma that separates cells. So what
    agrees as well and is no comma is believed first.
    """
    end = -1
    for _ in range(_SAMPLE):
        end = text.find("\n", end + 1, _LONGEST_ROW)
        if end < 0:
            break
    sample = text[:end] if end > 0 else text[:_LONGEST_ROW]
    scores = {mark: _agreement(sample, mark) for mark in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda mark: (scores[mark], mark == usual))
    if scores[usual] >= _AGREED and usual != ",":
        return usual
    least = max(_AGREED, scores[","] - 1 + _AGREED)
    if "," in sample and not _PARTING_COMMA.search(sample):
        least = _AGREED / 2  # all commas are those of numbers
    for mark in "\t;|":
        if scores[mark] >= least:
            return mark
    return best if scores[best] else usual


def _separator_of_lines(text: str) -> str:
    """Returns what separates the cells of every line of a plain text, "" if nothing.

    A colon or comma in words has a blank behind it; one between cells has none.
    """
    lines = [line for line in text.split("\n", _SAMPLE)[:_SAMPLE] if line.strip()]
    rows = [line for line in lines if not line.startswith("#")]
    if len(rows) < _FEWEST_ROWS:
        return ""
    for mark in ":" + _SEPARATORS:
        if mark not in rows[0]:  # which is one cell then
            continue
        counts = {len(_cells(line, mark)) for line in rows}
        if len(counts) != 1 or counts == {1}:
            continue
        [width] = counts
        heads = [line for line in lines if line.startswith("#")]
        named = _named_by_remark([_Row(0, 0, _cells(x, mark)) for x in heads], width)
        spaced = sum(line.count(mark + " ") for line in rows)
        if mark in ":," and spaced:
            continue
        if named or (width > 2 and not any(map(_STAMPED.match, rows))):
            return mark
    return ""


def _agreement(sample: str, mark: str) -> float:
    """Returns the share of rows that have the usual number of cells, 0 if that is one.

    Rows above the table, with one cell each, are no disagreement.
    """
    if mark not in sample:
        return 0.0
    counts = [len(row.cells) for row in _rows(sample, mark)]
    while len(counts) > 1 and counts[0] == 1:
        del counts[0]
    if not counts:
        return 0.0
    width, agreed = Counter(counts).most_common(1)[0]
    return agreed / len(counts) if width > 1 else 0.0


def _rows(text: str, separator: str) -> Iterator[_Row]:
    """Yields each row that holds something; quoted cells may have line breaks."""
    position, begin, quotes = 0, 0, 0
    for line in text.split("\n"):
        quotes += line.count('"')
        end = position + len(line)
        if quotes % 2 == 0 or end - begin > _LONGEST_ROW:
            if text[begin:end].strip():
                yield _Row(begin, end, _cells(text[begin:end], separator))
            begin, quotes = end + 1, 0
        position = end + 1
    if text[begin:].strip():
        yield from _unclosed(text, begin, separator)


def _unclosed(text: str, begin: int, separator: str) -> Iterator[_Row]:
    """Yields the lines after a quote that nothing closes: it was no quote."""
    for line in text[begin:].split("\n"):
        if line.strip():
            cells = tuple(cell.strip() for cell in line.split(separator))
            yield _Row(begin, begin + len(line), cells)
        begin += len(line) + 1


def _cells(row: str, separator: str) -> tuple[str, ...]:
    if '"' not in row:
        return tuple(map(str.strip, row.split(separator)))
    try:
        cells = next(csv.reader([row], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        cells = row.split(separator)
    return tuple(map(str.strip, cells))


def _width(rows: Sequence[_Row]) -> int:
    """Returns how many cells most rows have."""
    counts = Counter(len(row.cells) for row in rows[:_SAMPLE])
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _first_of_table(rows: Sequence[_Row], width: int) -> int:
    """Returns how many rows stand above the table: titles, remarks."""
    for at, row in enumerate(rows[:20]):
        filled = sum(map(bool, row.cells))
        is_remark = row.cells[0].startswith("#") and len(row.cells) != width
        if not is_remark and (filled > 1 or width <= 1 or len(rows) == 1):
            return at
        if at + 1 == len(rows):
            return 0
    return 0


def _named_by_remark(rows: Sequence[_Row], width: int) -> _Row | None:
    """Returns the line above the rows that begins with `#` and has a name for each."""
    for row in rows:
        if not row.cells[0].startswith("#"):
            return None
        names = [name.lstrip("#").strip() for name in row.cells]
        if len(names) == width > 1 and all(map(_LETTER.search, names)):
            return row
    return None


def _without_remarks(rows: Sequence[_Row], width: int) -> tuple[list[_Row], list[_Row]]:
    """Parts rows from lines that begin with `#` and do not have their cells."""
    remarks = [
        row
        for row in rows
        if row.cells[0].startswith("#")
        and len(row.cells) != width
        and len(row.cells) < 3
    ]
    if len(remarks) == len(rows) or width <= 1:
        return list(rows), []
    left_out = set(remarks)
    return [row for row in rows if row not in left_out], remarks


def _names_columns(rows: Sequence[_Row]) -> bool:
    """Tells whether the first row names the columns rather than being one of them."""
    if len(rows) < 2:
        return False
    names = rows[0].cells
    filled = [name for name in names if name]
    if 2 * len(filled) <= len(names) or len({*map(str.lower, filled)}) < len(filled):
        return False
    if any(_NUMBER.fullmatch(name) and not _is_year(name) for name in filled):
        return False
    below = [row.cells for row in rows[1:_SAMPLE]]
    score = 0.0
    for at, name in enumerate(names):
        column = [cells[at] for cells in below if at < len(cells) and cells[at]]
        score += _like_a_name(name, column) if name else 0
    return score > 0 or (score == 0 and not any(map(_DIGIT.search, names)))


def _is_year(cell: str) -> bool:
    return cell.isdigit() and len(cell) == 4 and "1800" < cell < "2200"


def _like_a_name(name: str, column: Sequence[str]) -> float:
    """Returns how much a cell differs from those below it, below 0 if it does not."""
    words = re.split(r"[\W_]+", name.lower())
    score = 1.0 if any(word in _HEADER_WORDS for word in words) else 0.0
    if _DATE.fullmatch(name):
        return score - 2
    if not column:
        return score
    numbers = sum(bool(_NUMBER.fullmatch(x) or _DATE.fullmatch(x)) for x in column)
    if 5 * numbers >= 4 * len(column):
        return score + (-2 if _is_year(name) and _is_year(column[0]) else 2)
    if name in column:
        score -= 2
    if _DIGIT.search(name):
        score -= 1
    shapes = {_shape(cell) for cell in column}
    if len(column) > 2 and len(shapes) == 1:
        score += -1.5 if _shape(name) in shapes else 1
    return score


def _shape(cell: str) -> str:
    """Returns what a code looks like: `AA-000`; longer words are `a`."""
    shape = re.sub(r"\d", "0", re.sub(r"[A-Z]", "A", cell))
    return re.sub(r"[a-z]+", "a", shape)[:20]
