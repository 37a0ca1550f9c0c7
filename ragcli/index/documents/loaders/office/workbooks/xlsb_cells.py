"""Formats, errors, merged cells and comments of an XLSB file (MS-XLSB).

Its parts are records: a type and a length of one to four bytes each, seven bits a byte,
and so many bytes. What a record says beyond what is read here is left alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from ragcli.index.documents.loaders.layout.header_rows import Span
from ragcli.index.documents.loaders.office.number_formats import (
    codes_of,
    counts_days,
)
from ragcli.index.documents.loaders.office.packages import Package
from ragcli.index.documents.loaders.office.workbooks.sheet_facts import (
    ERRORS,
    Cell,
    SheetFacts,
)

_ROW = 0
_RATIONAL, _ERROR, _REAL, _FORMULA_NUMBER, _FORMULA_ERROR = 2, 3, 5, 9, 11
_FORMAT, _STYLE = 44, 47
_BEGIN_STYLES, _END_STYLES = 617, 618
_BOOK, _SHEET = 153, 156
_MERGED = 176
_BEGIN_COMMENT, _COMMENT_TEXT = 635, 637

_WHOLE = 2
"""The last two bits of a number that is kept whole, and not in hundredths."""

_NUMBERS = frozenset({_RATIONAL, _REAL, _FORMULA_NUMBER})
_ERRORS = frozenset({_ERROR, _FORMULA_ERROR})

_TWO_SHORTS = struct.Struct("<HH")
_TWO_LONGS = struct.Struct("<II")
_FOUR_LONGS = struct.Struct("<IIII")
_LONG = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class _Styles:
    """How the styles of cells show numbers."""

    codes: Mapping[int, str]
    """Formats that say so, by the style's number."""

    days: Mapping[int, bool]
    """Styles of dates and times; whether they are of lengths of time."""


class XlsbSheet(NamedTuple):
    """A sheet as the workbook names it."""

    name: str
    """What it is called."""

    relation: str
    """The id of its part among those that the workbook refers to."""


def xlsb_sheets(book: bytes) -> Iterator[XlsbSheet]:
    """Yields the sheets that the main part of a workbook names, in their order."""
    for kind, data in _records(book):
        if kind == _SHEET:
            relation, end = _wide(data, 8)
            yield XlsbSheet(_wide(data, end)[0], relation)


def xlsb_facts(package: Package) -> dict[str, SheetFacts]:
    """Returns what cells have beside their values, by the sheet's name.

    Raises:
        UnreadableDocument: A part of the workbook is damaged.
    """
    main = package.main()
    relations = package.related(main)
    styles = next((r.target for r in relations.values() if r.kind == "styles"), "")
    known = _styles(package.read(styles)) if styles in package else _Styles({}, {})
    book = package.read(main)
    first = _first_day(book)
    facts = {}
    for sheet in xlsb_sheets(book):
        relation = relations.get(sheet.relation)
        if relation and relation.kind == "worksheet" and relation.target in package:
            facts[sheet.name] = _facts(package.read(relation.target), known, first)
    return facts


def _first_day(book: bytes) -> date:
    """Returns the day from which a workbook counts."""
    for kind, data in _records(book):
        if kind == _BOOK:
            return date(1904, 1, 1) if data[:1] and data[0] & 1 else date(1899, 12, 30)
    return date(1899, 12, 30)


def xlsb_comments(part: bytes) -> Iterator[tuple[Cell, str]]:
    """Yields the comments of a part that holds them, each with its cell."""
    cell = (0, 0)
    for kind, data in _records(part):
        if kind == _BEGIN_COMMENT and len(data) >= 20:
            row, _, column, _ = _FOUR_LONGS.unpack_from(data, 4)
            cell = (row, column)
        elif kind == _COMMENT_TEXT:
            yield cell, _wide(data, 1)[0]


def _styles(part: bytes) -> _Styles:
    own: dict[int, str] = {}
    formats: list[int] = []
    is_of_cells = False
    for kind, data in _records(part):
        if kind == _FORMAT and len(data) >= 2:
            own[int.from_bytes(data[:2], "little")] = _wide(data, 2)[0]
        elif kind in {_BEGIN_STYLES, _END_STYLES}:
            is_of_cells = kind == _BEGIN_STYLES
        elif kind == _STYLE and is_of_cells and len(data) >= 4:
            formats.append(_TWO_SHORTS.unpack_from(data)[1])
    return _Styles(codes_of(formats, own), counts_days(formats, own))


def _facts(sheet: bytes, styles: _Styles, first: date) -> SheetFacts:
    facts = SheetFacts()
    row = 0
    for kind, data in _records(sheet):
        if kind == _ROW and len(data) >= 4:
            [row] = _LONG.unpack_from(data)
        elif kind in _NUMBERS and len(data) >= 8:
            column, style = _TWO_LONGS.unpack_from(data)
            style &= 0xFFFFFF
            code = styles.codes.get(style)
            if code:
                facts.formats[row, column] = code
            elif kind == _RATIONAL and style in styles.days:
                moment = _moment(data, first, is_length=styles.days[style])
                if moment:
                    facts.moments[row, column] = moment
        elif kind in _ERRORS and len(data) >= 9:
            [column] = _LONG.unpack_from(data)
            facts.errors[row, column] = ERRORS.get(data[8], "")
        elif kind == _MERGED and len(data) >= 16:
            top, bottom, left, right = _FOUR_LONGS.unpack_from(data)
            facts.spans.append(Span(top, left, bottom, right))
    return facts


def _moment(data: bytes, first: date, *, is_length: bool) -> date | timedelta | None:
    """Returns a whole number of days as what it counts, where it is kept as one."""
    value = int.from_bytes(data[8:12], "little", signed=True)
    if len(data) < 12 or value & 3 != _WHOLE:
        return None
    days = timedelta(value >> 2)
    if is_length:
        return days
    if days.days < 1 or days > date.max - first:
        return None
    if first.year < 1900 and days.days < 60:  # which has a day that never was
        days += timedelta(1)
    return first + days


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields type and content of the records of a part; a cut one ends it."""
    at, end = 0, len(part)
    while at < end:
        kind = part[at]
        at += 1
        if kind & 0x80 and at < end:
            kind = kind & 0x7F | (part[at] & 0x7F) << 7
            at += 1
        size = shift = 0
        while at < end and shift < 28:
            size |= (part[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not part[at - 1] & 0x80:
                break
        yield kind, part[at : at + size]
        at += size


def _wide(data: bytes, at: int) -> tuple[str, int]:
    """Returns a string that stands at an offset, and where it ends; "" for none."""
    if len(data) < at + 4:
        return "", at
    [count] = _LONG.unpack_from(data, at)
    start = at + 4
    if count == 0xFFFFFFFF:
        return "", start
    end = start + 2 * count
    return data[start:end].decode("utf-16-le", "replace"), end
