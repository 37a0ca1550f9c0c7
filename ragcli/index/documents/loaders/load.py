"""From a file to a loaded document: reads it, tells its format, calls its loader."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import formats
from ragcli.index.documents.loaders import hypertext, markup, tabular
from ragcli.index.documents.loaders.notebook import notebook
from ragcli.index.documents.loaders.parts import Loaded, Part, decode
from ragcli.language.languages import SAMPLE, detect

TextLoader: TypeAlias = Callable[[str], tuple[str, list[Part]]]
"""From a text to its title ("" when it has none) and its parts."""


def load(path: Path, data: bytes | None = None) -> Loaded:
    """Reads a document.

    Args:
        path: Its file; its name tells the format.
        data: Its bytes, where the caller has read them.

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
    try:
        return _loaded(path, content, name)
    except UnreadableDocument as error:
        raise UnreadableDocument(f"{path}: {error.message}", error.hint) from None


def _loaded(path: Path, content: bytes, name: str) -> Loaded:
    if name in formats.WHOLE:
        from ragcli.index.documents.loaders.isolation import shared

        title, parts = shared.load(content, name)
    else:
        title, parts = _loader(name)(_text(content, name))
    if not parts:
        hint = _SCANNED if name == "pdf" else "there is nothing to index"
        raise UnreadableDocument("no text in it", hint)
    title = title or path.stem.encode("utf-8", "replace").decode()
    return Loaded(title, tuple(parts), name, _language(parts))


_SCANNED = "scanned pages need text recognition first, for example with ocrmypdf"


def _text(content: bytes, name: str) -> str:
    """Decodes a file; a page that is not UTF-8 may declare what it is in."""
    if name == "html" and not content.isascii():
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return hypertext.declared_text(content) or decode(content)
    return decode(content)


def _language(parts: list[Part]) -> str:
    """Returns the language of a document, from its first characters."""
    sample: list[str] = []
    wanted = SAMPLE
    for part in parts:
        sample += [*part.heading[-1:], part.text[:wanted]]
        wanted -= len(part.text)
        if wanted <= 0:
            break
    return detect("\n".join(sample)) or ("en" if parts[0].kind == "code" else "")


def _loader(name: str) -> TextLoader:
    if name in formats.CODE:
        return _code
    return _LOADERS.get(name, markup.underlined)


def _code(text: str) -> tuple[str, list[Part]]:
    return "", [Part(text, (), None, 1, "code")] if text.strip() else []


_LOADERS: dict[str, TextLoader] = {
    "markdown": markup.markdown,
    "rst": markup.underlined,
    "org": markup.org,
    "html": hypertext.html,
    "csv": tabular.comma_separated,
    "tsv": tabular.tab_separated,
    "json": tabular.json_document,
    "jsonl": tabular.json_lines,
    "notebook": notebook,
}


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
