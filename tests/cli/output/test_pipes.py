"""Closed pipes, full disks and odd descriptors: a quiet end, or one line and a code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import QUESTION, bash
from tests.conftest import Ran

RAGCLI = f"{sys.executable} -m ragcli"


@pytest.mark.parametrize(
    "command", ["config show", "history list", "docs list --json", "doctor", "--help"]
)
def test_a_reader_that_leaves_is_no_error(command: str, asked: str) -> None:
    done = bash(f"{RAGCLI} {command} | true")

    assert done.stderr in {"", "ragcli: no conversations\n"}
    assert done.returncode == 0


def test_an_answer_whose_reader_leaves_ends_quietly(indexed: Path) -> None:
    done = bash(f"{RAGCLI} ask --quiet '{QUESTION}' | true")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_behind_stdout_is_74(indexed: Path) -> None:
    done = bash(f"{RAGCLI} config show > /dev/full")

    assert done.returncode == 74
    assert done.stderr.startswith("ragcli: standard output: No space left on device\n")


def test_a_full_disk_behind_json_is_74_too(indexed: Path) -> None:
    done = bash(f"{RAGCLI} profile show --json > /dev/full")

    assert done.returncode == 74
    assert "Traceback" not in done.stderr


def test_closed_streams_do_no_harm(indexed: Path) -> None:
    done = bash(f"{RAGCLI} ask '{QUESTION}' >&- 2>&- <&-")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert bash(f"{RAGCLI} profile verify").returncode == 0


@pytest.mark.parametrize("command", ["chat", "mcp", "docs list"])
def test_a_command_without_stdin_finds_it_empty(indexed: Path, command: str) -> None:
    done = bash(f"{RAGCLI} {command} <&-")

    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_stderr_that_nobody_reads_does_not_matter(indexed: Path) -> None:
    done = bash(f"{RAGCLI} ask '{QUESTION}' 2> >(true)")

    assert done.returncode == 0
    assert "ten seconds" in done.stdout


def test_an_ascii_locale_loses_no_answer(
    tmp_path: Path, run_process: Callable[..., Ran]
) -> None:
    (tmp_path / "a.md").write_text("# Straße\n\nDie Straße heißt Königsallee.\n")
    ran = run_process(
        "search", "Straße", "--docs", str(tmp_path / "a.md"),
        env={"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip

    assert ran.code == 0, ran.err
    assert r"K\xf6nigsallee" in ran.out


def test_tables_are_tabs_in_a_pipe_and_columns_on_a_terminal(
    run_cli: Callable[..., Ran], pty_run: Callable[..., Ran]
) -> None:
    run_cli("profile", "create", "work")
    run_cli("profile", "use", "work")

    [line] = run_cli("profile", "list").lines
    assert line.split("\t")[:3] == ["work", "*", "0"]
    shown = pty_run("profile", "list", env={"NO_COLOR": "1"}).out
    head, row = shown.split("\r\n")[:2]
    assert head.startswith("PROFILE  IN USE  DOCUMENTS  SIZE")
    assert row.startswith("work     *       0          ")
