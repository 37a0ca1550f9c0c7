"""A grid of cells as people fill them: which of it is title, header, rows, fields.

A sheet, or a table that does not say where its header is, comes here as rows of text.
Blank rows and columns separate tables; a header is a row of names over values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from ragcli.index.documents.elements import DocumentBuilder, flat

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
_CHOICES = frozenset({"true", "false", "yes", "no", "x", "n/a", "tbd"})
_MOSTLY = 0.6
_SAMPLE = 200
"""Rows from which it is told where a table's header is."""
_MOST_GAPS = 16
"""Blank columns at which it is tried whether they part two tables."""
_TITLE_WORDS = 30


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


class Line(NamedTuple):
    """A row of a grid with its number in the whole."""

    number: int
    cells: tuple[str, ...]

    @property
    def filled(self) -> list[int]:
        """The columns that hold something."""
        return [place for place, cell in enumerate(self.cells) if cell]


def is_value(text: str) -> bool:
    """Tells whether a cell holds a number, date, time, choice or nothing in words."""
    if not any(character.isalnum() for character in text):
        return True
    if len(text) > 40:
        return False
    return bool(
        _NUMBER.fullmatch(text) or _DATE.fullmatch(text) or text.casefold() in _CHOICES
    )


def is_name(text: str) -> bool:
    """Tells whether a cell can name a column: words, or a year or month."""
    return len(text) <= LONGEST_NAME and (
        not is_value(text) or bool(_PERIOD.fullmatch(text))
    )


def find_header(lines: Sequence[Line], spans: Sequence[Span] = ()) -> Header | None:
    """Returns where the names of the columns stand, None when nowhere.

    Args:
        lines: The rows of one table, columns without anything left out.
        spans: Its merged cells.
    """
    width = len({place for line in lines for place in line.filled})
    first = next((at for at, line in enumerate(lines) if len(line.filled) > 1), None)
    if first is None or width < 2:
        return None
    lines = lines[: first + _SAMPLE]
    last = first
    while last + 1 < len(lines) and _continues(lines, last, width, spans):
        last += 1
    named = {p for line in lines[first : last + 1] for p in line.filled}
    if not _are_names(lines[last]) or 2 * len(named) < width:
        return None
    body = [line for line in lines[last + 1 :] if len(line.filled) > 1]
    if body and _stands_over(lines[last], body, width, named):
        return Header(first, last)
    return None


def _are_names(line: Line) -> bool:
    cells = [line.cells[place] for place in line.filled]
    in_words = 0 not in line.filled or not all(map(is_value, cells))
    return in_words and all(map(is_name, cells))


def _continues(
    lines: Sequence[Line], at: int, width: int, spans: Sequence[Span]
) -> bool:
    """Tells whether the names of one row go on in the next: groups above columns."""
    upper, lower = lines[at], lines[at + 1]
    if not (all(is_name(upper.cells[p]) for p in upper.filled) and _are_names(lower)):
        return False
    grouped = any(
        span.top <= upper.number <= span.bottom and span.right > span.left
        for span in spans
    )
    gaps = set(lower.filled) - set(upper.filled)
    is_group = grouped or (len(gaps) > 0 and len(upper.filled) < width)
    has_rows = any(
        any(is_value(line.cells[place]) for place in line.filled)
        for line in lines[at + 2 :]
    )
    return is_group and has_rows and len(lower.filled) > 1


def _stands_over(line: Line, body: Sequence[Line], width: int, named: set[int]) -> bool:
    """Tells whether what is below a row of names differs from it as values do."""
    ratios = []
    for place in line.filled:
        cells = [row.cells[place] for row in body if row.cells[place]]
        periods = all(_PERIOD.fullmatch(cell) for cell in cells)
        if cells and not (periods and _PERIOD.fullmatch(line.cells[place])):
            ratios.append(sum(map(is_value, cells)) / len(cells))
    over_values = any(ratio >= _MOSTLY for ratio in ratios)
    if width == 2:
        return over_values and len(body) > 1 and _alike(line, body)
    names = [line.cells[place] for place in line.filled]
    complete = len(named) >= width - 1 and len(set(names)) == len(names)
    if any(name.endswith(":") for name in names[:-1]) and len(body) > 1:
        return False
    return over_values or complete


