"""Real servers, each started once, and some documents for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.real_model.model_server import NAME, ModelServer, NoRealModelError

MODEL = f"real:{NAME}"
TOPICS = {
    "lock": "A commit waits for the lock at most ten seconds. Readers take no lock.",
    "key": "The key is kept in the safe of the harbour office. It opens the gate.",
    "pump": "The pump runs for two hours a night. Petra Voss looks after it.",
    "ferry": "The ferry sails four times a day and takes fifty minutes.",
}


def _served(
    factory: pytest.TempPathFactory, window: int, *, embeds: bool = False
) -> Iterator[ModelServer]:
    try:
        with ModelServer(factory.mktemp("server") / "log", window, embeds=embeds) as it:
            yield it
    except NoRealModelError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    yield from _served(tmp_path_factory, 8192)


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    yield from _served(tmp_path_factory, 2048)


@pytest.fixture(scope="module")
def embedding_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    yield from _served(tmp_path_factory, 2048, embeds=True)


Ready = Callable[[ModelServer], Callable[..., Ran]]


@pytest.fixture
def ready(run_process: Callable[..., Ran], tmp_path: Path) -> Ready:
    """Makes a server the endpoint `real`, over a few short documents."""

    def made(server: ModelServer) -> Callable[..., Ran]:
        for key, value in (
            ("endpoints.real.url", server.url),
            ("model", MODEL),
            ("max_tokens", "48"),
            ("timeout", "10m"),
            ("retrieval.k", "2"),
        ):
            assert run_process("config", "set", key, value).code == 0
        for topic, text in TOPICS.items():
            (tmp_path / f"{topic}.md").write_text(f"# The {topic}\n\n{text}\n")
        assert run_process("docs", "add", str(tmp_path)).code == 0
        return partial(run_process, timeout=500)

    return made
