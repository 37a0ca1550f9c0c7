"""How sure it is that the best candidate answers: one calibrated number in [0, 1].

A logistic model. It was fitted on SQuAD's questions asked of all its paragraphs, asked
when just the paragraph that answers was taken away, on questions asked of collections
that are about something else, and on questions over tables, settings, logs, mail and
office files. Then what stands out from nothing is doubted: where five candidates score
nearly alike, the best of them is the best of a crowd. At 0.5 .98 of the right
quotations over sixteen sets of questions are kept, and .71 of the wrong ones; .50 of
SQuAD's questions whose paragraph is gone are refused instead of .38, and .68 of the
foreign ones instead of .58.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ragcli.frozen import frozen
from ragcli.models.builtin.parsed_question import ParsedQuestion
from ragcli.models.builtin.scoring import CandidateFeatures, Scored


@frozen
class LogisticWeights:
    """Coefficients of the logistic model."""

    bias: float
    coverage: float
    maxsim: float
    source: float
    lacks_kind: float
    anchors: float
    is_structured: float
    defines: float
    is_attached: float
    holds_kind: float
    crowded: float


CROWD = 5
"""Candidates that score alike where none of them answers."""
CLEAR = 0.4
"""How far the best one leads a crowd when it answers, in units of the score."""
_SURE = 0.8
"""Share of the question from which a section that says it is no crowd."""
CALIBRATED = LogisticWeights(
    bias=-3.65,
    coverage=2.31,
    maxsim=1.87,
    source=0.12,
    lacks_kind=-3.2,
    anchors=1.66,
    is_structured=1.08,
    defines=3.0,
    is_attached=1.5,
    holds_kind=0.4,
    crowded=-20.0,
)


def confidence(
    ranked: Sequence[Scored],
    asked: ParsedQuestion,
    weights: LogisticWeights = CALIBRATED,
) -> float:
    """Returns the probability that the best candidate answers the question.

    Args:
        ranked: Candidates, best first, at least one.
        asked: The question.
        weights: Of the logistic model.
    """
    evidence: CandidateFeatures = ranked[0].evidence
    logit = (
        weights.bias
        + weights.coverage * evidence.coverage
        + weights.maxsim * evidence.maxsim
        + weights.source * evidence.source
        + weights.lacks_kind * evidence.lacks_kind
        + weights.anchors * evidence.anchors
        + weights.is_structured * evidence.is_structured
        + weights.defines * evidence.defines
        + weights.is_attached * evidence.is_attached
        + weights.holds_kind * evidence.holds_kind
    )
    logit += weights.crowded * _crowding(ranked, asked)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def _crowding(ranked: Sequence[Scored], asked: ParsedQuestion) -> float:
    """Returns how much the best candidate's lead falls short of a clear one.

    Items of a list score alike, and are asked for together. Where the best one has the
    numbers and identifiers of the question, those without are no company for it: rows
    are alike but for them.
    """
    if asked.wants_list:
        return 0.0
    crowd = ranked
    if asked.marks and _has(asked.marks, ranked[0]):
        crowd = [item for item in ranked if _has(asked.marks, item)]
    if crowd[0].evidence.instructs and crowd[0].evidence.coverage >= _SURE:
        crowd = _first_of_each_section(crowd)
    if len(crowd) < CROWD:
        return 0.0
    return max(0.0, CLEAR - (crowd[0].score - crowd[CROWD - 1].score))


def _first_of_each_section(ranked: Iterable[Scored]) -> list[Scored]:
    """Returns the best of what stands under the same headings, best first."""
    best: dict[tuple[str, ...], Scored] = {}
    for item in ranked:
        source = item.candidate.source
        best.setdefault((source.origin, source.name, *source.above), item)
    return list(best.values())


def _has(marks: frozenset[str], item: Scored) -> bool:
    text = item.candidate.text.lower()
    return all(mark in text for mark in marks)
