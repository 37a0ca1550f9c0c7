"""Documents inside a document: attachments of a mail, objects in a text or on a slide.

Each is read by the loader of its own format and becomes a part that is named. What
cannot be read is named in the document's notices, and costs itself alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import formats
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    Section,
    one_line,
)
from ragcli.index.documents.loaders.dispatch.parse import NO_TEXT, parse
from ragcli.paths import PART_MARK

DEEPEST = 4
"""How deep documents may be inside one another."""

MOST_INSIDE = 5000
"""Documents inside a file that are read."""

LARGEST_INSIDE = 32 << 20
"""Bytes of a document inside another that is read."""

_TOLD = 5
"""What is named of each kind of notice."""


class InnerDocuments:
    """Adds the documents that are inside another one.

    Args:
        builder: Where they are added.
        content: What they are inside of.
    """

    def __init__(self, builder: DocumentBuilder, content: Content) -> None:
        self._builder = builder
        self._content = content
        self._names: set[tuple[str, ...]] = set()
        self._left: list[str] = []
        self._told: list[str] = []
        self._formats: dict[str, str] = {}
        self._scanned: list[str] = []
        self._engine = ""
        self._count = 0

    def leave(self, what: str) -> None:
        """Remembers what was not read."""
        self._left.append(one_line(what))

    def admits(self, count: int, what: str) -> bool:
        """Tells whether so many more are read; what is not is remembered.

        Args:
            count: How many there are.
            what: What they are called: `attachments`.
        """
        self._count += count
        if self._count > MOST_INSIDE:
            self.leave(f"{what} after the first {MOST_INSIDE:,}")
            return False
        return True

    def is_too_deep(self, name: str, inside: Sequence[str]) -> bool:
        """Tells whether something is too deep to be read; then it is remembered.

        Args:
            name: What it is called.
            inside: The names of the parts that it is in.
        """
        if self._content.depth + len(inside) < DEEPEST:
            return False
        self.leave(f"{name} (too deep inside other documents)")
        return True

    def named(self, name: str, format_name: str, inside: Sequence[str] = ()) -> str:
        """Returns the name that a part gets, which no other has.

        Args:
            name: What it is called.
            format_name: What it is read as.
            inside: The names of the parts that it is in.
        """
        name = self._unique(tuple(inside), name)
        self._formats[PART_MARK.join((*inside, name))] = format_name
        return name

    def add(
        self,
        name: str,
        data: bytes,
        *,
        above: Sequence[str] = (),
        inside: Sequence[str] = (),
    ) -> None:
        """Adds a document.

        Args:
            name: What it is called, without directories; its suffix tells the format.
            data: Its bytes.
            above: The headings that it stands under.
            inside: The names of the parts that it is in.
        """
        if self.is_too_deep(name, inside):
            return
        if len(data) > LARGEST_INSIDE:
            self.leave(f"{name} (larger than {LARGEST_INSIDE >> 20} MB)")
            return
        document = self._read(name, data, len(inside) + 1)
        if document and document.sections:
            path = PART_MARK.join((*inside, self.named(name, document.format, inside)))
            for inner, known in document.facts.get("parts", {}).items():
                self._formats[f"{path}{PART_MARK}{inner}"] = known
            self._builder.include(document, *above, part=path)

    def add_in_place(self, name: str, data: bytes) -> None:
        """Adds a document that is shown as a stretch of the one it is in.

        Args:
            name: What it is called.
            data: Its bytes.
        """
        if self.is_too_deep(name, ()):
            return
        document = self._read(name, data, 1)
        if document is None:
            return
        for part, known in document.facts.get("parts", {}).items():
            self._names.add(tuple(part.split(PART_MARK)))
            self._formats[part] = known
        sections = [
            section if section.part else _without_place(section)
            for section in document.sections
        ]
        self._builder.include(
            replace(document, sections=tuple(sections)), *self._builder.headings
        )

    def tell(self) -> None:
        """Says in the document's facts what was not read, or read from pictures."""
        notices = self._told[:_TOLD]
        if self._left:
            shown = "; ".join(self._left[:_TOLD])
            more = len(self._left) - _TOLD
            rest = f"; and {more} more" if more > 0 else ""
            notices.insert(0, f"not read: {shown}{rest}")
        facts = self._builder.facts
        if notices:
            facts["notices"] = notices
        if self._scanned:
            facts["scanned"] = self._scanned
        if self._formats:
            facts["parts"] = self._formats
        if self._engine:
            facts["ocr"] = self._engine

    def _unique(self, inside: tuple[str, ...], name: str) -> str:
        """Returns a name that no other part there has: `scan.pdf`, `scan (2).pdf`."""
        begin, dot, suffix = _label(name).rpartition(".")
        stem, suffix = (begin, f".{suffix}") if begin and dot else (_label(name), "")
        name, count = f"{stem}{suffix}", 1
        while (*inside, name) in self._names:
            count += 1
            name = f"{stem} ({count}){suffix}"
        self._names.add((*inside, name))
        return name

    def _read(self, name: str, data: bytes, depth: int) -> Document | None:
        """Returns a document as its loader reads it, None when that cannot be."""
        format_name = formats.format_of(name)
        kind = formats.binary_kind(name) or formats.legacy_kind(name)
        if not (format_name or kind):
            format_name = formats.format_of_content(data[: formats.HEAD])
        if not format_name or not data.strip():
            self.leave(f"{name} ({kind or 'no known format'})")
            return None
        try:
            document = parse(
                Content(
                    data,
                    name,
                    format_name,
                    ocr=self._content.ocr,
                    allow_time=self._content.allow_time,
                    depth=self._content.depth + depth,
                )
            )
        except UnreadableDocument as error:
            self.leave(f"{name} ({error.message})")
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - it is anybody's, and costs itself alone
            self.leave(f"{name} (damaged: {type(error).__name__})")
        else:
            if not document.sections and not document.facts.get("notices"):
                self.leave(f"{name} ({NO_TEXT})")
            self._take_over(name, document)
            return replace(document, format=format_name)
        return None

    def _take_over(self, name: str, document: Document) -> None:
        """Keeps what is to be said of a document, and of the pictures in it."""
        facts = document.facts
        self._told += [f"{name}: {notice}" for notice in facts.get("notices", ())]
        if facts.get("scanned"):
            self._scanned.append(name)
            self._engine = facts.get("ocr", self._engine)


def _without_place(section: Section) -> Section:
    """Returns a section without its page and lines, which are of no file."""
    elements = tuple(item._replace(lines=None) for item in section.elements)
    return replace(section, page=None, first_line=None, elements=elements)


def _label(name: str) -> str:
    """Returns a name that cannot be taken for a path."""
    return re.sub(r"[/\\]", "_", name) or "attachment"
