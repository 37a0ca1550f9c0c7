"""How often a sentence without a marker gets its source, and how often a false one.

Usage:
    python -m tests.benchmarks.quality.attachment [-v] [--squad DIRECTORY]

`attachment.txt`, and `attachment-unseen.txt` that no rule was made after, have passages
with sentences as small models write them: true ones with a phrase of the passage that
says them, false ones, and such as claim nothing. Each is put to the filter of answers
as it would come from a model, and what is attached is counted:

- precision: right attachments of all;
- recall: true sentences with the right passage attached;
- false support: false sentences with anything attached;
- alarms: true sentences that are called unsupported, and false ones that are.

Beside it stands what shares of words alone would attach. `--squad` reads a collection
of questions with answers in the form that README.md has: each answer's sentence as it
stands is true, and with another answer of the same article in its place it is false.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ragcli.chat.citing.citations import MarkerFilter
from ragcli.chat.citing.support import (
    LIKELY,
    Claim,
    PreparedPassage,
    StemWeights,
    numbers,
)
from ragcli.index.passages import Passage
from ragcli.language.sentences import sentence_spans
from ragcli.language.vocabulary.words import words
from tests.benchmarks.quality.sample_passages import of_sample, of_text, squeezed

HERE = Path(__file__).parent
FILES = ("attachment.txt", "attachment-unseen.txt")
AROUND = 3
"""Paragraphs before and after that stand beside a collection's in its prompt."""
MOST = 600
"""Sentences that are taken of a collection."""

Similarity = Callable[[str, str], float]


@dataclass(frozen=True)
class Labelled:
    """A sentence of an answer, and what is known of it."""

    kind: str
    """`true`, `free`, or what makes it false."""
    text: str
    phrase: str
    """Stands in each passage that says it; "" where none does."""
    question: str
    passages: tuple[Passage, ...] = field(repr=False)

    @property
    def right(self) -> set[int]:
        """The numbers of the passages that say it."""
        wanted = squeezed(self.phrase)
        return {
            number
            for number, passage in enumerate(self.passages, 1)
            if wanted and wanted in squeezed(passage.text)
        }


@dataclass(frozen=True)
class Outcome:
    """What became of a sentence."""

    numbers: frozenset[int] = frozenset()
    """The passages that were attached."""
    unsupported: bool = False


@dataclass(frozen=True)
class Counted:
    """Figures over a number of sentences."""

    true: int
    false: int
    free: int
    right: int
    """True sentences that have a right passage and no other."""
    wrong: int
    """True sentences with another passage."""
    misled: int
    """False sentences with any."""
    alarms: int
    """True sentences that are called unsupported."""
    caught: int
    """False sentences that are."""
    touched: int
    """Sentences that claim nothing, and were judged."""

    @property
    def precision(self) -> float:
        """Right attachments of all."""
        return self.right / max(1, self.right + self.wrong + self.misled)

    @property
    def recall(self) -> float:
        """True sentences with the right passage."""
        return self.right / max(1, self.true)

    @property
    def false_support(self) -> float:
        """False sentences that something was attached to."""
        return self.misled / max(1, self.false)


def labelled(name: str) -> Iterator[Labelled]:
    """Yields the sentences of one of `FILES`."""
    passages: list[Passage] = []
    question, language = "", ""
    text: list[str] | None = None
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if text is not None:
            if line != "--":
                text.append(line)
                continue
            paragraphs = "\n".join(text).split("\n\n")
            passages, text = _of_texts(paragraphs, language), None
        elif word == "samples":
            passages = [p for file in rest.split() for p in of_sample(file)]
        elif word == "passages":
            language, text = rest, []
        elif word == "asked":
            question = rest
        elif word in {"true", "false", "free"}:
            note, _, said = rest.rpartition("=> ")
            phrase = note.strip() if word == "true" else ""
            kind = note.strip() if word == "false" else word
            found = Labelled(kind, said, phrase, question, tuple(passages))
            if word == "true" and not found.right:
                raise SystemExit(f"{name}: no passage has {phrase!r}")
            yield found


