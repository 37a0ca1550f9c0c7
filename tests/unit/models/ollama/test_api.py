"""What a server has, and pulling more, without its client library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from ragcli.errors import ConfigError, ModelFailed, ModelNotFound, ServerUnreachable
from ragcli.models.ollama import ollama_models as client
from ragcli.models.ollama.address import OllamaAddress
from ragcli.models.ollama.api import OllamaServer
from tests.fakes.ollama import FakeOllama, Fault, closed_port
from tests.fakes.ollama_protocol import FakeModel
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("gpu-box", "http://gpu-box:11434"),
        ("gpu-box:1234", "http://gpu-box:1234"),
        (":1234", "http://127.0.0.1:1234"),
        ("0.0.0.0", "http://0.0.0.0:11434"),
        ("http://gpu-box", "http://gpu-box:80"),
        ("https://gpu-box", "https://gpu-box:443"),
        ("https://me:pw@gpu-box/ollama/", "https://gpu-box:443/ollama"),
        ("[::1]:9", "http://[::1]:9"),
    ],
)
def test_addresses_read_as_ollama_reads_them(
    monkeypatch: pytest.MonkeyPatch, text: str, url: str
) -> None:
    monkeypatch.delenv("OLLAMA_HOST", raising=False)

    assert OllamaAddress.parse(text).url == url


def test_the_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "elsewhere:99")

    assert OllamaAddress.parse().url == "http://elsewhere:99"
    assert OllamaAddress.parse("here:1").url == "http://here:1"


@pytest.mark.parametrize("text", ["ftp://x", "x:port", "http://[::1", "x:99999"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        OllamaAddress.parse(text)


def test_credentials_are_headers_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "key")

    own = OllamaAddress.parse("http://me:p%40ss@x")

    assert own.headers() == {"Authorization": "Basic bWU6cEBzcw=="}
    assert "ss" not in own.url
    assert OllamaAddress.parse("x").headers() == {"Authorization": "Bearer key"}


def test_the_list_is_in_the_servers_order(ollama: FakeOllama) -> None:
    listed = client.models(ollama.host)

    assert [model.name for model in listed] == list(ollama.models)
    assert [model.embeds for model in listed] == [True, False, False]
    assert listed[1].parameters == "3.2B"


def test_show_reads_window_dimension_and_parameters(ollama: FakeOllama) -> None:
    ollama.models["m:latest"] = FakeModel(
        "m:latest", 4096, dimension=64, parameters='stop "x"\nnum_ctx    2048'
    )

    shown = client.show(ollama.host, "m")

    assert (shown.window, shown.num_ctx, shown.dimension) == (4096, 2048, 64)
    assert shown.capabilities == {"completion"}


def test_pull_reports_each_step(ollama: FakeOllama) -> None:
    steps = list(client.pull(ollama.host, "tiny"))

    assert steps[0].status == "pulling manifest"
    assert [step.completed for step in steps if step.total] == [
        0, 25_000_000, 50_000_000, 75_000_000, 100_000_000,
    ]  # fmt: skip
    assert steps[-1].status == "success"
    assert "tiny:latest" in ollama.models


def test_a_pull_of_nothing_says_so(ollama: FakeOllama) -> None:
    with pytest.raises(ModelNotFound, match="no model 'nosuch' to pull"):
        list(client.pull(ollama.host, "nosuch"))


def test_a_pull_that_is_abandoned_closes_the_connection(ollama: FakeOllama) -> None:
    ollama.rate = 5
    steps = client.pull(ollama.host, "tiny")
    next(steps)

    assert isinstance(steps, Generator)
    steps.close()

    assert ollama.requests("/api/pull")[0].hung_up.wait(PATIENCE)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("status", code=500), "answered 500: llama runner"),
        (Fault("html"), "is not ready: an HTML page"),
        (Fault("error_line", after=3), "llama runner"),
        (Fault("cut", after=3), "broke off"),
        (Fault("malformed", after=3), "cannot be read"),
        (Fault("stall", after=3), "silent for 1 s"),
    ],
)
def test_a_pull_that_breaks_says_how(
    ollama: FakeOllama, fault: Fault, reason: str
) -> None:
    ollama.faults.append(fault)

    with pytest.raises(ModelFailed, match=reason):
        list(OllamaServer(ollama.host, silence=1).pull("tiny"))


def test_nothing_there_is_known_at_once() -> None:
    server = OllamaServer(f"127.0.0.1:{closed_port()}")

    assert not server.is_up()
    with pytest.raises(ServerUnreachable, match="refused"):
        server.models()


def test_a_host_without_address_is_unreachable() -> None:
    server = OllamaServer("no-such-host.invalid")

    assert not server.is_up()
    with pytest.raises(ServerUnreachable, match=r"no-such-host\.invalid"):
        server.version()


@pytest.mark.slow
def test_the_fake_serves_by_hand() -> None:
    command = [sys.executable, "-m", "tests.fakes.ollama", "--reply", "Hello there."]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as fake:
        assert fake.stdout is not None
        server = OllamaServer(fake.stdout.readline().strip())

        assert server.version() == "0.9.0"
        assert len(server.models()) == 3

        fake.terminate()


def test_the_fake_answers_in_one_piece_too(ollama: FakeOllama) -> None:
    import json
    from urllib.request import urlopen

    body: dict[str, Any] = {
        "model": "llama3.2",
        "messages": [{"role": "user", "content": "x"}],
    }
    body["stream"] = False
    with urlopen(f"{ollama.url}/api/chat", json.dumps(body).encode()) as response:
        answer = json.load(response)
    with urlopen(f"{ollama.url}/api/ps") as response:
        loaded = json.load(response)

    assert answer["done"] is True
    assert answer["message"]["content"] == "There is nothing to quote."
    assert loaded["models"][0]["expires_at"]
