"""What the cells of a sheet have beside their values, whatever file it is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias

from ragcli.index.documents.loaders.layout.header_rows import Span
from ragcli.index.documents.loaders.office.workbooks.xls_charts import XlsChart

Cell: TypeAlias = tuple[int, int]
"""Row and column of a cell, counted from 0."""

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
"""What a cell shows whose formula comes to nothing, by its number in binary files."""


@dataclass(slots=True)
class SheetFacts:
    """What the cells of a sheet have beside their values."""

    formats: dict[Cell, str] = field(default_factory=dict)
    """How numbers are shown, as `0.00 %`, of the cells where it is said."""

    errors: dict[Cell, str] = field(default_factory=dict)
    """What a cell shows whose formula comes to nothing: `#DIV/0!`."""

    moments: dict[Cell, date | timedelta] = field(default_factory=dict)
    """Dates and lengths of time that the library takes for numbers."""

    spans: list[Span] = field(default_factory=list)
    """Merged cells, where the library that reads values does not tell of them."""

    notes: list[tuple[Cell, str]] = field(default_factory=list)
    """Comments on cells."""

    figures: list[str] = field(default_factory=list)
    """What shapes say."""

    charts: list[XlsChart] = field(default_factory=list)
    """Charts that no part of the file holds for itself."""
