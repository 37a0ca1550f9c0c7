"""Indexes that live in memory for one call: piped text and attached files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ragcli.errors import DocumentNotFound
from ragcli.index.documents import splitter
from ragcli.index.fulltext.text_index import TextWriter
from ragcli.index.fulltext.text_search import TextSearch
from ragcli.index.generations.generation_files import MemoryFiles
from ragcli.index.generations.manifest import Manifest
from ragcli.index.ingest.embedding import has_tokens
from ragcli.index.ingest.reading import Prepared, prepare
from ragcli.index.ingest.staging import Stager
from ragcli.index.search.reader import Reader
from ragcli.index.segments.segment_writer import Pieces

if TYPE_CHECKING:
    from pathlib import Path

    from ragcli.config import Settings
    from ragcli.index.documents.elements import Document
    from ragcli.index.protocols import Embedder

STDIN = "stdin"
"""The path under which piped text is cited."""


def build(
    loaded: Sequence[tuple[str, Document]], embedder: Embedder, settings: Settings
) -> Reader:
    """Returns an index of some loaded documents; nothing is written anywhere.

    Args:
        loaded: The path and the content of each document.
        embedder: Makes the vectors.
        settings: Chunking.
    """
    return _index((_prepared(path, item, settings) for path, item in loaded), embedder)


def _prepared(path: str, loaded: Document, settings: Settings) -> Prepared:
    chunks = splitter.split(
        loaded, size=settings.chunk_size, overlap=settings.chunk_overlap
    )
    title = "" if path == STDIN else loaded.title
    return prepare({"path": path, "title": title, "digest": ""}, chunks)


def _index(documents: Iterable[Prepared], embedder: Embedder) -> Reader:
    contents: dict[str, bytes] = {}

    def keep(name: str, pieces: Pieces) -> None:
        contents[name] = b"".join(pieces)

    text = TextWriter(None)
    stager = Stager(embedder, text, keep)
    count = 0
    for document in documents:
        stager.add(document)
        count += 1
    stager.finish()
    manifest = Manifest(
        embedder=embedder.id,
        dimension=stager.dimension,
        tokens=has_tokens(embedder),
        documents=count,
        chunks=stager.chunks,
        segments=tuple(stager.segments),
    )
    return Reader(manifest, MemoryFiles(contents), TextSearch(text.index))


def attached(
    text: str, paths: Sequence[Path], embedder: Embedder, settings: Settings
) -> Reader:
    """Returns an index of what came with a question.

    Args:
        text: Piped text, cited as `stdin`; "" when there is none.
        paths: Files that were attached.
        embedder: Makes the vectors.
        settings: Chunking.

    Raises:
        DocumentNotFound: A file is not there.
        UnreadableDocument: A file cannot be read as its format.
    """
    from ragcli.index.documents.loaders.load import load

    found = []
    for path in paths:
        if not path.exists():
            raise DocumentNotFound(f"{path}: no such file")
        found.append((str(path.absolute()), load(path)))
    if text:
        found.append((STDIN, _piped(text)))
    reader = build(found, embedder, settings)
    reader.attached = True
    return reader


def _piped(text: str) -> Document:
    """Returns piped text as a document of one section."""
    from ragcli.index.documents import text_structure
    from ragcli.index.documents.elements import Document, TableFacts
    from ragcli.language.languages import detect

    tables: list[TableFacts] = []
    section = text_structure.section(text, tables, first_line=1)
    language = detect(text[:4000]) or "en"
    return Document("", (section,), tuple(tables), format="text", language=language)
