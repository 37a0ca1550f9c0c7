"""One opened segment: chunks that were written together, found by row."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli.index import stored_passages
from ragcli.index.generations.generation_files import GenerationFiles
from ragcli.index.generations.manifests import Manifest, SegmentInfo
from ragcli.index.misreading import damaged_file
from ragcli.index.row_selection import RowSelection
from ragcli.index.segments.catalogue import DocumentTable
from ragcli.index.segments.vector_index import VectorIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Segment:
    """Reads the files of a segment.

    All of them are opened with it, so that they stay readable when the
    generation is collected; mapped files cost nothing until they are touched.

    Args:
        info: What the manifest says about it.
        files: Where they are.
        manifest: Of its generation.
    """

    def __init__(
        self, info: SegmentInfo, files: GenerationFiles, manifest: Manifest
    ) -> None:
        self.info = info
        self.lines = files.buffer(f"documents-{info.id}.jsonl")
        self._table = files.buffer(f"documents-{info.id}.bin")
        self._dimension = manifest.dimension
        self._has_tokens = manifest.tokens
        self.dead_order = self._read_dead(files)
        if info.chunks:
            self._open_chunks(files)

    def _open_chunks(self, files: GenerationFiles) -> None:
        import numpy as np

        name = self.info.id
        self._passages = files.buffer(f"passages-{name}.jsonl")
        table = files.buffer(f"chunks-{name}.bin")
        if len(table) != 24 * (self.info.chunks + 1):
            raise damaged_file(f"chunks-{name}.bin is damaged: it has another size")
        self._starts = np.frombuffer(table, "<i8").reshape(3, -1)
        self.rows: NDArray[np.int64] = self._starts[0, :-1]
        if self._has_tokens:
            self._tokens = files.buffer(f"tokens-{name}.bin")
        vectors = files.path(f"vectors-{name}.faiss")
        data = memoryview(b"") if vectors else files.buffer(f"vectors-{name}.faiss")
        shape = (self.info.chunks, self._dimension)
        self.vectors = VectorIndex.open(vectors, data, shape)
        if vectors != files.path(f"vectors-{name}.faiss"):
            # the path leads to another file by now: see `storage.descriptor_paths`
            raise FileNotFoundError(vectors)

    def _read_dead(self, files: GenerationFiles) -> NDArray[np.int64]:
        """Returns the positions of dead chunks in the order in which they died."""
        import numpy as np

        if not self.info.dead_file:
            return np.zeros(0, np.int64)
        name = self.info.dead_file
        stored = files.buffer(name)
        if len(stored) != 4 * self.info.dead:
            raise damaged_file(f"{name} is damaged: it has another size")
        dead = np.frombuffer(stored, "<u4").astype(np.int64)
        if (dead >= self.info.chunks).any():
            raise damaged_file(f"{name} is damaged: it names chunks that are not there")
        return dead

    @cached_property
    def dead(self) -> NDArray[np.bool_]:
        """True for each position whose chunk is dead."""
        import numpy as np

        mask = np.zeros(self.info.chunks, bool)
        mask[self.dead_order] = True
        return mask

    @cached_property
    def documents(self) -> DocumentTable:
        """Finds documents by row."""
        return DocumentTable(self._table, self.lines)

    def listed(self) -> tuple[memoryview, memoryview]:
        """Returns the records of all its documents, oldest first, and their table."""
        return self.lines, self._table

    def positions(
        self, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Returns which of `rows` are here, and the position of each of those."""
        import numpy as np

        if not self.info.chunks:
            return np.zeros(len(rows), bool), np.zeros(0, np.int64)
        candidates = np.searchsorted(self.rows, rows)
        candidates[candidates == self.info.chunks] = 0
        here = self.rows[candidates] == rows
        return here, candidates[here]

    def excluded(
        self, keys: NDArray[np.int64], within: RowSelection | None = None
    ) -> NDArray[np.bool_] | None:
        """Returns a mask of the positions that a search leaves out; None for none.

        Args:
            keys: Keys of documents to leave out beside the dead chunks.
            within: The rows that a search may find; None for all.
        """
        import numpy as np

        spans = self.documents.spans(keys) if len(keys) else []
        if not spans and not self.info.dead and within is None:
            return None
        mask = self.dead.copy()
        for first, count in spans:
            start, end = np.searchsorted(self.rows, (first, first + count))
            mask[start:end] = True
        if within is not None:
            mask |= ~within.holds(self.rows)
        return mask

    def live_vectors(self) -> NDArray[np.float32]:
        """Returns the vectors of all chunks that are not dead."""
        import numpy as np

        return self.vectors.vectors(np.flatnonzero(~self.dead))

    def passage(self, position: int) -> dict[str, Any]:
        """Returns a chunk as it was stored.

        Raises:
            SnapshotDamaged: It is not as it was written.
        """
        return stored_passages.decode(self.passage_line(position))

    def passage_line(self, position: int) -> bytes:
        """Returns the stored line of a chunk."""
        start, end = self._starts[1, position : position + 2]
        return bytes(self._passages[start:end])

    def tokens(self, position: int) -> NDArray[np.uint16]:
        """Returns the token ids of a chunk; none when they are not stored."""
        import numpy as np

        if not self._has_tokens:
            return np.zeros(0, np.uint16)
        start, end = self._starts[2, position : position + 2]
        ids = self._tokens[start:end]
        if len(ids) % 2:
            raise damaged_file(f"tokens-{self.info.id}.bin is damaged: a token is cut")
        return np.frombuffer(ids, "<u2")
