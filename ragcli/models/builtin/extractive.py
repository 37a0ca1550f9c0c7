"""Answers by quotation: the sentences that answer best, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragcli.models.base import Piece, Prompt, Quotation
from ragcli.models.builtin.candidates import Candidate, candidates
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.scoring import Scored, best_first

SENTENCES = 3
"""How many sentences an answer has at the most."""
WORTHWHILE = 0.4
"""Further sentences have at least this share of the best one's score."""
NEIGHBOUR = 0.15
"""Added to the score of a sentence right before or after the best one."""
_CHARACTERS_PER_TOKEN = 4
_ON_ONE_LINE = "sentence"


class ExtractiveModel:
    """Quotes; it never writes a word of its own. Satisfies `models.base.ChatModel`.

    Args:
        embedder: Compares sentences with the question; None makes one.
    """

    spec = "builtin:extractive"
    generates = False
    remote = ""

    def __init__(self, embedder: BuiltinEmbedder | None = None) -> None:
        self._embedder = embedder or BuiltinEmbedder()

    def window(self) -> int:
        """Returns 0: it reads whatever it is given."""
        return 0

    def count_tokens(self, text: str) -> int:
        """Returns an estimate of the tokens in `text`."""
        return len(text) // _CHARACTERS_PER_TOKEN + 1

    def complete(self, instruction: str, text: str) -> str:  # noqa: ARG002
        """Returns "": it writes no text of its own."""
        return ""

    def stream(self, prompt: Prompt) -> Iterator[Piece]:
        """Yields the answer: quotations, and what stands between them.

        One block of code, or up to three sentences, list items and table rows: the
        best one first, the others in reading order. Nothing when no source holds
        anything that can be quoted.

        Raises:
            ProviderMissing: The wheel with the word vectors is not installed.
        """
        found = [item for source in prompt.sources for item in candidates(source)]
        found = list({item.text: item for item in reversed(found)}.values())[::-1]
        if not found:
            return
        chosen = answer(best_first(prompt, found, self._embedder))
        for index, item in enumerate(chosen):
            if index:
                yield _separator(chosen[index - 1], item)
            kind = "code" if item.kind == "code" else "line"
            yield Quotation(item.text, item.source.marker, kind)


def answer(ranked: Sequence[Scored]) -> list[Candidate]:
    """Returns the quotations that make up an answer.

    Args:
        ranked: Candidates, best first, at least one.

    Returns:
        The best one, then its company in reading order, source by source.
    """
    best = ranked[0].candidate
    if best.kind == "code":
        return [best]
    least = WORTHWHILE * ranked[0].score
    others = sorted(
        (
            (item.score + NEIGHBOUR * _are_neighbours(best, item.candidate), item)
            for item in ranked[1:]
            if item.candidate.kind != "code"
        ),
        key=lambda pair: -pair[0],
    )
    company = [item.candidate for score, item in others if score >= least]
    company = company[: SENTENCES - 1]
    sources = list(dict.fromkeys(item.source.marker for item in (best, *company)))
    company.sort(key=lambda item: (sources.index(item.source.marker), item.start))
    return [best, *company]


def _are_neighbours(one: Candidate, other: Candidate) -> bool:
    """Tells whether two candidates stand next to each other in one source."""
    return one.source == other.source and abs(one.place - other.place) == 1


def _separator(before: Candidate, item: Candidate) -> str:
    """Returns a space between sentences, a line break around items and rows."""
    return " " if before.kind == item.kind == _ON_ONE_LINE else "\n"
