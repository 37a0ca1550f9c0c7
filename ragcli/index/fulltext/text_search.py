"""Searching the text index of one generation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ragcli.index.fulltext.text_index import (
    raise_if_damaged,
    schema,
    searched,
    translated,
)
from ragcli.index.row_selection import RowSelection
from ragcli.storage.temporary.memory_directories import linked_directory

if TYPE_CHECKING:
    import tantivy

    from ragcli.index.fulltext.analysis import Term

_FIELD = "stems"
FEW = 500
"""Documents up to which the index is asked for theirs alone. Asking it for more of
the best, and passing over what was not wanted, is faster beyond."""
_DEEPER = 8
"""How many times as many are asked for when too few of the best were wanted."""


class TextSearch:
    """An opened text index; its files stay open, whoever collects them.

    Args:
        index: The tantivy index.
    """

    def __init__(self, index: tantivy.Index) -> None:
        index.config_reader("Manual")
        self._schema = schema()
        self._searcher = index.searcher()

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Opens the text index in a directory.

        Raises:
            FileNotFoundError: The directory was collected meanwhile.
            SnapshotDamaged: tantivy does not read it.
        """
        import tantivy

        with translated(directory), linked_directory(directory) as linked:
            return cls(tantivy.Index.open(str(linked)))

    @property
    def count(self) -> int:
        """Chunks that can be found."""
        return self._searcher.num_docs

    def document_frequency(self, stem: str) -> int:
        """Returns how many chunks have this stem."""
        try:  # thousands of times for one question: no context for each
            return self._searcher.doc_freq(_FIELD, stem)
        except BaseException as error:
            raise_if_damaged(error)
            raise

    def search(
        self,
        terms: Sequence[Term],
        limit: int,
        excluded: Iterable[int],
        within: RowSelection | None = None,
    ) -> list[tuple[int, float]]:
        """Returns the best rows and their scores, best first.

        Args:
            terms: What to look for; the score is the weighted sum of their BM25.
            limit: How many rows at most.
            excluded: Keys of documents to leave out.
            within: The rows that may be found; None for all.
        """
        import tantivy

        query = self._query(terms)
        if query is None or (within is not None and not within.keys):
            return []
        clauses = [(tantivy.Occur.Must, query)]
        keys = list(excluded)
        if keys:
            clauses.append((tantivy.Occur.MustNot, self._of(keys)))
        few = within is not None and len(within.keys) <= FEW
        if within is not None and few:
            chosen = tantivy.Query.const_score_query(self._of(within.keys), 0.0)
            clauses.append((tantivy.Occur.Must, chosen))
        if len(clauses) > 1:
            query = tantivy.Query.boolean_query(clauses)
        if within is None or (few and not within.is_partial):
            return self._best(query, limit)
        return self._best_within(query, limit, within)

    def _of(self, keys: Sequence[int]) -> tantivy.Query:
        """Returns the query for the chunks of documents, given by key."""
        import tantivy

        return tantivy.Query.term_set_query(self._schema, "document", list(keys))

    def _best_within(
        self, query: tantivy.Query, limit: int, within: RowSelection
    ) -> list[tuple[int, float]]:
        """Returns the best of the rows that may be found.

        The best of all are looked through, more and more of them, until enough of them
        may be found or there are no more.
        """
        import numpy as np

        depth = limit
        while True:
            depth *= _DEEPER
            best = self._best(query, depth)
            rows = np.array([row for row, _ in best], np.int64)
            meant = np.flatnonzero(within.holds(rows))[:limit]
            if len(meant) == limit or len(best) < depth:
                return [best[at] for at in meant]

    def scores(self, terms: Sequence[Term], rows: Sequence[int]) -> dict[int, float]:
        """Returns the score of each of `rows`; 0 where no term occurs."""
        import tantivy

        wanted = dict.fromkeys(map(int, rows), 0.0)
        query = self._query(terms)
        if query is None or not wanted:
            return wanted
        # Not a set query: its automaton takes longer than all the rest.
        single = partial(tantivy.Query.term_query, self._schema, "row")
        clauses = [(tantivy.Occur.Should, single(row)) for row in wanted]
        chosen = tantivy.Query.boolean_query(clauses)
        chosen = tantivy.Query.const_score_query(chosen, 0.0)
        # Should, so that the terms' lists are looked up for these rows, not walked.
        clauses = [(tantivy.Occur.Must, chosen), (tantivy.Occur.Should, query)]
        scored = self._best(tantivy.Query.boolean_query(clauses), len(wanted))
        return wanted | dict(scored)

    def _best(self, query: tantivy.Query, limit: int) -> list[tuple[int, float]]:
        if limit < 1:
            return []
        with searched():
            hits = self._searcher.search(query, limit, count=False).hits
            addresses = [address for _, address in hits]
            rows = self._searcher.fast_field_values("row", addresses)
        return [
            (int(row or 0), float(hit[0])) for row, hit in zip(rows, hits, strict=True)
        ]

    def _query(self, terms: Sequence[Term]) -> tantivy.Query | None:
        """Returns the query for the sum of all terms; None when there are none."""
        import tantivy

        clauses = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(part, term.weight))
            for term in terms
            if (part := self._one(term)) is not None and term.weight > 0
        ]
        return tantivy.Query.boolean_query(clauses) if clauses else None

    def _one(self, term: Term) -> tantivy.Query | None:
        """Returns the query for one word with its variants, or for a phrase."""
        import tantivy

        if term.phrase and len(term.variants) > 1:
            return tantivy.Query.phrase_query(self._schema, _FIELD, list(term.variants))
        singles = [
            tantivy.Query.term_query(self._schema, _FIELD, variant)
            for variant in term.variants
        ]
        if len(singles) > 1:
            return tantivy.Query.disjunction_max_query(singles)
        return singles[0] if singles else None
