"""What of a passage can be quoted: its units, each with its place.

A unit is the smallest thing that says something: a sentence, a table's row, a field
with its key, an item of a list, a line of a log, a block of code, a note. The loader
of a format tells them, so that nobody has to guess them from text again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ragcli.language.markdown import without_wiki_links
from ragcli.language.notations import shown
from ragcli.language.sentences import sentence_spans

LONGEST_ITEM = 400
"""Characters; a longer item of a list is a paragraph, of which one sentence answers."""


class Table(NamedTuple):
    """A table that a passage has rows of."""

    number: int
    """Its index among the tables of its document, counted from 0."""

    columns: tuple[str, ...] = ()
    """Names of the columns; () when nobody named them."""

    caption: str = ""
    """What stands above it, or ""."""

    first: int = 0
    """Number of the passage's first row of it, counted from 0."""

    rows: int = 0
    """How many rows the whole table has."""


class Unit(NamedTuple):
    """One unit of a passage."""

    kind: str
    """`prose` (a paragraph, one or more sentences), `sentence`, `item`, `row`, `field`,
    `line` (of a log or transcript), `code`, `note` (footnote, comment, header, footer),
    `figure`, `columns` (the line that names a table's columns) or `heading`."""

    start: int
    """Offset of its first character in the passage's text."""

    end: int
    """Offset after its last character."""

    table: int = -1
    """Of a row or columns: which of the passage's tables, counted from 0."""

    cells: tuple[str, ...] = ()
    """Of a row its cells, by column; of a field its key and its value."""

    label: str = ""
    """Where it stands when that is no line: a time, a footnote's number, a cell."""

    lines: tuple[int, int] | None = None
    """Its lines in the file, where they do not follow from counting line breaks."""


def sentences(text: str, units: Sequence[Unit]) -> Iterator[Unit]:
    """Yields the units with prose, notes and long items cut into sentences.

    Args:
        text: The passage's text.
        units: Its units as they are stored.
    """
    for unit in units:
        is_long = unit.kind == "item" and unit.end - unit.start > LONGEST_ITEM
        if unit.kind not in {"prose", "note", "figure"} and not is_long:
            yield unit
            continue
        kind = "sentence" if is_long or unit.kind == "prose" else unit.kind
        for start, end in sentence_spans(text, unit.start, unit.end):
            yield unit._replace(kind=kind, start=start, end=end)


def spoken(
    text: str, unit: Unit, tables: Sequence[Table] = (), notation: str = ""
) -> str:
    """Returns what a unit says, on one line where it is no code.

    A row is told by its columns (`name: Enno; post: keeper`), or its cells alone
    when nobody named these; empty cells are left out. A field is `key: value`. A
    wiki's links read as they are shown.

    Args:
        text: The passage's text.
        unit: One of its units.
        tables: Its tables.
        notation: The format of its file, whose marks read as a page shows them.
    """
    if unit.kind == "code":
        return text[unit.start : unit.end]
    return without_wiki_links(_said(text, unit, tables, notation))


def _said(text: str, unit: Unit, tables: Sequence[Table], notation: str) -> str:
    if unit.kind == "field" and len(unit.cells) == 2:
        key, value = unit.cells
        return f"{key}: {value}" if value else key
    if unit.kind == "row" and unit.cells:
        columns = columns_of(unit, tables)
        named = [
            f"{columns[index]}: {cell}"
            if index < len(columns) and columns[index]
            else cell
            for index, cell in enumerate(unit.cells)
            if cell
        ]
        return "; ".join(named)
    return shown(" ".join(text[unit.start : unit.end].split()), notation)


def columns_of(unit: Unit, tables: Sequence[Table]) -> tuple[str, ...]:
    """Returns the names of the columns of a row, () when there are none."""
    return tables[unit.table].columns if 0 <= unit.table < len(tables) else ()
