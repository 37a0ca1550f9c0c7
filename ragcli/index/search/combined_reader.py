"""Several readers searched as one: a profile, its mounts, a piped document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ragcli.index.fulltext.analysis import Term
from ragcli.index.passages import Heading, Passage
from ragcli.index.search.fusion import Spread, cosine_spread, idf, text_spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.document_filter import DocumentFilter
    from ragcli.index.row_selection import RowSelection
    from ragcli.index.search.followup import Query
    from ragcli.index.search.index_reader import IndexReader

_T = TypeVar("_T")

ChunkLocation = tuple[int, int]
"""Number of the reader, and the chunk's row in it."""


BACKGROUND = 100
"""Chunks of ordinary text that relevance is judged against beside those searched: a
few chunks alone do not tell what an ordinary one is like."""
USUAL_DEVIATION = 0.064
"""Standard deviation of the built-in cosine, about 0, between a question and ordinary
chunks: 75,000 of them, of Python's sources and of Debian's documentation."""
_MEASURED = "builtin:wordllama-256"


class CombinedReader:
    """Readers with their statistics taken together, so that scores compare.

    Args:
        readers: Those with at least one chunk.
    """

    def __init__(self, readers: Sequence[IndexReader]) -> None:
        self.readers = tuple(readers)
        self.total = sum(reader.chunk_count for reader in readers)
        self._frequencies: dict[tuple[str, ...], int] = {}

    @cached_property
    def languages(self) -> frozenset[str]:
        """Languages of all chunks."""
        return frozenset().union(*(reader.languages for reader in self.readers))

    def frequency(self, variants: tuple[str, ...]) -> int:
        """Returns how many chunks have a word, given its stems (the commonest)."""
        if variants not in self._frequencies:
            self._frequencies[variants] = sum(
                _frequency(reader, variants) for reader in self.readers
            )
        return self._frequencies[variants]

    def stem_frequency(self, stem: str) -> int:
        """Returns how many chunks have a stem."""
        return sum(reader.document_frequency(stem) for reader in self.readers)

    def idf(self, variants: tuple[str, ...]) -> float:
        """Returns a word's inverse document frequency over all readers."""
        return idf(self.frequency(variants), self.total)

    def worth(self, variants: tuple[str, ...]) -> float:
        """Returns a word's idf as if the background were searched as well.

        In a handful of chunks every word is either in most of them or in none; then
        all words are worth about the same.
        """
        return idf(self.frequency(variants) + 1, self.total + BACKGROUND)

    def usual_cosine(self, query: Query) -> Spread:
        """Returns the spread of the cosine over all chunks and the background.

        Only where the built-in vectors are searched is it known what is usual.
        """
        spread = self.cosine_spread(query)
        if not all(reader.embedder_id == _MEASURED for reader in self.readers):
            return spread
        share = BACKGROUND / (self.total + BACKGROUND)
        mean = (1 - share) * spread.mean
        square = (1 - share) * (spread.deviation**2 + spread.mean**2)
        square += share * USUAL_DEVIATION**2
        return cosine_spread(mean, square - mean * mean)

    def text_spread(self, query: Query) -> Spread:
        """Returns the spread of the text score over all chunks."""
        return text_spread(query.terms, self.frequency, self.total)

    def cosine_spread(self, query: Query) -> Spread:
        """Returns the spread of the cosine over all chunks."""
        mean = square = 0.0
        for reader in self.readers:
            share = reader.chunk_count / self.total
            its_mean, its_variance = reader.cosine_moments(query.vector)
            mean += share * its_mean
            square += share * (its_variance + its_mean**2)
        return cosine_spread(mean, max(0.0, square - mean * mean))

    def is_attached(self, location: ChunkLocation) -> bool:
        """Tells whether a chunk's document came with the question."""
        return self.readers[location[0]].attached

    def selections(self, where: DocumentFilter | None) -> list[RowSelection | None]:
        """Returns for each reader the rows that a filter leaves; None is all.

        What came with the question is searched whatever the filter says.
        """
        return [
            None if where is None or reader.attached else reader.selection(where)
            for reader in self.readers
        ]

    def candidates(
        self,
        query: Query,
        limit: int,
        exclude: frozenset[str],
        mode: str,
        within: Sequence[RowSelection | None],
    ) -> list[ChunkLocation]:
        """Returns the best `limit` chunks of each side in each reader.

        Args:
            query: What is searched.
            limit: How many of a side, in each reader.
            exclude: Paths of documents to leave out.
            mode: `hybrid`, or the one side to ask: `bm25` or `vectors`.
            within: For each reader the rows that may be found; None for all.
        """
        hits: dict[ChunkLocation, None] = {}
        for number, reader in enumerate(self.readers):
            rows: list[int] = []
            if mode != "vectors":
                terms = self._terms(reader, query)
                best = reader.text_search(terms, limit, exclude, within[number])
                rows += [row for row, _ in best]
            if mode != "bm25" and query.vector.any():
                nearest, _ = reader.vector_search(
                    query.vector, limit, exclude, within[number]
                )
                rows += nearest.tolist()
            hits.update(dict.fromkeys((number, row) for row in rows))
        return list(hits)

    def scored(
        self, query: Query, locations: Sequence[ChunkLocation]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns text score and cosine of chunks, whichever side they come from."""
        import numpy as np

        text = np.zeros(len(locations))
        cosine = np.zeros(len(locations))
        for number, reader in enumerate(self.readers):
            mine = [
                index
                for index, location in enumerate(locations)
                if location[0] == number
            ]
            rows = [locations[index][1] for index in mine]
            if rows:
                scores = reader.text_scores(self._terms(reader, query), rows)
                text[mine] = [scores[row] for row in rows]
                cosine[mine] = reader.vectors(rows) @ query.vector
        return text, cosine

    def tokens(self, locations: Sequence[ChunkLocation]) -> list[NDArray[np.uint16]]:
        """Returns the token ids of chunks, in their order."""
        return self._gathered(locations, lambda reader, rows: reader.tokens(rows))

    def headings(self, locations: Sequence[ChunkLocation]) -> list[Heading]:
        """Returns what stands above chunks, in their order."""
        return self._gathered(locations, lambda reader, rows: reader.headings(rows))

    def passages(self, locations: Sequence[ChunkLocation]) -> list[Passage]:
        """Returns the passages of chunks, in their order."""
        return self._gathered(locations, lambda reader, rows: reader.passages(rows))

    def _gathered(
        self,
        locations: Sequence[ChunkLocation],
        ask: Callable[[IndexReader, list[int]], Iterable[_T]],
    ) -> list[_T]:
        """Returns what each chunk's own reader says about it, in order."""
        gathered: dict[ChunkLocation, _T] = {}
        for number, reader in enumerate(self.readers):
            mine = [location for location in locations if location[0] == number]
            if mine:
                answers = ask(reader, [row for _, row in mine])
                gathered.update(zip(mine, answers, strict=True))
        return [gathered[location] for location in locations]

    def _terms(self, reader: IndexReader, query: Query) -> list[Term]:
        """Returns the query for one reader, whose text index has its own idf.

        Among several readers a word's weight is corrected to the idf over all.
        """
        if len(self.readers) == 1:
            return [*query.terms, *query.phrases]
        words = [
            replace(term, weight=term.weight * self._correction(reader, term))
            for term in query.terms
        ]
        return [*words, *query.phrases]

    def _correction(self, reader: IndexReader, term: Term) -> float:
        own = idf(_frequency(reader, term.variants), reader.chunk_count)
        return self.idf(term.variants) / own if own else 1.0


def _frequency(reader: IndexReader, variants: tuple[str, ...]) -> int:
    return max((reader.document_frequency(stem) for stem in variants), default=0)
