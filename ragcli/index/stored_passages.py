"""How a chunk is stored: a line of JSON, read back for search, answers and lists.

    {"text", "language", "heading", "part", "page", "lines", "kind", "units", "tables"}

A unit is `[code, start, end]`, and as far as there are any table, cells, label and
lines; a table is `[number, columns, caption, first, rows]`. What was stored before
there were units has none of them: they are told from its text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ragcli.index.passages import Chunk, above_of, indexed_text
from ragcli.language.units import Table, Unit

_CODES = {
    "prose": "p", "item": "i", "row": "r", "columns": "h", "field": "f", "line": "l",
    "code": "c", "note": "n", "figure": "g", "heading": "t",
}  # fmt: skip
_KINDS = {code: kind for kind, code in _CODES.items()}
_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(chunk: Chunk) -> bytes:
    """Returns a chunk as a line of JSON; what is absent is left out."""
    told: dict[str, object] = {"text": chunk.text, "language": chunk.language}
    if chunk.heading:
        told["heading"] = chunk.heading
    if chunk.part:
        told["part"] = chunk.part
    if chunk.page is not None:
        told["page"] = chunk.page
    if chunk.lines:
        told["lines"] = chunk.lines
    if chunk.kind != "prose":
        told["kind"] = chunk.kind
    if chunk.units:
        told["units"] = [_unit(unit) for unit in chunk.units]
    if chunk.tables:
        told["tables"] = chunk.tables
    return f"{_LINE.encode(told)}\n".encode("utf-8", "backslashreplace")


def _unit(unit: Unit) -> list[object]:
    told: list[object] = [_CODES[unit.kind], unit.start, unit.end]
    if unit.lines:
        return [*told, unit.table, unit.cells, unit.label, unit.lines]
    if unit.label:
        return [*told, unit.table, unit.cells, unit.label]
    if unit.cells:
        return [*told, unit.table, unit.cells]
    return told if unit.table < 0 else [*told, unit.table]


def spans(units: Sequence[Unit]) -> list[list[object]]:
    """Returns kind and place of units, as `units` reads them again."""
    return [[_CODES.get(unit.kind, "p"), unit.start, unit.end] for unit in units]


def units(stored: Mapping[str, Any]) -> tuple[Unit, ...]:
    """Returns the units of a stored chunk."""
    if "units" in stored:
        return tuple(map(_told_unit, stored["units"]))
    text, kind = stored["text"], stored.get("kind", "prose")
    if kind == "code":
        return (Unit("code", 0, len(text)),)
    from ragcli.index.documents.text_structure import elements

    return tuple(
        Unit(item.kind, item.start, item.end, -1, item.cells)
        for item in elements(text, "text", [])
    )


def _told_unit(told: Sequence[Any]) -> Unit:
    kind = _KINDS.get(told[0], "prose")
    if len(told) == 3:
        return Unit(kind, told[1], told[2])
    unit = Unit(kind, *told[1:])
    lines = (unit.lines[0], unit.lines[1]) if unit.lines else None
    return unit._replace(cells=tuple(unit.cells), lines=lines)


def tables(stored: Mapping[str, Any]) -> tuple[Table, ...]:
    """Returns the tables that a stored chunk has rows of."""
    return tuple(
        Table(number, tuple(columns), caption, first, rows)
        for number, columns, caption, first, rows in stored.get("tables", ())
    )


def searched_text(title: str, stored: Mapping[str, Any]) -> str:
    """Returns what is embedded and indexed for a stored chunk."""
    return indexed_text(title, above(stored), stored["text"], tables(stored))


def above(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns what stands above a stored chunk: its part's name, and its headings."""
    return above_of(stored.get("part", ""), stored.get("heading", ()))
