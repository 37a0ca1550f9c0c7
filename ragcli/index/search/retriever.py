"""From a question to the passages that may answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast, overload

from ragcli.config import Settings
from ragcli.index.misreading import damaged_file
from ragcli.index.passages import EarlierTurn, Passage, SearchRequest, SearchResult
from ragcli.index.search import ranking
from ragcli.index.search.combined_reader import CombinedReader
from ragcli.index.search.followup import Query, Searched, build
from ragcli.index.search.relevance import falling
from ragcli.language import question_limits
from ragcli.language.interaction import Interaction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.protocols import Embedder, TokenEmbedder
    from ragcli.index.search.index_reader import IndexReader

CANDIDATES = 200
"""Chunks taken from each side of each reader."""


class Retriever:
    """Searches one or several indexes as if they were one.

    Args:
        readers: Opened indexes whose vectors `embedder` made.
        embedder: Makes the question's vector.
        settings: The threshold of relevance.
    """

    def __init__(
        self, readers: Sequence[IndexReader], embedder: Embedder, settings: Settings
    ) -> None:
        self._combined = CombinedReader(
            [reader for reader in readers if reader.chunk_count]
        )
        self._embedder = embedder
        self._threshold = settings.threshold
        self._searched = sum(item.document_count for item in self._combined.readers)
        self._locations: dict[tuple[str, str], tuple[int, int]] = {}
        """Where the passages that were found stand, by id."""
        self._generation = next((r.generation for r in readers if r.generation), "")

    def search(self, request: SearchRequest) -> SearchResult:
        """Returns the passages that fit a question best.

        Raises:
            ModelUnavailable: The embedder cannot be reached.
        """
        if not self._combined.readers:
            return self._result((), request.question)
        within = self._combined.selections(request.where)
        self._searched = sum(
            reader.document_count if chosen is None else chosen.documents
            for reader, chosen in zip(self._combined.readers, within, strict=True)
        )
        filtered = [chosen for chosen in within if chosen is not None]
        unmatched = ""
        if filtered and not any(chosen.documents for chosen in filtered):
            unmatched = f"no document matches {request.where}"
        queries = self._queries(request)
        shown = " / ".join(query.shown for query in queries)
        hits: dict[tuple[int, int], None] = {}
        for query in queries:
            locations = self._combined.candidates(
                query, CANDIDATES, request.exclude, request.mode, within
            )
            hits.update(dict.fromkeys(locations))
        if not hits:
            return self._result((), shown, unmatched)
        ranked = self._ranked(queries, list(hits), request)
        return self._result(ranked, shown, unmatched)

    @property
    def document_count(self) -> int:
        """How many documents the last search looked at."""
        return self._searched

    def document(self, passage: Passage) -> Sequence[Passage]:
        """Returns all passages of a passage's document, each read when it is asked for.

        They are in reading order; none has a score. The passage was found here.
        """
        number, _ = self._locations[_key(passage)]
        reader = self._combined.readers[number]
        rows = reader.document(passage.path)
        return _Passages(reader, rows, self._locations)

    def _queries(self, request: SearchRequest) -> list[Query]:
        """Returns the question with its history, and its rewritten form."""
        combined = self._combined
        searched = Searched(combined.languages, combined.idf, combined.stem_frequency)
        asked = question_limits.searched(request.question)
        history = [
            EarlierTurn(
                question_limits.searched(turn.question),
                question_limits.searched(turn.answer),
            )
            for turn in request.history
        ]
        queries = [build(asked, history, searched, self._embedder)]
        rewrite = question_limits.searched(request.rewrite.strip())
        if rewrite and rewrite != asked.strip():
            queries.append(build(rewrite, (), searched, self._embedder))
        return queries

    def _ranked(
        self,
        queries: Sequence[Query],
        locations: Sequence[tuple[int, int]],
        request: SearchRequest,
    ) -> tuple[Passage, ...]:
        """Returns the best of the candidates with their relevance."""
        import numpy as np

        sides = [
            ranking.first_fusion(self._combined, query, locations) for query in queries
        ]
        attached = np.array(
            [self._combined.is_attached(location) for location in locations]
        )
        chosen = ranking.shortlist(sides, request.mode, attached)
        locations = [locations[index] for index in chosen]
        headings = self._combined.headings(locations)
        interaction = self._interaction(locations)
        scored = [
            ranking.scores(
                self._combined, query, side.at(chosen), headings, interaction
            )
            for query, side in zip(queries, sides, strict=True)
        ]
        order = np.arange(len(locations))
        if request.mode == "hybrid":
            final = np.mean([item.final for item in scored], axis=0)
            order = np.argsort(-final, kind="stable")
        distinct = self._distinct(order, attached[chosen], locations, request.limit)
        self._locations.update((_key(distinct[at]), locations[at]) for at in distinct)
        return self._judged(queries, scored, distinct)

    def _distinct(
        self,
        order: NDArray[np.int64],
        attached: NDArray[np.bool_],
        locations: Sequence[tuple[int, int]],
        limit: int,
    ) -> dict[int, Passage]:
        """Returns the best candidates with their passages, best first.

        What copied files have in common is there once, and knows the paths of the
        others; the next best take their places.
        """
        import numpy as np

        read: dict[int, Passage] = {}
        left = order
        while True:
            best = _shared_out(left, attached, limit)
            fresh = [at for at in best if at not in read]
            passages = self._combined.passages([locations[at] for at in fresh])
            read.update(zip(fresh, passages, strict=True))
            copied = _copied(best, read)
            if not copied:
                return {at: read[at] for at in best}
            left = left[~np.isin(left, copied)]

    def _judged(
        self,
        queries: Sequence[Query],
        scored: Sequence[ranking.Scores],
        passages: Mapping[int, Passage],
    ) -> tuple[Passage, ...]:
        """Returns passages in order, each with its calibrated relevance.

        They come by their place among the candidates, best first. A question in two
        forms counts as answered when one of them is.
        """
        relevances = {
            at: max(
                ranking.passage_relevance(self._combined, query, item, at, passage)
                for query, item in zip(queries, scored, strict=True)
            )
            for at, passage in passages.items()
        }

        def precedence(at: int) -> int:
            """What came with the question is first, if it has to do with it."""
            if not passages[at].attached:
                return 1
            return 0 if relevances[at] >= self._threshold else 2

        order = sorted(passages, key=precedence)
        scores = falling([relevances[at] for at in order])
        return tuple(
            replace(passages[at], score=score, details=scored[0].details(at))
            for at, score in zip(order, scores, strict=True)
        )

    def _interaction(self, locations: Sequence[tuple[int, int]]) -> Interaction | None:
        """Returns the candidates' tokens; None when the embedder has no such."""
        if not hasattr(self._embedder, "token_vectors"):
            return None
        embedder = cast("TokenEmbedder", self._embedder)
        try:
            return Interaction(self._combined.tokens(locations), embedder)
        except IndexError:
            raise damaged_file(
                "the index has tokens that its embedder has not"
            ) from None

    def _result(
        self, passages: tuple[Passage, ...], shown: str, unmatched: str = ""
    ) -> SearchResult:
        relevant = bool(passages) and passages[0].score >= self._threshold
        return SearchResult(passages, shown, relevant, self._generation, unmatched)


