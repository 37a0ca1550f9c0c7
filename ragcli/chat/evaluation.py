"""Measures retrieval and answers on a file of questions.

Conventions of trec_eval: linear gain in nDCG, recall over all relevant documents,
a document ranks where its best chunk does. Grades of zero and below are not
relevant; questions without relevant documents count in no retrieval figure.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from itertools import pairwise
from typing import Any

from ragcli.chat.question_files import Question
from ragcli.frozen import frozen
from ragcli.index.passages import SearchResult
from ragcli.index.protocols import Progress
from ragcli.language.markers import without_markers
from ragcli.language.sentences import split_sentences

RECALL_AT = (1, 3, 5, 10)
NDCG_AT = (5, 10)
MRR_AT = 10
SENTENCES_AT = (1, 3)
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
CHUNKS = 40
"""How many chunks to retrieve, so that ten different documents are among them."""

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_NOT_WORD = re.compile(r"[\W_]+")


@frozen
class Answered:
    """What came back for one question."""

    text: str
    """The answer, with its markers; "" for "nothing relevant"."""

    cited: tuple[str, ...] = ()
    """Path of the document behind each citation."""

    confidence: float = math.nan
    """How sure the model is that it answers, in [0, 1]; NaN when it does not tell."""


@frozen
class Risk:
    """What a threshold of confidence costs and brings."""

    threshold: float
    """Confidence from which an answer is given."""

    answered: float
    """Share of the judged questions that are answered."""

    wrong: float
    """Share of these answers that are wrong; 0 without answers."""


@frozen
class Evaluation:
    """Figures over all questions; a share is NaN when no question counts for it."""

    questions: int
    """How many were asked."""

    recall: Mapping[int, float]
    """Share of the relevant documents among the first k."""

    ndcg: Mapping[int, float]
    """Normalised discounted cumulative gain of the first k."""

    mrr: float
    """Mean reciprocal rank of the first relevant document, 0 beyond the tenth."""

    answer_in: Mapping[int, float]
    """Share of questions with answers whose first k answer sentences hold one."""

    citation_precision: float
    """Share of all citations that name a relevant document."""

    answered: float
    """Share of questions that got an answer at all."""

    latency_ms: Mapping[str, float]
    """`p50` and `p95` of one question: search, and answer where it was asked for."""

    risk: tuple[Risk, ...] = ()
    """At several thresholds; () when no answer was judged or told its confidence."""

    best_threshold: float = math.nan
    """Where most right answers remain once each wrong one is taken off."""

    details: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """The figures of each question, in order, with its `id`."""

    def as_json(self) -> dict[str, Any]:
        """Returns the document that `ragcli eval --json` prints."""
        return {
            "questions": self.questions,
            "recall": _printed(self.recall),
            "ndcg": _printed(self.ndcg),
            "mrr": _rounded(self.mrr),
            "answer_in": _printed(self.answer_in),
            "citation_precision": _rounded(self.citation_precision),
            "answered": _rounded(self.answered),
            "latency_ms": _printed(self.latency_ms),
            "risk": [
                {
                    "threshold": item.threshold,
                    "answered": _rounded(item.answered),
                    "wrong": _rounded(item.wrong),
                }
                for item in self.risk
            ],
            "best_threshold": _rounded(self.best_threshold),
        }


Search = Callable[[Question], SearchResult]
"""Retrieves at least `CHUNKS` passages for a question with its history."""
Answer = Callable[[Question, SearchResult], Answered]
"""Answers a question from what was retrieved for it."""


def evaluate(
    questions: Sequence[Question],
    search: Search,
    answer: Answer | None,
    progress: Progress,
) -> Evaluation:
    """Asks every question and returns the figures.

    Args:
        questions: What to ask.
        search: Retrieves; called once a question.
        answer: Answers, called for every question; None measures retrieval alone.
        progress: Told about each question.
    """
    progress.start(len(questions), "questions")
    rows = []
    for question in questions:
        rows.append(_measured(question, search, answer))
        progress.step(question.id)
    return _summed(rows)


def compare(
    questions: Sequence[Question],
    searches: Mapping[str, Search],
    answer: Answer | None,
    progress: Progress,
) -> dict[str, Evaluation]:
    """Returns the figures of several ways to search, by name, in their order."""
    return {
        name: evaluate(questions, search, answer, progress)
        for name, search in searches.items()
    }


def _measured(
    question: Question, search: Search, answer: Answer | None
) -> dict[str, Any]:
    """Returns the figures of one question; those it does not count for are absent."""
    started = time.perf_counter()
    retrieved = search(question)
    answered = answer(question, retrieved) if answer else None
    row: dict[str, Any] = {
        "id": question.id,
        "latency_ms": (time.perf_counter() - started) * 1000,
    }
    if question.relevant:
        documents = dict.fromkeys(
            path for item in retrieved.passages for path in (item.path, *item.copies)
        )
        row |= _ranked(_gains(documents, question.relevant), question.relevant)
    if answered is not None:
        row["answered"] = float(bool(answered.text.strip()))
        row |= _answer_figures(question, answered)
    return row


def _gains(documents: Iterable[str], relevant: Mapping[str, float]) -> list[float]:
    """Returns the grade of each document in rank order; each PATH counts once."""
    left = dict(relevant)
    gains = []
    for document in documents:
        name = next((path for path in left if _is_named(document, path)), None)
        gains.append(left.pop(name) if name is not None else 0.0)
    return gains


def _is_named(document: str, path: str) -> bool:
    """Tells whether PATH is a document's path or the end of it."""
    return document == path or document.endswith("/" + path)


