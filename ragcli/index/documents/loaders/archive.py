"""Formats that are ZIP archives of XML: EPUB and OpenDocument; and a look at the ZIP.

An archive's directory says how large each member will be, and `zipfile` reads no
further than that, so a bomb is refused before anything is inflated.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.loaders.hypertext import html
from ragcli.index.documents.loaders.parts import Part, decode, one_line
from ragcli.index.documents.loaders.sections import Sections

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


def epub(data: bytes) -> tuple[str, list[Part]]:
    """Returns a book's chapters in reading order (EPUB 2 and 3).

    Raises:
        UnreadableDocument: No EPUB, damaged, or a bomb.
    """
    archive = checked_archive(data)
    root = _xml(archive, "META-INF/container.xml").find(".//{*}rootfile")
    if root is None:
        raise UnreadableDocument("not an EPUB: no root file named in it")
    package = root.get("full-path", "")
    book = _xml(archive, package)
    title = book.findtext(".//{http://purl.org/dc/elements/1.1/}title") or ""
    parts: list[Part] = []
    for name in _spine(book, posixpath.dirname(package)):
        chapter, sections = html(decode(_member(archive, name)))
        named = (chapter,) if chapter else ()
        parts += (Part(part.text, part.heading or named) for part in sections)
    return one_line(title), parts


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


def odt(data: bytes) -> tuple[str, list[Part]]:
    """Returns the sections of an OpenDocument text or presentation.

    Raises:
        UnreadableDocument: No OpenDocument, damaged, or a bomb.
    """
    content = _xml(checked_archive(data), "content.xml")
    sections = Sections()
    pending = [content]
    while pending:
        element = pending.pop()
        if element.tag == f"{_TEXT}h":
            level = element.get(f"{_TEXT}outline-level", "1")
            sections.heading(int(level) if level.isdigit() else 1, _words(element))
        elif element.tag == f"{_TEXT}p":
            sections.paragraph(_words(element))
        elif element.tag == f"{_TABLE}table":
            sections.table(
                [_words(cell) for cell in row.iter(f"{_TABLE}table-cell")]
                for row in element.iter(f"{_TABLE}table-row")
            )
        else:
            pending.extend(reversed(element))
    return sections.title, sections.close()


def _words(element: ET.Element) -> str:
    return "".join(element.itertext())
