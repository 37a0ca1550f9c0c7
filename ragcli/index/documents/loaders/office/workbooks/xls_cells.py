"""What an XLS file has beside values: formats, errors, comments, shapes, charts.

A workbook of BIFF8, and of BIFF5 before it, is one stream of records, each a type and a
length of two bytes (MS-XLS). It begins with what is of all sheets; each sheet is at an
offset that is named there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from ragcli.index.documents.loaders.office.compound_files import CompoundFile
from ragcli.index.documents.loaders.office.number_formats import codes_of
from ragcli.index.documents.loaders.office.workbooks.sheet_facts import (
    ERRORS,
    SheetFacts,
)
from ragcli.index.documents.loaders.office.workbooks.xls_charts import XlsChart
from ragcli.index.documents.loaders.office.workbooks.xls_strings import (
    BiffStrings,
    characters,
)

_BEGIN, _END = 0x0809, 0x000A
_CODE_PAGE, _FORMAT, _STYLE, _SHEET = 0x0042, 0x041E, 0x00E0, 0x0085
_LOCKED = 0x002F
_NUMBER, _RATIONAL, _RATIONALS, _FORMULA = 0x0203, 0x027E, 0x00BD, 0x0006
_FLAG_OR_ERROR = 0x0205
_NOTE, _OBJECT, _TEXT, _CONTINUED = 0x001C, 0x005D, 0x01B6, 0x003C

_STREAMS = ("Workbook", "Book")
_PACKAGE = "EncryptedPackage"
_BIFF8 = 0x0600
_CHART = b"\x20\0"

_RECORD = struct.Struct("<HH")
_CELL = struct.Struct("<HHH")
_LONG = struct.Struct("<I")
_SHORT = struct.Struct("<H")


def xls_facts(file: CompoundFile) -> list[SheetFacts]:
    """Returns what cells have beside their values, of each sheet in its order.

    Raises:
        UnreadableDocument: There is no workbook in the file, or it is damaged.
    """
    stream = _stream(file)
    own: dict[int, str] = {}
    formats: list[int] = []
    places: list[int] = []
    strings = BiffStrings()
    for kind, at, size in _records(stream, 0):
        if kind == _BEGIN and size >= 2:
            strings.is_old = _SHORT.unpack_from(stream, at)[0] < _BIFF8
        elif kind == _CODE_PAGE and size >= 2:
            [strings.page] = _SHORT.unpack_from(stream, at)
        elif kind == _FORMAT and size >= 3:
            data = stream[at : at + size]
            own[_SHORT.unpack_from(data)[0]] = strings.read(
                data, 2, 1 if strings.is_old else 2
            )
        elif kind == _STYLE and size >= 4:
            formats.append(_SHORT.unpack_from(stream, at + 2)[0])
        elif kind == _SHEET and size >= 4:
            places.append(_LONG.unpack_from(stream, at)[0])
        elif kind == _END:
            break
    codes = codes_of(formats, own)
    read = {place: _facts(stream, place, codes, strings) for place in set(places)}
    return [read[place] for place in places]


def is_locked(file: CompoundFile) -> bool:
    """Tells whether a workbook, of XLS or packed as XLSX is, needs a password.

    Raises:
        UnreadableDocument: There is no workbook in the file, or it is damaged.
    """
    if _PACKAGE in file:
        return True
    for kind, _, _ in _records(_stream(file), 0):
        if kind in {_LOCKED, _END}:
            return kind == _LOCKED
    return False


def _stream(file: CompoundFile) -> bytes:
    name = next((name for name in _STREAMS if name in file), _STREAMS[0])
    return file.read(name)


def _facts(
    stream: bytes,
    place: int,
    codes: Mapping[int, str],
    strings: BiffStrings,
) -> SheetFacts:
    facts = SheetFacts()
    texts = _Texts()
    chart: XlsChart | None = None
    depth = 0
    """In how many parts of the stream: a chart on a sheet is a part inside it."""
    for kind, at, size in _records(stream, place):
        data = stream[at : at + size]
        if kind == _BEGIN:
            depth += 1
            chart = XlsChart(strings) if data[2:4] == _CHART else None
            if chart:
                facts.charts.append(chart)
        elif kind == _END:
            depth -= 1
            chart = None
            if depth <= 0:
                break
        elif chart:
            chart.read(kind, data)
        elif depth == 1 and kind in _CELLS and size >= 6:
            _read_cell(facts, kind, data, codes)
        elif depth == 1:
            texts.read(kind, data)
    facts.notes, facts.figures = texts.told()
    return facts


_CELLS = frozenset({_NUMBER, _RATIONAL, _RATIONALS, _FORMULA, _FLAG_OR_ERROR})


def _read_cell(
    facts: SheetFacts, kind: int, data: bytes, codes: Mapping[int, str]
) -> None:
    row, column, style = _CELL.unpack_from(data)
    if kind == _RATIONALS:
        for count, at in enumerate(range(4, len(data) - 7, 6)):
            code = codes.get(_SHORT.unpack_from(data, at)[0])
            if code:
                facts.formats[row, column + count] = code
        return
    error = _error(kind, data)
    code = codes.get(style)
    if error:
        facts.errors[row, column] = error
    elif code:
        facts.formats[row, column] = code


def _error(kind: int, data: bytes) -> str:
    """Returns what a cell shows whose formula comes to nothing, else ""."""
    if kind == _FLAG_OR_ERROR and len(data) >= 8 and data[7]:
        return ERRORS.get(data[6], "")
    if kind == _FORMULA and data[12:14] == b"\xff\xff" and data[6] == 2:
        return ERRORS.get(data[8], "")
    return ""


class _Texts:
    """Texts of the shapes of a sheet, and which of them are comments on cells."""

    def __init__(self) -> None:
        self._texts: dict[int, str] = {}
        self._cells: dict[int, tuple[int, int]] = {}
        self._shape = 0
        self._lacking = 0

    def read(self, kind: int, data: bytes) -> None:
        """Takes a record of the sheet, in order."""
        if kind == _OBJECT and len(data) >= 8:
            [self._shape] = _SHORT.unpack_from(data, 6)
        elif kind == _TEXT and len(data) >= 12:
            [self._lacking] = _SHORT.unpack_from(data, 10)
        elif kind == _CONTINUED and self._lacking and data:
            text = characters(data[1:], self._lacking, is_wide=bool(data[0] & 1))
            self._lacking -= len(text)
            self._texts[self._shape] = self._texts.get(self._shape, "") + text
        elif kind == _NOTE and len(data) >= 8:
            row, column, _ = _CELL.unpack_from(data)
            self._cells[_SHORT.unpack_from(data, 6)[0]] = (row, column)
        elif kind != _CONTINUED:
            self._lacking = 0

    def told(self) -> tuple[list[tuple[tuple[int, int], str]], list[str]]:
        """Returns the comments with their cells, and the paragraphs of other shapes."""
        notes = [
            (cell, self._texts[shape])
            for shape, cell in self._cells.items()
            if shape in self._texts
        ]
        others = [text for at, text in self._texts.items() if at not in self._cells]
        return notes, [line for text in others for line in text.splitlines()]


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yields type, offset and length of records, from one on to the first cut one."""
    end = len(stream)
    while at + 4 <= end:
        kind, size = _RECORD.unpack_from(stream, at)
        at += 4
        if at + size > end:
            return
        yield kind, at, size
        at += size
