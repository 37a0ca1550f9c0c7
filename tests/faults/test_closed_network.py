"""Every provider works where nothing but its own server can be reached.

A real process, in which each attempt to look up a name or to connect is written down,
and refused unless it is the server's. Nothing is fetched to count tokens or to embed,
and a proxy of the environment is not asked for a server on this machine.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran
from tests.fakes.ollama import FakeOllama
from tests.fakes.ollama_protocol import FakeModel
from tests.fakes.providers import FakeProviders

GUARD = """
import os, socket, sys

allowed = int(sys.argv[1])
log = open(sys.argv[2], "a", buffering=1)

def refuse(what):
    print(what, file=log)
    raise OSError(101, f"the test blocks {what}")

def checked(address):
    if isinstance(address, tuple) and tuple(address[:2]) != ("127.0.0.1", allowed):
        refuse(f"connect {address}")

connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
lookup = socket.getaddrinfo

def guarded(self, address):
    checked(address)
    return connect(self, address)

def guarded_ex(self, address):
    checked(address)
    return connect_ex(self, address)

def looked_up(host, *rest, **more):
    if host not in ("127.0.0.1", "localhost", None):
        refuse(f"lookup {host}")
    return lookup(host, *rest, **more)

socket.socket.connect, socket.socket.connect_ex = guarded, guarded_ex
socket.getaddrinfo = looked_up
socket.gethostbyname = lambda name: refuse(f"lookup {name}")

from ragcli.cli.main import main
sys.exit(main(sys.argv[3:]))
"""

NOTE = "# Locks\n\nA commit lock waits at most ten seconds for its holder.\n"
ANSWER = "A commit lock waits at most ten seconds [1]."
PROXY = "http://198.51.100.1:3128"  # TEST-NET-2 (RFC 5737): nobody's


@dataclass(frozen=True)
class Provider:
    """How a provider's package is led to the fake server."""

    name: str
    package: str
    address: str
    """The variable that its server is named by."""
    path: str = ""
    key: str = ""
    embeds: bool = True

    def environ(self, url: str) -> dict[str, str]:
        found = {self.address: url + self.path}
        return found | ({self.key: "test"} if self.key else {})


PROVIDERS = [
    Provider("openai", "langchain_openai", "OPENAI_BASE_URL", "/v1", "OPENAI_API_KEY"),
    Provider(
        "anthropic", "langchain_anthropic", "ANTHROPIC_BASE_URL", "",
        "ANTHROPIC_API_KEY", embeds=False,
    ),
    Provider(
        "mistralai", "langchain_mistralai", "MISTRAL_BASE_URL", "/v1", "MISTRAL_API_KEY"
    ),
    Provider(
        "google_genai", "langchain_google_genai", "GOOGLE_GEMINI_BASE_URL", "",
        "GOOGLE_API_KEY",
    ),
]  # fmt: skip


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "notes"
    place.mkdir()
    (place / "locks.md").write_text(NOTE)
    monkeypatch.chdir(tmp_path)
    return place


@pytest.fixture
def shut(tmp_path: Path, home: Path) -> Callable[..., tuple[Ran, str]]:
    """Runs a command that can reach one port; returns what else it tried as well."""

    def run(port: int, environ: dict[str, str], *argv: str) -> tuple[Ran, str]:
        log = tmp_path / "tried"
        log.write_text("")
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), PROXY)
        kept = {k: v for k, v in os.environ.items() if k.lower() != "no_proxy"}
        done = subprocess.run(
            [sys.executable, "-c", GUARD, str(port), str(log), *argv],
            capture_output=True,
            text=True,
            env=kept | proxies | {"OLLAMA_HOST": f"127.0.0.1:{port}"} | environ,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr), log.read_text()

    return run


