"""Objects that are put into texts, slides and sheets: workbooks, pages, any file.

An object is a file of a format of its own, or a compound file: then the stream in it
that is known tells what it is.
"""

from __future__ import annotations

import posixpath
from collections.abc import Container, Sequence

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import formats
from ragcli.index.documents.elements import one_line, well_formed
from ragcli.index.documents.loaders.dispatch.inner_documents import InnerDocuments
from ragcli.index.documents.loaders.office.compound_files import COMPOUND, CompoundFile
from ragcli.index.documents.loaders.office.packages import (
    Package,
    checked_archive,
    member,
)

_KINDS = frozenset({"package", "oleObject"})
"""What a part calls the objects in it; a chart's numbers hang on the chart."""

_OFFICE = {
    "xl/workbook.xml": ".xlsx",
    "xl/workbook.bin": ".xlsb",
    "word/document.xml": ".docx",
    "ppt/presentation.xml": ".pptx",
}
_OPEN = {"text": ".odt", "spreadsheet": ".ods", "presentation": ".odp"}

_OLD = {
    "Workbook": ".xls",
    "Book": ".xls",
    "WordDocument": ".doc",
    "PowerPoint Document": ".ppt",
}
"""Streams that a compound file has where it is a document of its own."""

_WHOLE = ("Package", "EmbeddedOdf", "CONTENTS")
"""Streams that are a document of another format."""

_UNKNOWN = "an object of no known format"
_FILE = "\1Ole10Native"
_KIND = "\1CompObj"


def add_embedded(
    inner: InnerDocuments,
    package: Package,
    part: str,
    *,
    above: Sequence[str] = (),
    without: Container[str] = (),
) -> None:
    """Adds the objects that are put into a part of an office document.

    Args:
        inner: Takes them.
        package: The document.
        part: The member that they are put into.
        above: The headings that they stand under.
        without: Ids of those that are left out.
    """
    try:
        related = package.related(part)
    except UnreadableDocument as error:
        inner.leave(f"objects of {posixpath.basename(part)} ({error.message})")
        return
    for name, relation in related.items():
        is_object = relation.kind in _KINDS and relation.target in package
        if is_object and name not in without:
            add_object(inner, package, relation.target, above=above)


def add_object(
    inner: InnerDocuments, package: Package, part: str, *, above: Sequence[str] = ()
) -> None:
    """Adds one object, or names it among what is not read.

    Args:
        inner: Takes it.
        package: The document that it is in.
        part: The member that it is.
        above: The headings that it stands under.
    """
    name = posixpath.basename(part)
    if not inner.admits(1, "objects"):
        return
    try:
        told = _file(name, package.read(part))
    except UnreadableDocument as error:
        inner.leave(f"{name} ({error.message})")
    else:
        inner.add(*told, above=above)


def _file(name: str, data: bytes) -> tuple[str, bytes]:
    """Returns the file that an object is, and its name.

    Raises:
        UnreadableDocument: It is damaged, or no file of a format that is known.
    """
    stem = posixpath.splitext(name)[0]
    if not data.startswith(COMPOUND):
        suffix = "" if formats.format_of(name) else _suffix(data)
        named = f"{stem}{suffix}" if suffix else name
        if formats.format_of(named):
            return named, data
        raise UnreadableDocument(_UNKNOWN)
    file = CompoundFile(data)
    for stream, suffix in _OLD.items():
        if stream in file:
            return f"{stem}{suffix}", data
    for stream in _WHOLE:
        if stream in file:
            inside = file.read(stream)
            if suffix := _suffix(inside):
                return f"{stem}{suffix}", inside
    if _FILE in file and (packed := _packed(file.read(_FILE))):
        return packed
    raise UnreadableDocument(_described(file) or _UNKNOWN)


def _described(file: CompoundFile) -> str:
    """Returns what an object calls itself, `Microsoft Visio Drawing`, "" for nothing.

    Raises:
        UnreadableDocument: It is damaged.
    """
    data = file.read(_KIND) if _KIND in file else b""
    end = 32 + int.from_bytes(data[28:32], "little")
    return one_line(data[32:end].decode("cp1252", "replace").rstrip("\0"))


def _suffix(data: bytes) -> str:
    """Returns the suffix of files that begin so and hold that, "" for no known one.

    Raises:
        UnreadableDocument: An archive that is damaged, or a bomb.
    """
    if not data.startswith(b"PK"):
        return ".pdf" if data.startswith(b"%PDF-") else ""
    archive = checked_archive(data)
    names = set(archive.namelist())
    for part, suffix in _OFFICE.items():
        if part in names:
            return suffix
    kind = member(archive, "mimetype")[:100] if "mimetype" in names else b""
    return _OPEN.get(kind.decode("latin-1").rpartition(".")[2].strip(), "")


def _packed(data: bytes) -> tuple[str, bytes] | None:
    """Returns the name and bytes of a file that was put into a document as a file."""
    name, at = _until_zero(data, 6)
    _, at = _until_zero(data, at)
    path = int.from_bytes(data[at + 4 : at + 8], "little")
    at += 8 + path
    size = int.from_bytes(data[at : at + 4], "little")
    file = data[at + 4 : at + 4 + size]
    text = well_formed(name.decode("cp1252", "replace"))
    text = one_line(text.replace("\\", "/").rpartition("/")[2])
    return (text, file) if text and file else None


def _until_zero(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b"\0", at)
    return (data[at:end], end + 1) if end >= 0 else (b"", len(data))
