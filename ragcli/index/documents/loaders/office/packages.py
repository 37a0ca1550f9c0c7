"""ZIP archives of XML: how office documents and books are packed.

An archive's directory says how large each member will be, and `zipfile` reads no
further than that, so a bomb is refused before anything is inflated.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from xml.etree import ElementTree as ET

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.elements import one_line
from ragcli.index.documents.loaders.office.compound_files import COMPOUND

LARGEST_CONTENT = 512 << 20
"""Bytes that an archive may hold when unpacked."""

HIGHEST_RATIO = 200
"""How many times its size; text seldom packs better than 20 : 1."""

_SMALL = 16 << 20
_MOST_MEMBERS = 20_000

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

PASSWORD = ("protected by a password", "save it without one, then add it")
"""Message and hint for a document that only its password opens."""

_PREFIXES = {
    "wordprocessingml/main": "w",
    "presentationml/main": "p",
    "spreadsheetml/main": "s",
    "drawingml/main": "a",
    "drawingml/chart": "c",
    "drawingml/diagram": "dgm",
    "officedocument/relationships": "r",
    "package/relationships": "rel",
    "markup-compatibility": "mc",
    "officedocument/math": "m",
    "word/2010/wordml": "w14",
    "word/2010/wordprocessingshape": "wps",
    "core-properties": "cp",
    "dc/elements": "dc",
    "urn:schemas-microsoft-com:vml": "v",
    "opendocument:xmlns:office": "office",
    "opendocument:xmlns:text": "text",
    "opendocument:xmlns:table": "table",
    "opendocument:xmlns:drawing": "draw",
    "opendocument:xmlns:presentation": "presentation",
    "opendocument:xmlns:style": "style",
    "opendocument:xmlns:xsl-fo": "fo",
    "opendocument:xmlns:svg": "svg",
    "opendocument:xmlns:chart": "chart",
    "opendocument:xmlns:form": "form",
    "/xlink": "xlink",
}
"""Part of a namespace → the prefix that it is known by here, whatever its year."""


class Relation(NamedTuple):
    """What a part of a package refers to."""

    kind: str
    """`comments`, `header`, `slideLayout` …: the last piece of its type."""

    target: str
    """The member that it is."""


class Package:
    """An office document: its members, as XML with short names.

    Args:
        data: The document's bytes.

    Raises:
        UnreadableDocument: Not an archive, one that unpacks to too much, or one that
            only a password opens.
    """

    def __init__(self, data: bytes) -> None:
        if data.startswith(COMPOUND):
            if _ENCRYPTED in data:
                raise UnreadableDocument(*PASSWORD)
            raise UnreadableDocument(
                "an office document of the old binary kind under a new name",
                "save it in the format that its name says",
            )
        self._archive = checked_archive(data)
        self._names = set(self._archive.namelist())

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def read(self, name: str) -> bytes:
        """Returns a member's bytes.

        Raises:
            UnreadableDocument: It is missing or damaged.
        """
        return member(self._archive, name)

    def xml(self, name: str) -> ET.Element:
        """Returns a member's root; names are `prefix:name`, as `w:p`.

        Raises:
            UnreadableDocument: It is missing, damaged or declares entities.
        """
        return shortened(xml(self._archive, name))

    def related(self, name: str) -> dict[str, Relation]:
        """Returns what a member refers to inside the package, by id."""
        folder, base = posixpath.split(name)
        relations = f"{folder}/_rels/{base}.rels".lstrip("/")
        if relations not in self._names:
            return {}
        return dict(_relations(self.xml(relations), folder))

    def main(self) -> str:
        """Returns the member that the document begins with.

        Raises:
            UnreadableDocument: None is named.
        """
        for relation in self.related("").values():
            if relation.kind == "officeDocument":
                return relation.target
        raise UnreadableDocument("not an office document: no main part named in it")

    def title(self) -> str:
        """Returns the title in the document's properties, or ""."""
        for relation in self.related("").values():
            if relation.kind == "core-properties" and relation.target in self._names:
                return one_line(words(below(self.xml(relation.target), "dc:title")))
        return ""


def _relations(root: ET.Element, folder: str) -> Iterator[tuple[str, Relation]]:
    for item in root:
        if item.get("TargetMode") == "External":
            continue
        target = item.get("Target", "")
        path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        kind = item.get("Type", "").rpartition("/")[2]
        yield item.get("Id", ""), Relation(kind, path)


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


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Returns a member's bytes.

    Raises:
        UnreadableDocument: It is missing or damaged.
    """
    try:
        return archive.read(name)
    except (
        KeyError,
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        OSError,
        RuntimeError,
    ) as error:
        raise UnreadableDocument(f"damaged inside: {one_line(str(error))}") from None


def xml(archive: zipfile.ZipFile, name: str) -> ET.Element:
    """Returns a member's root.

    Raises:
        UnreadableDocument: It is missing, damaged or declares entities.
    """
    data = member(archive, name)
    # Without its zeros, UTF-16 shows its ASCII as any other encoding does.
    plain = data.replace(b"\0", b"") if b"\0" in data else data
    if b"<!ENTITY" in plain:
        raise UnreadableDocument("declares XML entities: refused")
    try:
        return ET.fromstring(data)  # noqa: S314 - entities are refused above
    except (ET.ParseError, ValueError, LookupError) as error:
        raise UnreadableDocument(f"damaged inside: {name}: {error}") from None


def shortened(root: ET.Element) -> ET.Element:
    """Gives elements and attributes their short names, in place."""
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = _short(element.tag)
        if any(key[0] == "{" for key in element.keys()):  # noqa: SIM118 - no dict
            named = {_short(key): value for key, value in element.items()}
            element.attrib.clear()
            element.attrib.update(named)
    return root


@lru_cache(maxsize=4096)
def _short(name: str) -> str:
    """Returns `prefix:name`; the name alone where nothing here asks for its kind."""
    namespace, _, local = name.rpartition("}")
    lowered = namespace.lower().replace("/2006", "")
    for piece, prefix in _PREFIXES.items():
        if piece in lowered:
            return f"{prefix}:{local}"
    return local


def below(element: ET.Element | None, path: str) -> ET.Element | None:
    """Returns the first descendant on a path of short names: `w:pPr/w:pStyle`."""
    for name in path.split("/"):
        if element is None:
            return None
        element = next((child for child in element if child.tag == name), None)
    return element


def words(element: ET.Element | None) -> str:
    """Returns all the text in an element, "" without one."""
    return "" if element is None else "".join(element.itertext())


def number(text: str | None, default: int = 0) -> int:
    """Returns a whole number as XML tells it, within reason; else the default."""
    try:
        value = int(text or "")
    except ValueError:
        return default
    return value if abs(value) < 1 << 31 else default


def value_of(element: ET.Element | None) -> str:
    """Returns what a property such as `<w:pStyle w:val="Title"/>` is, "" without it."""
    return "" if element is None else element.get("w:val", "")


def switch(element: ET.Element | None) -> bool:
    """Tells whether a property such as `<w:b/>` is there and not switched off."""
    if element is None:
        return False
    return element.get("w:val", "true") not in {"false", "0", "off"}
