"""Indexes that live in memory for one call: piped text and attached files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ragcli.errors import DocumentNotFound, UnreadableDocument
from ragcli.index.fulltext.text_index import TextWriter
from ragcli.index.fulltext.text_search import TextSearch
from ragcli.index.generations.generation_files import MemoryFiles
from ragcli.index.generations.manifests import Manifest
from ragcli.index.ingest.preparation.embedding import has_tokens
from ragcli.index.ingest.preparation.reading import (
    Chunking,
    Outcome,
    Prepared,
    ReadRequest,
)
from ragcli.index.ingest.preparation.reading_pool import outcomes
from ragcli.index.ingest.staging import Stager
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.segments.segment_writer import Pieces

if TYPE_CHECKING:
    from pathlib import Path

    from ragcli.config import Settings
    from ragcli.index.protocols import Embedder

STDIN = "stdin"
"""The path under which piped text is cited."""


def build(documents: Iterable[Prepared], embedder: Embedder) -> IndexReader:
    """Returns an index of some documents; nothing is written anywhere.

    Args:
        documents: What was read.
        embedder: Makes the vectors.
    """
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
    return IndexReader(manifest, MemoryFiles(contents), TextSearch(text.index))


def attached(
    text: str, paths: Sequence[Path], embedder: Embedder, settings: Settings
) -> IndexReader:
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
    wanted = [_file(path) for path in paths]
    if text:
        wanted.append(ReadRequest(STDIN, len(text), "", text))
    chunking = Chunking.of(settings)
    documents = map(_prepared, outcomes(wanted, chunking))
    reader = build(documents, embedder)
    reader.attached = True
    return reader


def _file(path: Path) -> ReadRequest:
    try:
        return ReadRequest(str(path.absolute()), path.stat().st_size)
    except (FileNotFoundError, NotADirectoryError):
        raise DocumentNotFound(f"{path}: no such file") from None
    except OSError as error:
        raise UnreadableDocument(
            f"{path}: {error.strerror}", "check its mode and owner"
        ) from None


def _prepared(outcome: Outcome) -> Prepared:
    """Returns the document that was read.

    Raises:
        UnreadableDocument: There is none.
    """
    if outcome.prepared:
        return outcome.prepared
    reason = outcome.failure or outcome.skipped
    hint = outcome.hint or "there is nothing to index"
    raise UnreadableDocument(f"{outcome.location}: {reason}", hint)
