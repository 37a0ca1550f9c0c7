"""Few false claims pass as verified, and true ones in other words are kept."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.benchmarks.quality.mutations import FILES, judged, sentences


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_false_claims_are_not_verified_and_true_ones_not_refused(name: str) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for sentence in sentences(name):
        truth = "false"
        if sentence.is_true:
            truth = "exact" if sentence.kind == "exact" else "true"
        counts[truth, judged(sentence, None)] += 1

    def share(truth: str, outcome: str) -> float:
        whole = sum(count for (told, _), count in counts.items() if told == truth)
        return counts[truth, outcome] / whole

    assert share("exact", "verified") == 1
    assert share("false", "verified") <= 0.15
    assert share("true", "refused") <= 0.1
    assert share("true", "verified") >= 0.7
