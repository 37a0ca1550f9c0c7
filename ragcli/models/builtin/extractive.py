"""Answers by quotation: the sentences that answer best, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragcli.models.base import Drawn, Piece, Prompt, Quotation, WholeDocument
from ragcli.models.builtin.candidates import Candidate, candidates
from ragcli.models.builtin.composing import composed
from ragcli.models.builtin.confidence import confidence
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.models.builtin.parsed_question import ParsedQuestion
from ragcli.models.builtin.scoring import best_first, is_looked_up

_CHARACTERS_PER_TOKEN = 4
_ON_ONE_LINE = "sentence"


class ExtractiveModel:
    """Quotes, and computes over what it can quote; it never writes prose of its own.

    Satisfies `models.base.ChatModel` and `DrawsFromWhole`.

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

    def complete(
        self,
        instruction: str,  # noqa: ARG002
        text: str,  # noqa: ARG002
        after: Prompt | None = None,  # noqa: ARG002
        *,
        one_line: bool = False,  # noqa: ARG002
    ) -> str:
        """Returns "": it writes no text of its own."""
        return ""

    def wants_whole(self, question: str) -> bool:
        """Tells whether a question asks for more than one unit of a passage."""
        from ragcli.models.builtin.computing import drawing

        return drawing.wants_whole(question)

    def draw(self, question: str, documents: Sequence[WholeDocument]) -> Drawn:
        """Returns what whole tables, lists or documents say to a question.

        Raises:
            ProviderMissing: The wheel with the word vectors is not installed.
        """
        from ragcli.models.builtin.computing import drawing

        return drawing.drawn(question, documents, self._similarity)

    def _similarity(self, word: str, others: Sequence[str]) -> list[float]:
        """Returns the cosines of a word and others."""
        vectors = self._embedder.embed([word, *others])
        return [float(cosine) for cosine in vectors[1:] @ vectors[0]]

    def stream(self, prompt: Prompt) -> Iterator[Piece]:
        """Yields the answer: quotations, and what stands between them.

        The best unit of the sources, and others where they earn their place; nothing
        when it is not sure enough that one of them answers.

        Raises:
            ProviderMissing: The wheel with the word vectors is not installed.
        """
        if prompt.drawn:
            yield from _lines(prompt.drawn)
            return
        quotable = [item for source in prompt.sources for item in candidates(source)]
        quotable = list({item.text: item for item in reversed(quotable)}.values())[::-1]
        asked = ParsedQuestion(prompt.question)
        if not prompt.rows_answer:
            quotable = [
                item
                for item in quotable
                if item.kind != "row" or is_looked_up(asked, item)
            ]
        if not quotable:
            return
        ranked = best_first(prompt, quotable, self._embedder)
        sure = confidence(ranked, asked)
        if sure < prompt.threshold:
            return
        chosen = composed(asked, ranked)
        for index, item in enumerate(chosen):
            if index:
                yield _separator(chosen[index - 1], item)
            kind = "code" if item.kind == "code" else "line"
            span = (item.start, item.end)
            yield Quotation(
                item.quoted or item.text, item.source.marker, kind, span, sure
            )


def _lines(drawn: Sequence[Quotation]) -> Iterator[Piece]:
    """Yields what was drawn, line by line; one without text is a further marker."""
    for index, item in enumerate(drawn):
        if index and item.text:
            yield "\n"
        yield item


def _separator(before: Candidate, item: Candidate) -> str:
    """Returns a space between sentences, a line break around items and rows."""
    return " " if before.kind == item.kind == _ON_ONE_LINE else "\n"
