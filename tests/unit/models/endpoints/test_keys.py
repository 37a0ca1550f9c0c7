"""Where keys come from, and what is said when one is missing or refused."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ragcli.config import EndpointSettings, Settings
from ragcli.errors import ModelFailed
from ragcli.models.endpoints import api_keys
from ragcli.models.endpoints.chat_model import EndpointModel
from tests.fakes.openai_server import MODEL, FakeOpenAI


def printing(text: str, code: int = 0) -> str:
    script = f"import sys; print({text!r}); sys.exit({code})"
    return shlex.join([sys.executable, "-c", script])


def with_key(
    endpoint: EndpointSettings, key_command: str = "", key_env: str = ""
) -> EndpointSettings:
    return replace(endpoint, key_command=key_command, key_env=key_env)


def test_a_command_and_a_variable_give_the_key_that_is_sent(
    server: FakeOpenAI, endpoint: EndpointSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "s3cret"
    monkeypatch.setenv("LM_KEY", "s3cret")
    for changed in ({"key_command": printing("s3cret")}, {"key_env": "LM_KEY"}):
        EndpointModel(with_key(endpoint, **changed), MODEL, Settings()).window()

    assert {one.headers["authorization"] for one in server.seen} == {"Bearer s3cret"}


def test_a_command_runs_once(tmp_path: Path, endpoint: EndpointSettings) -> None:
    counted = tmp_path / "count"
    script = f"open({str(counted)!r}, 'a').write('x'); print('k')"
    command = shlex.join([sys.executable, "-c", script])

    for _ in range(3):
        api_keys.key_of(replace(endpoint, key_command=command))

    assert counted.read_text() == "x"


def test_headers_are_sent(server: FakeOpenAI, endpoint: EndpointSettings) -> None:
    named = replace(endpoint, headers=(("X-Team", "docs"),))

    EndpointModel(named, MODEL, Settings()).window()

    assert server.seen[-1].headers["x-team"] == "docs"
    assert "authorization" not in server.seen[-1].headers


@pytest.mark.parametrize(
    ("changed", "words", "hint"),
    [
        ({"key_env": "NO_SUCH_KEY"}, "the variable NO_SUCH_KEY", "export NO_SUCH_KEY"),
        ({"key_command": printing("", 3)}, "ended with code 3", "key_command"),
        ({"key_command": printing("")}, "is silent", "key_command"),
        ({"key_command": "/no/such/program"}, "No such file", "key_command"),
    ],
)
def test_a_missing_key_names_where_it_should_come_from(
    endpoint: EndpointSettings, changed: dict[str, str], words: str, hint: str
) -> None:
    with pytest.raises(ModelFailed, match=words) as met:
        api_keys.key_of(with_key(endpoint, **changed))

    assert hint in met.value.hint


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"key_env": "LM_KEY"}, "LM_KEY"),
        ({"key_command": printing("wrong")}, "endpoints.lm.key_command"),
        ({}, "endpoints.lm.key_command"),
    ],
)
def test_a_refused_key_names_its_source(
    server: FakeOpenAI,
    endpoint: EndpointSettings,
    changed: dict[str, str],
    hint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LM_KEY", "wrong")
    server.key = "right"

    with pytest.raises(ModelFailed, match="refused the credentials") as met:
        EndpointModel(with_key(endpoint, **changed), MODEL, Settings()).window()

    assert hint in met.value.hint
