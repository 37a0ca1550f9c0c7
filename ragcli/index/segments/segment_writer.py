"""Collects chunks in memory and turns them into the files of one segment."""

from __future__ import annotations

import secrets
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ragcli.index.generations.manifests import SegmentInfo
from ragcli.index.segments import catalogue, vector_index, vector_moments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FULL = 32 << 20
"""Bytes from which a segment is written and a new one begun; it is never merged.

It is held in memory until then, and searching a million chunks in 60 such segments
takes hardly longer than in 30 larger ones."""

_ROWS_APART = 1 << 24

_BLOCK = 1 << 20
"""Bytes that are collected in one piece; a larger one would be moved as it grows."""

Pieces = Sequence[bytes | bytearray]
Store = Callable[[str, Pieces], None]
"""Keeps a file, given its name and, piece by piece, its content."""


def new_id() -> str:
    """Returns a random id for a segment's files."""
    return secrets.token_hex(6)


class RowNumbers:
    """Numbers that no other row of any index has: from a random start upwards.

    Two ingests number their rows without knowing of each other. With a thousand
    ingests in an index, the chance that a new one starts in another's numbers is
    2·10⁻⁹.
    """

    def __init__(self) -> None:
        self._next = secrets.randbits(38) * _ROWS_APART

    def take(self, count: int) -> int:
        """Returns the first of `count` consecutive numbers, below 2⁶³."""
        first = self._next
        self._next += count
        return first


@dataclass(slots=True)
class Columns:
    """Chunks in the form in which they are stored, one entry a chunk."""

    rows: list[int] = field(default_factory=list)
    passages: list[bytes] = field(default_factory=list)
    """JSON lines."""
    tokens: list[bytes] = field(default_factory=list)
    """Token ids, little-endian uint16."""
    vectors: list[NDArray[np.float16]] = field(default_factory=list)
    """Blocks of vectors; all together one line a chunk."""
    languages: list[str] = field(default_factory=list)


class _Parts:
    """Byte strings one after another, and where each begins."""

    def __init__(self) -> None:
        self._blocks = [bytearray()]
        self._starts = array("q", (0,))

    def add(self, parts: Iterable[bytes]) -> None:
        """Appends byte strings."""
        for part in parts:
            if len(self._blocks[-1]) >= _BLOCK:
                self._blocks.append(bytearray())
            self._blocks[-1].extend(part)
            self._starts.append(self._starts[-1] + len(part))

    def starts(self) -> NDArray[np.int64]:
        """Returns where each begins, and where the last one ends."""
        import numpy as np

        return np.array(self._starts, "<i8")

    def take(self) -> list[bytearray]:
        """Returns the bytes in blocks, and keeps none."""
        blocks, self._blocks = self._blocks, [bytearray()]
        return blocks


class SegmentWriter:
    """One segment in the making.

    What it holds is what its files will be, so that writing them takes hardly any
    memory beside it.

    Args:
        dimension: Length of a vector.
        tokens: Whether token ids are kept.
    """

    def __init__(self, dimension: int, *, tokens: bool) -> None:
        self._dimension = dimension
        self._has_tokens = tokens
        self._rows = array("q")
        self._passages, self._tokens, self._vectors = _Parts(), _Parts(), _Parts()
        self._languages: Counter[str] = Counter()
        self._records = catalogue.Encoder()
        self.size = 0

    def add_record(self, record: catalogue.Record) -> None:
        """Adds a document's record; its chunks are added separately."""
        self._records.add(record)
        self.size += 400

    def add_chunks(self, columns: Columns) -> None:
        """Adds chunks whose rows are greater than all that were added before."""
        self._rows.extend(columns.rows)
        self._passages.add(columns.passages)
        self._tokens.add(columns.tokens)
        self._vectors.add(block.tobytes() for block in columns.vectors)
        if columns.vectors:  # some embedders know their dimension from here on
            self._dimension = columns.vectors[0].shape[1]
        self._languages.update(columns.languages)
        self.size += sum(map(len, columns.passages)) + sum(map(len, columns.tokens))
        self.size += len(columns.rows) * (24 + 2 * self._dimension)

    def is_empty(self) -> bool:
        """Tells whether there is nothing to write."""
        return not self._records

    def write(self, store: Store) -> SegmentInfo:
        """Hands the segment's files over, one by one; the writer is spent.

        Returns:
            What the manifest says about it.
        """
        name, size, moments_file = new_id(), 0, ""
        for file, pieces in self._files(name):
            store(file, pieces)
            size += sum(map(len, pieces))
            if file.startswith("moments-"):
                moments_file = file
        return SegmentInfo(
            id=name,
            chunks=len(self._rows),
            records=len(self._records),
            size=size,
            moments_file=moments_file,
            languages=dict(self._languages),
        )

    def _files(self, name: str) -> Iterator[tuple[str, Pieces]]:
        """Yields name and content of each file, and keeps none that it has yielded."""
        lines, table = self._records.encoded()
        yield f"documents-{name}.jsonl", [lines]
        yield f"documents-{name}.bin", [table]
        if not self._rows:
            return
        yield f"chunks-{name}.bin", [self._offsets()]
        yield f"passages-{name}.jsonl", self._passages.take()
        if self._has_tokens:
            yield f"tokens-{name}.bin", self._tokens.take()
        vectors = vector_index.rows(self._vectors.take(), self._dimension)
        if vector_moments.is_worthwhile(len(vectors), self._dimension):
            yield (
                f"moments-{name}-0.bin",
                [vector_moments.Moments.over(vectors).encode()],
            )
        yield f"vectors-{name}.faiss", vector_index.build(vectors)

    def _offsets(self) -> bytes:
        """Returns three lines of int64: row, start of its passage, start of its tokens.

        Each has one entry more than there are chunks: the end of the last one.
        """
        import numpy as np

        table = np.zeros((3, len(self._rows) + 1), "<i8")
        table[0, :-1] = self._rows
        table[0, -1] = np.iinfo("<i8").max
        table[1] = self._passages.starts()
        if self._has_tokens:
            table[2] = self._tokens.starts()
        return table.tobytes()
