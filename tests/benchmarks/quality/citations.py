"""How well the check of citations tells right passages from similar ones.

Usage:
    python -m tests.benchmarks.quality.citations COLLECTION

COLLECTION is as for `prepare`, and its questions have `answers`. A claim is made of
a question's content words and its first answer. The passage that holds the answer
must bear it out; the five that share most of the question's rare words must not.
Prints how many of the right ones hold, how many of the others do, and the balanced
accuracy, by words alone and with the built-in embedder's cosine.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ragcli.chat.citing.support import (
    Claim,
    PreparedPassage,
    Similarity,
    StemWeights,
    numbers,
)
from ragcli.index.passages import Passage
from ragcli.language.vocabulary.words import words
from ragcli.models.builtin.embedder import BuiltinEmbedder

QUESTIONS = 600
DISTRACTORS = 5
ASKING = frozenset(
    words("what who when where which how why whom whose did does do was is were are")
)


class Collection:
    """Passages, and which of them a question could be mistaken to be about."""

    def __init__(self, place: Path, similarity: Similarity | None) -> None:
        self.evidence = {
            item["id"]: PreparedPassage(
                Passage(item["id"], item["id"], item["text"], 1.0, item["title"]),
                similarity,
            )
            for item in _lines(place / "corpus.jsonl.gz")
        }
        self._having: dict[str, list[str]] = defaultdict(list)
        for name, evidence in self.evidence.items():
            for stem in evidence.stems:
                self._having[stem].append(name)

    def similar(self, question: str, besides: str) -> list[str]:
        """Returns the passages that share most of a question's rare words."""
        scores: Counter[str] = Counter()
        for stem in Claim(question).stems("en"):
            having = self._having.get(stem, [])
            weight = math.log(len(self.evidence) / (len(having) or 1))
            scores.update(dict.fromkeys(having, weight))
        ranked = [name for name, _ in scores.most_common(DISTRACTORS + 1)]
        return [name for name in ranked if name != besides][:DISTRACTORS]


def judged(
    collection: Collection, question: dict[str, Any]
) -> Iterator[tuple[bool, bool]]:
    """Yields, for each passage, whether it is the right one and whether it holds."""
    asked = question["question"]
    body = " ".join(w for w in asked.rstrip("?").split() if w.lower() not in ASKING)
    allowed = frozenset(words(asked)) | numbers(asked)
    claim = Claim(f"The {body} is {question['answers'][0]}.", allowed)
    right = next(iter(question["relevant"]))
    group = [right, *collection.similar(asked, right)]
    weights = StemWeights([collection.evidence[name].stems for name in group])
    for name in group:
        yield name == right, collection.evidence[name].support(claim, weights).holds


def main(place: Path) -> None:
    """Prints one line a way of measuring."""
    embedder = BuiltinEmbedder()

    def cosine(one: str, other: str) -> float:
        first, second = embedder.embed([one, other])
        return float(first @ second)

    questions = [q for q in _lines(place / "questions.jsonl.gz") if q.get("answers")]
    random.Random(7).shuffle(questions)
    for name, similarity in (("words", None), ("words and cosine", cosine)):
        collection = Collection(place, similarity)
        found = [pair for q in questions[:QUESTIONS] for pair in judged(collection, q)]
        right = _mean([holds for is_right, holds in found if is_right])
        wrong = _mean([holds for is_right, holds in found if not is_right])
        balanced = (right + 1 - wrong) / 2
        print(f"{name}: right {right:.3f}, others {wrong:.3f}, balanced {balanced:.3f}")


def _mean(values: list[bool]) -> float:
    return sum(values) / len(values)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
