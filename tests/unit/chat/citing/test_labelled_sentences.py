"""What attachment is measured on is in step with the handbook that it speaks of."""

from __future__ import annotations

import pytest

from tests.benchmarks.quality.attachment import FILES, labelled


@pytest.mark.parametrize("name", FILES)
def test_each_true_sentence_has_a_passage_that_says_it(name: str) -> None:
    sentences = list(labelled(name))  # which ends where a passage is missing

    assert sum(sentence.kind == "true" for sentence in sentences) > 30
    assert all(sentence.right for sentence in sentences if sentence.kind == "true")
