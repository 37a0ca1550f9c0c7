"""The manual page says what the help says, and `man` has nothing to complain about."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.cli.command_tree import COMMANDS
from tests.conftest import Ran


def test_every_command_stands_in_it(run_cli: Callable[..., Ran]) -> None:
    page = run_cli("--man").out

    sections = [line[4:] for line in page.splitlines() if line.startswith(".SS ")]
    assert {section.split()[0] for section in sections} == set(COMMANDS)
    assert "history show" in sections
    assert "Search only documents there." in page
    assert "locked: try again" in page
    assert "<list" not in page
    assert [line[4:] for line in page.splitlines() if line.startswith(".SH ")] == [
        "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "ENVIRONMENT",
        "FILES", "EXIT STATUS",
    ]  # fmt: skip


@pytest.mark.skipif(not shutil.which("man"), reason="needs man")
def test_man_shows_it(run_cli: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "ragcli.1"
    file.write_text(run_cli("--man").out)
    shown = subprocess.run(
        ["man", "--warnings", "-l", str(file)],
        capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip

    assert shown.stderr == ""
    assert "ragcli ask [OPTIONS]" in shown.stdout
