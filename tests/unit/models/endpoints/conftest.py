"""A server for each test, and the endpoint that points at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ragcli.config import EndpointSettings, Settings
from tests.fakes.openai_server import FakeOpenAI


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI("llamacpp", window=4096) as running:
        yield running


@pytest.fixture
def endpoint(server: FakeOpenAI) -> EndpointSettings:
    return EndpointSettings("lm", server.root)


@pytest.fixture
def settings(endpoint: EndpointSettings) -> Settings:
    return replace(Settings(), endpoints=(endpoint,), timeout="3s")
