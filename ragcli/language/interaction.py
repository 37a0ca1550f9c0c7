"""Late interaction: a question's tokens against a passage's, by static vectors.

Only for candidates: each holds its token ids from ingest, and the table of token
vectors is mapped. MaxSim is ColBERT's operator (Khattab and Zaharia, 2020), here
with a weight per token; the best window says whether one stretch of a passage is
about the question though the rest is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TokenVectors(Protocol):
    """What late interaction needs of an embedder."""

    def tokenize(self, texts: Sequence[str]) -> list[NDArray[np.uint16]]:
        """Returns each text's token ids."""

    def token_vectors(self) -> NDArray[np.float16]:
        """Returns the table of token vectors, vocabulary by dimension."""


HALF_WINDOW = 32
"""Tokens; windows are two halves long and start at every half."""
_AT_ONCE = 32
"""Halves summed at once: 1 MB of vectors, which stays in a processor's cache."""
_ASKED_AT_ONCE = 256
"""Tokens of a question that are compared at once: about 60 MB for the candidates."""
_MOST_ASKED = 1024
"""Tokens of a question that are compared at all."""
_FIRST_MERGED = 259
"""Tokens below it are single bytes and marks; merges follow, frequent ones first."""
_BYTE_IMPORTANCE = 4.0


def importance(ids: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Returns how much each token of a question says, like an idf.

    A byte-pair vocabulary is numbered in the order of its merges, so a token's
    number tells how rare it is. Measured on three sets, it ranks as well as the
    idf of the collection's own tokens, and needs no statistics.
    """
    import numpy as np

    number = ids.astype(np.float32)
    weights = np.where(
        number < _FIRST_MERGED, _BYTE_IMPORTANCE, np.log2(2 + number / 300)
    )
    return weights.astype(np.float32)


def _heaviest(
    ids: NDArray[np.uint16], weight: NDArray[np.float32]
) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """Returns a question's tokens with their weights; of a long text the heaviest."""
    import numpy as np

    if len(ids) <= _ASKED_AT_ONCE:
        return ids, weight
    distinct, index = np.unique(ids, return_inverse=True)
    total = np.bincount(index, weights=weight).astype(np.float32)
    kept = np.argsort(-total, kind="stable")[:_MOST_ASKED]
    return distinct[kept], total[kept]


class Interaction:
    """The tokens of some passages, ready to be compared with questions.

    Args:
        passages: Token ids of each passage.
        embedder: Gives the vectors of tokens.
    """

    def __init__(
        self, passages: Sequence[NDArray[np.uint16]], embedder: TokenVectors
    ) -> None:
        import numpy as np

        self._embedder = embedder
        self.counts = np.array([len(ids) for ids in passages], np.int64)
        flat = np.concatenate([*passages, np.zeros(0, np.uint16)])
        table = embedder.token_vectors()
        used = np.zeros(len(table), bool)
        used[flat] = True
        column = np.cumsum(used, dtype=np.int32) - 1
        self._columns = column[flat]
        distinct = np.flatnonzero(used)
        self._padded = np.zeros((len(distinct) + 1, table.shape[1]), np.float32)
        """Their vectors, and a zero vector to fill up with."""
        self._vectors = self._padded[:-1]
        self._vectors[:] = table[distinct]
        lengths = np.sqrt(np.einsum("ij,ij->i", self._vectors, self._vectors))
        self._lengths = np.maximum(lengths, np.finfo(np.float32).tiny)

    def maxsim(self, utterances: Sequence[tuple[str, float]]) -> NDArray[np.float32]:
        """Returns the weighted mean of each question token's best cosine, by passage.

        Args:
            utterances: Texts that make up the question, with their weights.

        Returns:
            One number a passage, at most 1; 0 for a passage without tokens.
        """
        import numpy as np

        tokens = self._embedder.tokenize([text for text, _ in utterances])
        ids = np.concatenate([*tokens, np.zeros(0, np.uint16)])
        weight = np.repeat([w for _, w in utterances], [len(t) for t in tokens])
        weight = (weight * importance(ids)).astype(np.float32)
        scores = np.zeros(len(self.counts), np.float32)
        if not weight.sum():
            return scores
        ids, weight = _heaviest(ids, weight / weight.sum())
        filled, starts = self._filled()
        for start in range(0, len(ids) if len(starts) else 0, _ASKED_AT_ONCE):
            stop = start + _ASKED_AT_ONCE
            similarity = self._similarity(ids[start:stop])
            best = np.maximum.reduceat(similarity.take(self._columns, axis=0), starts)
            scores[filled] += best @ weight[start:stop]
        return scores

    def _similarity(self, ids: NDArray[np.uint16]) -> NDArray[np.float32]:
        """Returns the cosine of each distinct token here with each of a question."""
        import numpy as np

        asked = self._embedder.token_vectors()[ids].astype(np.float32)
        size = np.linalg.norm(asked, axis=1, keepdims=True)
        asked /= np.maximum(size, np.finfo(np.float32).tiny)
        similarity: NDArray[np.float32] = self._vectors @ asked.T
        similarity /= self._lengths[:, None]
        return similarity

    def best_window(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the largest cosine of `query` with a window of each passage.

        Args:
            query: A unit vector.

        Returns:
            One cosine a passage; 0 for a passage without tokens.
        """
        import numpy as np

        scores = np.zeros(len(self.counts), np.float32)
        windows, counts = self._windows()
        filled = np.flatnonzero(counts)
        if len(filled):
            lengths = np.linalg.norm(windows, axis=1)
            cosines = windows @ query / np.maximum(lengths, np.finfo(np.float32).tiny)
            starts = (np.cumsum(counts) - counts)[filled]
            scores[filled] = np.maximum.reduceat(cosines, starts)
        return scores

    def _windows(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Returns the vector sums of all windows, and each passage's number of them.

        A half is a row of `HALF_WINDOW` places, filled up with a zero vector; a
        window is a half and the next one of the same passage.
        """
        import numpy as np

        counts = -(-self.counts // HALF_WINDOW)
        owner = np.repeat(np.arange(len(counts)), self.counts)
        offset = np.arange(len(owner)) - np.repeat(
            np.cumsum(self.counts) - self.counts, self.counts
        )
        cells = (np.cumsum(counts) - counts)[owner] * HALF_WINDOW + offset
        padding = len(self._vectors)
        columns = np.full(int(counts.sum()) * HALF_WINDOW, padding)
        columns[cells] = self._columns
        rows = columns.reshape(-1, HALF_WINDOW)
        halves = np.empty((len(rows), self._padded.shape[1]), np.float32)
        ones = np.ones(HALF_WINDOW, np.float32)
        for start in range(0, len(rows), _AT_ONCE):
            stop = start + _AT_ONCE
            np.matmul(ones, self._padded[rows[start:stop]], out=halves[start:stop])
        owner = np.repeat(np.arange(len(counts)), counts)
        paired = np.append(owner[1:] == owner[:-1], [False])[: len(owner)]
        windows = halves.copy()
        windows[:-1] += halves[1:] * paired[:-1, None]
        kept = paired | (counts == 1)[owner]
        return windows[kept], np.maximum(counts - 1, np.minimum(counts, 1))

    def _filled(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns which passages have tokens, and where those start."""
        import numpy as np

        starts = np.cumsum(self.counts) - self.counts
        filled = np.flatnonzero(self.counts)
        return filled, starts[filled]
