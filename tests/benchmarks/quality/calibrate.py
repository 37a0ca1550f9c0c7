"""Fits the weights of `ragcli.index.search.relevance` and says how well they tell.

Usage:
    python -m tests.benchmarks.quality.calibrate PREPARED PREPARED…

Each PREPARED was made by `prepare` from one collection. Answerable: a question asked
of its own collection. Unanswerable: asked of every other collection, and of its own
with all relevant documents left out (reported, but not fitted: what is found then is
about the very same subject). Each kind weighs the same. Refusing a question that can
be answered costs more than a needless answer, so the bias is set last: so that nearly
all of the first collection's questions are answered. Prints the weights for the
source, and the share of right decisions for each kind of question.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import numpy as np

from ragcli.chat.question_files import Question, read_questions
from ragcli.config import Settings
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.index.passages import SearchRequest
from ragcli.index.report import NoProgress
from ragcli.index.search import ranking
from ragcli.index.search.relevance import Features
from ragcli.index.search.retriever import Retriever
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.storage.files import Directory

QUESTIONS = 400
"""At most so many of each collection."""
STEPS = 4000
RATE = 0.5
DECAY = 1e-4
ANSWERED = 0.995
"""Share of the first collection's own questions that are answered at 0.5."""
LEFT_OUT = "without its answers"


class Recorder:
    """Stands in for the logistic model and keeps the evidence of the best passage."""

    def __init__(self) -> None:
        self.evidence: Features | None = None

    def __call__(self, evidence: Features, weights: object) -> float:
        """Keeps the first evidence of a search."""
        self.evidence = self.evidence or evidence
        return 1.0


def opened(prepared: Path, place: Path, embedder: BuiltinEmbedder) -> Retriever:
    """Returns a retriever over a collection, indexed in `place`."""
    directory = Directory.open(place / prepared.name, create=True)
    library = Library(LocalSnapshots(directory, None), lambda: embedder, Settings())
    library.add([prepared / "docs"], NoProgress())
    reader = library.reader()
    if reader is None:
        raise SystemExit(f"{prepared}: no documents")
    return Retriever([reader], embedder, Settings())


def examples(
    prepared: Sequence[Path], place: Path
) -> Iterator[tuple[str, bool, Features]]:
    """Yields the kind of each question, whether it can be answered, its evidence."""
    embedder = BuiltinEmbedder()
    retrievers = {path: opened(path, place, embedder) for path in prepared}
    for asked in prepared:
        questions = read_questions(asked / "questions.jsonl")
        for question in islice(questions, 0, None, max(1, len(questions) // QUESTIONS)):
            for path, retriever in retrievers.items():
                kind = f"{asked.name} of {path.name}"
                found = evidence(retriever, question, frozenset())
                if found:
                    yield kind, path == asked, found
            left_out = frozenset(
                str((asked / "docs" / name).absolute()) for name in question.relevant
            )
            found = evidence(retrievers[asked], question, left_out)
            if found:
                yield f"{asked.name} {LEFT_OUT}", False, found


def evidence(
    retriever: Retriever, question: Question, exclude: frozenset[str]
) -> Features | None:
    """Returns the evidence for the best passage of a search."""
    recorder = Recorder()
    with patch.object(ranking, "relevance", recorder):
        retriever.search(
            SearchRequest(question.question, question.history, limit=1, exclude=exclude)
        )
    return recorder.evidence


def fitted(features: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns bias and coefficients of a weighted logistic regression."""
    mean, deviation = features.mean(0), features.std(0) + 1e-9
    scaled = np.column_stack([np.ones(len(features)), (features - mean) / deviation])
    coefficients = np.zeros(scaled.shape[1])
    for _ in range(STEPS):
        share = 1 / (1 + np.exp(-scaled @ coefficients))
        gradient = scaled.T @ (weight * (share - labels)) / weight.sum()
        coefficients -= RATE * (gradient + DECAY * coefficients)
    slopes = coefficients[1:] / deviation
    return np.concatenate([[coefficients[0] - slopes @ mean], slopes])


def report(prepared: Sequence[Path], place: Path) -> None:
    """Fits, and prints weights and accuracies."""
    found = list(examples(prepared, place))
    kinds = [kind for kind, _, _ in found]
    labels = np.array([answerable for _, answerable, _ in found], float)
    rows = np.array([astuple(item) for _, _, item in found])
    first = np.array([kind == kinds[0] for kind in kinds])
    weight = balanced(kinds, labels)
    print("bias, coverage, maxsim, cosine, text")
    for name, columns in (("TOKENS", [0, 1, 2, 3]), ("NO_TOKENS", [0, 2, 3])):
        found_weights = fitted(rows[:, columns], labels, weight)
        logits = found_weights[0] + rows[:, columns] @ found_weights[1:]
        shift = np.quantile(logits[first], 1 - ANSWERED)
        print(name, np.round(found_weights - np.eye(len(columns) + 1)[0] * shift, 3))
        show(kinds, labels, logits - shift)


def balanced(kinds: Sequence[str], labels: np.ndarray) -> np.ndarray:
    """Returns weights that make both labels, and the kinds of each, count the same.

    Questions whose answers were left out count nothing.
    """
    sizes: dict[tuple[str, bool], int] = defaultdict(int)
    for kind, label in zip(kinds, labels, strict=True):
        sizes[kind, bool(label)] += LEFT_OUT not in kind
    fitted_kinds = [label for (kind, label) in sizes if LEFT_OUT not in kind]
    per_label = {label: fitted_kinds.count(label) for label in (False, True)}
    return np.array(
        [
            (LEFT_OUT not in kind)
            / max(1, sizes[kind, bool(label)])
            / per_label[bool(label)]
            for kind, label in zip(kinds, labels, strict=True)
        ]
    )


def show(kinds: Sequence[str], labels: np.ndarray, logits: np.ndarray) -> None:
    """Prints the share of right decisions for each kind, and their balance."""
    right = (logits >= 0) == (labels > 0)
    shares: dict[tuple[bool, str], float] = {}
    for kind in dict.fromkeys(kinds):
        mine = np.array([item == kind for item in kinds])
        shares[bool(labels[mine][0]), kind] = float(right[mine].mean())
    for (answerable, kind), share in sorted(shares.items(), reverse=True):
        print(f"  {'answered' if answerable else 'refused ':8} {share:.3f}  {kind}")
    shares = {key: share for key, share in shares.items() if LEFT_OUT not in key[1]}
    each = [np.mean([v for (a, _), v in shares.items() if a == of]) for of in (1, 0)]
    print(f"  balanced accuracy across collections {np.mean(each):.3f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        report([Path(argument) for argument in sys.argv[1:]], Path(scratch))
