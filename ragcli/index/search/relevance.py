"""How sure it is that a passage answers: one calibrated number in [0, 1].

A logistic model over what retrieval knows of a passage anyway. Fitted by
`python -m tests.benchmarks.quality.calibrate` on questions asked of the collection
that answers them against the same questions asked of two other collections, with the
bias set so that 99.5 % of SQuAD's questions are answered at 0.5: refusing what can be
answered costs more than a needless answer. Means over three collections:

    threshold   answerable answered   foreign questions refused   balanced
    0.5         .99                   .64                         .81
    0.6         .97                   .70                         .84
    0.7         .96                   .76                         .86
    0.8         .93                   .83                         .88

A question whose own collection lost just the passage that answers it looks answerable
(.05 refused at 0.5): the rest is about the very same subject.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ragcli.frozen import frozen


@frozen
class Features:
    """The features of one passage; none of them depends on another passage."""

    coverage: float
    """Share of the question's idf that the passage has, title and headings included."""

    maxsim: float
    """Late interaction; 0 when there are no token vectors."""

    cosine: float
    """z-score of the cosine over all chunks."""

    text: float
    """z-score of the text score over all chunks."""


@frozen
class Coefficients:
    """Coefficients of the logistic model."""

    bias: float
    coverage: float
    maxsim: float
    cosine: float
    text: float


TOKENS = Coefficients(bias=-9.6, coverage=4.18, maxsim=12.1, cosine=0.38, text=0.06)
"""For an embedder with token vectors."""
ATTACHED = 3.5
"""Added to the log-odds for what came with a question, which is likely about it."""
WITH_OPTION = 3.5
"""Added where an option of the question, `-n` or `--quiet`, stands: its sign tells more
than its letter, of which nothing is known."""
NO_TOKENS = Coefficients(bias=-4.2, coverage=9.33, maxsim=0.0, cosine=0.45, text=0.0)
"""For any other embedder."""


def relevance(evidence: Features, weights: Coefficients, prior: float = 0.0) -> float:
    """Returns the probability that the passage holds the answer.

    Args:
        evidence: What speaks for it.
        weights: For the embedder that made its vectors.
        prior: Log-odds to add for what is known of it beforehand.
    """
    logit = (
        prior
        + weights.bias
        + weights.coverage * evidence.coverage
        + weights.maxsim * evidence.maxsim
        + weights.cosine * evidence.cosine
        + weights.text * evidence.text
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def falling(scores: Sequence[float]) -> list[float]:
    """Returns the scores with none above the one before it."""
    lowered: list[float] = []
    for score in scores:
        lowered.append(min(score, lowered[-1]) if lowered else score)
    return lowered
