"""The share of true neighbours that the index finds: `recall CHUNKS`."""

from __future__ import annotations

import sys

import numpy as np

from ragcli.index.segments.vector_index import VectorIndex, build
from ragcli.models.builtin.embedder import BuiltinEmbedder
from tests.benchmarks import corpus

NEAREST = 10
QUERIES = 100


def recall(chunks: int) -> float:
    """Returns recall@10 of the half-precision index over so many chunks."""
    embedder, chance = BuiltinEmbedder(), np.random.default_rng(5)
    said = embedder.embed(corpus.sentences(min(9 * chunks, 100_000)))
    parts = [
        _mean(said[chance.integers(0, len(said), (1000, 9))])
        for _ in range(0, chunks, 1000)
    ]
    queries = embedder.embed(corpus.questions(QUERIES))
    rows = [part.astype(np.float16) for part in parts]
    data = b"".join(build(np.concatenate(rows)))
    index = VectorIndex.open(None, memoryview(data), (len(parts) * 1000, 256))
    found = index.search(queries, NEAREST, None)[1]
    best = _exact(queries, parts)
    hits = [len(set(a) & set(b)) for a, b in zip(found, best, strict=True)]
    return sum(hits) / (NEAREST * QUERIES)


def _mean(sentences: np.ndarray) -> np.ndarray:
    """Returns the unit vectors of chunks, given those of their sentences."""
    sums = sentences.sum(axis=1)
    units: np.ndarray = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return units


def _exact(queries: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """Returns the positions of the nearest float32 vectors, block by block."""
    scores = np.full((len(queries), NEAREST), -2, np.float32)
    places = np.zeros((len(queries), NEAREST), np.int64)
    for number, part in enumerate(parts):
        both = np.concatenate([scores, queries @ part.T], axis=1)
        fresh = np.arange(len(part)) + number * 1000
        every = np.concatenate(
            [places, np.broadcast_to(fresh, (len(queries), len(part)))], axis=1
        )
        order = np.argpartition(-both, NEAREST, axis=1)[:, :NEAREST]
        scores = np.take_along_axis(both, order, 1)
        places = np.take_along_axis(every, order, 1)
    return places


if __name__ == "__main__":
    print(recall(int(sys.argv[1])))
