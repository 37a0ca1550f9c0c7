"""From a file to what is stored of it: read, load, split, stem.

Everything here is plain values and plain Python, so that it can run in another
process as well (`ragcli.index.ingest.reading_pool`).
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ragcli.errors import UnreadableDocument
from ragcli.frozen import frozen
from ragcli.index import stored_passages
from ragcli.index.documents import splitter
from ragcli.index.documents.loaders.load import load
from ragcli.index.fulltext import analysis
from ragcli.index.passages import Chunk, indexed_text
from ragcli.index.segments.catalogue import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class PreparedChunk(NamedTuple):
    """A chunk ready to be embedded and stored."""

    text: str
    """What is embedded: title, headings, text; "" once that is done."""

    passage: bytes
    """What is stored: a line of JSON."""

    stems: str
    """What the text index takes: stems, separated by spaces."""

    language: str
    """ISO 639-1 code, "" when unknown."""


@frozen
class Embedded:
    """What an embedder made of the chunks of a document."""

    vectors: bytes
    """Their vectors, float16, one row a chunk."""

    dimension: int
    """Length of a vector."""

    tokens: list[bytes]
    """Token ids of each, little-endian uint16; none of an embedder without any."""

    def matrix(self) -> NDArray[np.float16]:
        """Returns the vectors, one row a chunk."""
        import numpy as np

        return np.frombuffer(self.vectors, "<f2").reshape(-1, self.dimension)


@frozen
class Prepared:
    """A document that was read and split."""

    record: Record
    """Its record, still without `row` and `chunks`."""

    chunks: Sequence[PreparedChunk]
    """Its chunks, in reading order."""

    embedded: Embedded | None = None
    """Their vectors, where the process that read the document made them."""


@frozen
class Outcome:
    """What became of one file; exactly one of the three is set."""

    location: str
    """Its absolute path."""

    prepared: Prepared | None = None
    """A document to store."""

    touched: Record | None = None
    """Its new size and times: the content is the one that was expected."""

    failure: str = ""
    """Why it cannot be indexed, in one line."""


@frozen
class Chunking:
    """How documents are split."""

    size: int
    """Longest chunk in characters."""

    overlap: int
    """Characters that neighbouring chunks share."""


def read(location: str, digest: str, chunking: Chunking) -> Outcome:
    """Reads one file.

    Args:
        location: Its absolute path.
        digest: SHA-256 of the content that is indexed already, "" for none.
        chunking: How to split it.
    """
    try:
        status, data = _content(location)
        told = _told(location, status, data)
        if told["digest"] == digest:
            names = ("size", "mtime_ns", "checked_ns")
            return Outcome(location, touched={name: told[name] for name in names})
        loaded = load(Path(location), data)
    except UnreadableDocument as error:
        reason = error.message.removeprefix(f"{location}: ")
        return Outcome(location, failure=reason)
    told["title"] = loaded.title
    told["format"] = loaded.format
    told["language"] = loaded.language
    if loaded.facts:
        told["facts"] = dict(loaded.facts)
    chunks = splitter.split(loaded, size=chunking.size, overlap=chunking.overlap)
    return Outcome(location, prepared=prepare(told, chunks))


def prepare(record: Record, chunks: Sequence[Chunk]) -> Prepared:
    """Returns a document ready to be staged."""
    title = record["title"]
    return Prepared(record, [_prepared(title, chunk) for chunk in chunks])


def _prepared(title: str, chunk: Chunk) -> PreparedChunk:
    text = indexed_text(title, chunk.heading, chunk.text, chunk.tables)
    stems = analysis.indexed_stems(text, chunk.language)
    return PreparedChunk(text, stored_passages.encode(chunk), stems, chunk.language)


def _content(location: str) -> tuple[os.stat_result, bytes]:
    """Returns a file's bytes, and its status from before they were read.

    Raises:
        UnreadableDocument: It is gone, forbidden, or no regular file.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(location, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableDocument("not a regular file", "")
            return status, file.read()
    except OSError as error:
        raise UnreadableDocument(
            error.strerror or str(error), "check that it is there and readable"
        ) from None


def _told(location: str, status: os.stat_result, data: bytes) -> Record:
    return {
        "path": location,
        "digest": hashlib.sha256(data).hexdigest(),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "checked_ns": time.time_ns(),
        "added": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
