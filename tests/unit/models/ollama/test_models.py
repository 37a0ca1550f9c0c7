"""A chat model of a real HTTP server, through LangChain's own class."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace

import pytest

from ragcli.config import Settings
from ragcli.errors import (
    ModelFailed,
    ModelNotFound,
    ModelUnavailable,
    ServerUnreachable,
)
from ragcli.models.base import Ended, Exchange, Prompt, Source, Usage, Waiting
from ragcli.models.ollama.ollama_models import SENSIBLE_WINDOW, OllamaModel
from ragcli.models.transport.connections import Connections
from tests.fakes.ollama import FakeOllama, Fault, closed_port
from tests.fakes.ollama_protocol import DEFAULT_MODELS, FakeModel
from tests.patience import PATIENCE

SOURCE = Source(1, "A lock is a file. It is held.", "docs/locks.md:1-2", "prose", 0.9)


def prompt(question: str = "What is a lock?") -> Prompt:
    return Prompt(question, question, (SOURCE,), boundary="b0undary")


def test_an_answer_arrives_piece_by_piece(
    ollama: FakeOllama, settings: Settings
) -> None:
    ollama.replies.append(["A lock", " is a", " file [1]."])

    *pieces, end = OllamaModel("llama3.2", settings).stream(prompt())

    assert pieces == ["A lock", " is a", " file [1]."]
    assert isinstance(end, Ended)
    assert isinstance(end.usage, Usage)
    assert (end.reason, end.usage.completion) == ("stop", 3)


def test_the_server_gets_window_temperature_and_every_message(
    ollama: FakeOllama, settings: Settings
) -> None:
    asked = replace(
        prompt(), history=(Exchange("Hello?", "Hi."),), instructions="Be kind."
    )

    list(OllamaModel("llama3.2", settings).stream(asked))

    sent = ollama.chats[-1]
    assert sent.options["num_ctx"] == SENSIBLE_WINDOW
    assert sent.options["temperature"] == settings.temperature
    assert [m["role"] for m in sent.messages] == ["system", "user", "assistant", "user"]
    assert "Be kind." in sent.messages[0]["content"]
    assert "<<passage 1 b0undary>>" in sent.messages[-1]["content"]


@pytest.mark.parametrize(
    ("made_for", "modelfile", "setting", "expected"),
    [
        (131072, "", 0, SENSIBLE_WINDOW),
        (4096, "", 0, 4096),
        (131072, "num_ctx   32768\nstop  x", 0, 32768),
        (131072, "num_ctx 32768", 16384, 16384),
        (4096, "", 16384, 4096),
        (0, "", 0, SENSIBLE_WINDOW),
    ],
)
def test_the_window_is_what_setting_modelfile_and_model_allow(
    settings: Settings,
    ollama: FakeOllama,
    made_for: int,
    modelfile: str,
    setting: int,
    expected: int,
) -> None:
    ollama.models["m:latest"] = FakeModel("m:latest", made_for, parameters=modelfile)

    window = OllamaModel("m", replace(settings, context_window=setting)).window()

    assert window == expected


def test_closing_the_stream_closes_the_connection(
    ollama: FakeOllama, settings: Settings, hung_up: Callable[[], bool]
) -> None:
    ollama.replies.append("word " * 1000)
    ollama.rate = 20
    stream = OllamaModel("llama3.2", settings).stream(prompt())
    next(stream)

    assert isinstance(stream, Generator)
    stream.close()

    assert hung_up()


@pytest.mark.parametrize("after", [0, 1])
def test_a_silent_answer_can_be_stopped_from_another_thread(
    ollama: FakeOllama, settings: Settings, hung_up: Callable[[], bool], after: int
) -> None:
    ollama.faults.append(Fault("stall", after=after))
    model = OllamaModel("llama3.2", replace(settings, timeout="60s"))
    met: list[str] = []
    connections, stop = Connections(), threading.Event()

    def read() -> None:
        try:
            with connections.watched(stop):
                list(model.stream(prompt()))
        except ModelFailed as error:
            met.append(error.message)

    reader = threading.Thread(target=read)
    reader.start()
    while not ollama.chats:
        time.sleep(0.01)
    time.sleep(0.1)

    stop.set()
    connections.shut()
    reader.join(PATIENCE)

    assert not reader.is_alive()
    assert hung_up()
    assert "broke off" in met[0]


def said(model: OllamaModel) -> str:
    return "".join(piece for piece in model.stream(prompt()) if isinstance(piece, str))


def test_nothing_that_is_shut_harms_the_next_answer(settings: Settings) -> None:
    model = OllamaModel("llama3.2", settings)
    connections = Connections()

    connections.shut()
    with connections.watched(threading.Event()):
        answer = said(model)
    connections.shut()

    assert answer == said(model)


@pytest.mark.parametrize("reason", ["stop", "length"])
def test_how_an_answer_ends_is_told(
    ollama: FakeOllama, settings: Settings, reason: str
) -> None:
    ollama.done_reason = reason

    *_, end = OllamaModel("llama3.2", settings).stream(prompt())

    assert isinstance(end, Ended)
    assert end.reason == reason


def test_limits_seed_and_stops_reach_the_server_beside_the_modelfiles_own(
    ollama: FakeOllama, settings: Settings
) -> None:
    chosen = replace(settings, seed=7, top_p=0.9, stop=("END",), max_tokens=99)

    said(OllamaModel("llama3.2", chosen))

    sent = ollama.chats[-1].options
    assert (sent["seed"], sent["top_p"], sent["num_predict"]) == (7, 0.9, 99)
    assert {"<|eot_id|>", "END"} <= set(sent["stop"])


@pytest.mark.slow
def test_a_model_that_loads_is_waited_for(
    ollama: FakeOllama, settings: Settings
) -> None:
    busy = Fault("status", code=503, message="server busy: loading the model")
    ollama.faults.append(busy)

    first, *_ = OllamaModel("llama3.2", settings).stream(prompt())

    assert isinstance(first, Waiting)
    assert "loading" in first.why


def test_a_dead_server_is_named(settings: Settings) -> None:
    dead = replace(settings, ollama_host=f"127.0.0.1:{closed_port()}")

    with pytest.raises(
        ServerUnreachable, match=r"Ollama at http://127\.0\.0\.1"
    ) as met:
        OllamaModel("llama3.2", dead).window()

    assert "ollama serve" in met.value.hint


def test_a_server_that_dies_before_the_answer(
    ollama: FakeOllama, settings: Settings
) -> None:
    model = OllamaModel("llama3.2", settings)
    model.window()
    ollama.stop()

    with pytest.raises(ServerUnreachable):
        list(model.stream(prompt()))


def test_an_unknown_model_names_the_nearest(settings: Settings) -> None:
    with pytest.raises(ModelNotFound, match=r"'lama3.2'") as met:
        OllamaModel("lama3.2", settings).window()

    assert met.value.hint.startswith("did you mean llama3.2:latest?")


def test_an_unknown_model_can_be_pulled(settings: Settings) -> None:
    with pytest.raises(ModelNotFound) as met:
        OllamaModel("zzz", settings).window()

    assert met.value.hint == "get it with: ragcli models pull zzz"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("status", code=500), "llama runner process has terminated"),
        (Fault("html"), "not ready: an HTML page"),
        (Fault("error_line", after=2), "llama runner"),
        (Fault("cut", after=2), "broke off"),
        (Fault("malformed", after=2), "cannot be read"),
        (Fault("unfinished", after=2), "in the middle of its answer"),
        (Fault("unfinished", after=0), "Ollama at"),
    ],
)
def test_what_breaks_is_one_clear_error_after_what_was_said(
    ollama: FakeOllama, settings: Settings, fault: Fault, reason: str
) -> None:
    ollama.replies.append("one two three")
    ollama.always = fault

    with pytest.raises(ModelFailed, match=reason) as met:
        list(OllamaModel("llama3.2", settings).stream(prompt()))

    assert "\n" not in met.value.message
    assert met.value.hint


@pytest.mark.parametrize("after", [0, 2])
def test_what_was_said_before_a_fault_is_kept(
    ollama: FakeOllama, settings: Settings, after: int
) -> None:
    ollama.replies.append("one two three")
    ollama.faults.append(Fault("error_line", after=after))
    stream = OllamaModel("llama3.2", settings).stream(prompt())

    heard = [next(stream) for _ in range(after)]
    with pytest.raises(ModelFailed):
        next(stream)

    assert heard == ["one", " two"][:after]


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 1])
def test_silence_ends_after_the_timeout(
    ollama: FakeOllama, settings: Settings, after: int
) -> None:
    ollama.faults.append(Fault("stall", after=after))
    impatient = replace(settings, timeout="1s")

    with pytest.raises(ModelFailed, match="silent for 1 s"):
        list(OllamaModel("llama3.2", impatient).stream(prompt()))


def test_an_embedding_model_cannot_chat(settings: Settings) -> None:
    with pytest.raises(ModelUnavailable, match="does not support chat"):
        list(OllamaModel("nomic-embed-text", settings).stream(prompt()))


def test_a_completion_is_short_and_sober(
    ollama: FakeOllama, settings: Settings
) -> None:
    ollama.replies.append("  a better question\n")

    completion = OllamaModel("llama3.2", settings).complete("Rewrite.", "it?")

    assert completion == "a better question"
    assert ollama.chats[-1].options["num_predict"] == 256
    assert ollama.chats[-1].options["temperature"] == 0


def test_a_reasoning_model_is_asked_not_to(
    ollama: FakeOllama, settings: Settings
) -> None:
    ollama.replies.append("<think>Hmm.</think>\nYes.")

    answer = said(OllamaModel("qwen3:8b", settings))

    assert answer == "Yes."
    assert ollama.chats[-1].body["think"] is False


def test_credentials_of_the_address_are_sent_and_never_shown(
    ollama: FakeOllama, settings: Settings
) -> None:
    host = f"http://me:s3cret@{ollama.host}"
    model = OllamaModel("nosuch", replace(settings, ollama_host=host))

    with pytest.raises(ModelNotFound) as met:
        model.window()

    assert "s3cret" not in met.value.message + met.value.hint


def test_proxies_of_the_environment_are_not_used(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)

    assert list(OllamaModel("llama3.2", settings).stream(prompt()))


def test_tokens_are_never_counted_by_a_download(settings: Settings) -> None:
    model = OllamaModel("llama3.2", settings)

    assert model.count_tokens("") == 0
    assert 5 <= model.count_tokens("A lock is a file.") <= 12


def test_the_defaults_of_the_fake_are_what_these_tests_mean() -> None:
    assert [model.name for model in DEFAULT_MODELS][1] == "llama3.2:latest"
