"""Texts go to a server of the user's in batches; rows come in order, or one error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ragcli.config import EndpointSettings, Settings
from ragcli.errors import ModelFailed
from ragcli.models.endpoints.embedder import EndpointEmbedder
from ragcli.models.transport.embedding_batches import BATCH
from tests.fakes.openai_server import LOADING, MODEL, FakeOpenAI, Fault, failed


@pytest.fixture
def embedder(endpoint: EndpointSettings, settings: Settings) -> EndpointEmbedder:
    return EndpointEmbedder(endpoint, MODEL, settings)


def test_texts_go_as_they_are_in_small_batches_and_come_back_in_order(
    server: FakeOpenAI, embedder: EndpointEmbedder
) -> None:
    texts = [f"text number {n}" for n in range(3 * BATCH)]

    found = embedder.embed(texts)

    sent = [request.body["input"] for request in server.embeddings]
    assert [text for batch in sent for text in batch] == texts
    assert max(map(len, sent)) == BATCH
    assert embedder.dimension == found.shape[1]
    assert np.allclose(found[7], embedder.embed([texts[7]])[0])
    assert np.allclose(np.linalg.norm(found, axis=1), 1)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault("cut"), LOADING])
def test_the_same_batch_is_sent_again_after_what_passes(
    server: FakeOpenAI, embedder: EndpointEmbedder, fault: Fault
) -> None:
    server.faults.append(fault)

    embedder.embed(["one", "two"])

    first, second = server.embeddings
    assert first.body == second.body


def test_a_refusal_is_final(server: FakeOpenAI, embedder: EndpointEmbedder) -> None:
    server.always = failed(400, "this server does not support embeddings")

    with pytest.raises(ModelFailed, match="does not support embeddings"):
        embedder.embed(["one"])

    assert len(server.embeddings) == 1


def test_another_dimension_and_no_vectors_are_failures(
    server: FakeOpenAI, embedder: EndpointEmbedder
) -> None:
    embedder.embed(["one"])
    server.dimension = 8
    with pytest.raises(ModelFailed, match="vectors of 8 numbers"):
        embedder.embed(["one"])
    server.faults.append(Fault("empty"))
    with pytest.raises(ModelFailed, match="gave no vectors"):
        embedder.embed(["one"])


def test_silence_is_ended(server: FakeOpenAI, endpoint: EndpointSettings) -> None:
    impatient = replace(Settings(), timeout="1s")
    server.always = failed(503, "busy", retry_after="60")

    with pytest.raises(ModelFailed, match="busy"):
        EndpointEmbedder(endpoint, MODEL, impatient).embed(["one"])


def test_vectors_of_tokens_become_one_of_the_text(
    server: FakeOpenAI, embedder: EndpointEmbedder
) -> None:
    whole = embedder.embed(["one", "two"])
    server.by_token = True

    assert np.allclose(embedder.embed(["one", "two"]), whole)
