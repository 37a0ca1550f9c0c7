"""Jupyter notebooks: a part a cell, under the headings of the cells before it.

The format is nbformat 4 (https://nbformat.readthedocs.io), and 3 for old ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    Section,
    TableFacts,
    well_formed,
)
from ragcli.index.documents.loaders.markup import lightweight

_LONGEST_OUTPUT = 4000


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
            yield _code(output, path, number)
        return
    for section in lightweight.continued_markdown(source, path, tables):
        yield replace(section, page=number, first_line=None)


def _code(text: str, path: lightweight.HeadingPath, number: int) -> Section:
    return Section(text, path.titles, number, None, (Element("code", 0, len(text)),))


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    """Yields what a code cell printed or gave back, as text."""
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        plain = data.get("text/plain") if isinstance(data, dict) else None
        text = _joined(output.get("text", plain))[:_LONGEST_OUTPUT]
        if text.strip():
            yield text


def _joined(source: Any) -> str:
    """Returns a multi-line string of nbformat: one string, or a list of lines."""
    lines = source if isinstance(source, list) else [source]
    return well_formed("".join(line for line in lines if isinstance(line, str)))
