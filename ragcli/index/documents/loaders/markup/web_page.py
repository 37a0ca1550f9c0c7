"""Pages from the web: what is to be read on them, without menus and advertisements."""

from __future__ import annotations

from dataclasses import replace

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder
from ragcli.index.documents.loaders.markup.hypertext import add_page, html, page_text


def web_page(content: Content) -> Document:
    """Reads a page as trafilatura finds its text, or whole where it finds none."""
    whole = html(content)
    builder = DocumentBuilder()
    add_page(builder, _readable(page_text(content)))
    readable = builder.document()
    if not readable.sections:
        return whole
    return replace(readable, title=whole.title or readable.title)


def _readable(text: str) -> str:
    """Returns a page of the text that is worth reading, "" where none is page."""
    import trafilatura

    page = trafilatura.extract(
        text,
        output_format="html",
        include_comments=False,
        include_tables=True,
        favor_recall=True,
    )
    return page or ""
