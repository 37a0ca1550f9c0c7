"""Turns loaded documents into segments, in batches, with bounded memory.

Nothing here knows the index that the documents will join: rows are numbered from
a random start, and the text index is a small one of its own. What is staged can
be joined to any generation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeGuard

from ragcli.index.catalogue import Record, key
from ragcli.index.manifest import SegmentInfo
from ragcli.index.reading import Prepared
from ragcli.index.segment_writer import FULL, Columns, RowNumbers, SegmentWriter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.protocols import Embedder, TokenEmbedder
    from ragcli.index.text_index import TextWriter

BATCH = 512
"""Chunks that are embedded together."""


class Stager:
    """Collects documents, embeds their chunks and hands out finished segments.

    Args:
        embedder: Makes the vectors, and the token ids if it has any.
        text: Takes the stems.
        write: Stores a file of a finished segment, by name.
    """

    def __init__(
        self,
        embedder: Embedder,
        text: TextWriter,
        write: Callable[[str, bytes], None],
    ) -> None:
        self._embedder = embedder
        self._has_tokens = has_tokens(embedder)
        self._text = text
        self._write = write
        self._rows = RowNumbers()
        self._pending: list[Prepared] = []
        self._pending_chunks = 0
        self._writer: SegmentWriter | None = None
        self._gone: list[Record] = []
        self.segments: list[SegmentInfo] = []
        self.dimension = embedder.dimension
        self.chunks = 0

    def add(self, document: Prepared) -> None:
        """Takes a document; it may be embedded later, together with others."""
        self._pending.append(document)
        self._pending_chunks += len(document.chunks)
        if self._pending_chunks >= BATCH:
            self._embed_pending()

    def add_record(self, record: Record) -> None:
        """Takes a record without chunks of its own: touched, or gone."""
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
        texts = [chunk.text for item in documents for chunk in item.chunks]
        start = 0
        for vectors, tokens in self._embedded(texts, documents):
            document, start = documents[start], start + 1
            self._store(document, vectors, tokens)

    def _embedded(
        self, texts: list[str], documents: list[Prepared]
    ) -> list[tuple[NDArray[np.float16], list[bytes]]]:
        """Returns vectors and token ids of each document's chunks."""
        import numpy as np

        parts: list[NDArray[np.float16]] = []
        tokens: list[bytes] = []
        for start in range(0, len(texts), BATCH):
            vectors, ids = embed(self._embedder, texts[start : start + BATCH])
            parts.append(vectors.astype(np.float16))
            tokens += ids
        if parts:
            self.dimension = parts[0].shape[1]
        stacked = np.concatenate(parts) if parts else np.zeros((0, 0), np.float16)
        found, start = [], 0
        for document in documents:
            end = start + len(document.chunks)
            found.append((stacked[start:end], tokens[start:end]))
            start = end
        return found

    def _store(
        self, document: Prepared, vectors: NDArray[np.float16], tokens: list[bytes]
    ) -> None:
        """Puts one document's chunks into the segment and the text index."""
        count = len(document.chunks)
        first = self._rows.take(count)
        number = key(document.record["path"])
        for row, chunk in enumerate(document.chunks, first):
            self._text.add(row, number, chunk.stems)
        writer = self._open_writer()
        writer.add_record({**document.record, "row": first, "chunks": count})
        if count:
            columns = Columns(
                rows=list(range(first, first + count)),
                passages=[chunk.passage.encode() for chunk in document.chunks],
                tokens=tokens,
                vectors=[vectors],
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
            written = writer.write()
            for name, data in written.files.items():
                self._write(name, data)
            self.segments.append(written.info)


def has_tokens(embedder: Embedder) -> TypeGuard[TokenEmbedder]:
    """Tells whether an embedder's vectors are means of token vectors."""
    return hasattr(embedder, "embed_with_tokens")


def embed(
    embedder: Embedder, texts: Sequence[str]
) -> tuple[NDArray[np.float32], list[bytes]]:
    """Returns the vectors of some texts, and the token ids of each, if it has any."""
    import numpy as np

    if not has_tokens(embedder):
        return np.asarray(embedder.embed(texts), np.float32), []
    vectors, tokens = embedder.embed_with_tokens(texts)
    return vectors, [np.asarray(ids, "<u2").tobytes() for ids in tokens]
