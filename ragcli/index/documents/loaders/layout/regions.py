"""Where the tables of a sheet are: what its blank rows and columns set apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from ragcli.index.documents.loaders.layout.header_rows import (
    SAMPLE,
    GridRow,
    Span,
    find_header,
    is_fields,
    is_name,
    is_value,
    moved,
)

_MOST_GAPS = 16
"""Blank columns at which it is tried whether they part two tables."""


def regions(
    lines: Sequence[GridRow], spans: Sequence[Span] = ()
) -> list[list[GridRow]]:
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
        tables: list[list[GridRow]] = []
        for band in _rejoined(bands, spans):
            split = _beside(band, spans)
            tables += regions(band, spans) if split else [band]
        return tables
    return [list(lines)] if lines else []


def _bands(lines: Sequence[GridRow]) -> list[list[GridRow]]:
    bands: list[list[GridRow]] = []
    for line in lines:
        if bands and line.number == bands[-1][-1].number + 1:
            bands[-1].append(line)
        else:
            bands.append([line])
    return bands


def _rejoined(bands: list[list[GridRow]], spans: Sequence[Span]) -> list[list[GridRow]]:
    """Joins a band without names to the one above it, whose columns it fills."""
    joined: list[list[GridRow]] = []
    for band, below in zip_longest(bands, bands[1:]):
        begins = below is not None and _only_names(band)
        begins = begins and _headed([*band, *below], spans)
        if joined and not begins and _belongs(joined[-1], band, spans):
            joined[-1] += band
        else:
            joined.append(list(band))
    return joined


def _belongs(above: list[GridRow], band: list[GridRow], spans: Sequence[Span]) -> bool:
    columns = {column for line in band for column in line.filled}
    upper = {column for line in above[:SAMPLE] for column in line.filled}
    if len(columns) < 2 or 2 * len(columns & upper) < len(columns | upper):
        return False
    if _headed(band, spans):
        return False
    if _only_names(above):
        return _headed([*above, *band], spans)
    return _headed(above, spans) and not is_fields(_packed(band))


def _only_names(band: list[GridRow]) -> bool:
    """Tells whether a band may be the names of the columns of the next."""
    cells = [line.cells[column] for line in band[:4] for column in line.filled]
    return len(band) <= 3 and len(band[-1].filled) > 1 and all(map(is_name, cells))


def _packed(lines: Sequence[GridRow]) -> list[GridRow]:
    used = sorted({column for line in lines for column in line.filled})
    return [GridRow(line.number, tuple(line.cells[p] for p in used)) for line in lines]


def _headed(lines: Sequence[GridRow], spans: Sequence[Span]) -> bool:
    lines = lines[:SAMPLE]
    used = sorted({column for line in lines for column in line.filled})
    return find_header(_packed(lines), moved(spans, used)) is not None


def _beside(
    lines: Sequence[GridRow], spans: Sequence[Span]
) -> tuple[list[GridRow], list[GridRow]] | None:
    """Returns what stands left and right of a blank column, if both are tables."""
    filled = {column for line in lines for column in line.filled}
    if len(filled) < 4 or len(lines) < 2:
        return None
    last = max(filled)
    gaps = [p + 1 for p in sorted(filled) if p < last and p + 1 not in filled]
    sample = lines[:SAMPLE]
    for gap in gaps[:_MOST_GAPS]:
        if all(
            _alone(_cut(sample, *side), spans) for side in ((0, gap), (gap, last + 1))
        ):
            return _cut(lines, 0, gap), _cut(lines, gap, last + 1)
    return None


def _cut(lines: Sequence[GridRow], start: int, end: int) -> list[GridRow]:
    cut = []
    for line in lines:
        cells = tuple(
            cell if start <= column < end else ""
            for column, cell in enumerate(line.cells)
        )
        if any(cells):
            cut.append(GridRow(line.number, cells))
    return cut


def _alone(lines: list[GridRow], spans: Sequence[Span]) -> bool:
    """Tells whether there is a table with names and rows of its own in here."""
    if len({column for line in lines for column in line.filled}) < 2:
        return False
    for band in _rejoined(_bands(lines), spans):
        packed = _packed(band)
        header = _headed(band, spans)
        if header and not _is_unlabelled(packed):
            return True
    return False


def _is_unlabelled(lines: list[GridRow]) -> bool:
    """Tells whether most rows have no words in any column: the labels are elsewhere."""
    body = [line for line in lines[1:] if len(line.filled) > 1]
    labelled = sum(not is_value(line.cells[line.filled[0]]) for line in body)
    return len(body) > 1 and 2 * labelled < len(body)
