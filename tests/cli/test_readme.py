"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import bash
from tests.conftest import ROOT, SAMPLES

README = (ROOT / "README.md").read_text()
SET_UP, TESTS = re.findall(r"```bash\n(.+)\n```", README)
TOUR = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs a line of bash where `ragcli` and `sample_docs` are at hand."""
    wrapper = tmp_path / "bin" / "ragcli"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} -m ragcli "$@"\n')
    wrapper.chmod(0o700)
    shutil.copytree(SAMPLES, tmp_path / "sample_docs")
    environ = os.environ | {"PATH": f"{wrapper.parent}:{os.environ['PATH']}"}

    return partial(bash, cwd=tmp_path, env=environ)


def test_the_tour_runs_from_top_to_bottom(
    shell: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    assert len(TOUR) >= 15
    for line in TOUR:
        done = shell(line)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_the_first_answer_is_the_one_shown(
    shell: Callable[[str], subprocess.CompletedProcess[str]],
) -> None:
    [shown] = re.findall(r"```text\n\$ (.+?)\n```", README, re.DOTALL)
    command, _, expected = shown.partition("\n")
    done = shell(f"{command} --sources")

    assert done.stdout.split() == expected.split()


def test_the_first_command_asks_the_same_question() -> None:
    assert SET_UP.endswith(re.findall(r"\$ (ragcli ask --docs .+)", README)[0])


@pytest.mark.skipif(
    "RAGCLI_THOROUGH" not in os.environ, reason="installs from a package index"
)
def test_the_first_command_works_on_a_clean_clone(tmp_path: Path) -> None:
    subprocess.run(
        ["git", "clone", "-q", str(ROOT), str(tmp_path / "clone")], check=True
    )
    done = subprocess.run(
        ["bash", "-c", SET_UP],
        cwd=tmp_path / "clone",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "ten seconds" in done.stdout


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert TESTS.startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert "&& .venv/bin/pytest" in TESTS
    assert "awk '/^Set up for development/" in script
    assert 'eval "$tests"' in script


def test_the_version_is_the_same_everywhere() -> None:
    from ragcli import __version__

    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_every_exit_code_is_listed() -> None:
    from ragcli.errors import ExitCode

    table = README.split("**Exit codes**")[1].split("## Settings")[0]
    for code in ExitCode:
        assert re.search(rf"\| {int(code)} \|", table), code


def test_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text()
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("https://") or (ROOT / target).exists(), target
