"""A grid of cells as people fill them: which of it is title, header, rows, fields.

A sheet, or a table that does not say where its header is, comes here as rows of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low

from ragcli.index.documents.elements import DocumentBuilder
from ragcli.index.documents.loaders.layout.header_rows import (
    LONGEST_NAME,
    SAMPLE,
    GridRow,
    Header,
    Span,
    column_names,
    find_header,
    is_fields,
    is_value,
    moved,
)
from ragcli.index.documents.loaders.layout.regions import regions

_TITLE_WORDS = 30
_FEWEST_FULL = 3
"""Cells of a row from which one with less than half of them stands out."""


class GridWriter:
    """Adds what a grid holds to a document.

    Args:
        builder: The document.
        labelled: Whether cells are known by their names, `A7` say.
        places: The lines of the file at which each row stands, where it has any.
    """

    def __init__(
        self,
        builder: DocumentBuilder,
        *,
        labelled: bool = True,
        places: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._builder = builder
        self._places = places
        self._labelled = labelled
        self._title = ""

    def write(self, rows: Sequence[Sequence[str]], spans: Sequence[Span] = ()) -> None:
        """Adds tables, fields and paragraphs in the order of their first rows.

        Args:
            rows: The cells as they are read, merged ones once.
            spans: Which cells are merged.
        """
        lines = [
            GridRow(number, tuple(cells))
            for number, cells in enumerate(rows)
            if any(cells)
        ]
        self.write_lines(lines, spans)

    def write_lines(self, lines: Sequence[GridRow], spans: Sequence[Span] = ()) -> None:
        """Adds what rows with numbers of their own hold, as `write` does.

        Args:
            lines: The rows that hold something; they may be of unequal width.
            spans: Which cells are merged.
        """
        width = max((len(line.cells) for line in lines), default=0)
        lines = [
            line._replace(cells=(*line.cells, *[""] * (width - len(line.cells))))
            for line in lines
        ]
        wide = [span for span in spans if span.right > span.left]
        for region in regions(lines, wide):
            self._region(region, wide)
        self._told()

    def table(
        self,
        rows: Sequence[Sequence[str]],
        spans: Sequence[Span],
        headings: int,
        caption: str = "",
    ) -> None:
        """Adds one table, blank rows in it left out.

        Args:
            rows: Its cells.
            spans: Which of them are merged.
            headings: How many of its first rows are marked as its header.
            caption: What is said above it, where that is marked.
        """
        self._title = caption
        width = max(map(len, rows), default=0)
        lines = [
            GridRow(number, (*cells, *[""] * (width - len(cells))))
            for number, cells in enumerate(rows)
            if any(map(str.strip, cells))
        ]
        used = sorted({column for line in lines for column in line.filled})
        if 0 < headings < len(lines) and len(used) > 1:
            inner = [GridRow(n, tuple(cells[p] for p in used)) for n, cells in lines]
            self._table(inner, Header(0, headings - 1), moved(spans, used), used)
        elif used:
            self._region(lines, list(spans))
        self._told()

    def _told(self) -> str:
        """Adds the title that waits for its table as a paragraph of its own."""
        title, self._title = self._title, ""
        if title:
            self._builder.paragraph(title)
        return title

    def _region(self, lines: list[GridRow], spans: list[Span]) -> None:
        used = sorted({column for line in lines for column in line.filled})
        if len(used) == 1:
            self._column([(line, line.cells[used[0]]) for line in lines], used[0])
            return
        inner = [GridRow(n, tuple(cells[p] for p in used)) for n, cells in lines]
        near = moved(spans, used)
        header = find_header(inner, near)
        if header:
            self._table(inner, header, near, used)
        else:
            self._rows(inner, near, used)

    def _column(self, cells: list[tuple[GridRow, str]], column: int) -> None:
        """Adds cells that stand one below the other: a title, prose or a list."""
        if len(cells) > 2 and all(len(text) <= LONGEST_NAME for _, text in cells):
            self._told()
            for line, text in cells:
                self._stand_at(line)
                self._builder.item(text)
            return
        for line, text in cells:
            self._told()
            self._stand_at(line)
            if "\n" not in text and len(text.split()) <= _TITLE_WORDS:
                self._title = text
            else:
                label = self._label(line.number, column)
                self._builder.paragraph(text, label=label)

    def _table(
        self, lines: list[GridRow], header: Header, spans: list[Span], used: list[int]
    ) -> None:
        for line in lines[: header.first]:
            self._told()
            self._title = " ".join(filter(None, line.cells))
        names, said = column_names(lines, header, spans)
        caption, self._title = self._title, ""
        body = lines[header.last + 1 :]
        notes: list[GridRow] = []
        while body and len(names) > 2 and _is_remark(body[-1], body):
            notes.insert(0, body.pop())
        cells, repeated = _reached_over(body, spans)
        self._stand_at(*lines[header.first : header.last + 1])
        self._builder.table(
            names,
            cells,
            caption=", ".join(filter(None, (caption, said))),
            labels=[self._row_label(line, used) for line in body],
            repeated=repeated,
            places=self._places_of(body),
        )
        for line in notes:
            self._stand_at(line)
            said = " ".join(line.cells[column] for column in line.filled)
            self._builder.paragraph(said, label=self._row_label(line, used))

    def _rows(self, lines: list[GridRow], spans: list[Span], used: list[int]) -> None:
        """Adds rows that nobody named: fields where they are keys with values."""
        if is_fields(lines):
            self._told()
            for line in lines:
                self._fields(line, used)
            return
        caption, self._title = self._title, ""
        cells, repeated = _reached_over(lines, spans)
        self._builder.table(
            (),
            cells,
            caption=caption,
            labels=[self._row_label(line, used) for line in lines],
            repeated=repeated,
            places=self._places_of(lines),
        )

    def _places_of(self, lines: Sequence[GridRow]) -> list[tuple[int, int]]:
        return [self._places[line.number] for line in lines] if self._places else []

    def _stand_at(self, *lines: GridRow) -> None:
        """Says that what is added next stands where some rows do."""
        if self._places:
            places = self._places_of(lines)
            self._builder.lines = places[0][0], places[-1][1]

    def _fields(self, line: GridRow, used: list[int]) -> None:
        filled = line.filled
        self._stand_at(line)
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

    def _row_label(self, line: GridRow, used: list[int]) -> str:
        filled = line.filled
        return self._label(line.number, used[filled[0]]) if filled else ""


def _reached_over(
    lines: Sequence[GridRow], spans: Sequence[Span]
) -> tuple[list[tuple[str, ...]], set[tuple[int, int]]]:
    """Returns rows with the words of merged cells in each, and where these repeat.

    A number is of no row but its own: it would be counted again.
    """
    rows = [list(line.cells) for line in lines]
    by_number = {line.number: at for at, line in enumerate(lines)}
    repeated: set[tuple[int, int]] = set()
    for top, left, bottom, right in spans:
        first = by_number.get(top, -1)
        said = rows[first][left] if first >= 0 and left == right else ""
        if not said or is_value(said):
            continue
        for number in range(top + 1, min(bottom, lines[-1].number) + 1):
            at = by_number.get(number, -1)
            if at >= 0 and not rows[at][left]:
                rows[at][left] = said
                repeated.add((at, left))
    return list(map(tuple, rows)), repeated


def _is_remark(line: GridRow, body: Sequence[GridRow]) -> bool:
    """Tells whether a row is words below a table, not a row of it.

    Where every other row is full, one with words in a cell or two is none of them; a
    sum has a value.
    """
    filled = line.filled
    usual = median_low(len(row.filled) for row in body[:SAMPLE])
    if usual > _FEWEST_FULL and 2 * len(filled) < usual:
        return not any(is_value(line.cells[column]) for column in filled)
    return filled == [0] and (
        len(line.cells[0].split()) > 5 or line.cells[0][0] in "(*\u2020"
    )


def column_letters(column: int) -> str:
    """Returns a column's letters: A for 0, AA for 26."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def add_table(
    builder: DocumentBuilder,
    rows: Sequence[Sequence[str]],
    spans: Sequence[Span] = (),
    headings: int = 0,
    caption: str = "",
    places: Sequence[tuple[int, int]] = (),
) -> None:
    """Adds a table of a text or slide; its header is found where none is marked.

    Args:
        builder: The document.
        rows: Its cells, merged ones once.
        spans: Which of them are merged.
        headings: How many of its first rows are marked as its header.
        caption: What is said above it, where that is marked.
        places: The lines of the file at which each row stands, where it has any.
    """
    writer = GridWriter(builder, labelled=False, places=places)
    writer.table(rows, spans, headings, caption)
