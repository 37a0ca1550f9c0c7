"""Turns loaded documents into segments, in batches, with bounded memory.

Nothing here knows the index that the documents will join: rows are numbered from
a random start, and the text index is a small one of its own. What is staged can
be joined to any generation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.index.generations.manifests import SegmentInfo
from ragcli.index.ingest.preparation.embedding import (
    batch_of,
    embed_documents,
    has_tokens,
)
from ragcli.index.ingest.preparation.reading import Embedded, Prepared
from ragcli.index.segments.catalogue import Record, key
from ragcli.index.segments.segment_writer import (
    FULL,
    Columns,
    RowNumbers,
    SegmentWriter,
    Store,
)

if TYPE_CHECKING:
    from ragcli.index.fulltext.text_index import TextWriter
    from ragcli.index.protocols import Embedder


class Stager:
    """Collects documents, embeds their chunks and hands out finished segments.

    Args:
        embedder: Makes the vectors, and the token ids if it has any.
        text: Takes the stems.
        store: Keeps the files of finished segments.
    """

    def __init__(
        self,
        embedder: Embedder,
        text: TextWriter,
        store: Store,
    ) -> None:
        self._embedder = embedder
        self._has_tokens = has_tokens(embedder)
        self._text = text
        self._store_file = store
        self._rows = RowNumbers()
        self._pending: list[Prepared] = []
        self._pending_chunks = 0
        self._writer: SegmentWriter | None = None
        self._gone: list[Record] = []
        self.segments: list[SegmentInfo] = []
        self.dimension = embedder.dimension
        self.chunks = 0

    def add(self, document: Prepared) -> None:
        """Adds a document; it may be embedded later, together with others."""
        if document.embedded:
            self._embed_pending()
            self._store(document, document.embedded)
            return
        self._pending.append(document)
        self._pending_chunks += len(document.chunks)
        if self._pending_chunks >= batch_of(self._embedder):
            self._embed_pending()

    def add_record(self, record: Record) -> None:
        """Adds a record without chunks of its own: touched, or gone."""
        self._gone.append(record)

    def finish(self) -> None:
        """Embeds and writes what is left; the stager is spent."""
        self._embed_pending()
        for record in self._gone:
            self._open_writer().add_record(record)
        self._close_writer()
        self._text.close()

    def _embed_pending(self) -> None:
        documents, self._pending, self._pending_chunks = self._pending, [], 0
        embedded = embed_documents(self._embedder, documents)
        for document, vectors in zip(documents, embedded, strict=True):
            self._store(document, vectors)

    def _store(self, document: Prepared, embedded: Embedded) -> None:
        """Puts one document's chunks into the segment and the text index."""
        count = len(document.chunks)
        first = self._rows.take(count)
        number = key(document.record["path"])
        for row, chunk in enumerate(document.chunks, first):
            self._text.add(row, number, chunk.stems)
        writer = self._open_writer()
        writer.add_record({**document.record, "row": first, "chunks": count})
        if count:
            self.dimension = embedded.dimension
            columns = Columns(
                rows=list(range(first, first + count)),
                passages=[chunk.passage for chunk in document.chunks],
                tokens=embedded.tokens,
                vectors=[embedded.matrix()],
                languages=[chunk.language for chunk in document.chunks],
            )
            writer.add_chunks(columns)
        self.chunks += count
        if writer.size >= FULL:
            self._close_writer()

    def _open_writer(self) -> SegmentWriter:
        if self._writer is None:
            self._writer = SegmentWriter(self.dimension, tokens=self._has_tokens)
        return self._writer

    def _close_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer and not writer.is_empty():
            self.segments.append(writer.write(self._store_file))
