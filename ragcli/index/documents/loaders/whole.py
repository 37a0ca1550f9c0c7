"""Formats that are parsed as a whole; runs in the worker process only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.loaders.archive import epub, odt
from ragcli.index.documents.loaders.community import community
from ragcli.index.documents.loaders.mail import mail
from ragcli.index.documents.loaders.office import docx, pptx
from ragcli.index.documents.loaders.parts import Part
from ragcli.index.documents.loaders.pdf import pdf
from ragcli.index.documents.loaders.richtext import rich_text

LARGEST_TEXT = 64 << 20
"""Characters that a document may hold."""

WholeLoader: TypeAlias = Callable[[bytes], tuple[str, list[Part]]]
"""From a file's bytes to its title and parts."""

_LOADERS: dict[str, WholeLoader] = {
    "pdf": pdf,
    "docx": docx,
    "pptx": pptx,
    "odt": odt,
    "epub": epub,
    "eml": mail,
    "rtf": rich_text,
}


def load_whole(data: bytes, format_name: str) -> tuple[str, list[Part]]:
    """Returns title and parts of a document.

    Raises:
        UnreadableDocument: One line says why.
    """
    loader = _LOADERS.get(format_name)
    title, parts = loader(data) if loader else community(data, format_name)
    if sum(len(part.text) for part in parts) > LARGEST_TEXT:
        raise UnreadableDocument(f"holds more than {LARGEST_TEXT >> 20} MB of text")
    return title, parts
