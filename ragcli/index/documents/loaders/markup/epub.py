"""Formats that are ZIP archives of pages: EPUB."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, one_line
from ragcli.index.documents.loaders.markup.hypertext import add_page, page_text
from ragcli.index.documents.loaders.office.packages import checked_archive, member, xml


def epub(content: Content) -> Document:
    """Returns a book's chapters in reading order (EPUB 2 and 3).

    Raises:
        UnreadableDocument: No EPUB, damaged, or a bomb.
    """
    archive = checked_archive(content.data)
    root = xml(archive, "META-INF/container.xml").find(".//{*}rootfile")
    if root is None:
        raise UnreadableDocument("not an EPUB: no root file named in it")
    package = root.get("full-path", "")
    book = xml(archive, package)
    title = book.findtext(".//{http://purl.org/dc/elements/1.1/}title") or ""
    builder = DocumentBuilder()
    encrypted = _encrypted(archive)
    for name in _spine(book, posixpath.dirname(package)):
        if name in encrypted:
            raise UnreadableDocument(
                "protected against copying", "add a copy without that protection"
            )
        part = DocumentBuilder()
        page = Content(member(archive, name), name, "html")
        page_title = one_line(add_page(part, page_text(page)))
        chapter = part.document()
        if page_title:
            sections = tuple(
                replace(section, heading=section.heading or (page_title,))
                for section in chapter.sections
            )
            chapter = replace(chapter, sections=sections)
        builder.include(chapter)
    builder.title = title
    return builder.document()


def _spine(book: ET.Element, base: str) -> Iterator[str]:
    """Yields the members that are the chapters, in reading order."""
    items = {
        item.get("id"): item
        for item in book.findall(".//{*}manifest/{*}item")
        if "html" in item.get("media-type", "")
        and "nav" not in item.get("properties", "").split()
    }
    for reference in book.findall(".//{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None:
            yield posixpath.normpath(
                posixpath.join(base, unquote(item.get("href", "")))
            )


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    """Returns the members that only a key opens; fonts are merely obfuscated."""
    listing = "META-INF/encryption.xml"
    if listing not in archive.namelist():
        return set()
    references = xml(archive, listing).iter(
        "{http://www.w3.org/2001/04/xmlenc#}CipherReference"
    )
    return {posixpath.normpath(unquote(item.get("URI", ""))) for item in references}
