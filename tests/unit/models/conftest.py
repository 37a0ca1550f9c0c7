"""A model server for each test, and settings that point at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ragcli.config import Settings
from tests.fakes.ollama import FakeOllama
from tests.patience import PATIENCE


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOllama]:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    monkeypatch.delenv("OLLAMA_API_KEY", raising=False)
    with FakeOllama() as server:
        yield server


@pytest.fixture
def settings(ollama: FakeOllama) -> Settings:
    return replace(Settings(), ollama_host=ollama.host, timeout="2s")


@pytest.fixture
def hung_up(ollama: FakeOllama) -> Callable[[], bool]:
    """Waits until the server has noticed that the last client went away."""
    return lambda: ollama.chats[-1].hung_up.wait(PATIENCE)