@pytest.fixture
def server() -> Iterator[FakeProviders]:
    with FakeProviders(ANSWER) as fake:
        yield fake


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda given: given.name)
def test_a_provider_reaches_its_own_server_and_nothing_else(
    provider: Provider,
    server: FakeProviders,
    documents: Path,
    shut: Callable[..., tuple[Ran, str]],
) -> None:
    if importlib.util.find_spec(provider.package) is None:
        pytest.skip(f"{provider.package} is not installed")
    environ = provider.environ(server.url) | {"RAGCLI_MODEL": f"{provider.name}:m"}
    if provider.embeds:
        environ["RAGCLI_EMBEDDER"] = f"{provider.name}:e"
    port = port_of(server.url)

    added, tried = shut(port, environ, "docs", "add", "notes")
    assert (added.code, tried) == (0, ""), added.err
    asked, tried = shut(
        port, environ, "ask", "How long does a commit lock wait?", "--json",
        "--require-model",
    )  # fmt: skip

    assert (asked.code, tried) == (0, ""), asked.err
    assert asked.json["answer"] == ANSWER
    assert (asked.json["remote"], asked.json["remote_host"]) == (False, "")
    assert NOTE.splitlines()[-1] in json.dumps(server.seen[-1].body)
    assert not server.requests("oken")  # nobody is asked to count
    embedded = [text for seen in server.requests("mbed") for text in texts(seen.body)]
    assert any("ten seconds" in text for text in embedded) == provider.embeds


def texts(body: dict[str, Any]) -> list[str]:
    """Returns what an embedder sent; fails on anything that is not text."""
    sent = body.get("input") or [
        part["text"] for each in body["requests"] for part in each["content"]["parts"]
    ]
    assert all(isinstance(text, str) for text in sent), "token ids were sent"
    return list(sent)


def test_ollama_reaches_its_own_server_and_nothing_else(
    documents: Path, shut: Callable[..., tuple[Ran, str]]
) -> None:
    environ = {"RAGCLI_EMBEDDER": "ollama:nomic-embed-text"}
    with FakeOllama() as ollama:
        added, tried = shut(ollama.port, environ, "docs", "add", "notes")
        assert (added.code, tried) == (0, ""), added.err
        asked, tried = shut(
            ollama.port, environ, "ask", "How long does a lock wait?", "--json"
        )

    assert (asked.code, tried) == (0, ""), asked.err
    assert asked.json["model"] == "ollama:llama3.2:latest"
    assert asked.json["remote"] is False


def test_what_is_built_in_reaches_nothing(
    documents: Path, shut: Callable[..., tuple[Ran, str]]
) -> None:
    environ = {"RAGCLI_MODEL": "builtin", "OLLAMA_HOST": "ollama.example:11434"}

    _, first = shut(0, environ, "docs", "add", "notes")
    asked, then = shut(0, environ, "ask", "How long does a commit lock wait?", "--json")

    assert (asked.code, first, then) == (0, "", "")


CLOUD = FakeModel("gpt-oss:120b-cloud", remote_host="https://ollama.com:443")


@pytest.mark.parametrize("alone", [False, True], ids=["beside a local one", "alone"])
def test_a_cloud_model_of_ollama_is_asked_only_when_it_is_named(
    alone: bool, documents: Path, run_process: Callable[..., Ran], home: Path
) -> None:
    local = () if alone else (FakeModel("llama3.2:latest"),)
    with FakeOllama((CLOUD, *local)) as ollama:
        env = {"OLLAMA_HOST": ollama.host}
        assert run_process("docs", "add", "notes", env=env).code == 0
        question = "How long does a commit lock wait?"
        ran = run_process("ask", question, "--json", env=env)
        used = "builtin:extractive" if alone else "ollama:llama3.2:latest"
        assert (ran.code, ran.json["model"], ran.json["remote"]) == (0, used, False)
        assert all(seen.body["model"] != CLOUD.name for seen in ollama.chats)

        named = run_process("ask", question, "-m", f"ollama:{CLOUD.name}", env=env)
        listed = run_process("models", "list", "--json", env=env).json["models"]
        shown = run_process("models", "list", env=env).out
        cloud = {**env, "RAGCLI_MODEL": f"ollama:{CLOUD.name}"}
        doctor = run_process("doctor", env=cloud).out

    assert (
        f"answered by ollama:{CLOUD.name} (remote: https://ollama.com:443)" in named.err
    )
    assert ollama.chats[-1].body["model"] == CLOUD.name
    remote = {
        model["spec"]: model["remote_host"] for model in listed if model["remote"]
    }
    assert remote == {f"ollama:{CLOUD.name}": "https://ollama.com:443"}
    assert "remote: https://ollama.com:443" in shown
    assert (
        f"note  what leaves this machine: chat model ollama:{CLOUD.name}: questions, "
        "passages and earlier turns go to https://ollama.com:443\n" in doctor
    )
    told = run_process("history", "export").out
    assert f"ollama:{CLOUD.name} (remote: https://ollama.com:443)" in told