def of_collection(place: Path) -> Iterator[Labelled]:
    """Yields a true and a false sentence for each question of a collection.

    Args:
        place: Its directory; see README.md. Questions need answers that stand in the
            passages.
    """
    texts = {one["id"]: one for one in _lines(place / "corpus.jsonl.gz")}
    articles: dict[str, list[str]] = {}
    for one in texts.values():
        articles.setdefault(one["title"], []).append(one["text"])
    answers: dict[str, list[str]] = {}
    asked = []
    for one in _lines(place / "questions.jsonl.gz"):
        paragraph = texts.get(next(iter(one["relevant"])))
        if paragraph and one.get("answers"):
            asked.append((one["question"], one["answers"][0], paragraph))
            answers.setdefault(paragraph["title"], []).append(one["answers"][0])
    for number, (question, answer, paragraph) in enumerate(asked):
        text, near = paragraph["text"], articles[paragraph["title"]]
        start = text.find(answer)
        end = start + len(answer)
        spans = sentence_spans(text, 0, len(text))
        span = next((s for s in spans if s[0] <= start and end <= s[1]), None)
        others = answers[paragraph["title"]]
        others = others[number % len(others) :] + others
        at = near.index(text)
        passages = tuple(_of_texts(near[max(0, at - AROUND) : at + AROUND + 1], "en"))
        whole = " ".join(passage.text for passage in passages)
        other = next((one for one in others if one not in whole), "")
        if start < 0 or span is None or not other:
            continue
        said = text[span[0] : span[1]]
        true = Labelled("true", said, said, question, passages)
        yield true
        changed = text[span[0] : start] + other + text[end : span[1]]
        yield replace(true, kind="answer", text=changed, phrase="")


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def attached(sentence: Labelled, similarity: Similarity | None) -> Outcome:
    """Returns what the filter of answers makes of a sentence."""
    markers = MarkerFilter(
        sentence.passages, sentence.question, similarity, attaches=True
    )
    markers.feed(sentence.text)
    found = markers.close()
    return Outcome(
        frozenset(citation.marker for citation in found.citations),
        bool(found.unsupported),
    )


def by_words(sentence: Labelled, _: Similarity | None) -> Outcome:
    """Returns what shares of words alone would attach."""
    evidence = [PreparedPassage(passage) for passage in sentence.passages]
    allowed = frozenset(words(sentence.question)) | numbers(sentence.question)
    claim = Claim(sentence.text, allowed)
    weights = StemWeights([item.stems for item in evidence])
    shares = [item.support(claim, weights).share for item in evidence]
    best = max(shares, default=0.0)
    if best < LIKELY:
        return Outcome(unsupported=True)
    return Outcome(frozenset({1 + shares.index(best)}))


def counted(found: Sequence[tuple[Labelled, Outcome]]) -> Counted:
    """Returns the figures of some outcomes."""
    true = [pair for pair in found if pair[0].kind == "true"]
    free = [pair for pair in found if pair[0].kind == "free"]
    false = [pair for pair in found if pair[0].kind not in {"true", "free"}]
    having = [pair for pair in true if pair[1].numbers]
    right = sum(outcome.numbers <= sentence.right for sentence, outcome in having)
    return Counted(
        true=len(true),
        false=len(false),
        free=len(free),
        right=right,
        wrong=len(having) - right,
        misled=sum(bool(outcome.numbers) for _, outcome in false),
        alarms=sum(outcome.unsupported for _, outcome in true),
        caught=sum(outcome.unsupported for _, outcome in false),
        touched=sum(bool(o.numbers) or o.unsupported for _, o in free),
    )


def cosine_of_words() -> Similarity:
    """Returns the similarity that answers are checked with."""
    from ragcli.models.builtin.embedder import BuiltinEmbedder

    embedder = BuiltinEmbedder()

    def cosine(one: str, other: str) -> float:
        first, second = embedder.embed([one, other])
        return float(first @ second)

    return cosine


def main() -> None:
    """Prints the figures of each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-v", action="store_true", help="list what comes out wrong")
    parser.add_argument("--squad", type=Path, help="a collection")
    given = parser.parse_args()
    similarity = cosine_of_words()
    sets = {name: list(labelled(name)) for name in FILES}
    if given.squad:
        sets[given.squad.name] = list(islice(of_collection(given.squad), MOST))
    for name, sentences in sets.items():
        for how in (by_words, attached):
            found = [(one, how(one, similarity)) for one in sentences]
            print(f"{name}, {how.__name__}: {_told(counted(found))}")
            if given.v and how is attached:
                for sentence, outcome in found:
                    _complain(sentence, outcome)


def _told(figures: Counted) -> str:
    return (
        f"precision {figures.precision:.3f}, recall {figures.recall:.3f} "
        f"({figures.right} of {figures.true}), false support "
        f"{figures.false_support:.3f} ({figures.misled} of {figures.false}), "
        f"wrong passage {figures.wrong}, true called unsupported {figures.alarms}, "
        f"false called so {figures.caught}, judged of {figures.free} that claim "
        f"nothing {figures.touched}"
    )


def _complain(sentence: Labelled, outcome: Outcome) -> None:
    """Prints a sentence that came out wrong."""
    is_true = sentence.kind == "true"
    good = bool(outcome.numbers) and outcome.numbers <= sentence.right
    if sentence.kind == "free":
        good = outcome == Outcome()
    elif not is_true:
        good = not outcome.numbers
    if not good:
        told = "unsupported" if outcome.unsupported else sorted(outcome.numbers)
        print(f"  {sentence.kind}: {told or 'open'}: {sentence.text}")


def _of_texts(texts: Sequence[str], language: str) -> list[Passage]:
    return [
        passage
        for number, text in enumerate(texts)
        for passage in of_text(text, f"{number}.txt", language)
    ]


if __name__ == "__main__":
    main()
