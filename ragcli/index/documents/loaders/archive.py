"""Formats that are ZIP archives of XML: EPUB and OpenDocument; and a look at the ZIP.

An archive's directory says how large each member will be, and `zipfile` reads no
further than that, so a bomb is refused before anything is inflated.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content, decode
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    Section,
    TableFacts,
    one_line,
)
from ragcli.index.documents.loaders.hypertext import page_sections

LARGEST_CONTENT = 512 << 20
"""Bytes that an archive may hold when unpacked."""

HIGHEST_RATIO = 200
"""How many times its size; text seldom packs better than 20 : 1."""

_SMALL = 16 << 20
_MOST_MEMBERS = 20_000


def checked_archive(data: bytes) -> zipfile.ZipFile:
    """Opens a ZIP archive that is no bomb.

    Raises:
        UnreadableDocument: Not an archive, or one that unpacks to too much.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableDocument(f"not a readable archive: {error}") from None
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    too_dense = total > _SMALL and total > HIGHEST_RATIO * len(data)
    if total > LARGEST_CONTENT or too_dense or len(members) > _MOST_MEMBERS:
        raise UnreadableDocument(f"unpacks to {total >> 20} MB: refused as a bomb")
    return archive


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile, ValueError, OSError, RuntimeError) as error:
        raise UnreadableDocument(f"damaged inside: {one_line(str(error))}") from None


def _xml(archive: zipfile.ZipFile, name: str) -> ET.Element:
    data = _member(archive, name)
    if b"<!ENTITY" in data:
        raise UnreadableDocument("declares XML entities: refused")
    try:
        return ET.fromstring(data)  # noqa: S314 - entities are refused above
    except ET.ParseError as error:
        raise UnreadableDocument(f"damaged inside: {name}: {error}") from None


def epub(content: Content) -> Document:
    """Returns a book's chapters in reading order (EPUB 2 and 3).

    Raises:
        UnreadableDocument: No EPUB, damaged, or a bomb.
    """
    archive = checked_archive(content.data)
    root = _xml(archive, "META-INF/container.xml").find(".//{*}rootfile")
    if root is None:
        raise UnreadableDocument("not an EPUB: no root file named in it")
    package = root.get("full-path", "")
    book = _xml(archive, package)
    title = book.findtext(".//{http://purl.org/dc/elements/1.1/}title") or ""
    sections: list[Section] = []
    tables: list[TableFacts] = []
    for name in _spine(book, posixpath.dirname(package)):
        text, _ = decode(_member(archive, name))
        chapter, found = page_sections(text, tables)
        named = (chapter,) if chapter else ()
        sections += (replace(item, heading=item.heading or named) for item in found)
    return Document(one_line(title), tuple(sections), tuple(tables))


def _spine(book: ET.Element, base: str) -> Iterator[str]:
    """Yields the members that are the chapters, in reading order."""
    items = {
        item.get("id"): item
        for item in book.findall(".//{*}manifest/{*}item")
        if "html" in item.get("media-type", "") and item.get("properties") != "nav"
    }
    for reference in book.findall(".//{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None:
            yield posixpath.normpath(
                posixpath.join(base, unquote(item.get("href", "")))
            )


_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def odt(content: Content) -> Document:
    """Returns the sections of an OpenDocument text or presentation.

    Raises:
        UnreadableDocument: No OpenDocument, damaged, or a bomb.
    """
    builder = DocumentBuilder()
    pending = [_xml(checked_archive(content.data), "content.xml")]
    while pending:
        element = pending.pop()
        if element.tag == f"{_TEXT}h":
            level = element.get(f"{_TEXT}outline-level", "1")
            builder.heading(int(level) if level.isdigit() else 1, _words(element))
        elif element.tag == f"{_TEXT}p":
            builder.paragraph(_words(element))
        elif element.tag == f"{_TABLE}table":
            rows = [
                [_words(cell) for cell in row.iter(f"{_TABLE}table-cell")]
                for row in element.iter(f"{_TABLE}table-row")
            ]
            builder.table(rows[0] if rows else (), rows[1:])
        else:
            pending.extend(reversed(element))
    return builder.document()


def _words(element: ET.Element) -> str:
    return "".join(element.itertext())
