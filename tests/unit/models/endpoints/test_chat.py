"""A chat model of a server that the user names, over real HTTP."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ragcli.config import EndpointSettings, Settings
from ragcli.errors import (
    ModelFailed,
    ModelNotFound,
    ModelUnavailable,
    ServerBusy,
    ServerUnreachable,
)
from ragcli.models.base import (
    Ended,
    Exchange,
    Prompt,
    Reading,
    Source,
    Thought,
    Usage,
    Waiting,
)
from ragcli.models.endpoints.chat_model import (
    DEFAULT_WINDOW,
    SHORT_ANSWER,
    EndpointModel,
)
from ragcli.models.transport.connections import Connections
from tests.fakes.openai_server import LOADING, MODEL, FakeOpenAI, Fault, failed
from tests.patience import PATIENCE

SOURCE = Source(1, "A lock is a file. It is held.", "docs/locks.md:1-2", "prose", 0.9)
PROMPT = Prompt("What is a lock?", "lock", (SOURCE,), boundary="b0undary")


@pytest.fixture
def model(endpoint: EndpointSettings, settings: Settings) -> EndpointModel:
    return EndpointModel(endpoint, MODEL, settings)


def said(model: EndpointModel, prompt: Prompt = PROMPT) -> str:
    return "".join(piece for piece in model.stream(prompt) if isinstance(piece, str))


def test_an_answer_arrives_piece_by_piece_with_its_cost(
    server: FakeOpenAI, model: EndpointModel
) -> None:
    server.replies.append(["A lock", " is a file", " [1]."])

    pieces = list(model.stream(PROMPT))

    assert pieces[:3] == ["A lock", " is a file", " [1]."]
    end = pieces[3]
    assert isinstance(end, Ended)
    assert isinstance(end.usage, Usage)
    assert (end.reason, end.usage.completion) == ("stop", 3)
    assert end.usage.cached == end.usage.prompt // 2 > 0


def test_the_server_gets_limits_stops_and_every_message(
    server: FakeOpenAI, endpoint: EndpointSettings, settings: Settings
) -> None:
    asked = replace(
        PROMPT, history=(Exchange("Hello?", "Hi."),), instructions="Be kind."
    )
    chosen = replace(settings, seed=7, top_p=0.9, stop=("END",), max_tokens=99)

    said(EndpointModel(endpoint, MODEL, chosen), asked)

    body = server.chats[-1].body
    assert (body["seed"], body["top_p"], body["max_tokens"]) == (7, 0.9, 99)
    assert body["stop"][-1] == "END"
    assert any("<<passage" in stop for stop in body["stop"])
    assert [m["role"] for m in body["messages"]] == [
        "system", "user", "assistant", "user",
    ]  # fmt: skip
    assert "Be kind." in body["messages"][0]["content"]


def test_an_answer_never_asks_for_more_than_the_window_has_left(
    server: FakeOpenAI, model: EndpointModel
) -> None:
    server.window = 700

    said(model)

    assert server.chats[-1].body["max_tokens"] < 700


@pytest.mark.parametrize(
    ("kind", "window"),
    [("llamacpp", 2048), ("vllm", 3000), ("lmstudio", 5000), ("ollama", 4096)],
)
def test_the_window_is_what_the_server_says(kind: str, window: int) -> None:
    with FakeOpenAI(kind, window=window) as running:
        found = EndpointModel(EndpointSettings("lm", running.url), MODEL, Settings())

        assert found.window() == window


def test_a_window_that_nobody_says_is_assumed_and_one_that_is_set_is_kept(
    settings: Settings,
) -> None:
    with FakeOpenAI() as running:
        endpoint = EndpointSettings("lm", running.url)
        assert EndpointModel(endpoint, MODEL, settings).window() == DEFAULT_WINDOW
        told = replace(endpoint, window=1000)
        assert EndpointModel(told, MODEL, settings).window() == 1000
        wider = replace(settings, context_window=500)
        assert EndpointModel(told, MODEL, wider).window() == 500


def test_reasoning_and_progress_come_apart(
    server: FakeOpenAI, model: EndpointModel
) -> None:
    server.reasoning, server.progress = "I see.", [(512, 900), (900, 900)]
    server.replies.append(["Yes."])
    model.window()

    pieces = list(model.stream(PROMPT))

    assert pieces[:2] == [Reading(512, 900), Reading(900, 900)]
    assert "".join(p.text for p in pieces if isinstance(p, Thought)) == "I see."
    assert [p for p in pieces if isinstance(p, str)] == ["Yes."]


@pytest.mark.parametrize(
    "name", ["temperature", "stop", "max_tokens", "stream_options", "return_progress"]
)
def test_what_a_model_refuses_is_left_out_once_and_for_good(
    server: FakeOpenAI, model: EndpointModel, name: str
) -> None:
    server.refuses = {name}
    model.window()

    assert said(model)
    assert said(model)

    bodies = [chat.body for chat in server.chats]
    assert [name in body for body in bodies] == [True, False, False]
    renamed = "max_completion_tokens" in bodies[-1]
    assert renamed == (name == "max_tokens")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("unfinished"), "unfinished"),
        (Fault("tools"), "tools"),
        (Fault("empty"), "stop"),
        (Fault("thoughts"), "stop"),
    ],
)
def test_how_an_answer_ends_is_told(
    server: FakeOpenAI, model: EndpointModel, fault: Fault, reason: str
) -> None:
    server.faults.append(fault)

    end = list(model.stream(PROMPT))[-1]

    assert isinstance(end, Ended)
    assert end.reason == reason


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "length"), ("content_filter", "filter")]
)
def test_a_cut_answer_says_so(
    server: FakeOpenAI, model: EndpointModel, finish: str, reason: str
) -> None:
    server.finish = finish

    end = list(model.stream(PROMPT))[-1]

    assert isinstance(end, Ended)
    assert end.reason == reason


REFUSALS = [
    (failed(401, "Incorrect API key"), ModelFailed, "refused the credentials: Incor",
     "key_command"),
    (failed(404, "The model `smol` does not exist"), ModelNotFound, "no model 'smol'",
     "models list"),
    (failed(404, ""), ModelFailed, "has no such path", "/v1"),
    (Fault("html", code=404), ModelFailed, "has no such path", "/v1"),
    (Fault("html", code=200), ModelFailed, "no answer: an HTML page", "/v1"),
    (failed(413, "too large"), ModelFailed, "prompt too long", "-k 3"),
    (failed(400, "exceeds the available context size"), ModelFailed, "too long", "-k"),
    (failed(500, "out of memory"), ModelFailed, "500: out of memory", "smaller"),
    (Fault("status", code=500, body={"detail": [{"msg": "bad"}]}), ModelFailed,
     "500: bad", "log"),
    (Fault("status", code=500, body=b""), ModelFailed, "without a reason", "log"),
    (failed(429, "slow down", retry_after="60"), ServerBusy, "slow down", "wait"),
    (Fault("error_event", after=1), ModelFailed, "slot is gone", "log"),
    (Fault("malformed", after=1), ModelFailed, "no answer", "/v1"),
    (Fault("cut", after=1), ModelFailed, "broke off", "log"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "expected", "words", "hint"), REFUSALS)
def test_every_failure_names_the_address_the_cause_and_a_way_out(
    server: FakeOpenAI,
    model: EndpointModel,
    fault: Fault,
    expected: type[ModelUnavailable],
    words: str,
    hint: str,
) -> None:
    server.always = fault

    with pytest.raises(expected, match=words) as met:
        said(model)

    assert f"lm at {server.url}" in met.value.message
    assert "{" not in met.value.message
    assert hint in met.value.hint


@pytest.mark.slow
def test_silence_is_ended(server: FakeOpenAI, endpoint: EndpointSettings) -> None:
    server.always = Fault("stall")
    impatient = replace(Settings(), timeout="1s")

    with pytest.raises(ModelFailed, match="silent for 1 s"):
        said(EndpointModel(endpoint, MODEL, impatient))


@pytest.mark.slow
def test_a_busy_server_is_asked_again_after_the_time_that_it_names(
    server: FakeOpenAI, model: EndpointModel
) -> None:
    server.faults.append(failed(429, "slow down", retry_after="1"))
    server.replies.append(["Yes."])

    pieces = list(model.stream(PROMPT))

    first, second = server.chats
    assert second.at - first.at >= 1
    assert isinstance(pieces[0], Waiting)
    assert (pieces[0].seconds, pieces[1]) == (1.0, "Yes.")
    assert "slow down" in pieces[0].why


@pytest.mark.slow
def test_a_model_that_loads_is_waited_for(
    server: FakeOpenAI, model: EndpointModel
) -> None:
    server.faults += [LOADING, LOADING]

    pieces = list(model.stream(PROMPT))

    assert [type(piece) for piece in pieces[:2]] == [Waiting, Waiting]
    assert len(server.chats) == 3


def test_nobody_is_asked_again_once_something_was_said(
    server: FakeOpenAI, model: EndpointModel
) -> None:
    server.faults.append(Fault("cut", after=1))

    with pytest.raises(ModelFailed):
        said(model)

    assert len(server.chats) == 1


@contextlib.contextmanager
def listening(greeting: bytes = b"") -> Iterator[int]:
    """A port that takes connections and says `greeting`, or nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        held: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    one, _ = sock.accept()
                    held.append(one)
                    if greeting:
                        one.recv(4096)
                        one.sendall(greeting)
                        one.close()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield sock.getsockname()[1]
        sock.shutdown(socket.SHUT_RDWR)
        accepting.join(PATIENCE)
        for one in held:
            one.close()


