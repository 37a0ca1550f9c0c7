"""Embeds documents while they are indexed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeGuard

from ragcli.index.ingest.preparation.reading import Embedded, Prepared

if TYPE_CHECKING:
    from ragcli.index.protocols import Embedder, TokenEmbedder

BATCH = 512
"""Texts that are embedded together."""


def has_tokens(embedder: Embedder) -> TypeGuard[TokenEmbedder]:
    """Tells whether an embedder's vectors are means of token vectors."""
    return hasattr(embedder, "embed_with_tokens")


def batch_of(embedder: Embedder) -> int:
    """Returns how many texts go together; servers take few, so that progress shows."""
    return int(getattr(embedder, "batch", BATCH))


def factory(embedder: Embedder) -> str:
    """Returns the name of what makes such an embedder in another process, or ""."""
    return str(getattr(embedder, "factory", ""))


def embed(embedder: Embedder, texts: Sequence[str]) -> Embedded:
    """Returns the vectors of some texts, and the token ids of each, if it has any."""
    import numpy as np

    dimension = embedder.dimension
    parts: list[bytes] = []
    tokens: list[bytes] = []
    size = batch_of(embedder)
    for start in range(0, len(texts), size):
        batch = texts[start : start + size]
        if has_tokens(embedder):
            vectors, ids = embedder.embed_with_tokens(batch)
            tokens += [np.asarray(item, "<u2").tobytes() for item in ids]
        else:
            vectors = np.asarray(embedder.embed(batch), np.float32)
        dimension = vectors.shape[1]
        parts.append(vectors.astype("<f2").tobytes())
    return Embedded(b"".join(parts), dimension, tokens)


def embed_documents(
    embedder: Embedder, documents: Sequence[Prepared]
) -> list[Embedded]:
    """Returns what `embed` makes of the chunks of each document, embedded together."""
    texts = [chunk.text for document in documents for chunk in document.chunks]
    embedded = embed(embedder, texts)
    width = 2 * embedded.dimension
    by_document: list[Embedded] = []
    start = 0
    for document in documents:
        end = start + len(document.chunks)
        vectors = embedded.vectors[start * width : end * width]
        by_document.append(
            Embedded(vectors, embedded.dimension, embedded.tokens[start:end])
        )
        start = end
    return by_document
