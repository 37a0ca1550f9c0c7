"""Vectors of an Ollama server are unit rows in order, and what breaks is one error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ragcli.config import Settings
from ragcli.errors import ModelFailed, ModelNotFound, ServerUnreachable
from ragcli.models.ollama.ollama_models import OllamaEmbedder
from ragcli.models.replies.vectors import normalised
from tests.fakes.ollama import FakeOllama, Fault, closed_port
from tests.fakes.ollama_protocol import FakeModel

NAME = "nomic-embed-text"


def test_rows_are_unit_vectors_in_order(settings: Settings) -> None:
    embedder = OllamaEmbedder(NAME, settings)

    rows = embedder.embed(["a lock is a file", "bread and butter", "a lock is a file"])

    assert (rows.shape, rows.dtype) == ((3, 32), np.dtype(np.float32))
    assert rows.flags.c_contiguous
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert np.array_equal(rows[0], rows[2])
    assert (embedder.id, embedder.dimension) == (f"ollama:{NAME}", 32)


def test_many_texts_go_in_batches(ollama: FakeOllama, settings: Settings) -> None:
    rows = OllamaEmbedder(NAME, settings).embed([f"text {i}" for i in range(150)])

    sizes = [len(seen.body["input"]) for seen in ollama.requests("/api/embed")]
    assert sizes == [16] * 9 + [6]
    assert len(rows) == 150


def test_no_text_is_no_row(ollama: FakeOllama, settings: Settings) -> None:
    assert OllamaEmbedder(NAME, settings).embed([]).shape[0] == 0
    assert not ollama.requests("/api/embed")


def test_an_empty_text_has_a_row(settings: Settings) -> None:
    assert OllamaEmbedder(NAME, settings).embed(["", "x"]).shape == (2, 32)


def test_a_model_that_changes_its_dimension_is_caught(
    ollama: FakeOllama, settings: Settings
) -> None:
    embedder = OllamaEmbedder(NAME, settings)
    embedder.embed(["one"])
    ollama.models[f"{NAME}:latest"] = FakeModel(
        f"{NAME}:latest", capabilities=("embedding",), dimension=48
    )

    with pytest.raises(ModelFailed, match="of 48 numbers, and of 32 before"):
        embedder.embed(["two"])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("status", code=500), "llama runner"),
        (Fault("malformed"), "cannot be read"),
        (Fault("stall", seconds=30), "silent for 1 s"),
    ],
)
def test_what_breaks_is_one_clear_error(
    ollama: FakeOllama, settings: Settings, fault: Fault, reason: str
) -> None:
    ollama.faults.append(fault)

    with pytest.raises(ModelFailed, match=reason):
        OllamaEmbedder(NAME, replace(settings, timeout="1s")).embed(["x"])


def test_no_server_and_no_model(settings: Settings) -> None:
    dead = replace(settings, ollama_host=f"127.0.0.1:{closed_port()}")

    with pytest.raises(ServerUnreachable):
        OllamaEmbedder(NAME, dead).embed(["x"])
    with pytest.raises(ModelNotFound) as met:
        OllamaEmbedder("nosuch", settings).embed(["x"])

    assert met.value.hint == "get it with: ragcli models pull nosuch"


@pytest.mark.parametrize(
    ("rows", "count", "reason"),
    [
        ([[1.0, 0.0]], 2, "1 vectors for 2 texts"),
        ([[1.0, 0.0], [1.0]], 2, "different lengths"),
        ([[float("nan"), 1.0]], 1, "not finite"),
    ],
)
def test_rows_that_cannot_be_used(
    rows: list[list[float]], count: int, reason: str
) -> None:
    with pytest.raises(ModelFailed, match=reason):
        normalised(rows, count, 0, "x:y")


def test_a_zero_row_stays_zero() -> None:
    assert not normalised([[0.0, 0.0]], 1, 2, "x:y").any()
