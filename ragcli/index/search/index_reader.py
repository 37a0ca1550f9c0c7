"""One opened generation: everything that retrieval asks of an index."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from ragcli.index import stored_passages
from ragcli.index.file_names import spoken_name
from ragcli.index.fulltext.text_search import TextSearch
from ragcli.index.generations.generation_files import GenerationFiles
from ragcli.index.generations.manifests import Manifest, other_length
from ragcli.index.misreading import damaged_file
from ragcli.index.passages import Heading, Passage
from ragcli.index.row_selection import RowSelection
from ragcli.index.segments import catalogue
from ragcli.index.segments.catalogue_view import CatalogueView
from ragcli.index.segments.segment import Segment
from ragcli.index.segments.vector_moments import CosineMoments, Moments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.document_filter import DocumentFilter
    from ragcli.index.fulltext.analysis import Term

_PARALLEL = 60_000
"""Chunks from which two threads search faster than one."""

_HEADINGS = 20_000
"""Rows whose headings are remembered at most: some megabytes."""


class IndexReader:
    """An immutable view of some documents; what changes later is not seen.

    Args:
        manifest: Of the generation.
        files: Its files.
        text: Its opened text index.
    """

    def __init__(
        self, manifest: Manifest, files: GenerationFiles, text: TextSearch
    ) -> None:
        self.manifest = manifest
        self.generation = manifest.name
        self.embedder_id = manifest.embedder
        self.dimension = manifest.dimension
        self.source = ""
        self.notice = ""
        self.attached = False
        """Whether it came with the question."""
        self._files = files
        self._text = text
        self.segments = [
            Segment(info, files, manifest)
            for info in manifest.segments
            if info.chunks > info.dead
        ]
        """The parts of the index, oldest first."""
        opened = {segment.info.id: segment.listed for segment in self.segments}
        self._listed = [
            opened.get(info.id) or partial(_listed, files, info.id)
            for info in manifest.segments
        ]
        self._selected: tuple[DocumentFilter, RowSelection] | None = None
        self._headings: dict[int, Heading] = {}
        """Of rows that were candidates: others ask about the same ones."""

    @property
    def chunk_count(self) -> int:
        """Chunks that can be found."""
        return self.manifest.chunks

    @property
    def document_count(self) -> int:
        """Documents that can be found, those without any text included."""
        return self.manifest.documents

    @cached_property
    def catalogue(self) -> CatalogueView:
        """Finds the records of its documents: those of another generation differ."""
        return CatalogueView(self.manifest, self._files)

    @cached_property
    def languages(self) -> frozenset[str]:
        """Languages of the chunks; "" stands for unknown."""
        return frozenset(
            language for item in self.manifest.segments for language in item.languages
        )

    def selection(self, where: DocumentFilter) -> RowSelection:
        """Returns the rows of the documents that a filter means.

        The last one is kept: questions with one filter follow each other.
        """
        if self._selected is None or self._selected[0] != where:
            listed = (read() for read in self._listed)
            spans, is_partial = catalogue.spans(listed, where.matcher())
            self._selected = where, RowSelection(spans, is_partial=is_partial)
        return self._selected[1]

    def text_search(
        self,
        terms: Sequence[Term],
        limit: int,
        exclude: frozenset[str] = frozenset(),
        within: RowSelection | None = None,
    ) -> list[tuple[int, float]]:
        """Returns rows with the weighted sum of their terms' BM25, best first.

        Args:
            terms: Words, with alternatives, and phrases; see `analysis.Term`.
            limit: How many rows at most.
            exclude: Paths of documents to leave out.
            within: The rows that may be found; None for all.
        """
        return self._text.search(terms, limit, map(catalogue.key, exclude), within)

    def text_scores(
        self, terms: Sequence[Term], rows: Sequence[int]
    ) -> dict[int, float]:
        """Returns that sum for chosen rows; 0 where no term occurs."""
        return self._text.scores(terms, rows)

    def document_frequency(self, stem: str) -> int:
        """Returns how many chunks have this stem."""
        return self._text.document_frequency(stem)

    def vector_search(
        self,
        query: NDArray[np.float32],
        limit: int,
        exclude: frozenset[str] = frozenset(),
        within: RowSelection | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Returns the rows most similar to `query`, and their cosines, best first.

        Exact: every chunk that may be found is compared.

        Args:
            query: A unit vector, float32, of length `dimension`.
            limit: How many rows at most.
            exclude: Paths of documents to leave out.
            within: The rows that may be found; None for all.

        Raises:
            EmbedderMismatch: The vector has another length than those of the index.
        """
        import numpy as np

        if limit < 1 or not self.segments:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if query.size != self.dimension:
            raise other_length(self.dimension, query.size)
        keys = np.array([catalogue.key(path) for path in exclude], np.int64)
        nearest = partial(_nearest, query, limit, keys, within)
        if self.chunk_count < _PARALLEL or len(self.segments) == 1:
            parts = list(map(nearest, self.segments))
        else:
            from ragcli.index.search.side_by_side import side_by_side
            from ragcli.storage.limits import processors

            parts = side_by_side(nearest, self.segments, processors.count())
        rows = np.concatenate([part[0] for part in parts])
        scores = np.concatenate([part[1] for part in parts])
        best = np.argsort(-scores, kind="stable")[:limit]
        return rows[best], scores[best]

    def vectors(self, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Returns the vectors of `rows`, float32, in their order.

        A zero vector stands for a row that is not here.
        """
        import numpy as np

        wanted = np.asarray(rows, np.int64)
        stored = np.zeros((len(wanted), self.dimension), np.float32)
        for segment in self.segments:
            here, positions = segment.positions(wanted)
            stored[here] = segment.vectors.vectors(positions)
        return stored

    def tokens(
        self, rows: Sequence[int] | NDArray[np.int64]
    ) -> list[NDArray[np.uint16]]:
        """Returns the token ids of `rows`, as the embedder gave them at ingest.

        Empty arrays when the embedder has no tokens.
        """
        import numpy as np

        none = np.zeros(0, np.uint16)
        return [
            none if location is None else location[0].tokens(location[1])
            for location in self._locations(rows)
        ]

    def passages(self, rows: Sequence[int] | NDArray[np.int64]) -> list[Passage]:
        """Returns the passages of `rows`, in their order, with score 0.

        Raises:
            SnapshotDamaged: A row is not here, or a passage is not as it was written.
        """
        return [self._passage(*location) for location in self._located(rows)]

    def ending_in(self, ending: str) -> list[str]:
        """Returns the paths of the documents with text that end so."""
        listed = (read() for read in self._listed)
        spans, _ = catalogue.spans(
            listed, lambda record: record["path"].endswith(ending)
        )
        first = [row for row, chunks, _ in spans if chunks]
        return list(dict.fromkeys(passage.path for passage in self.passages(first)))

    def document(self, path: str) -> list[int]:
        """Returns the rows of a document's chunks, in reading order; [] for none."""
        import numpy as np

        key = np.array([catalogue.key(path)], np.int64)
        for segment in reversed(self.segments):
            for first, count in segment.documents.spans(key):
                wanted = np.arange(first, first + count)
                here, positions = segment.positions(wanted)
                live = wanted[here][~segment.dead[positions]]
                if len(live) and segment.documents.of_row(first)["path"] == path:
                    return [int(row) for row in live]
        return []

    def headings(self, rows: Sequence[int] | NDArray[np.int64]) -> list[Heading]:
        """Returns what stands above the passages of `rows`, in their order.

        Raises:
            SnapshotDamaged: As `passages`.
        """
        known = self._headings
        unread = [int(row) for row in rows if row not in known]
        if len(known) + len(unread) > _HEADINGS:
            known.clear()
            unread = [int(row) for row in rows]
        for location in self._located(unread):
            known[location[0]] = self._heading(*location)
        return [known[int(row)] for row in rows]

    def _located(
        self, rows: Sequence[int] | NDArray[np.int64]
    ) -> Iterator[tuple[int, Segment, int]]:
        """Yields each row with its segment and position; raises as `passages`."""
        for row, location in zip(rows, self._locations(rows), strict=True):
            if location is None:
                raise damaged_file(f"{self.generation} is damaged: it has no row {row}")
            yield int(row), *location

    def _heading(self, row: int, segment: Segment, position: int) -> Heading:
        stored = segment.passage(position)
        document = segment.documents.of_row(row)
        return Heading(
            document["title"],
            stored_passages.above(stored),
            stored["language"],
            spoken_name(document["path"]),
        )

    def _passage(self, row: int, segment: Segment, position: int) -> Passage:
        stored = segment.passage(position)
        document = segment.documents.of_row(row)
        lines, page = stored.get("lines"), stored.get("page")
        part = stored.get("part", "")
        return Passage(
            id=_identity(document["path"], part, page, lines, stored["text"]),
            path=document["path"],
            text=stored["text"],
            score=0.0,
            title=document["title"],
            heading=tuple(stored.get("heading", ())),
            page=page,
            lines=(lines[0], lines[1]) if lines else None,
            kind=stored.get("kind", "prose"),
            language=stored["language"],
            digest=document["digest"],
            source=self.source,
            attached=self.attached,
            part=part,
            read=str(document.get("facts", {}).get("read", "")),
            units=stored_passages.units(stored),
            tables=stored_passages.tables(stored),
        )

    def _locations(
        self, rows: Sequence[int] | NDArray[np.int64]
    ) -> list[tuple[Segment, int] | None]:
        """Returns segment and position of each row; None for one that is not here."""
        import numpy as np

        wanted = np.asarray(rows, np.int64)
        locations: list[tuple[Segment, int] | None] = [None] * len(wanted)
        for segment in self.segments:
            here, positions = segment.positions(wanted)
            for index, position in zip(np.flatnonzero(here), positions, strict=True):
                locations[index] = (segment, int(position))
        return locations

    def cosine_moments(self, query: NDArray[np.float32]) -> tuple[float, float]:
        """Returns mean and variance of the cosine of `query` with all chunks.

        Exact, from stored sums; costs the same for any number of chunks.
        """
        return self._moments.of(query)

    @cached_property
    def _moments(self) -> CosineMoments:
        stored: Moments | None = None
        loose: list[tuple[NDArray[np.float32], int]] = []
        for segment in self.segments:
            info = segment.info
            if info.moments_file:
                data = self._files.buffer(info.moments_file)
                sums = Moments.decode(data, self.dimension)
                if stored:
                    sums.merge(stored)
                stored = sums
                uncounted = segment.dead_order[info.summed_dead :]
                loose.append((segment.vectors.vectors(uncounted), -1))
            else:
                loose.append((segment.live_vectors(), 1))
        return CosineMoments(stored, loose, self.chunk_count)


def _nearest(
    query: NDArray[np.float32],
    limit: int,
    keys: NDArray[np.int64],
    within: RowSelection | None,
    segment: Segment,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Returns rows and cosines of the best chunks of one segment."""
    import numpy as np

    excluded = segment.excluded(keys, within)
    queries = np.ascontiguousarray(query, np.float32).reshape(1, -1)
    scores, positions = segment.vectors.search(queries, limit, excluded)
    is_hit = positions[0] >= 0
    return segment.rows[positions[0][is_hit]], scores[0][is_hit]


def _listed(files: GenerationFiles, name: str) -> tuple[memoryview, memoryview]:
    """Returns the records of a segment without living chunks, and their table."""
    lines = files.buffer(f"documents-{name}.jsonl")
    return lines, files.buffer(f"documents-{name}.bin")


def _identity(
    path: str, part: str, page: int | None, lines: Sequence[int] | None, text: str
) -> str:
    """Returns a passage's id: the same for the same text at the same place."""
    extent = repr((page, list(lines) if lines else None)).encode()
    inside = (part.encode("utf-8", "surrogatepass"),) if part else ()
    stated = (os.fsencode(path), extent, text.encode("utf-8", "surrogatepass"), *inside)
    return hashlib.blake2b(b"\0".join(stated), digest_size=12).hexdigest()
