"""Cancelling ends any stage of a question, for every way to a server, for good."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.chat.events import AskRequest, Event, Finished, Token
from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime
from ragcli.workspace import Workspace
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama import Fault as OllamaFault
from tests.fakes.openai_server import FakeOpenAI, Fault, failed
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

LONG = 60.0


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI("llamacpp", window=8192) as running:
        yield running


@pytest.fixture
def workspace(
    server: FakeOpenAI, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """A profile with one document, whose server may be called by two ways."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    home.mkdir(parents=True)
    (home / "config.toml").write_text(
        f'timeout = "90s"\n[endpoints.lm]\nurl = "{server.url}"\n'
    )
    (home / "config.toml").chmod(0o600)
    place = tmp_path / "locks.md"
    place.write_text("# Locks\n\nA commit waits at most ten seconds for the lock.\n")
    runtime = Runtime(flags={"model": "lm:smol"})
    with runtime.open() as opened:
        opened.library.add([place], NoProgress())
        yield opened


def cancelled(
    workspace: Workspace, stalled: threading.Event, *, writing: bool = False
) -> list[Event]:
    """Asks, cancels once the server stalls, and returns what happened until the end.

    With `writing`, the answer has begun by then.
    """
    cancel, begun = threading.Event(), threading.Event()
    events: list[Event] = []

    def ask() -> None:
        request = AskRequest("How long does it wait?", cancel=cancel)
        for event in workspace.ask(request):
            events.append(event)
            if isinstance(event, Token):
                begun.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    assert stalled.wait(PATIENCE), events
    assert not writing or begun.wait(PATIENCE), events
    time.sleep(0.2)  # most likely it is read from the server by now
    cancel.set()
    asking.join(PATIENCE)
    assert not asking.is_alive()
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.turn.status == "interrupted"
    return events


def arrived(server: FakeOpenAI, path: str, count: int = 1) -> threading.Event:
    """An event that is set with the `count`th request to a path from now on."""
    known = len(server.seen)
    found = threading.Event()

    def watch() -> None:
        while not found.is_set():
            fresh = [one for one in server.seen[known:] if one.path.endswith(path)]
            if len(fresh) >= count:
                found.set()
            time.sleep(0.01)

    threading.Thread(target=watch, daemon=True).start()
    return found


def nothing_follows(server: FakeOpenAI) -> None:
    """Makes sure that the last request was left, and no other was sent."""
    last, count = server.seen[-1], len(server.seen)
    assert last.hung_up.wait(PATIENCE)
    time.sleep(0.5)
    assert len(server.seen) == count


@pytest.mark.parametrize("spec", ["lm:smol", "openai:smol"])
@pytest.mark.parametrize("stage", ["reading", "thinking", "writing"])
def test_an_answer(
    workspace: Workspace, server: FakeOpenAI, spec: str, stage: str
) -> None:
    workspace.use_model(spec)
    server.reasoning = "Let me think about it."
    server.faults.append(
        Fault("stall", after={"reading": 0, "thinking": 2, "writing": 7}[stage])
    )

    events = cancelled(
        workspace, arrived(server, "/chat/completions"), writing=stage == "writing"
    )

    nothing_follows(server)
    last = events[-1]
    assert isinstance(last, Finished)
    assert bool(last.turn.answer) is (stage == "writing")


@pytest.mark.parametrize("spec", ["lm:smol", "openai:smol"])
def test_a_follow_up_that_is_rewritten_is_not_answered(
    workspace: Workspace, server: FakeOpenAI, spec: str
) -> None:
    workspace.use_model(spec)
    list(workspace.ask(AskRequest("What is a commit?")))
    server.faults.append(Fault("stall"))

    cancelled(workspace, arrived(server, "/chat/completions"))

    nothing_follows(server)


@pytest.mark.parametrize("spec", ["lm:smol", "openai:smol"])
def test_a_server_that_asked_to_wait(
    workspace: Workspace, server: FakeOpenAI, spec: str
) -> None:
    workspace.use_model(spec)
    server.always = failed(429, "slow down", retry_after="30")

    cancelled(workspace, arrived(server, "/chat/completions"))

    count = len(server.seen)
    time.sleep(0.5)
    assert len(server.seen) == count


def test_looking_for_the_model(workspace: Workspace, server: FakeOpenAI) -> None:
    server.slow_lists = LONG

    cancelled(workspace, arrived(server, "/models"))

    nothing_follows(server)


@pytest.mark.parametrize("spec", ["lm:embed", "openai:embed"])
def test_embedding_the_question(
    workspace: Workspace, server: FakeOpenAI, tmp_path: Path, spec: str
) -> None:
    server.models.append("embed")
    place = tmp_path / "more.md"
    place.write_text("# Keys\n\nA key is kept in the keyring.\n")
    runtime = Runtime(flags={"model": "lm:smol", "embedder": spec})
    with runtime.open() as opened:
        readers = opened.retriever(None, [place])
        assert readers is not None
        server.faults.append(Fault("status", code=429, headers=(("Retry-After", "9"),)))
        cancel = threading.Event()
        ended: list[Event] = []

        def ask() -> None:
            request = AskRequest("Where is the key?", cancel=cancel, record=False)
            ended.extend(opened.ask(request, [place]))

        asking = threading.Thread(target=ask, daemon=True)
        seen = arrived(server, "/embeddings")
        asking.start()
        assert seen.wait(PATIENCE)
        time.sleep(0.2)
        cancel.set()
        asking.join(PATIENCE)
        assert not asking.is_alive()
        assert isinstance(ended[-1], Finished)
        assert not server.chats


@pytest.mark.parametrize("after", [0, 2])
def test_an_answer_of_an_ollama(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    with FakeOllama() as ollama:
        monkeypatch.setenv("OLLAMA_HOST", ollama.host)
        workspace.use_model("ollama:llama3.2")
        ollama.faults.append(OllamaFault("stall", after=after))
        arrived = threading.Event()
        asking = threading.Thread(target=_until, args=(ollama, arrived), daemon=True)
        asking.start()

        cancelled(workspace, arrived)

        assert ollama.chats[-1].hung_up.wait(PATIENCE)
        assert len(ollama.chats) == 1


def _until(ollama: FakeOllama, arrived: threading.Event) -> None:
    while not ollama.chats:
        time.sleep(0.01)
    arrived.set()
