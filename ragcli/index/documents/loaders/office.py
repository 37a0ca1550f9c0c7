"""DOCX and PPTX, through python-docx and python-pptx (the `office` extra)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder
from ragcli.index.documents.loaders.archive import checked_archive

_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)
_MISSING_EXTRA = "reading it needs an extra: pip install 'ragcli[office]'"


def docx(content: Content) -> Document:
    """Returns a Word document's builder.

    Raises:
        UnreadableDocument: The extra is missing, or it is no Word document.
    """
    try:
        import docx as python_docx
        from docx.table import Table
    except ImportError:
        raise UnreadableDocument(_MISSING_EXTRA) from None
    checked_archive(content.data)
    try:
        document = python_docx.Document(io.BytesIO(content.data))
    except (KeyError, ValueError, SyntaxError) as error:
        raise UnreadableDocument(f"not a readable Word document: {error}") from None
    builder = DocumentBuilder()
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            rows = [[cell.text for cell in row.cells] for row in block.rows]
            builder.table(rows[0] if rows else (), rows[1:])
        else:
            _paragraph(block, builder)
    builder.title = document.core_properties.title or builder.title
    return builder.document()


def _paragraph(block: Any, builder: DocumentBuilder) -> None:
    style = (block.style.name if block.style is not None else "") or ""
    match = _HEADING_STYLE.match(style)
    if match or style == "Title":
        builder.heading(int(match[1]) + 1 if match else 1, block.text)
    elif style.startswith("List"):
        builder.item(block.text)
    else:
        builder.paragraph(block.text)


def pptx(content: Content) -> Document:
    """Returns a presentation's slides, each a page, with its notes.

    Raises:
        UnreadableDocument: The extra is missing, or it is no presentation.
    """
    try:
        import pptx as python_pptx
    except ImportError:
        raise UnreadableDocument(_MISSING_EXTRA) from None
    checked_archive(content.data)
    try:
        presentation = python_pptx.Presentation(io.BytesIO(content.data))
    except (KeyError, ValueError, SyntaxError) as error:
        raise UnreadableDocument(f"not a readable presentation: {error}") from None
    builder = DocumentBuilder()
    for number, slide in enumerate(presentation.slides, 1):
        builder.page(number)
        _slide(slide, builder)
    builder.title = presentation.core_properties.title or builder.title
    return builder.document()


def _slide(slide: Any, builder: DocumentBuilder) -> None:
    title = slide.shapes.title
    if title is not None:
        builder.heading(1, title.text_frame.text)
    for shape in _flat(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if shape.has_text_frame:
            for paragraph in shape.text_frame.paragraphs:
                builder.item("".join(run.text for run in paragraph.runs))
        elif getattr(shape, "has_table", False):
            rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
            builder.table(rows[0] if rows else (), rows[1:])
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        builder.paragraph(slide.notes_slide.notes_text_frame.text)


def _flat(shapes: Any) -> Iterator[Any]:
    """Yields the shapes inside groups as well."""
    pending = list(shapes)[::-1]
    while pending:
        shape = pending.pop()
        inner = getattr(shape, "shapes", None)
        if inner is None:
            yield shape
        else:
            pending.extend(list(inner)[::-1])
