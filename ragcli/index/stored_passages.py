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

from ragcli.index.misreading import (
    MISREAD,
    are_texts,
    damaged_file,
    is_count,
    misread,
)
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
    stored: dict[str, object] = {"text": chunk.text, "language": chunk.language}
    if chunk.heading:
        stored["heading"] = chunk.heading
    if chunk.part:
        stored["part"] = chunk.part
    if chunk.page is not None:
        stored["page"] = chunk.page
    if chunk.lines:
        stored["lines"] = chunk.lines
    if chunk.kind != "prose":
        stored["kind"] = chunk.kind
    if chunk.units:
        stored["units"] = [_unit(unit) for unit in chunk.units]
    if chunk.tables:
        stored["tables"] = chunk.tables
    return f"{_LINE.encode(stored)}\n".encode("utf-8", "backslashreplace")


def decode(line: bytes) -> dict[str, Any]:
    """Returns a stored chunk.

    Raises:
        SnapshotDamaged: It is not as it was written.
    """
    try:
        stored: dict[str, Any] = json.loads(line)
        is_sound = _is_stored_chunk(stored)
    except MISREAD as error:
        raise damaged_file(f"a stored passage is damaged: {error}") from None
    if not is_sound:
        raise damaged_file("a stored passage is damaged: a field has another type")
    return stored


def _is_stored_chunk(stored: Mapping[str, Any]) -> bool:
    """Tells whether all that a chunk says is of its type, but for units and tables."""
    page, lines = stored.get("page"), stored.get("lines")
    return (
        isinstance(stored["text"], str)
        and isinstance(stored["language"], str)
        and isinstance(stored.get("part", ""), str)
        and isinstance(stored.get("kind", ""), str)
        and are_texts(stored.get("heading", []))
        and (page is None or is_count(page))
        and (lines is None or _is_range(lines))
    )


def _is_range(lines: Sequence[Any]) -> bool:
    return len(lines) == 2 and is_count(lines[0]) and is_count(lines[1])


def _unit(unit: Unit) -> list[object]:
    stored: list[object] = [_CODES[unit.kind], unit.start, unit.end]
    if unit.lines:
        return [*stored, unit.table, unit.cells, unit.label, unit.lines]
    if unit.label:
        return [*stored, unit.table, unit.cells, unit.label]
    if unit.cells:
        return [*stored, unit.table, unit.cells]
    return stored if unit.table < 0 else [*stored, unit.table]


def spans(units: Sequence[Unit]) -> list[list[object]]:
    """Returns kind and place of units, as `units` reads them again."""
    return [[_CODES.get(unit.kind, "p"), unit.start, unit.end] for unit in units]


def units(stored: Mapping[str, Any]) -> tuple[Unit, ...]:
    """Returns the units of a stored chunk.

    Raises:
        SnapshotDamaged: One is not as it was written.
    """
    if "units" in stored:
        with misread("a stored passage"):
            return tuple(map(_read_unit, stored["units"]))
    text, kind = stored["text"], stored.get("kind", "prose")
    if kind == "code":
        return (Unit("code", 0, len(text)),)
    from ragcli.index.documents.text_structure import elements

    return tuple(
        Unit(item.kind, item.start, item.end, -1, item.cells)
        for item in elements(text, "text", [])
    )


def _read_unit(stored: Sequence[Any]) -> Unit:
    """Returns a unit; raises what `misread` translates where it is none."""
    kind = _KINDS.get(stored[0], "prose")
    if not (is_count(stored[1]) and is_count(stored[2])):
        raise TypeError(stored)
    if len(stored) == 3:
        return Unit(kind, stored[1], stored[2])
    unit = Unit(kind, *stored[1:])
    lines = unit.lines
    if not (
        type(unit.table) is int
        and are_texts([*unit.cells, unit.label])
        and (lines is None or _is_range(lines))
    ):
        raise TypeError(stored)
    span = (lines[0], lines[1]) if lines else None
    return unit._replace(cells=tuple(unit.cells), lines=span)


def tables(stored: Mapping[str, Any]) -> tuple[Table, ...]:
    """Returns the tables that a stored chunk has rows of.

    Raises:
        SnapshotDamaged: One is not as it was written.
    """
    with misread("a stored passage"):
        return tuple(_read_table(*table) for table in stored.get("tables", ()))


def _read_table(
    number: Any, columns: Sequence[Any], caption: Any, first: Any, rows: Any
) -> Table:
    """Returns a table; raises what `misread` translates where it is none."""
    if not (
        are_texts([*columns, caption]) and all(map(is_count, (number, first, rows)))
    ):
        raise TypeError(columns)
    return Table(number, tuple(columns), caption, first, rows)


def searched_text(title: str, stored: Mapping[str, Any]) -> str:
    """Returns what is embedded and indexed for a stored chunk."""
    return indexed_text(title, above(stored), stored["text"], tables(stored))


def above(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns what stands above a stored chunk: its part's name, and its headings."""
    return above_of(stored.get("part", ""), stored.get("heading", ()))