def _key(passage: Passage) -> tuple[str, str]:
    """Returns what tells a passage from that of a mount with the same text and path."""
    return passage.source, passage.id


class _Passages(Sequence[Passage]):
    """Passages of one reader, of which only those that are asked for are read."""

    def __init__(
        self,
        reader: IndexReader,
        rows: Sequence[int],
        locations: Mapping[tuple[str, str], tuple[int, int]],
    ) -> None:
        self._reader = reader
        self._rows = rows
        self._locations = locations

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, location: int) -> Passage: ...
    @overload
    def __getitem__(self, location: slice) -> Sequence[Passage]: ...
    def __getitem__(self, location: int | slice) -> Passage | Sequence[Passage]:
        if isinstance(location, slice):
            return _Passages(self._reader, self._rows[location], self._locations)
        return self._reader.passages([self._rows[location]])[0]

    def index(self, value: Passage, start: int = 0, stop: int | None = None) -> int:
        """Returns the place of a passage that was found; nothing is read for it."""
        return self._rows.index(
            self._locations[_key(value)][1], start, stop or len(self)
        )


def _copied(best: Sequence[int], read: dict[int, Passage]) -> list[int]:
    """Returns the candidates whose passage a better one of another document has.

    That one is told of it.
    """
    first: dict[tuple[str, str, bool], int] = {}
    copied = []
    for at in best:
        passage = read[at]
        original = first.setdefault(
            (passage.text, passage.source, passage.attached), at
        )
        if read[original].path == passage.path:
            continue
        copied.append(at)
        known = {*read[original].copies, passage.path}
        read[original] = replace(read[original], copies=tuple(sorted(known)))
    return copied


def _shared_out(
    order: NDArray[np.int64], attached: NDArray[np.bool_], limit: int
) -> list[int]:
    """Returns the best `limit` candidates, best first.

    Half of them, if there are so many, from what came with the question: it may be
    short beside all other documents, and it is what the question is about.
    """
    ours, theirs = order[attached[order]], order[~attached[order]]
    share = max((limit + 1) // 2, limit - len(theirs))
    ours = ours[:share]
    chosen = {*ours.tolist(), *theirs[: limit - len(ours)].tolist()}
    return [at for at in order.tolist() if at in chosen]
