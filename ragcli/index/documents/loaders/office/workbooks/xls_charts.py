"""Charts of an XLS file, from the numbers that they keep themselves (MS-XLS)."""

from __future__ import annotations

import struct

from ragcli.index.documents.elements import DocumentBuilder, flat
from ragcli.index.documents.loaders.office.number_formats import plain
from ragcli.index.documents.loaders.office.workbooks.xls_strings import BiffStrings

_SERIES, _SERIES_TEXT, _TEXT, _LINK, _REFERENCE = 0x1003, 0x100D, 0x1025, 0x1027, 0x1051
_KEPT, _NUMBER, _LABEL = 0x1065, 0x0203, 0x0204
_VALUES, _CATEGORIES = 1, 2
_TITLES = (1, 3, 2, 7)
"""What a text is linked to: the chart, its categories, its values, their depth."""

_CELL = struct.Struct("<HHH")
_SHORT = struct.Struct("<H")
_DOUBLE = struct.Struct("<d")


class XlsChart:
    """One chart; its records are taken in order.

    Args:
        strings: How the strings of its workbook are kept.
    """

    def __init__(self, strings: BiffStrings) -> None:
        self._strings = strings
        self._titles: dict[int, str] = {}
        self._names: list[str] = []
        self._categories: dict[int, str] = {}
        self._values: dict[tuple[int, int], str] = {}
        self._said = ""
        self._kept = 0
        self._is_of_series = False
        self._is_name = False
        """Whether a text that comes is the name of the last series."""

    def read(self, kind: int, data: bytes) -> None:
        """Takes a record."""
        if kind == _SERIES:
            self._names.append("")
            self._is_of_series = True
        elif kind == _REFERENCE:
            self._is_name = self._is_of_series and data[:1] == b"\0"
        elif kind == _TEXT:
            self._said = ""
            self._is_of_series = self._is_name = False
        elif kind == _SERIES_TEXT:
            self._said = self._strings.read(data, 2, 1)
            if self._is_name and not self._names[-1]:
                self._names[-1] = self._said
        elif kind == _LINK and len(data) >= 2 and self._said:
            self._titles.setdefault(_SHORT.unpack_from(data)[0], self._said)
        elif kind == _KEPT and len(data) >= 2:
            [self._kept] = _SHORT.unpack_from(data)
        elif kind in {_NUMBER, _LABEL} and len(data) >= 8:
            self._point(kind, data)

    def _point(self, kind: int, data: bytes) -> None:
        point, series, _ = _CELL.unpack_from(data)
        if kind == _LABEL:
            value = flat(self._strings.read(data, 6, 2))
        elif len(data) >= 14:
            value = plain(_DOUBLE.unpack_from(data, 6)[0])
        else:
            return
        if self._kept == _VALUES:
            self._values[point, series] = value
        elif self._kept == _CATEGORIES:
            self._categories.setdefault(point, value)

    def add(self, builder: DocumentBuilder) -> None:
        """Adds the chart as a table: a row a category, a column a series."""
        titles = [flat(self._titles.get(link, "")) for link in _TITLES]
        caption = ", ".join(filter(None, titles))
        used = sorted({series for _, series in self._values})
        if not used:
            builder.figure(caption)
            return
        named = {at: name for at, name in enumerate(self._names) if name}
        names = [named.get(series, f"Series {series + 1}") for series in used]
        points = sorted({point for point, _ in self._values} | set(self._categories))
        rows = [
            [
                self._categories.get(point, ""),
                *(self._values.get((point, series), "") for series in used),
            ]
            for point in points
        ]
        builder.table(("", *names), rows, caption=caption)
