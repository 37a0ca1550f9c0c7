"""A question is compared with a text word by word, in the best of its windows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import ndarray

from ragcli.language.interaction import Interaction, importance
from ragcli.models.builtin.embedder import BuiltinEmbedder

PASSAGES = ["Locks are queued by the kernel. " * 12, "", "Cats sleep.", "word " * 70]


@pytest.fixture(scope="module")
def interaction(embedder: BuiltinEmbedder) -> Interaction:
    return Interaction(embedder.tokenize(PASSAGES), embedder)


def unit(vectors: ndarray) -> ndarray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: ndarray = vectors / np.maximum(lengths, 1e-30)
    return units


def test_maxsim_is_the_weighted_mean_of_best_cosines(
    interaction: Interaction, embedder: BuiltinEmbedder
) -> None:
    question = "Who queues locks?"
    asked, *held = embedder.tokenize([question, *PASSAGES])
    table = embedder.token_vectors().astype("f4")
    weight = importance(asked)
    expected = [
        float((unit(table[asked]) @ unit(table[ids]).T).max(1) @ weight / weight.sum())
        if len(ids)
        else 0.0
        for ids in held
    ]

    assert np.allclose(interaction.maxsim([(question, 1.0)]), expected, atol=1e-5)


def test_the_best_window_is_64_tokens_by_strides_of_32(
    interaction: Interaction, embedder: BuiltinEmbedder
) -> None:
    query = embedder.embed(["kernel locks"])[0]
    table = embedder.token_vectors().astype("f4")
    expected = []
    for ids in embedder.tokenize(PASSAGES):
        last = max(1, len(ids) - 32)
        windows = [ids[start : start + 64] for start in range(0, last, 32)]
        sums = np.array([table[window].sum(0) for window in windows])
        expected.append(float((unit(sums) @ query).max()) if len(ids) else 0.0)

    assert np.allclose(interaction.best_window(query), expected, atol=1e-5)


def test_rare_tokens_say_more(embedder: BuiltinEmbedder) -> None:
    common, rare = embedder.tokenize(["the", "Normandy"])

    assert importance(rare).max() > importance(common).max()


def test_nothing_asked_or_nothing_held_scores_nothing(
    interaction: Interaction, embedder: BuiltinEmbedder
) -> None:
    assert not interaction.maxsim([("", 1.0)]).any()
    assert len(Interaction([], embedder).maxsim([("question", 1.0)])) == 0


def test_a_question_as_long_as_a_document_is_compared_in_blocks(
    interaction: Interaction, embedder: BuiltinEmbedder
) -> None:
    """Of 300 distinct tokens, each twice, the weights add up; blocks change nothing."""
    words = [f"word{number} lock{number * 7}" for number in range(200)]
    once, twice = " ".join(words), " ".join([*words, *words])
    assert len(embedder.tokenize([once])[0]) > 256
    assert np.allclose(
        interaction.maxsim([(once, 1.0)]), interaction.maxsim([(twice, 1.0)]), atol=1e-3
    )