def test_nobody_there_an_unknown_host_and_the_wrong_protocol_are_told_apart(
    settings: Settings, refused_port: int
) -> None:
    def error(url: str) -> ModelUnavailable:
        with pytest.raises(ModelUnavailable) as met:
            EndpointModel(EndpointSettings("lm", url), MODEL, settings).window()
        assert url in met.value.message
        return met.value

    refused = error(f"http://127.0.0.1:{refused_port}/v1")
    assert isinstance(refused, ServerUnreachable)
    assert "nothing listens there" in refused.message
    assert "endpoints.lm.url" in refused.hint
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        plain = error(f"https://127.0.0.1:{port}/v1")
    assert "does not speak TLS" in plain.message
    assert "http://" in plain.hint


@pytest.mark.slow
def test_a_silent_port_that_is_asked_for_tls_is_given_up_in_seconds(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.models.endpoints.endpoint_server.CONNECT_SECONDS", 0.5)
    with listening() as port:
        endpoint = EndpointSettings("lm", f"https://127.0.0.1:{port}/v1")
        server_of = EndpointModel(endpoint, MODEL, settings)
        with pytest.raises(ServerUnreachable, match="silent when asked for TLS"):
            server_of.window()


def test_closing_the_stream_hangs_up(server: FakeOpenAI, model: EndpointModel) -> None:
    server.replies.append("word " * 1000)
    server.rate = 20
    stream = model.stream(PROMPT)
    next(stream)

    stream.close()  # type: ignore[attr-defined]

    assert server.chats[-1].hung_up.wait(PATIENCE)


@pytest.mark.parametrize("after", [0, 2])
def test_another_thread_can_end_it_while_the_server_is_silent(
    server: FakeOpenAI, model: EndpointModel, after: int
) -> None:
    server.faults.append(Fault("stall", after=after))
    connections, stop = Connections(), threading.Event()

    def read() -> None:
        with contextlib.suppress(ModelUnavailable), connections.watched(stop):
            list(model.stream(PROMPT))

    reader = threading.Thread(target=read)
    reader.start()
    while not server.chats:
        time.sleep(0.01)
    time.sleep(0.1)

    stop.set()
    connections.shut()
    reader.join(PATIENCE)

    assert not reader.is_alive()
    assert server.chats[-1].hung_up.wait(PATIENCE)


def test_a_short_completion_ends_with_its_first_line(
    server: FakeOpenAI, model: EndpointModel
) -> None:
    server.replies.append(["\n", "What is", " a lock?", "\n", *["more "] * 500])
    server.rate = 100

    assert model.complete("Rewrite.", "it?", one_line=True) == "What is a lock?"

    assert server.chats[-1].hung_up.wait(PATIENCE)
    assert server.chats[-1].body["max_tokens"] == SHORT_ANSWER


def test_a_completion_after_a_prompt_repeats_its_beginning(
    server: FakeOpenAI, model: EndpointModel
) -> None:
    earlier = replace(PROMPT, history=(Exchange("Hello?", "Hi."),))
    said(model, earlier)

    model.complete("Rewrite.", "it?", after=earlier)

    first, second = (chat.messages for chat in server.chats)
    assert second[:3] == first[:3]
    assert "Rewrite." in second[-1]["content"]
