"""How sure it is that the best candidate answers: one calibrated number in [0, 1].

A logistic model. It was fitted on SQuAD's questions asked of all its paragraphs, asked
when just the paragraph that answers was taken away, on questions asked of collections
that are about something else, and on questions over tables, settings, logs, mail and
office files. At 0.5 nine of ten right quotations are made; half of the questions whose
paragraph is gone are refused, and .75 to .9 of the foreign ones.
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


CALIBRATED = LogisticWeights(
    bias=-2.85,
    coverage=1.95,
    maxsim=1.19,
    source=0.11,
    lacks_kind=-2.16,
    anchors=1.24,
    is_structured=0.9,
    defines=1.58,
    is_attached=1.5,
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
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
