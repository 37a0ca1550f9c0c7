"""`ragcli config`: what is in force, why, and how it is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran


def test_every_setting_has_an_origin(
    run_cli: Callable[..., Ran], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cli("config", "set", "retrieval.k", "8")
    monkeypatch.setenv("RAGCLI_MEMORY", "summary")
    told = run_cli("config", "show", "--json").json["settings"]
    origin = {item["key"]: (item["value"], item["source"]) for item in told}

    assert origin["retrieval.k"] == (8, str(home / "config.toml"))
    assert origin["memory"] == ("summary", "RAGCLI_MEMORY")
    assert origin["model"] == ("auto", "default")
    assert all(item["help"] for item in told)


def test_comments_survive_a_change(run_cli: Callable[..., Ran], home: Path) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text(
        '# mine\nmodel = "builtin" # because\n\n[retrieval]\n# few\nk = 4\n'
    )
    run_cli("config", "set", "retrieval.k", "9")
    run_cli("config", "set", "tui.theme", "nord")
    run_cli("config", "unset", "model")

    assert (home / "config.toml").read_text() == (
        '# mine\n\n[retrieval]\n# few\nk = 9\n\n[tui]\ntheme = "nord"\n'
    )
    assert run_cli("config", "get", "retrieval.k").out == "9\n"


def test_several_settings_are_set_at_once_or_none_is(
    run_cli: Callable[..., Ran],
) -> None:
    run_cli("config", "set", "retrieval.k=9", "model=builtin")
    refused = run_cli("config", "set", "retrieval.k=4", "retrieval.mode=fast")
    run_cli("profile", "create", "work")
    run_cli("profile", "set", "work", "retrieval.k=3", "memory=summary")
    told = run_cli("config", "set", "tui.theme=nord", "ttl=9d", "--json").json

    assert refused.code == 2
    assert run_cli("config", "get", "retrieval.k").out == "9\n"
    assert run_cli("config", "get", "model").out == "builtin\n"
    assert run_cli("config", "get", "memory", "-p", "work").out == "summary\n"
    assert [item["key"] for item in told["settings"]] == ["tui.theme", "ttl"]


def test_a_stronger_origin_is_told(
    run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGCLI_RETRIEVAL_K", "3")
    ran = run_cli("config", "set", "retrieval.k", "9")

    assert ran.code == 0
    assert "RAGCLI_RETRIEVAL_K is stronger: retrieval.k = 3" in ran.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["set", "retreival.k", "9"], "did you mean retrieval.k?"),
        (["get", "modle"], "did you mean model?"),
        (["unset", "modle"], "did you mean model?"),
        (["set", "retrieval.k", "many"], "expected a whole number"),
        (["set", "retrieval.mode", "fast"], "hybrid, bm25, vectors"),
        (["set", "ttl", "soon"], "time span"),
        (["set", "model=builtin", "soon"], "KEY=VALUE is expected after model=builtin"),
        (["set", "model", "a", "b"], "quote a value with spaces"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_set_is_2_with_a_word_of_help(
    argv: list[str], said: str, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli("config", *argv)

    assert ran.code == 2
    assert said in ran.err


def test_unsetting_what_is_not_set_is_5(run_cli: Callable[..., Ran]) -> None:
    assert run_cli("config", "unset", "model").code == 5


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("modle", "modle = 'x'\n"),
        ("retrieval.k", "[retrieval]\nk = 'many'\n"),
        ("answers.depth", "[answers]\ndepth = 4\n"),
    ],
)
def test_what_keeps_the_file_from_being_read_can_be_unset(
    key: str, text: str, home: Path, run_cli: Callable[..., Ran]
) -> None:
    run_cli("config", "set", "model", "builtin")
    with (home / "config.toml").open("a") as file:
        file.write(text)
    assert run_cli("config", "show").code == 2

    assert run_cli("config", "unset", key).code == 0

    assert run_cli("config", "get", "model").out == "builtin\n"


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "not toml": ("model = ", "not valid TOML"),
    "unknown key": ("modle = 'x'\n", "did you mean model?"),
    "wrong type": ("[retrieval]\nk = 'many'\n", "whole number"),
    "not utf-8": (b"model = '\xff'\n", "config.toml"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize(
    "command", [["history", "list"], ["config", "set", "model", "x"]]
)
def test_a_broken_file_is_named_and_left_alone(
    kind: str, command: list[str], run_cli: Callable[..., Ran], home: Path
) -> None:
    content, said = BROKEN[kind]
    data = content.encode() if isinstance(content, str) else content
    home.mkdir(parents=True)
    (home / "config.toml").write_bytes(data)

    ran = run_cli(*command)

    assert ran.code == 2
    assert "config.toml" in ran.err
    assert said in ran.err
    assert (home / "config.toml").read_bytes() == data


def test_path_is_printed_even_for_a_broken_file(
    run_cli: Callable[..., Ran], home: Path
) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text("nonsense")

    assert run_cli("config", "path").out == f"{home / 'config.toml'}\n"


def test_edit_opens_the_editor_and_checks(
    run_process: Callable[..., Ran],
    pty_run: Callable[..., Ran],
    home: Path,
    tmp_path: Path,
) -> None:
    good = tmp_path / "good"
    good.write_text('#!/bin/sh\necho "model = \\"builtin\\"" >> "$1"\n')
    bad = tmp_path / "bad"
    bad.write_text('#!/bin/sh\necho "modle = 1" >> "$1"\n')
    for script in (good, bad):
        script.chmod(0o700)

    assert pty_run("config", "edit", env={"EDITOR": str(good)}).code == 0
    assert run_process("config", "get", "model").out == "builtin\n"
    broken = pty_run("config", "edit", env={"EDITOR": str(bad)})
    assert broken.code == 2
    assert "did you mean model?" in broken.out
    assert pty_run("config", "edit", env={"EDITOR": "/no/such"}).code == 2
    assert pty_run("config", "edit", env={"EDITOR": "false"}).code == 2


def test_models_list_names_the_builtin_ones(run_cli: Callable[..., Ran]) -> None:
    told = run_cli("models", "list", "--json").json["models"]

    assert {model["spec"] for model in told} == {"builtin"}
    assert "builtin" in run_cli("models", "list").out


def test_pulling_without_a_server_is_3(run_cli: Callable[..., Ran]) -> None:
    ran = run_cli("models", "pull", "llama3.2")

    assert ran.code == 3
    assert "ollama serve" in ran.err
