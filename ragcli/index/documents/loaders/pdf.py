"""PDF: a part a page, under the bookmarks that lead to it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Section,
    TableFacts,
    one_line,
    well_formed,
)

if TYPE_CHECKING:
    from pypdf import PdfReader

MOST_PAGES = 10_000
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z\u00df-\u00ff])")
_DEEPEST = 6


def pdf(content: Content) -> Document:
    """Returns the pages that hold text.

    Raises:
        UnreadableDocument: Protected by a password, damaged, or without any text.
    """
    import pypdf
    from pypdf.errors import PyPdfError

    try:
        reader = pypdf.PdfReader(io.BytesIO(content.data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableDocument(
                "protected by a password", "save it without one, then add it"
            )
        tables: list[TableFacts] = []
        sections = tuple(_pages(reader, tables))
        return Document(_title(reader), sections, tuple(tables))
    except PyPdfError as error:
        raise UnreadableDocument(
            f"not a readable PDF: {one_line(str(error))}"
        ) from None


def _pages(reader: PdfReader, tables: list[TableFacts]) -> Iterator[Section]:
    headings: dict[int, tuple[str, ...]] = {}
    titles: set[str] = set()
    for number, path in _bookmarks(reader):
        headings[number] = _shared(headings.get(number), path)
        titles.update(path)
    heading: tuple[str, ...] = ()
    for number, page in enumerate(reader.pages, 1):
        if number > MOST_PAGES:
            raise UnreadableDocument(f"more than {MOST_PAGES} pages", "split it")
        heading = headings.get(number, heading)
        text = _set_apart(well_formed(page.extract_text()), titles)
        if text.strip():
            yield text_structure.section(text, tables, heading=heading, page=number)


def _set_apart(text: str, titles: set[str]) -> str:
    """Returns a page's text, words joined at line ends, headings as paragraphs."""
    lines = _HYPHENATED.sub("", text).split("\n")
    return "\n".join(f"\n{x}\n" if x.strip() in titles else x for x in lines)


def _shared(earlier: tuple[str, ...] | None, path: tuple[str, ...]) -> tuple[str, ...]:
    """Returns what the bookmarks of one page have in common, else the first."""
    if earlier is None:
        return path
    count = 0
    while count < min(len(earlier), len(path)) and earlier[count] == path[count]:
        count += 1
    return earlier[:count] or earlier


def _title(reader: PdfReader) -> str:
    title = reader.metadata.title if reader.metadata else None
    return one_line(well_formed(title)) if isinstance(title, str) else ""


def _bookmarks(reader: PdfReader) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yields page and path of each bookmark; none when they are damaged."""
    from pypdf.errors import PyPdfError

    try:
        entries = list(_flat(reader.outline, ()))
        for destination, path in entries:
            page = reader.get_destination_page_number(destination)
            if page is not None:
                yield page + 1, path
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError):
        return


def _flat(
    entries: Any, above: tuple[str, ...]
) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Yields the bookmarks of a nested outline, each with its path."""
    path = above
    for entry in entries:
        if isinstance(entry, list):
            if len(path) < _DEEPEST:
                yield from _flat(entry, path)
        else:
            path = (*above, one_line(well_formed(str(entry.title))))
            yield entry, path
