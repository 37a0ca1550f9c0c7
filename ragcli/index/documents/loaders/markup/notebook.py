"""Jupyter notebooks: a part a cell, under the headings of the cells before it.

What a cell gave back is read as it is shown: a data frame as the table that it is.
The format is nbformat 4 (https://nbformat.readthedocs.io), and 3 for old ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    Element,
    Section,
    TableFacts,
    well_formed,
)
from ragcli.index.documents.loaders.markup import lightweight
from ragcli.index.documents.loaders.markup.hypertext import add_page

_LONGEST_OUTPUT = 4000
_LONGEST_PAGE = 200_000
"""Characters of an output in HTML or Markdown that are read."""

_OBJECT = re.compile(r"<[^<>\n]{1,200}>")
"""What stands for an output that is no text: `<Figure size 640x480 with 1 Axes>`."""


def notebook(content: Content) -> Document:
    """Returns the cells; a cell's number is its page.

    Raises:
        UnreadableDocument: Not a notebook.
    """
    try:
        book = json.loads(content.text)
    except (ValueError, RecursionError):
        raise UnreadableDocument(
            "not a notebook: not valid JSON", "open and save it in Jupyter"
        ) from None
    path = lightweight.HeadingPath()
    sections: list[Section] = []
    tables: list[TableFacts] = []
    for number, cell in enumerate(_cells(book), 1):
        sections += _cell(cell, number, path, tables)
    return Document(path.title, tuple(sections), tuple(tables))


def _cells(book: Any) -> list[dict[str, Any]]:
    if not isinstance(book, dict):
        raise UnreadableDocument("not a notebook: no cells in it", "")
    cells = book.get("cells")
    if cells is None:
        sheets = book.get("worksheets") or [{}]
        cells = sheets[0].get("cells") if isinstance(sheets[0], dict) else None
    if not isinstance(cells, list):
        raise UnreadableDocument("not a notebook: no cells in it", "")
    return [cell for cell in cells if isinstance(cell, dict)]


def _cell(
    cell: dict[str, Any],
    number: int,
    path: lightweight.HeadingPath,
    tables: list[TableFacts],
) -> Iterator[Section]:
    source = _joined(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "code":
        if source.strip():
            yield _code(source, path, number)
        for output in _outputs(cell):
            yield from _output(output, path, number, tables)
        return
    for section in lightweight.continued_markdown(source, path, tables):
        yield replace(section, page=number, first_line=None)


def _code(text: str, path: lightweight.HeadingPath, number: int) -> Section:
    return Section(text, path.titles, number, None, (Element("code", 0, len(text)),))


def _outputs(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields what a code cell printed or gave back."""
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            yield output


def _output(
    output: dict[str, Any],
    path: lightweight.HeadingPath,
    number: int,
    tables: list[TableFacts],
) -> Iterator[Section]:
    """Yields what one output shows: the richest of its forms that is text."""
    data = output.get("data")
    data = data if isinstance(data, dict) else {}
    page = _joined(data.get("text/html"))[:_LONGEST_PAGE]
    text = _joined(output.get("text", data.get("text/plain")))[:_LONGEST_OUTPUT]
    is_named_only = bool(_OBJECT.fullmatch(text.strip()))
    if page and ("<table" in page or is_named_only):
        yield from _shown_page(page, path, number, tables)
    elif "text/markdown" in data:
        section = text_structure.section(
            _joined(data["text/markdown"])[:_LONGEST_PAGE],
            tables,
            heading=path.titles,
            page=number,
            format_name="markdown",
        )
        yield from [section] if section.elements else []
    elif output.get("output_type") == "error":
        error = f"{output.get('ename', '')}: {output.get('evalue', '')}"
        yield _code(well_formed(error)[:_LONGEST_OUTPUT], path, number)
    elif text.strip() and not (is_named_only and len(data) > 1):
        yield _code(text, path, number)


def _shown_page(
    page: str,
    path: lightweight.HeadingPath,
    number: int,
    tables: list[TableFacts],
) -> Iterator[Section]:
    """Yields what HTML shows, with its tables."""
    builder = DocumentBuilder()
    add_page(builder, page)
    document = builder.document()
    begin = len(tables)
    tables += document.tables
    for section in document.sections:
        elements = tuple(
            item._replace(table=item.table + begin) if item.table >= 0 else item
            for item in section.elements
        )
        heading = (*path.titles, *section.heading)
        yield replace(section, heading=heading, page=number, elements=elements)


def _joined(source: Any) -> str:
    """Returns a multi-line string of nbformat: one string, or a list of lines."""
    lines = source if isinstance(source, list) else [source]
    return well_formed("".join(line for line in lines if isinstance(line, str)))
