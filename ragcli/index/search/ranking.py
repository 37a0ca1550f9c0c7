"""Ranks candidates by everything that is known about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.index.passages import Heading, Passage, above_of, indexed_text
from ragcli.index.search import fusion
from ragcli.index.search.relevance import (
    ATTACHED,
    NO_TOKENS,
    TOKENS,
    WITH_OPTION,
    Features,
    relevance,
)
from ragcli.language.interaction import Interaction
from ragcli.language.patterns import deferred
from ragcli.language.vocabulary.stemming import content_stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.search.combined_reader import ChunkLocation, CombinedReader
    from ragcli.index.search.followup import Query

RERANKED = 100
"""Best candidates that late interaction looks at; more changes nothing measurable."""

_OPTION = deferred(r"(?<![\w-])--?[A-Za-z][\w-]*")
"""An option of a command."""


@frozen
class Sides:
    """Scores of both sides for the same chunks; arrays of one length."""

    text: NDArray[np.float64]
    """Weighted BM25 of words and phrases."""
    cosine: NDArray[np.float64]
    """Cosine with the query's vector."""
    text_z: NDArray[np.float64]
    """The text score as a z-score over all chunks."""
    cosine_z: NDArray[np.float64]
    """The cosine, likewise."""
    cosine_deviation: float
    """Standard deviation of the cosine over all chunks."""

    def at(self, order: NDArray[np.int64]) -> Sides:
        """Returns the scores of some of the chunks."""
        return Sides(
            self.text[order],
            self.cosine[order],
            self.text_z[order],
            self.cosine_z[order],
            self.cosine_deviation,
        )


@frozen
class Scores:
    """Every score of the candidates for one query; arrays of one length."""

    sides: Sides
    window: NDArray[np.float64] | None
    """Cosine of the best window; None when there are no token vectors."""
    maxsim: NDArray[np.float64] | None
    """Late interaction, likewise."""
    title: NDArray[np.float64]
    """Share of the question in title and headings."""
    final: NDArray[np.float64]
    """What ranks."""

    def details(self, index: int) -> dict[str, float]:
        """Returns the raw scores of one candidate by name."""
        named = {
            "bm25": self.sides.text,
            "cosine": self.sides.cosine,
            "window": self.window,
            "maxsim": self.maxsim,
            "title": self.title,
            "fused": self.final,
        }
        return {
            name: round(float(scores[index]), 4)
            for name, scores in named.items()
            if scores is not None
        }


def first_fusion(
    combined: CombinedReader, query: Query, locations: Sequence[ChunkLocation]
) -> Sides:
    """Returns the scores of both sides."""
    text, cosine = combined.scored(query, locations)
    spread, cosines = combined.text_spread(query), combined.cosine_spread(query)
    return Sides(text, cosine, spread.z(text), cosines.z(cosine), cosines.deviation)


def shortlist(
    sides: Sequence[Sides], mode: str, attached: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Returns the best chunks over all forms of the question, best first.

    Args:
        sides: One for each form of the question, over the same chunks.
        mode: `hybrid`, `bm25` or `vectors`.
        attached: True for chunks that came with the question: their best are
            looked at whatever else there is.
    """
    import numpy as np

    score = np.mean([_by_mode(item, mode) for item in sides], axis=0)
    order = np.argsort(-score, kind="stable")
    best = np.zeros(len(order), bool)
    best[order[:RERANKED]] = best[order[attached[order]][:RERANKED]] = True
    return order[best[order]]


def _by_mode(sides: Sides, mode: str) -> NDArray[np.float64]:
    if mode == "bm25":
        return sides.text_z
    return sides.cosine_z if mode == "vectors" else sides.text_z + sides.cosine_z


def scores(
    combined: CombinedReader,
    query: Query,
    sides: Sides,
    headings: Sequence[Heading],
    interaction: Interaction | None,
) -> Scores:
    """Returns every score of the candidates.

    Args:
        combined: Word statistics.
        query: One form of the question.
        sides: Its scores of both sides.
        headings: What stands above the candidates.
        interaction: Their tokens; None when the embedder has no token vectors.
    """
    import numpy as np

    coverage = Coverage(query, combined.idf)
    title = np.array([coverage.above(heading) for heading in headings])
    if interaction is None:
        fused = sides.text_z + fusion.COSINE_ALONE_WEIGHT * sides.cosine_z
        return Scores(sides, None, None, title, fusion.reranked(fused, None, title))
    window = interaction.best_window(query.vector).astype(np.float64)
    maxsim = interaction.maxsim(query.utterances).astype(np.float64)
    fused = (
        sides.text_z
        + fusion.COSINE_WEIGHT * sides.cosine_z
        + fusion.WINDOW_WEIGHT * window / sides.cosine_deviation
    )
    final = fusion.reranked(fused, maxsim, title)
    return Scores(sides, window, maxsim, title, final)


def passage_relevance(
    combined: CombinedReader, query: Query, scores: Scores, index: int, passage: Passage
) -> float:
    """Returns the calibrated relevance of one candidate for one query."""
    usual = combined.usual_cosine(query)
    prior = ATTACHED if passage.attached else 0.0
    if _holds_options(query.utterances[0][0], passage.text):
        prior += WITH_OPTION
    return relevance(
        Features(
            coverage=max(
                Coverage(query, combined.worth).of(passage),
                Coverage(query, combined.worth, own=True).of(passage),
            ),
            maxsim=0.0 if scores.maxsim is None else float(scores.maxsim[index]),
            cosine=float(usual.z(scores.sides.cosine[index])),
            text=float(scores.sides.text_z[index]),
        ),
        NO_TOKENS if scores.maxsim is None else TOKENS,
        prior,
    )


def _holds_options(question: str, text: str) -> bool:
    """Tells whether a question has options of a command, and a text all of them."""
    asked = set(_OPTION.findall(question)) if "-" in question else set()
    return bool(asked) and asked <= set(_OPTION.findall(text))


class Coverage:
    """How much of a question's words, by weight and idf, a text has.

    Args:
        query: The question.
        worth: Returns what a word is worth, by its stems: idf of some kind.
        own: Leave out the words that earlier turns added.
    """

    def __init__(
        self,
        query: Query,
        worth: Callable[[tuple[str, ...]], float],
        *,
        own: bool = False,
    ) -> None:
        self._worth = [
            (term.variants, term.weight * worth(term.variants))
            for term in query.terms
            if term.weight >= 1 or not own
        ]
        self._total = sum(worth for _, worth in self._worth)
        self._above: dict[Heading, float] = {}

    def of(self, passage: Passage) -> float:
        """Returns the share in a passage with its title and headings."""
        above = above_of(passage.part, passage.heading)
        text = indexed_text(passage.title, above, passage.text, passage.tables)
        return self._share(text, passage.language)

    def above(self, heading: Heading) -> float:
        """Returns the share in title and headings alone."""
        if heading not in self._above:
            self._above[heading] = self._held(_stems_above(heading))
        return self._above[heading]

    def _share(self, text: str, language: str) -> float:
        return self._held(set(content_stems(text, language)))

    def _held(self, present: AbstractSet[str]) -> float:
        held = sum(
            worth for variants, worth in self._worth if not present.isdisjoint(variants)
        )
        return held / self._total if self._total else 0.0


@lru_cache(maxsize=20_000)
def _stems_above(heading: Heading) -> frozenset[str]:
    """Returns the stems of what stands above a chunk; many questions ask for them."""
    text = indexed_text(heading.title, (*heading.above, heading.name), "")
    return frozenset(content_stems(text, heading.language))
