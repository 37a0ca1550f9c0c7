"""Rows and records: CSV, TSV, JSON Lines and JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    Section,
    TableFacts,
    well_formed,
)

_LONG_LINE = re.compile(r"[^\n]{2000}")
_LARGEST_PARSED = 20 << 20
_MOST_INDENTED = 8
"""Times its length that a text may grow to when it is laid out: depth is indented."""
_NUMBER = re.compile(r"[-+]?[\d.,]+%?")


def comma_separated(content: Content) -> Document:
    """Reads the rows as one table, under its columns' names."""
    return _table(content.text, ",")


def tab_separated(content: Content) -> Document:
    """Reads the rows as one table, under its columns' names."""
    return _table(content.text, "\t")


def _table(text: str, delimiter: str) -> Document:
    if not text.strip():
        return Document()
    first = text[: text.find("\n")] if "\n" in text else text
    if delimiter not in first and ";" in first:
        delimiter = ";"
    spans = list(_rows(text, delimiter))
    columns = _columns(spans[0][2]) if spans else ()
    found = [Element("row", *span[:2], 0, span[2]) for span in spans]
    if columns:
        found[0] = Element("columns", *spans[0][:2], 0)
    facts = TableFacts(columns, "", len(found) - bool(columns))
    return Document("", (Section(text, (), None, 1, tuple(found)),), (facts,))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yields start, end and cells of each row that holds something."""
    lines = text.split("\n")
    position, held, begin = 0, "", 0
    for line in lines:
        held = f"{held}\n{line}" if held else line
        end = position + len(line)
        if held.count('"') % 2 == 0 or len(held) > 100_000:
            if held.strip():
                cells = tuple(cell.strip() for cell in _cells(held, delimiter))
                yield begin, end, cells
            held, begin = "", end + 1
        position = end + 1
    if held.strip():
        yield begin, len(text), tuple(cell.strip() for cell in _cells(held, delimiter))


def _cells(row: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([row], delimiter=delimiter), [])
    except csv.Error:
        return row.split(delimiter)


def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the columns' names, () when the first row does not look like names."""
    if not names or any(not name or _NUMBER.fullmatch(name) for name in names):
        return ()
    return names


def json_lines(content: Content) -> Document:
    """Reads the records as lines, one each."""
    text = content.text
    return (
        Document("", (Section(text, (), None, 1, tuple(_lines(text))),))
        if text.strip()
        else Document()
    )


def _lines(text: str) -> Iterator[Element]:
    position = 0
    for line in text.split("\n"):
        if line.strip():
            yield Element("line", position, position + len(line))
        position += len(line) + 1


def json_document(content: Content) -> Document:
    """Reads the text as it is; what is on one line or full of escapes is laid out.

    A file that is no JSON is read as the text that it is.
    """
    text = content.text
    if not text.strip():
        return Document()
    if _LONG_LINE.search(text) or text.count("\\u") * 50 > len(text):
        laid_out = _laid_out(text)
        if laid_out:
            return _code(laid_out, None)
    return _code(text, 1)


def _code(text: str, first_line: int | None) -> Document:
    whole = (Element("code", 0, len(text)),)
    return Document("", (Section(text, (), None, first_line, whole),))


def _laid_out(text: str) -> str:
    """Returns JSON on many lines, "" when it is none, too large or too deep."""
    if len(text) > _LARGEST_PARSED:
        return ""
    pieces: list[str] = []
    left = _MOST_INDENTED * len(text)
    try:
        for piece in json.JSONEncoder(indent=1, ensure_ascii=False).iterencode(
            json.loads(text)
        ):
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                return ""
    except (ValueError, RecursionError):
        return ""
    return well_formed("".join(pieces))