def _alike(line: Line, body: Sequence[Line]) -> bool:
    """Tells whether the second of two columns holds values of one kind alone."""
    place = line.filled[-1]
    cells = [row.cells[place] for row in body if row.cells[place]]
    shapes = {_shape(cell) for cell in cells if any(map(str.isalnum, cell))}
    return len(shapes) == 1 and all(map(is_value, cells))


def _shape(cell: str) -> str:
    if cell.casefold() in _CHOICES:
        return "choice"
    return "date" if _DATE.fullmatch(cell) else "number"


def column_names(
    lines: Sequence[Line], header: Header, spans: Sequence[Span] = ()
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
            for place in range(span.left, min(span.right + 1, len(row))):
                row[place] = row[place] or row[span.left]
        is_group = any(span.right > span.left for span in merged)
        told = [cell for cell in row if cell]
        if at < len(rows) - 1 and not is_group and len(told) <= 2 < len(row):
            said += told
            rows[at] = [""] * len(row)
    names = []
    for cells in zip(*rows, strict=True):
        parts = list(dict.fromkeys(filter(None, map(flat, cells))))
        names.append(" ".join(parts).removesuffix(":"))
    return tuple(names), ", ".join(map(flat, said))


class GridWriter:
    """Adds what a grid holds to a document.

    Args:
        builder: The document.
        labelled: Whether cells are known by their names, `A7` say.
    """

    def __init__(self, builder: DocumentBuilder, *, labelled: bool = True) -> None:
        self._builder = builder
        self._labelled = labelled
        self._title = ""

    def write(self, rows: Sequence[Sequence[str]], spans: Sequence[Span] = ()) -> None:
        """Adds tables, fields and paragraphs in the order of their first rows.

        Args:
            rows: The cells as they are read, merged ones once.
            spans: Which cells are merged.
        """
        lines = [
            Line(number, tuple(cells))
            for number, cells in enumerate(rows)
            if any(cells)
        ]
        wide = [span for span in spans if span.right > span.left]
        for region in regions(lines, wide):
            self._region(region, wide)
        self._told()

    def _told(self) -> str:
        """Adds the title that waits for its table as a paragraph of its own."""
        title, self._title = self._title, ""
        if title:
            self._builder.paragraph(title)
        return title

    def _region(self, lines: list[Line], spans: list[Span]) -> None:
        used = sorted({place for line in lines for place in line.filled})
        if len(used) == 1:
            self._column([(line, line.cells[used[0]]) for line in lines], used[0])
            return
        inner = [Line(n, tuple(cells[p] for p in used)) for n, cells in lines]
        near = _moved(spans, used)
        header = find_header(inner, near)
        if header:
            self._table(inner, header, near, used)
        else:
            self._rows(inner, used)

    def _column(self, cells: list[tuple[Line, str]], place: int) -> None:
        """Adds cells that stand one below the other: a title, prose or a list."""
        if len(cells) > 2 and all(len(text) <= LONGEST_NAME for _, text in cells):
            self._told()
            for _, text in cells:
                self._builder.item(text)
            return
        for line, text in cells:
            self._told()
            if "\n" not in text and len(text.split()) <= _TITLE_WORDS:
                self._title = text
            else:
                label = self._label(line.number, place)
                self._builder.paragraph(text, label=label)

    def _table(
        self, lines: list[Line], header: Header, spans: list[Span], used: list[int]
    ) -> None:
        for line in lines[: header.first]:
            self._told()
            self._title = " ".join(filter(None, line.cells))
        names, said = column_names(lines, header, spans)
        caption, self._title = self._title, ""
        body = lines[header.last + 1 :]
        notes: list[Line] = []
        while body and len(names) > 2 and _is_remark(body[-1]):
            notes.insert(0, body.pop())
        self._builder.table(
            names,
            [line.cells for line in body],
            caption=", ".join(filter(None, (caption, said))),
            labels=[self._row_label(line, used) for line in body],
        )
        for line in notes:
            self._builder.paragraph(line.cells[0], label=self._row_label(line, used))

    def _rows(self, lines: list[Line], used: list[int]) -> None:
        """Adds rows that nobody named: fields where they are keys with values."""
        if is_fields(lines):
            self._told()
            for line in lines:
                self._fields(line, used)
            return
        caption, self._title = self._title, ""
        self._builder.table(
            (),
            [line.cells for line in lines],
            caption=caption,
            labels=[self._row_label(line, used) for line in lines],
        )

    def _fields(self, line: Line, used: list[int]) -> None:
        filled = line.filled
        for at in range(0, len(filled), 2):
            key = line.cells[filled[at]]
            value = line.cells[filled[at + 1]] if at + 1 < len(filled) else ""
            label = self._label(line.number, used[filled[at]])
            if value or (filled[at] == 0 and len(used) == 2):
                self._builder.field(key.removesuffix(":").rstrip(), value, label=label)
            else:
                self._builder.paragraph(key, label=label)

    def _label(self, row: int, column: int) -> str:
        return f"{column_letters(column)}{row + 1}" if self._labelled else ""

    def _row_label(self, line: Line, used: list[int]) -> str:
        filled = line.filled
        return self._label(line.number, used[filled[0]]) if filled else ""


def is_fields(lines: Sequence[Line]) -> bool:
    """Tells whether rows without a header are keys, each with its value."""
    pairs = [line for line in lines if len(line.filled) > 1]
    if not pairs:
        return False
    if all(_are_pairs(line) for line in pairs):
        return True
    width = len({place for line in lines for place in line.filled})
    keys = [line.cells[0] for line in pairs]
    return (
        width == 2
        and sum(map(is_name, keys)) >= _MOSTLY * len(keys)
        and not all(map(is_value, keys))
        and max(map(len, keys)) <= LONGEST_NAME
        and len(set(keys)) >= _MOSTLY * len(keys)
    )


def _are_pairs(line: Line) -> bool:
    """Tells whether every other cell ends with a colon: `Name: | Ada`."""
    cells = [line.cells[place] for place in line.filled]
    return len(cells) % 2 == 0 and all(
        cell.endswith(":") and len(cell) <= LONGEST_NAME for cell in cells[::2]
    )


def _is_remark(line: Line) -> bool:
    """Tells whether a row is a sentence below a table, not a row of it."""
    filled = line.filled
    return filled == [0] and (
        len(line.cells[0].split()) > 5 or line.cells[0][0] in "(*\u2020"
    )


def _moved(spans: Sequence[Span], used: list[int]) -> list[Span]:
    """Returns merged cells in terms of the columns that hold something."""
    moved = []
    for span in spans:
        inside = [at for at, p in enumerate(used) if span.left <= p <= span.right]
        if inside:
            moved.append(span._replace(left=inside[0], right=inside[-1]))
    return moved


def regions(lines: Sequence[Line], spans: Sequence[Span] = ()) -> list[list[Line]]:
    """Returns the tables of a grid: what blank rows and columns set apart.

    A blank column parts two tables only where each can stand alone, and a blank row
    does not part names from what they name.
    """
    split = _beside(lines, spans)
    if split:
        left, right = split
        return [*regions(left, spans), *regions(right, spans)]
    bands = _bands(lines)
    if len(bands) > 1:
        found: list[list[Line]] = []
        for band in _rejoined(bands, spans):
            split = _beside(band, spans)
            found += regions(band, spans) if split else [band]
        return found
    return [list(lines)] if lines else []


def _bands(lines: Sequence[Line]) -> list[list[Line]]:
    bands: list[list[Line]] = []
    for line in lines:
        if bands and line.number == bands[-1][-1].number + 1:
            bands[-1].append(line)
        else:
            bands.append([line])
    return bands


def _rejoined(bands: list[list[Line]], spans: Sequence[Span]) -> list[list[Line]]:
    """Joins a band without names to the one above it, whose columns it fills."""
    joined: list[list[Line]] = []
    for band, below in zip_longest(bands, bands[1:]):
        begins = below is not None and _only_names(band)
        begins = begins and _headed([*band, *below], spans)
        if joined and not begins and _belongs(joined[-1], band, spans):
            joined[-1] += band
        else:
            joined.append(list(band))
    return joined


def _belongs(above: list[Line], band: list[Line], spans: Sequence[Span]) -> bool:
    columns = {place for line in band for place in line.filled}
    upper = {place for line in above[:_SAMPLE] for place in line.filled}
    if len(columns) < 2 or 2 * len(columns & upper) < len(columns | upper):
        return False
    if _headed(band, spans):
        return False
    if _only_names(above):
        return _headed([*above, *band], spans)
    return _headed(above, spans) and not is_fields(_packed(band))


def _only_names(band: list[Line]) -> bool:
    """Tells whether a band may be the names of the columns of the next."""
    cells = [line.cells[place] for line in band[:4] for place in line.filled]
    return len(band) <= 3 and len(band[-1].filled) > 1 and all(map(is_name, cells))


def _packed(lines: Sequence[Line]) -> list[Line]:
    used = sorted({place for line in lines for place in line.filled})
    return [Line(line.number, tuple(line.cells[p] for p in used)) for line in lines]


def _headed(lines: Sequence[Line], spans: Sequence[Span]) -> bool:
    lines = lines[:_SAMPLE]
    used = sorted({place for line in lines for place in line.filled})
    return find_header(_packed(lines), _moved(spans, used)) is not None


def _beside(
    lines: Sequence[Line], spans: Sequence[Span]
) -> tuple[list[Line], list[Line]] | None:
    """Returns what stands left and right of a blank column, if both are tables."""
    filled = {place for line in lines for place in line.filled}
    if len(filled) < 4 or len(lines) < 2:
        return None
    last = max(filled)
    gaps = [p + 1 for p in sorted(filled) if p < last and p + 1 not in filled]
    sample = lines[:_SAMPLE]
    for gap in gaps[:_MOST_GAPS]:
        if all(
            _alone(_cut(sample, *side), spans) for side in ((0, gap), (gap, last + 1))
        ):
            return _cut(lines, 0, gap), _cut(lines, gap, last + 1)
    return None


def _cut(lines: Sequence[Line], start: int, end: int) -> list[Line]:
    cut = []
    for line in lines:
        cells = tuple(
            cell if start <= place < end else ""
            for place, cell in enumerate(line.cells)
        )
        if any(cells):
            cut.append(Line(line.number, cells))
    return cut


def _alone(lines: list[Line], spans: Sequence[Span]) -> bool:
    """Tells whether there is a table with names and rows of its own in here."""
    if len({place for line in lines for place in line.filled}) < 2:
        return False
    for band in _rejoined(_bands(lines), spans):
        packed = _packed(band)
        header = _headed(band, spans)
        if header and not _is_unlabelled(packed):
            return True
    return False


def _is_unlabelled(lines: list[Line]) -> bool:
    """Tells whether most rows have no words in any column: the labels are elsewhere."""
    body = [line for line in lines[1:] if len(line.filled) > 1]
    labelled = sum(not is_value(line.cells[line.filled[0]]) for line in body)
    return len(body) > 1 and 2 * labelled < len(body)


def column_letters(column: int) -> str:
    """Returns a column's letters: A for 0, AA for 26."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
