"""From a file to a document: reads it, tells its format, calls its loader."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import formats, text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, TableFacts
from ragcli.index.documents.loaders.dispatch.parse import NO_TEXT, parse
from ragcli.language.vocabulary.languages import SAMPLE, detect


def load(path: Path, data: bytes | None = None, *, ocr: bool = False) -> Document:
    """Reads a document.

    Args:
        path: Its file; its name tells the format.
        data: Its bytes, where the caller has read them.
        ocr: Whether text in pictures of pages is to be recognized.

    Raises:
        UnreadableDocument: It cannot be opened, is empty, is not what its name says,
            or needs an extra that is not installed; one line says which.
    """
    content = _read(path) if data is None else data
    if not content:
        raise UnreadableDocument(f"{path}: empty", "there is nothing to index")
    name = formats.format_of(path.name) or formats.format_of_content(
        content[: formats.HEAD]
    )
    if not name:
        raise UnreadableDocument(
            f"{path}: binary content", "only documents can be indexed"
        )
    try:
        return loaded(path.name, content, name, ocr=ocr)
    except UnreadableDocument as error:
        raise UnreadableDocument(f"{path}: {error.message}", error.hint) from None


def text_document(text: str) -> Document:
    """Returns a document of a text that is in no file: one section, without a title."""
    tables: list[TableFacts] = []
    section = text_structure.section(text, tables, first_line=1)
    language = detect(text[: 2 * SAMPLE]) or "en"
    return Document("", (section,), tuple(tables), format="text", language=language)


def loaded(file_name: str, data: bytes, name: str, *, ocr: bool = False) -> Document:
    """Reads a document of a known format.

    Args:
        file_name: What it is called, for want of a title.
        data: Its bytes.
        name: Its format.
        ocr: Whether text in pictures of pages is to be recognized.

    Raises:
        UnreadableDocument: It is empty, or not what it is said to be.
    """
    if formats.is_isolated(name):
        from ragcli.index.documents.loaders.dispatch.isolation import shared

        document = shared.load(data, file_name, name, ocr=ocr)
    else:
        document = parse(Content(data, file_name, name, ocr=ocr))
    if not document.sections:
        [*notices] = document.facts.get("notices", ())
        reason = "; ".join([NO_TEXT, *notices])
        raise UnreadableDocument(reason, "there is nothing to index")
    stem = Path(file_name).stem
    title = document.title or stem.encode("utf-8", "replace").decode()
    language = _language(document)
    if not language and formats.is_settings(name):
        language = "en"
    return replace(document, title=title, format=name, language=language)


def _language(document: Document) -> str:
    """Returns the language of a document, from its first characters."""
    sample: list[str] = []
    wanted = SAMPLE
    for section in document.sections:
        sample += [*section.heading[-1:], section.text[:wanted]]
        wanted -= len(section.text)
        if wanted <= 0:
            break
    return detect("\n".join(sample)) or ("en" if document.sections[0].is_code else "")


def _read(path: Path) -> bytes:
    """Returns a regular file's bytes; a FIFO or device is refused, not waited for."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnreadableDocument(f"{path}: not a regular file", "")
            return file.read()
    except OSError as error:
        raise UnreadableDocument(
            f"{path}: {error.strerror}", "check that it is there and readable"
        ) from None
