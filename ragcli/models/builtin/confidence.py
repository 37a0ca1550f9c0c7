"""How sure it is that the best candidate answers: one calibrated number in [0, 1].

A logistic model. It was fitted on SQuAD's questions asked of all its paragraphs, asked
when just the paragraph that answers was taken away, on questions asked of collections
that are about something else, and on questions over tables, settings, logs, mail and
office files. At 0.5, .95 of the right quotations are made; .39 of the questions whose
paragraph is gone are refused, and .61 to .85 of the foreign ones.
"""

from __future__ import annotations

import math

from ragcli.frozen import frozen
from ragcli.models.builtin.scoring import CandidateFeatures


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
)


def confidence(
    evidence: CandidateFeatures, weights: LogisticWeights = CALIBRATED
) -> float:
    """Returns the probability that a candidate answers the question."""
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
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
