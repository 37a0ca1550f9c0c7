"""Shell completion, through the protocol that each shell's script speaks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.cli.conftest import QUESTION

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def complete():
    """Returns what a shell offers for a line that is being typed."""

    def ask(shell: str, line: str) -> str:
        words = line.split(" ")
        env = os.environ | {
            "_RAGCLI_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
        done = subprocess.run(
            [sys.executable, "-m", "ragcli"],
            capture_output=True,
            text=True,
            env=env,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout

    return ask


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_are_offered(shell, complete):
    assert "history" in complete(shell, "ragcli hi")
    assert "rename" in complete(shell, "ragcli profile re")
    assert "--stateless" in complete(shell, "ragcli ask --state")


@pytest.mark.parametrize("shell", SHELLS)
def test_profiles_are_offered(shell, complete, run_cli):
    run_cli("profile", "create", "work")
    run_cli("profile", "create", "wiki")

    for line in ("ragcli ask -p w", "ragcli profile use w", "ragcli -p w"):
        offered = complete(shell, line)
        assert "work" in offered
        assert "wiki" in offered
    assert "wiki" not in complete(shell, "ragcli ask -p wo")


@pytest.mark.parametrize("shell", SHELLS)
def test_conversations_are_offered_with_titles(shell, complete, asked):
    offered = complete(shell, f"ragcli history show {asked[:4]}")

    assert asked in offered
    if shell != "bash":
        assert QUESTION in offered


@pytest.mark.parametrize("shell", SHELLS)
def test_documents_are_offered(shell, complete, indexed):
    assert "notes/locks.md" in complete(shell, "ragcli docs show no")
    assert "notes/locks.md" in complete(shell, "ragcli docs remove no")


@pytest.mark.parametrize("shell", SHELLS)
def test_models_and_settings_are_offered(shell, complete):
    assert "builtin" in complete(shell, "ragcli ask -m bu")
    assert "retrieval.k" in complete(shell, "ragcli config set retr")


def test_the_profile_typed_so_far_is_asked(complete, asked, run_cli):
    run_cli("profile", "create", "empty")

    assert asked not in complete("bash", "ragcli history show -p empty ")
    assert asked in complete("bash", "ragcli history show -p default ")


def test_an_encrypted_profile_offers_nothing_and_asks_nobody(complete, run_process):
    run_process(
        "profile", "create", "diary", "--encrypt", "--use", "--passphrase-fd", "0",
        stdin="pw\n",
    )  # fmt: skip

    assert complete("bash", "ragcli history show ").strip() == ""


def test_a_broken_configuration_is_no_noise_at_the_prompt(complete, home):
    home.mkdir(parents=True)
    (home / "config.toml").write_text("nonsense")

    assert complete("bash", "ragcli -p ") == "\n"


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash_loads_the_script_and_completes(tmp_path, run_cli):
    """The script that `--show-completion` prints, in the shell it is for."""
    run_cli("profile", "create", "work")
    wrapper = tmp_path / "ragcli"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} -m ragcli "$@"\n')
    wrapper.chmod(0o700)
    script = (
        'eval "$(_RAGCLI_COMPLETE=source_bash ragcli)"\n'
        "COMP_WORDS=(ragcli profile use w) COMP_CWORD=3\n"
        "_ragcli_completion ragcli\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        check=False,
    )

    assert done.stdout.strip() == "work", done.stderr