def _ranked(gains: Sequence[float], relevant: Mapping[str, float]) -> dict[str, Any]:
    ideal = sorted(relevant.values(), reverse=True)
    first = next((rank for rank, gain in enumerate(gains[:MRR_AT], 1) if gain), 0)
    figures: dict[str, Any] = {
        f"recall@{k}": sum(gain > 0 for gain in gains[:k]) / len(relevant)
        for k in RECALL_AT
    }
    figures |= {f"ndcg@{k}": _dcg(gains[:k]) / _dcg(ideal[:k]) for k in NDCG_AT}
    return figures | {"mrr": 1 / first if first else 0.0}


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _answer_figures(question: Question, answered: Answered) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if question.answers:
        sentences = split_sentences(without_markers(answered.text))
        wanted = [_bare(answer) for answer in question.answers]
        for k in SENTENCES_AT:
            bare_text = f" {_bare(' '.join(sentences[:k]))} "
            figures[f"answer_in@{k}"] = float(
                any(f" {w} " in bare_text for w in wanted if w)
            )
    if question.is_judged and not math.isnan(answered.confidence):
        bare_text = f" {_bare(without_markers(answered.text))} "
        right = any(f" {_bare(answer)} " in bare_text for answer in question.answers)
        figures["judged"] = (answered.confidence, right)
    if question.relevant and answered.cited:
        figures["citations"] = [
            any(_is_named(document, path) for path in question.relevant)
            for document in answered.cited
        ]
    return figures


def _bare(text: str) -> str:
    """Returns text as SQuAD compares answers: no case, punctuation or articles."""
    return " ".join(_ARTICLE.sub(" ", _NOT_WORD.sub(" ", text.lower())).split())


def _summed(rows: Sequence[Mapping[str, Any]]) -> Evaluation:
    def mean(name: str) -> float:
        return _mean([row[name] for row in rows if name in row])

    latencies = sorted(row["latency_ms"] for row in rows)
    cited = [hit for row in rows for hit in row.get("citations", ())]
    judged = [row["judged"] for row in rows if "judged" in row]
    return Evaluation(
        questions=len(rows),
        recall={k: mean(f"recall@{k}") for k in RECALL_AT},
        ndcg={k: mean(f"ndcg@{k}") for k in NDCG_AT},
        mrr=mean("mrr"),
        answer_in={k: mean(f"answer_in@{k}") for k in SENTENCES_AT},
        citation_precision=_mean(cited),
        answered=mean("answered"),
        latency_ms={name: _percentile(latencies, share) for name, share in _LATENCIES},
        risk=tuple(_risk(judged, at) for at in THRESHOLDS) if judged else (),
        best_threshold=best_threshold(judged) if judged else math.nan,
        details=tuple(rows),
    )


def _risk(judged: Sequence[tuple[float, bool]], threshold: float) -> Risk:
    given = [right for confidence, right in judged if confidence >= threshold]
    wrong = given.count(False) / len(given) if given else 0.0
    return Risk(threshold, len(given) / len(judged), wrong)


def best_threshold(judged: Sequence[tuple[float, bool]]) -> float:
    """Returns the threshold at which right answers outnumber wrong ones the most.

    Halfway between two confidences; of several that do as well the one nearest to 0.5.

    Args:
        judged: Confidence of each answer, and whether it is right; at least one.
    """
    known = sorted({0.0, 1.0, *(confidence for confidence, _ in judged)})
    between = [(low + high) / 2 for low, high in pairwise(known)]

    def gain(threshold: float) -> int:
        return sum(
            1 if right else -1
            for confidence, right in judged
            if confidence >= threshold
        )

    return max(between, key=lambda at: (gain(at), -abs(at - 0.5)))


_LATENCIES = (("p50", 0.5), ("p95", 0.95))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Returns the smallest value that `share` of the values do not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def _printed(figures: Mapping[Any, float]) -> dict[str, float | None]:
    return {str(name): _rounded(value) for name, value in figures.items()}
