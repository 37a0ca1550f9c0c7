"""Stand-ins for the embedder, the sealer and the progress bar."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence

import numpy as np

from ragcli.errors import SnapshotDamaged
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.index.search.index_reader import IndexReader
from ragcli.storage.files import Directory


class WordEmbedder:
    """Deterministic vectors: each word has a random direction, a text is their mean."""

    def __init__(self, name: str = "test:words-16", dimension: int = 16) -> None:
        self.id = name
        self.dimension = dimension
        self.calls = 0

    def _ids(self, text: str) -> np.ndarray:
        words = [hashlib.sha256(word.encode()).digest() for word in text.split()]
        return np.array([int.from_bytes(w[:2], "little") for w in words], np.uint16)

    def tokenize(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [self._ids(text) for text in texts]

    def embed_with_tokens(
        self, texts: Sequence[str]
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        return self.embed(texts), self.tokenize(texts)

    def token_vectors(self) -> np.ndarray:
        table = np.random.default_rng(1).standard_normal((65536, self.dimension))
        return table.astype(np.float16)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.calls += len(texts)
        table = self.token_vectors().astype(np.float32)
        sums = np.array([table[self._ids(text)].sum(axis=0) for text in texts])
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        rows: np.ndarray = sums / np.maximum(lengths, 1e-9)
        return rows.astype(np.float32)


class PlainEmbedder:
    """The same without token ids."""

    def __init__(self, name: str = "test:plain-8", dimension: int = 8) -> None:
        self.id = name
        self.dimension = 0
        self._words = WordEmbedder(name, dimension)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.dimension = self._words.dimension
        return self._words.embed(texts)


class KeyedSealer:
    """Authenticated encryption enough for tests: a keystream and a keyed hash."""

    def __init__(self, key: bytes = b"k") -> None:
        self._key = key

    def _masked(self, nonce: bytes, data: bytes) -> bytes:
        seed = int.from_bytes(hashlib.sha256(self._key + nonce).digest(), "little")
        stream = np.random.default_rng(seed).bytes(len(data))
        masked = int.from_bytes(data) ^ int.from_bytes(stream)
        return masked.to_bytes(len(data))

    def _tag(self, name: str, body: bytes) -> bytes:
        bound = name.encode() + b"\0" + body
        return hashlib.blake2b(bound, key=self._key, digest_size=32).digest()

    def seal(self, name: str, data: bytes) -> bytes:
        nonce = os.urandom(16)
        body = nonce + self._masked(nonce, data)
        return self._tag(name, body) + body

    def unseal(self, name: str, sealed: bytes) -> bytes:
        body = sealed[32:]
        if self._tag(name, body) != sealed[:32]:
            raise SnapshotDamaged(f"{name} was altered", "")
        return self._masked(body[:16], body[16:])


def reader_of(library: Library) -> IndexReader:
    """Returns the reader of a library that has documents."""
    reader = library.reader()
    assert reader is not None
    return reader


class Watched:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.total = 0
        self.steps: list[str] = []
        self.notes: list[str] = []

    def start(self, total: int, what: str) -> None:
        self.total = total

    def step(self, name: str, count: int = 1) -> None:
        self.steps.append(name)

    def note(self, message: str) -> None:
        self.notes.append(message)


class SlowReader(LocalSnapshots):
    """Snapshots that others publish to once this one has hold of a generation."""

    def __init__(self, directory: Directory, busy: Callable[[], object]) -> None:
        super().__init__(directory, None, grace=0.0)
        self._waiting = [busy]

    def share(self, generation: str) -> int:
        lease = super().share(generation)
        if self._waiting:
            self._waiting.pop()()
        return lease
