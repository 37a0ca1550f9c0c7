"""What is typed wrong: one line, a hint, code 2, and the nearest name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli import __version__
from tests.conftest import Ran


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["asq", "q"], "no such command 'asq'. Did you mean 'ask'?"),
        (["profile", "creat", "x"], "Did you mean 'create'?"),
        (["ask", "q", "--statless"], "did you mean --stateless?"),
        (["ask", "q", "-k", "many"], "'many' is not a whole number"),
        (["ask", "q", "-k", "0"], "-k: 0 is less than 1"),
        (["ask", "q", "-m"], "requires an argument"),
        (["ask", "q", "--wait", "soon"], "time span"),
        (["ask", "q", "--since", "2024-13"], "'2024-13' is not a date"),
        (["search", "q", "--type", "markdwon"], "did you mean markdown?"),
        (["ask", "q", "--no-docs", "--tag", "x"], "exclude each other"),
        (["docs", "add"], "missing argument"),
        (["docs", "add", "x", "--wait", "soon"], "time span"),
        (["search", "q", "--mode", "bm52"], "did you mean bm25?"),
        (["chat", "--new", "--conversation", "x"], "exclude each other"),
        (["history", "list", "--limit", "0"], "less than 1"),
        (["--nonsense"], "no such option: --nonsense"),
        (["ask", "q", "-m", "nonsense"], "nonsense"),
        (["ask", "q", "-m", "openaix:gpt"], "openai"),
        (["ask", "q", "--timeout", "soon"], "time span"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_it_is_named_in_one_line(
    argv: list[str], said: str, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli(*argv)

    assert ran.code == 2, ran.err
    assert ran.out == ""
    lines = ran.err.splitlines()
    assert said in ran.err
    assert lines[0].startswith("ragcli: ")
    assert all(line.startswith("hint: ") for line in lines[1:])
    assert len(lines) <= 2


def test_usage_errors_are_json_too(run_cli: Callable[..., Ran]) -> None:
    told = run_cli("ask", "--json", "--statless").json

    assert told["error"]["code"] == 2
    assert told["error"]["kind"] == "usage"
    assert told["error"]["hint"] == "try: ragcli ask --help"


def test_what_follows_two_dashes_is_no_option(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli("ask", "--", "--json")

    assert ran.code in {0, 1}
    assert not ran.out.startswith("{")


def test_the_version(
    run_process: Callable[..., Ran], run_cli: Callable[..., Ran]
) -> None:
    assert run_process("--version").out == f"ragcli {__version__}\n"
    assert run_cli("--quiet", "--version").out == f"ragcli {__version__}\n"


def test_no_command_is_help(run_cli: Callable[..., Ran]) -> None:
    ran = run_cli()

    assert ran.code == 0
    assert "Usage: ragcli" in ran.out


@pytest.mark.parametrize("ending", ["a library's own exit", "a panic in Rust"])
def test_nothing_ends_with_1_and_no_word(
    run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})
    raised = SystemExit(1) if ending.startswith("a library") else panic("gone")

    def end(*_: object) -> None:
        raise raised

    monkeypatch.setattr("ragcli.config.value_text", end)
    ran = run_cli("config", "set", "retrieval.k", "7")

    assert ran.code == 70
    assert "this is a bug in ragcli" in ran.err
