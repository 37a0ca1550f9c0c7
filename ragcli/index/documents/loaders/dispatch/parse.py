"""Calls the loader of a format, which the registry of formats names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TypeAlias, cast

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.formats import BY_NAME

LARGEST_TEXT = 64 << 20
"""Characters that a document may hold."""

NO_TEXT = "no text in it"
"""What is said first of a document that can be read and has nothing to index."""

Loader: TypeAlias = Callable[[Content], Document]
"""From a file's content to its title, facts, tables and sections."""


def parse(content: Content) -> Document:
    """Reads a file's content with the loader of its format, in this process.

    Raises:
        UnreadableDocument: One line says why.
    """
    module, function = BY_NAME[content.format].loader.split(":")
    package = import_module(f"ragcli.index.documents.loaders.{module}")
    document = cast("Loader", getattr(package, function))(content)
    if sum(len(section.text) for section in document.sections) > LARGEST_TEXT:
        raise UnreadableDocument(f"holds more than {LARGEST_TEXT >> 20} MB of text")
    if content.encoding:
        facts = {**document.facts, "encoding": content.encoding}
        return replace(document, facts=facts)
    return document
