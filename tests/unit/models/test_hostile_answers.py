"""Whatever a server answers ends in one line, or in an answer that can be used."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ragcli.config import EndpointSettings, Settings
from ragcli.errors import ModelFailed
from ragcli.models import remote
from ragcli.models.base import Ended, Prompt, Reading, Source, Thought, Usage
from ragcli.models.endpoints.chat_model import DEFAULT_WINDOW, EndpointModel
from ragcli.models.endpoints.embedder import EndpointEmbedder
from ragcli.models.ollama.api import OllamaServer
from ragcli.models.ollama.ollama_models import (
    SENSIBLE_WINDOW,
    OllamaEmbedder,
    OllamaModel,
)
from ragcli.models.select import ask_servers
from ragcli.models.transport import plain_http
from tests.fakes.raw_server import Answer, RawServer, answer, endless

PROMPT = Prompt(
    "What is a lock?",
    "lock",
    (Source(1, "A lock is a file.", "locks.md:1", "prose", 0.9),),
    boundary="b0",
)
SSE = "text/event-stream"
NDJSON = "application/x-ndjson"
DEEP = b"[" * 100_000
MANY_DIGITS = b'{"models": ' + b"1" * 5000 + b"}"
REDIRECTION = answer(b"", "text/plain", 307, "Location: /elsewhere/leak")
TAGS = answer(b'{"models": [{"name": "m"}]}')
SHOWN = answer(b"{}")
COUNTED = (
    b'{"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}], "usage": '
    b'{"prompt_tokens": NaN, "completion_tokens": 1e999, "prompt_tokens_details": 5}}'
)


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        running.answers["models"] = answer(b'{"data": [{"id": "m"}]}')
        yield running


@pytest.fixture
def settings(server: RawServer) -> Settings:
    endpoint = EndpointSettings("lm", server.url, window=4096)
    return replace(
        Settings(),
        endpoints=(endpoint,),
        ollama_host=server.host,
        timeout="1s",
        require_model=True,
    )


def events(*values: Any) -> bytes:
    """A stream of events, each of them JSON or bytes as they are."""
    lines = (v if isinstance(v, bytes) else json.dumps(v).encode() for v in values)
    return answer(b"".join(b"data: " + line + b"\n\n" for line in lines), SSE)


def chosen(**choice: Any) -> dict[str, Any]:
    return {"choices": [choice]}


def asked(settings: Settings) -> list[Any]:
    model = EndpointModel(settings.endpoints[0], "m", settings)
    return list(model.stream(PROMPT))


def asked_ollama(settings: Settings) -> list[Any]:
    return list(OllamaModel("m", settings).stream(PROMPT))


def case_id(value: object) -> str | None:
    """Numbers what is sent, which may have 100,000 characters; keeps the rest."""
    return "sent" if isinstance(value, bytes | tuple) or len(str(value)) > 60 else None


WHOLE = json.dumps(
    chosen(message={"content": "A lock."}, finish_reason="stop"), indent=1
)
ANSWERED = ["A lock.", Ended("stop")]


@pytest.mark.parametrize(
    ("sent", "pieces"),
    [
        (events({"choices": 5}), [Ended("unfinished")]),
        (events({"choices": ["x", None, {"delta": 5}]}), [Ended("unfinished")]),
        (events(chosen(delta={"content": ["x", 5]})), [Ended("unfinished")]),
        (
            events({"prompt_progress": {"processed": "x", "total": []}}),
            [Reading(0, 0), Ended("unfinished")],
        ),
        (events(COUNTED), ["x", Ended("stop", Usage(0, 0, 0))]),
        (
            events({"usage": {"prompt_tokens": -5, "completion_tokens": "7"}}),
            [Ended("unfinished", Usage(0, 0, 0))],
        ),
        (answer(WHOLE.encode()), ANSWERED),
        (answer(WHOLE.encode(), "text/plain"), ANSWERED),
        (answer(WHOLE.encode(), SSE), ANSWERED),
        (
            answer(b"\xef\xbb\xbfdata: " + json.dumps(json.loads(WHOLE)).encode(), SSE),
            ANSWERED,
        ),
        (
            events(chosen(delta={"reasoning": "\ud800", "content": "a\ud800"})),
            [Thought("\ufffd"), "a\ufffd", Ended("unfinished")],
        ),
    ],
    ids=case_id,
)
def test_what_can_be_used_of_an_answer_is(
    server: RawServer, settings: Settings, sent: bytes, pieces: list[Any]
) -> None:
    server.answers["completions"] = sent

    assert asked(settings) == pieces


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (events(DEEP), "no answer: broken JSON"),
        (answer(DEEP), "no answer: broken JSON"),
        (answer(DEEP, status=500), "answered 500: broken JSON"),
        (answer(b"[1, 2]"), "sent something that is no answer"),
        (answer(b'{"error": {"message": "no credit"}}'), "no credit"),
        (answer(b'{"error": "no credit"}', "text/plain"), "no credit"),
        (answer(b'{"error": 1%s}' % (b"0" * 4000), status=500), "answered 500"),
        (REDIRECTION, "sends every request on to /elsewhere/leak"),
        (endless(b": wait\n\n", SSE), "no whole answer within 1 s"),
        (endless(b'data: {"choices": []}\n\n', SSE), "no whole answer within 1 s"),
        (endless(b"data: x", SSE), "no whole answer within 1 s"),
        (endless(b"{ ", SSE), "no whole answer within 1 s"),
        (endless(b" "), "no whole answer within 1 s"),
        ((b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "no whole answer within 1 s"),
        ((b"HTTP/1.1 200 OK\r\n", b"x"), "no whole answer within 1 s"),
    ],
    ids=case_id,
)
def test_what_is_no_answer_is_one_line(
    server: RawServer, settings: Settings, sent: Answer, message: str
) -> None:
    server.answers["completions"] = sent

    with pytest.raises(ModelFailed, match=message) as failure:
        asked(settings)

    assert "\n" not in failure.value.message
    assert len(failure.value.message) < 500
    assert not any("leak" in path for path in server.asked)


@pytest.mark.parametrize("kind", [SSE, "application/json"])
def test_what_is_larger_than_any_answer_is_not_kept(
    server: RawServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr(plain_http, "LARGEST_BODY", 1 << 16)
    monkeypatch.setattr(plain_http, "LONGEST_LINE", 1 << 16)
    server.answers["completions"] = endless(b"x" * (1 << 15), kind)

    with pytest.raises(ModelFailed, match="more than any answer has"):
        asked(settings)


@pytest.mark.parametrize("field", ["content", "reasoning"])
def test_a_reply_without_end_is_ended(
    server: RawServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    field: str,
) -> None:
    monkeypatch.setattr(remote, "SHORT_COMPLETION", 8)
    said = json.dumps(chosen(delta={field: "more and more words without end "}))
    server.answers["completions"] = endless(b"data: %s\n\n" % said.encode() * 8, SSE)
    model = EndpointModel(settings.endpoints[0], "m", replace(settings, max_tokens=8))

    *_, end = model.stream(PROMPT)
    completion = model.complete("Give it a title.", "text", one_line=True)

    assert end == Ended("length")
    assert len(completion) < 1000


def test_a_server_that_asks_for_a_moment_without_end_is_asked_no_longer_than_it_may(
    server: RawServer, settings: Settings
) -> None:
    server.answers["completions"] = answer(
        b"{}", "application/json", 429, "Retry-After: 0.0001"
    )

    with pytest.raises(ModelFailed, match="takes no more requests"):
        asked(settings)

    assert len(server.asked) < 8


@pytest.mark.parametrize(
    ("listed", "window"),
    [
        (b'{"data": ["m", null, {"id": {}}, {"id": "m"}]}', DEFAULT_WINDOW),
        (b'{"data": [{"id": "m", "context_length": 1e999}]}', DEFAULT_WINDOW),
        (b'{"data": [{"id": "m", "context_length": 1000000000000}]}', DEFAULT_WINDOW),
        (b'{"data": [{"id": "m", "context_length": -1}]}', DEFAULT_WINDOW),
        (b'{"data": [{"id": "m", "n_ctx": "9", "max_model_len": 77}]}', 77),
        (b"5", None),
        (b'{"data": 5}', None),
        (b'{"error": "no key"}', None),
        (DEEP, None),
    ],
    ids=case_id,
)
def test_models_are_listed_as_far_as_the_list_can_be_read(
    server: RawServer, settings: Settings, listed: bytes, window: int | None
) -> None:
    server.answers |= {
        "models": answer(listed),
        "ps": answer(b'{"models": 5}'),
        "show": answer('{"parameters": "num_ctx ²"}'.encode()),
        "props": answer(b'{"default_generation_settings": 5}'),
    }
    if window == DEFAULT_WINDOW:
        del server.answers["show"]
    endpoint = EndpointSettings("lm", server.url)
    described = replace(settings, endpoints=(endpoint,))

    listing = ask_servers(described)[1]

    if window is None:
        assert isinstance(listing.error, ModelFailed)
    else:
        assert [model.spec for model in listing.models] == ["lm:m"]
        assert EndpointModel(endpoint, "m", described).window() == window


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ('[{"index": "x", "embedding": [3]}, {"index": [], "embedding": [3]}]', ""),
        ('[{"embedding": [1e39, 0]}, {"embedding": [0, 1e30]}]', ""),
        (
            f'[{{"embedding": [1{"0" * 400}]}}, {{"embedding": [1]}}]',
            "lists of numbers",
        ),
        ('[{"embedding": [NaN]}, {"embedding": [1]}]', "not finite"),
        ('[{"embedding": [["x"]]}, {"embedding": [[[1]]]}]', "no vectors"),
        ('[{"embedding": []}, {"embedding": []}]', "no vectors"),
        ('[{"embedding": [1, 2]}, {"embedding": [1]}]', "different lengths"),
        ("5", "no vectors"),
    ],
    ids=case_id,
)
def test_vectors_are_unit_vectors_or_an_error(
    server: RawServer, settings: Settings, vectors: str, message: str
) -> None:
    server.answers["embeddings"] = answer(f'{{"data": {vectors}}}'.encode())
    embedder = EndpointEmbedder(settings.endpoints[0], "m", settings)

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        if message:
            with pytest.raises(ModelFailed, match=message):
                embedder.embed(["one", "two"])
        else:
            rows = embedder.embed(["one", "two"])
            assert np.allclose(np.linalg.norm(rows, axis=1), 1)


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        (b'{"models": 5}', []),
        (b'{"models": [5, {}, {"name": 5}, {"name": "m", "details": "x"}]}', ["m"]),
        (b'{"models": [{"model": "m", "size": "1.2GB"}]}', ["m"]),
        (b'{"models": [{"name": "m", "size": 1e999}]}', ["m"]),
        (DEEP, None),
        (MANY_DIGITS, None),
        (b'{"error": "no"}', None),
    ],
    ids=case_id,
)
def test_models_of_ollama_are_listed_as_far_as_the_list_can_be_read(
    server: RawServer, listed: bytes, names: list[str] | None
) -> None:
    server.answers["tags"] = answer(listed)
    ollama = OllamaServer(server.host, 1.0)

    if names is None:
        with pytest.raises(ModelFailed):
            ollama.models()
    else:
        assert [(model.name, model.size) for model in ollama.models()] == [
            (name, 0) for name in names
        ]


@pytest.mark.parametrize(
    "shown",
    [
        {"model_info": [1], "capabilities": 5, "parameters": 5},
        {"model_info": {"general.architecture": [1]}, "capabilities": [{}]},
        {"model_info": {"general.architecture": "x", "x.context_length": -5}},
        {"model_info": {"general.architecture": "x", "x.context_length": "many"}},
        {"model_info": {"general.architecture": "x", "x.context_length": 10**12}},
        {"parameters": "num_ctx ²"},
        {"parameters": f"num_ctx {10**12}"},
    ],
    ids=case_id,
)
def test_a_model_of_ollama_has_a_sensible_window_whatever_is_said_of_it(
    server: RawServer, settings: Settings, shown: dict[str, Any]
) -> None:
    server.answers["show"] = answer(json.dumps(shown).encode())

    assert OllamaModel("m", settings).window() == SENSIBLE_WINDOW


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (answer(b"[1]\n", NDJSON), "cannot be read"),
        (answer(b"null\n", NDJSON), "cannot be read"),
        (answer(DEEP, NDJSON), "cannot be read"),
        (answer(b'{"error": {"message": "x"}}\n', NDJSON), "cannot be read"),
        (REDIRECTION, "sends every request on"),
        (
            endless(
                b'{"model": "m", "message": {"role": "assistant", "content": ""}, '
                b'"done": false}\n',
                NDJSON,
            ),
            "no whole answer within 1 s",
        ),
        (endless(b"x", NDJSON), "no whole answer within 1 s"),
    ],
    ids=case_id,
)
def test_what_is_no_answer_of_ollamas_is_one_line(
    server: RawServer, settings: Settings, sent: Answer, message: str
) -> None:
    server.answers |= {"show": SHOWN, "tags": TAGS, "chat": sent}

    with pytest.raises(ModelFailed, match=message) as failure:
        asked_ollama(settings)

    assert "\n" not in failure.value.message
    assert not any("leak" in path for path in server.asked)


def test_an_endless_line_of_ollamas_is_not_kept(
    server: RawServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ragcli.models.ollama import limited_stream

    monkeypatch.setattr(limited_stream, "LONGEST_LINE", 1 << 16)
    server.answers |= {
        "show": SHOWN,
        "tags": TAGS,
        "chat": endless(b"x" * (1 << 15), NDJSON),
    }

    with pytest.raises(ModelFailed, match="more than any answer has"):
        asked_ollama(settings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (answer(b'"x"'), "cannot be read"),
        (answer(DEEP), "cannot be read"),
        (answer(b'{"embeddings": [[], []]}'), "without numbers"),
        (endless(b" "), "no whole answer within 1 s"),
        (REDIRECTION, "sends every request on"),
    ],
    ids=case_id,
)
def test_what_is_no_vector_of_ollamas_is_one_line(
    server: RawServer, settings: Settings, sent: Answer, message: str
) -> None:
    server.answers |= {"show": SHOWN, "embed": sent}

    with pytest.raises(ModelFailed, match=message):
        OllamaEmbedder("m", settings).embed(["one", "two"])

    assert not any("leak" in path for path in server.asked)


@pytest.mark.parametrize(
    "line",
    [
        b'{"status": "success", "completed": "x", "total": [1]}',
        b'{"status": "success", "completed": -5, "total": 1e999}',
        b'{"error": null, "status": "success"}',
    ],
    ids=case_id,
)
def test_a_download_is_told_as_far_as_its_progress_can_be_read(
    server: RawServer, line: bytes
) -> None:
    server.answers["pull"] = answer(line, NDJSON)

    (progress,) = OllamaServer(server.host, 1.0).pull("m")

    assert (progress.status, progress.completed, progress.total) == ("success", 0, 0)


def test_a_server_that_drips_its_list_does_not_hold_up_the_others(
    server: RawServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.models.select.LISTING_SECONDS", 0.3)
    server.answers |= {"models": endless(b" "), "tags": endless(b" ")}

    listings = ask_servers(settings)

    assert all(isinstance(listing.error, ModelFailed) for listing in listings)
