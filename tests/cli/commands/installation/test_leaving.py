"""`ragcli doctor` says what leaves this machine, with the settings in force."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.cli import leaving
from ragcli.runtime import Runtime
from tests.conftest import Ran
from tests.fakes.ollama import FakeOllama

HERE = "what leaves this machine"


def told(run_cli: Callable[..., Ran], *argv: str) -> dict[str, tuple[str, str]]:
    """Returns what each part says: its first words → what it sends, and its state."""
    found = {}
    for check in run_cli("doctor", *argv, "--json").json["checks"]:
        if check["what"] == HERE:
            part, _, sent = check["found"].rpartition(": ")
            found[part] = (sent, check["state"])
    return found


def test_nothing_leaves_by_default(run_cli: Callable[..., Ran]) -> None:
    assert told(run_cli) == {
        "chat model builtin:extractive": ("nothing", "ok"),
        "embedder builtin:wordllama-256": ("nothing", "ok"),
        "store on this disk": ("nothing", "ok"),
    }


def test_a_project_file_has_a_line_of_its_own(
    run_cli: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / ".ragcli.toml"
    file.write_text("model = 'openai:m'\n")

    checks = run_cli("doctor", "--json").json["checks"]

    (check,) = (check for check in checks if check["what"] == "project file")
    assert (check["state"], check["found"]) == ("note", f"{file}: not trusted")
    assert check["hint"].startswith("model not taken from it")


def test_nothing_leaves_with_a_server_on_this_machine(
    run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeOllama() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        run_cli("config", "set", "embedder", "ollama:nomic-embed-text")
        found = told(run_cli)

    assert {sent for sent, _ in found.values()} == {"nothing"}
    assert "chat model ollama:llama3.2:latest" in found


def test_a_profiles_own_model_is_what_counts(
    run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("langchain_openai") is None:
        pytest.skip("langchain_openai is not installed")
    monkeypatch.setenv("OPENAI_API_KEY", "mine")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://key@models.example/v1")
    run_cli("profile", "create", "work")
    run_cli("profile", "set", "model", "openai:gpt-5", "-p", "work")

    sent, state = told(run_cli, "-p", "work")["chat model openai:gpt-5"]
    assert sent == (
        "questions, passages and earlier turns go to https://models.example/v1"
    )
    assert state == "note"
    assert "chat model builtin:extractive" in told(run_cli)


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("redis://db.example:6379/0", "redis://db.example:6379"),
        ("redis+sentinel://127.0.0.1/main/0", "redis+sentinel://127.0.0.1:26379/main"),
        ("redis://user:secret@127.0.0.1:6379/0", ""),
        ("unix:///run/redis.sock", ""),
    ],
)
def test_a_store_elsewhere_is_named_without_secrets(address: str, sent: str) -> None:
    found = leaving.store_destination(Runtime(environ={"RAGCLI_STORE": address}))

    assert found.address == sent
    assert "secret" not in found.told
    assert ("go to" in found.told) == bool(sent)


@pytest.mark.parametrize(
    ("spec", "host", "sent"),
    [
        ("ollama:llama3.2", "127.0.0.1:1", ""),
        ("ollama:gpt-oss:120b-cloud", "127.0.0.1:1", "https://ollama.com"),
        ("ollama:llama3.2", "http://nas:11434", "http://nas:11434"),
        ("groq:llama", "127.0.0.1:1", "the servers of groq"),
    ],
)
def test_a_model_that_cannot_be_had_still_says_where_it_would_be(
    spec: str, host: str, sent: str
) -> None:
    settings = Runtime(environ={"RAGCLI_OLLAMA_HOST": host}).settings

    found = leaving.unavailable_model("chat model", spec, "questions", settings)

    assert found.address == sent
