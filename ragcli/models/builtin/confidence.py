"""How sure it is that the best candidate answers: one calibrated number in [0, 1].

A logistic model, fitted on SQuAD's questions asked of all its paragraphs, asked when
just the paragraph that answers was taken away, and on questions asked of collections
that are about something else. The number says whether a candidate is worth quoting:
at 0.5 .92 of the right quotations are made; .50 of the questions whose paragraph is
gone are refused, and .82 to .95 of the foreign ones.
"""

from __future__ import annotations

import math

from ragcli.frozen import frozen
from ragcli.models.builtin.scoring import Evidence


@frozen
class Weights:
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


CALIBRATED = Weights(
    bias=-4.05,
    coverage=2.1,
    maxsim=3.7,
    source=0.2,
    lacks_kind=-1.1,
    anchors=0.5,
    is_structured=0.9,
    defines=1.0,
    is_attached=1.5,
)


def confidence(evidence: Evidence, weights: Weights = CALIBRATED) -> float:
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
