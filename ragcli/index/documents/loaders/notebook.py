"""Jupyter notebooks: a part a cell, under the headings of the cells before it.

The format is nbformat 4 (https://nbformat.readthedocs.io), and 3 for old ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.loaders import markup
from ragcli.index.documents.loaders.parts import Part, well_formed

_LONGEST_OUTPUT = 4000


def notebook(text: str) -> tuple[str, list[Part]]:
    """Returns the cells; a cell's number is its page.

    Raises:
        UnreadableDocument: Not a notebook.
    """
    try:
        book = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableDocument(
            "not a notebook: not valid JSON", "open and save it in Jupyter"
        ) from None
    path = markup.HeadingPath()
    parts: list[Part] = []
    for number, cell in enumerate(_cells(book), 1):
        parts += _cell(cell, number, path)
    return path.title, parts


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
    cell: dict[str, Any], number: int, path: markup.HeadingPath
) -> Iterator[Part]:
    source = _joined(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "code":
        if source.strip():
            yield Part(source, path.titles, number, None, "code")
        for output in _outputs(cell):
            yield Part(output, path.titles, number, None, "code")
        return
    for part in markup.continued_markdown(source, path):
        yield Part(part.text, part.heading, number, None, part.kind)


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
