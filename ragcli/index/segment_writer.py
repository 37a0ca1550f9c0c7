"""Collects chunks in memory and turns them into the files of one segment."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.index import catalogue, moments, vector_index
from ragcli.index.manifest import SegmentInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FULL = 64 << 20
"""Bytes from which a segment is written and a new one begun; it is never merged."""

_ROWS_APART = 1 << 24


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


@frozen
class Written:
    """The files of a new segment."""

    info: SegmentInfo
    """What the manifest says about it."""

    files: dict[str, bytes]
    """Plain contents by name."""


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


class SegmentWriter:
    """One segment in the making.

    Args:
        dimension: Length of a vector.
        tokens: Whether token ids are kept.
    """

    def __init__(self, dimension: int, *, tokens: bool) -> None:
        self._dimension = dimension
        self._tokens = tokens
        self._columns = Columns()
        self._records: list[catalogue.Record] = []
        self.size = 0

    def add_record(self, record: catalogue.Record) -> None:
        """Adds a document's record; its chunks are added separately."""
        self._records.append(record)
        self.size += 400

    def add_chunks(self, columns: Columns) -> None:
        """Adds chunks whose rows are greater than all that were added before."""
        into = self._columns
        into.rows += columns.rows
        into.passages += columns.passages
        into.tokens += columns.tokens
        into.vectors += columns.vectors
        if columns.vectors:  # some embedders know their dimension from here on
            self._dimension = columns.vectors[0].shape[1]
        into.languages += columns.languages
        self.size += sum(map(len, columns.passages)) + sum(map(len, columns.tokens))
        self.size += len(columns.rows) * (24 + 2 * self._dimension)

    def is_empty(self) -> bool:
        """Tells whether there is nothing to write."""
        return not self._records

    def write(self) -> Written:
        """Returns the segment's files; the writer is spent."""
        name = new_id()
        columns = self._columns
        lines, table = catalogue.encode(self._records)
        files = {f"documents-{name}.jsonl": lines, f"documents-{name}.bin": table}
        moments_file = ""
        if columns.rows:
            files |= self._chunk_files(name)
            if moments.is_worthwhile(len(columns.rows), self._dimension):
                moments_file = f"moments-{name}-0.bin"
                files[moments_file] = self._moments().encode()
        info = SegmentInfo(
            id=name,
            chunks=len(columns.rows),
            records=len(self._records),
            size=sum(map(len, files.values())),
            moments_file=moments_file,
            languages=dict(Counter(columns.languages)),
        )
        return Written(info, files)

    def _chunk_files(self, name: str) -> dict[str, bytes]:
        columns = self._columns
        files = {
            f"vectors-{name}.faiss": vector_index.build(
                columns.vectors, self._dimension
            ),
            f"passages-{name}.jsonl": b"".join(columns.passages),
            f"chunks-{name}.bin": _offsets(columns),
        }
        if self._tokens:
            files[f"tokens-{name}.bin"] = b"".join(columns.tokens)
        return files

    def _moments(self) -> moments.Moments:
        import numpy as np

        sums = moments.Moments.empty(self._dimension)
        for block in self._columns.vectors:
            sums.add(block.astype(np.float32))
        return sums


def _offsets(columns: Columns) -> bytes:
    """Returns three lines of int64: row, start of its passage, start of its tokens.

    Each has one entry more than there are chunks: the end of the last one.
    """
    import numpy as np

    table = np.zeros((3, len(columns.rows) + 1), "<i8")
    table[0, :-1] = columns.rows
    table[0, -1] = np.iinfo("<i8").max
    _cumulate(columns.passages, table[1])
    if columns.tokens:
        _cumulate(columns.tokens, table[2])
    return table.tobytes()


def _cumulate(parts: Sequence[bytes], line: NDArray[np.int64]) -> None:
    import numpy as np

    np.cumsum([len(part) for part in parts], out=line[1:])
