"""From a question and its conversation to what is searched, without a model.

The last turn counts fully. Words and vectors of earlier turns are added with a
weight that falls with age, more of it when the last turn refers back ("it", "the
same"). Measured on multi-turn questions (MTRAG, three corpora): R@5 .249 → .289.
Simply joining the turns does not help, and hurts on two corpora.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import field
from itertools import islice, pairwise, product
from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.index.fulltext.analysis import QuestionWord, Term, question_words
from ragcli.index.passages import EarlierTurn
from ragcli.index.search.spelling import all_spelled
from ragcli.language.anaphors import refers_back

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.protocols import Embedder

REFERRING = 1.5
"""Weight of the history when the last turn has an anaphor."""
STANDING = 0.75
"""Weight of the history when it has none."""
WORD_WEIGHT = 0.3
"""Weight of the previous turn's words; each turn before it has `DECAY` of that."""
VECTOR_WEIGHT = 0.2
"""Weight of the previous turn's vector, likewise."""
DECAY = 0.6
ANSWER_WORD_WEIGHT = 0.2
ANSWER_WORDS = 10
"""How many words of the last answer are added: the ten best by (1 + ln tf)·idf."""
ANSWER_VECTOR_WEIGHT = 0.1
PHRASE_WEIGHT = 0.15
"""Weight of neighbouring words found as a phrase. tantivy scores a phrase with the
sum of its words' idf, so .15 here is what .2 is with the phrase's own."""

_PHRASES_PER_PAIR = 4
_SHOWN_WORDS = 8
_SHOWN_WIDTH = 40
"""Characters of each of them: what is stored of a query is little more than the
question, whatever passes for a word in a conversation."""
TURNS = 8
"""Older turns would weigh under 1 % of the last one."""


@frozen
class Query:
    """What is searched, for each side of the retrieval."""

    terms: tuple[Term, ...]
    """Words with their weights."""

    phrases: tuple[Term, ...]
    """Neighbouring words of the last turn."""

    vector: NDArray[np.float32]
    """Unit vector, or zeros when no word is known."""

    utterances: tuple[tuple[str, float], ...]
    """The last turn and earlier user turns with their weights, for late interaction."""

    added: tuple[str, ...] = field(default=())
    """Words that the history added, heaviest first, for people."""

    @property
    def shown(self) -> str:
        """What was searched, for people."""
        words = ", ".join(map(_cut, self.added[:_SHOWN_WORDS]))
        question = self.utterances[0][0]
        return f"{question} (+ {words})" if words else question


def _cut(word: str) -> str:
    return f"{word[: _SHOWN_WIDTH - 1]}…" if len(word) > _SHOWN_WIDTH else word


@frozen
class Searched:
    """What building a query asks of the documents that are searched."""

    languages: Collection[str]
    """Their languages."""

    idf: Callable[[tuple[str, ...]], float]
    """Inverse document frequency of a word, given its stems."""

    frequency: Callable[[str], int] | None = None
    """How many chunks have a stem; None looks for no other spelling."""


def build(
    question: str,
    history: Sequence[EarlierTurn],
    searched: Searched,
    embedder: Embedder,
) -> Query:
    """Returns the history-aware query for the last turn.

    Args:
        question: The last user turn.
        history: Earlier turns, oldest first.
        searched: The documents' languages and word statistics.
        embedder: Makes the vectors; asked once.

    Raises:
        ModelUnavailable: The embedder cannot be reached.
    """
    recent = list(history)[-TURNS:][::-1]
    strength = REFERRING if refers_back(question) else STANDING
    last: Sequence[QuestionWord] = question_words(question, searched.languages)
    if searched.frequency:
        last = all_spelled(last, searched.languages, searched.frequency)
    weights: dict[tuple[str, ...], float] = {}
    for word in last:
        weights[word.variants] = weights.get(word.variants, 0.0) + 1.0
    added = _history_words(recent, searched)
    fresh = {
        word: weight for word, weight in added.items() if word.variants not in weights
    }
    for word, weight in fresh.items():
        weights[word.variants] = max(weights.get(word.variants, 0), strength * weight)
    decays = [strength * DECAY**age for age in range(len(recent))]
    return Query(
        tuple(Term(variants, weight) for variants, weight in weights.items()),
        tuple(_phrases(last)),
        _vector(question, recent, decays, embedder),
        (
            (question, 1.0),
            *(
                (turn.question, WORD_WEIGHT * decay)
                for turn, decay in zip(recent, decays, strict=True)
            ),
        ),
        tuple(word.word for word in sorted(fresh, key=lambda item: -fresh[item])),
    )


def _history_words(
    recent: Sequence[EarlierTurn], searched: Searched
) -> dict[QuestionWord, float]:
    """Returns words of earlier turns, newest first, with their largest weight."""
    weights: dict[QuestionWord, float] = {}
    for age, turn in enumerate(recent):
        for word in question_words(turn.question, searched.languages):
            weights.setdefault(word, WORD_WEIGHT * DECAY**age)
    if not recent:
        return weights
    counts = Counter(question_words(recent[0].answer, searched.languages))
    value = {
        word: (1 + math.log(count)) * searched.idf(word.variants)
        for word, count in counts.items()
    }
    for word in sorted(value, key=lambda item: -value[item])[:ANSWER_WORDS]:
        weights[word] = max(weights.get(word, 0.0), ANSWER_WORD_WEIGHT)
    return weights


def _phrases(last: Sequence[QuestionWord]) -> list[Term]:
    """Returns the pairs of neighbouring words, in every language's stems."""
    counts: Counter[tuple[str, ...]] = Counter()
    for first, second in pairwise(last):
        both = product(first.variants, second.variants)
        counts.update(islice(both, _PHRASES_PER_PAIR))
    return [
        Term(pair, PHRASE_WEIGHT * count, phrase=True) for pair, count in counts.items()
    ]


def _vector(
    question: str,
    recent: Sequence[EarlierTurn],
    decays: Sequence[float],
    embedder: Embedder,
) -> NDArray[np.float32]:
    """Returns the unit vector of the last turn with some of its history."""
    import numpy as np

    texts = [question, *(turn.question for turn in recent)]
    weights = [1.0, *(VECTOR_WEIGHT * decay for decay in decays)]
    if recent:
        texts.append(recent[0].answer)
        weights.append(ANSWER_VECTOR_WEIGHT * decays[0])
    mixed = np.array(weights, np.float32) @ embedder.embed(texts)
    length = float(np.linalg.norm(mixed))
    unit: NDArray[np.float32] = mixed / length if length else mixed
    return unit
