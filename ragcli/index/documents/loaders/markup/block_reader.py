"""One walk over the lines of a marked text: what its notations have in common.

A section's text stays as it stands in the file; elements are spans of it, and what a
page would show of them, without marks, is in their cells.
"""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ragcli.index.documents import text_structure
from ragcli.index.documents.elements import Element, TableFacts, flat, trimmed

LONGEST_VALUE = 600
"""Characters of what a key or term means; a longer text is an item."""

_DEEPEST = 40
"""Blocks inside each other; what is deeper is read as text."""

MOST_COLUMNS = 100
"""Columns of a table; what has more is lines that somebody drew."""


class PlacedRow(NamedTuple):
    """A row of a table: where it stands in the text, and its cells."""

    start: int
    end: int
    cells: tuple[str, ...]


class BlockReader(ABC):
    """Reads the blocks of a section into elements, one after the other.

    Args:
        text: The section's text.
        tables: The document's tables; those that are read here are appended.
        format_name: What the text is written in.
    """

    def __init__(self, text: str, tables: list[TableFacts], format_name: str) -> None:
        self.text = text
        self.tables = tables
        self.elements: list[Element] = []
        self.lines: list[tuple[int, int]] = []
        self._format = format_name
        start = 0
        for line in text.split("\n"):
            self.lines.append((start, start + len(line)))
            start += len(line) + 1
        self._depth = 0
        self._blanks = [
            at for at in range(len(self.lines)) if not self.line(at).strip()
        ]

    @abstractmethod
    def one(self, line: str, at: int, stop: int) -> int:
        """Reads the block that begins at a line, and returns the line after it."""

    def all(self) -> list[Element]:
        """Reads the whole text and returns its elements."""
        self.read(0, len(self.lines))
        return self.elements

    def read(self, at: int, stop: int) -> None:
        """Reads the lines from one up to another."""
        if self._depth >= _DEEPEST:
            self.span("prose", at, stop)
            return
        self._depth += 1
        while at < stop:
            line = self.line(at)
            at = max(self.one(line, at, stop), at + 1) if line.strip() else at + 1
        self._depth -= 1

    def line(self, at: int) -> str:
        """Returns a line."""
        return self.text[slice(*self.lines[at])]

    def indent(self, at: int) -> int:
        """Returns how many blanks a line begins with."""
        line = self.line(at)
        return len(line) - len(line.lstrip())

    def block(self, at: int, stop: int) -> int:
        """Returns the number of the next blank line."""
        following = bisect_left(self._blanks, at)
        end = self._blanks[following] if following < len(self._blanks) else stop
        return max(at, min(end, stop))

    def below(self, at: int, stop: int, indent: int = -1) -> int:
        """Returns the line after those that are indented deeper than one."""
        indent = self.indent(at) if indent < 0 else indent
        end = at + 1
        for number in range(at + 1, stop):
            if self.line(number).strip():
                if self.indent(number) <= indent:
                    break
                end = number + 1
        return end

    def add(self, elements: Iterable[Element]) -> None:
        """Adds elements."""
        self.elements += elements

    def span(
        self, kind: str, at: int, end: int, cells: tuple[str, ...] = (), label: str = ""
    ) -> None:
        """Adds lines as one element, without the blanks around it."""
        if at < end:
            self.piece(kind, self.lines[at][0], self.lines[end - 1][1], cells, label)

    def piece(
        self,
        kind: str,
        start: int,
        stop: int,
        cells: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        """Adds part of the text as one element, without the blanks around it."""
        start, stop = trimmed(self.text, start, stop)
        if start < stop:
            self.elements.append(Element(kind, start, stop, -1, cells, label))

    def code(self, at: int, end: int) -> None:
        """Adds lines as code, without blank ones around them."""
        while at < end and not self.line(at).strip():
            at += 1
        while end > at and not self.line(end - 1).strip():
            end -= 1
        if at < end:
            span = self.lines[at][0], self.lines[end - 1][1]
            self.elements.append(Element("code", *span))

    def paragraph(self, at: int, end: int) -> None:
        """Adds lines of prose, with the fields and items that stand in them."""
        start, stop = self.lines[at][0], self.lines[end - 1][1]
        self.add(
            text_structure.stretch(self.text, self._format, self.tables, start, stop)
        )

    def valued(self, at: int, end: int, key: str, value: str) -> None:
        """Adds a key with its value, or an item where that is long."""
        if len(value) <= LONGEST_VALUE:
            self.span("field", at, end, (key, value))
        else:
            self.span("item", at, end)

    def table(
        self,
        names: tuple[str, ...],
        names_at: tuple[int, int] | None,
        rows: Sequence[PlacedRow],
        caption: str,
    ) -> None:
        """Adds the rows of a table that say something.

        Args:
            names: The names of its columns, () where nobody named them.
            names_at: Where these stand.
            rows: Its rows.
            caption: What is said above it.
        """
        rows = [row for row in rows if any(row.cells)]
        if not rows:
            return
        number = len(self.tables)
        self.tables.append(TableFacts(names, caption, len(rows)))
        if names_at:
            self.elements.append(Element("columns", *names_at, number))
        self.add(Element("row", a, b, number, cells) for a, b, cells in rows)

    def headed_table(self, rows: Sequence[PlacedRow], head: int, caption: str) -> None:
        """Adds a table of which the first `head` rows name the columns."""
        if not 0 < head < len(rows):
            self.table((), None, rows, caption)
            return
        columns = zip(*(row.cells for row in rows[:head]), strict=False)
        names = tuple(" ".join(filter(None, column)) for column in columns)
        span = rows[0].start, rows[head - 1].end
        self.table(names, span, rows[head:], caption)

    def separated_rows(
        self, at: int, stop: int, mark: str, plain: Callable[[str], str]
    ) -> list[PlacedRow]:
        """Returns the rows between two lines; a quoted cell may have line breaks.

        Args:
            at: The first line.
            stop: The line after the last one.
            mark: What separates cells.
            plain: Returns a cell as it reads.
        """
        rows = []
        first, quotes = -1, 0
        for number in range(at, stop):
            line = self.line(number)
            if first < 0 and not line.strip():
                continue
            first = number if first < 0 else first
            quotes += line.count('"')
            if quotes % 2 == 0 or number + 1 == stop:
                start, end = trimmed(
                    self.text, self.lines[first][0], self.lines[number][1]
                )
                cells = separated_cells(self.text[start:end], mark, plain)
                rows.append(PlacedRow(start, end, cells))
                first, quotes = -1, 0
        return rows


def separated_cells(
    row: str, mark: str, plain: Callable[[str], str]
) -> tuple[str, ...]:
    """Returns the cells of a row that a sign separates; quoted ones may have it."""
    try:
        [cells] = csv.reader([flat(row)], delimiter=mark, skipinitialspace=True)
    except (csv.Error, ValueError, TypeError):
        cells = row.split(mark)
    return tuple(map(plain, cells))
