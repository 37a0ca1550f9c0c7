"""Shell completion, through the protocol that each shell's script speaks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.cli.command_tree import root
from ragcli.cli.completion import scripts, shell_answers
from ragcli.errors import UsageError
from tests.cli.conftest import QUESTION
from tests.conftest import Ran

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def complete() -> Callable[..., str]:
    """Returns what a shell offers for a line that is being typed."""

    def ask(shell: str, line: str, **variables: str) -> str:
        words = line.split(" ")
        given = [line, words[-1]] if shell == "bash" else words[1:]
        done = subprocess.run(
            [sys.executable, "-m", "ragcli", *([] if variables else given)],
            capture_output=True,
            text=True,
            env=os.environ | {"_RAGCLI_COMPLETE": shell} | variables,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout

    return ask


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_are_offered(shell: str, complete: Callable[..., str]) -> None:
    assert "history" in complete(shell, "ragcli hi")
    assert "rename" in complete(shell, "ragcli profile re")
    assert "--stateless" in complete(shell, "ragcli ask --state")


def test_keys_values_and_what_filters_may_name_are_offered(
    run_cli: Callable[..., Ran], notes: Path
) -> None:
    (notes / "it's tagged.md").write_text("---\ntags: [red, wine]\n---\n\n# Red\n")
    assert run_cli("docs", "add", "notes").code == 0
    run_cli("profile", "create", "work")

    def offered(line: str, replaced: str | None = None) -> list[str]:
        typed = line.rsplit(" ", maxsplit=1)[-1] if replaced is None else replaced
        return shell_answers.answer("bash", [line, typed], root).decode().splitlines()

    for command in ("config set", "profile set", "profile set work"):
        values = ["check", "auto", "off"]
        line = f"ragcli {command} documents.refresh"
        assert "documents.refresh" in offered(line)
        assert offered(f"{line} ") == offered(f"{line}=", "") == values
        assert offered(f"ragcli {command} require_model ") == ["true", "false"]
        assert "builtin" in offered(f"ragcli {command} model ")
    assert offered("ragcli profile set wo") == ["work"]
    assert offered("ragcli ask --in no")[0] == "notes/"
    assert offered("ragcli search --not-in notes/it") == ["notes/it\\'s\\ tagged.md"]
    assert offered("ragcli search --tag ") == ["red", "wine"]
    assert offered("ragcli ask --type mark") == ["markdown"]


@pytest.mark.parametrize("shell", SHELLS)
def test_profiles_are_offered(
    shell: str, complete: Callable[..., str], run_cli: Callable[..., Ran]
) -> None:
    run_cli("profile", "create", "work")
    run_cli("profile", "create", "wiki")

    for line in ("ragcli ask -p w", "ragcli profile use w", "ragcli -p w"):
        offered = complete(shell, line)
        assert "work" in offered
        assert "wiki" in offered
    assert "wiki" not in complete(shell, "ragcli ask -p wo")


@pytest.mark.parametrize("shell", SHELLS)
def test_conversations_are_offered_with_titles(
    shell: str, complete: Callable[..., str], asked: str
) -> None:
    offered = complete(shell, f"ragcli history show {asked[:4]}")

    assert asked in offered
    if shell != "bash":
        assert QUESTION in offered


@pytest.mark.parametrize("shell", SHELLS)
def test_documents_are_offered(
    shell: str, complete: Callable[..., str], indexed: Path
) -> None:
    assert "notes/locks.md" in complete(shell, "ragcli docs show no")
    assert "notes/locks.md" in complete(shell, "ragcli docs remove no")


@pytest.mark.parametrize("shell", SHELLS)
def test_models_and_settings_are_offered(
    shell: str, complete: Callable[..., str]
) -> None:
    assert "builtin" in complete(shell, "ragcli ask -m bu")
    assert "retrieval.k" in complete(shell, "ragcli config set retr")


def test_the_profile_typed_so_far_is_asked(
    complete: Callable[..., str], asked: str, run_cli: Callable[..., Ran]
) -> None:
    run_cli("profile", "create", "empty")

    assert asked not in complete("bash", "ragcli history show -p empty ")
    assert asked in complete("bash", "ragcli history show -p default ")


def test_an_encrypted_profile_offers_nothing_and_asks_nobody(
    complete: Callable[..., str], run_process: Callable[..., Ran]
) -> None:
    run_process(
        "profile", "create", "diary", "--encrypt", "--use", "--passphrase-fd", "0",
        stdin="pw\n",
    )  # fmt: skip

    assert complete("bash", "ragcli history show ").strip() == ""


def test_a_broken_configuration_is_no_noise_at_the_prompt(
    complete: Callable[..., str], home: Path
) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text("nonsense")

    assert complete("bash", "ragcli -p ") == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_of_older_versions_are_told_only_plain_names(
    shell: str, complete: Callable[..., str], run_cli: Callable[..., Ran], notes: Path
) -> None:
    """They hand what they are told to `eval`, or to a glob."""
    for name in (
        "$(id).md",
        "`id`.md",
        "a'b.md",
        "a b.md",
        "*.md",
        "a;b.md",
        "a\nb.md",
    ):
        (notes / name).write_text(f"# Page\n\nAbout {name!a}.\n")
    assert run_cli("docs", "add", "notes").code == 0
    line = "ragcli docs show no"

    offered = complete(
        shell,
        line,
        _RAGCLI_COMPLETE=f"complete_{shell}",
        _TYPER_COMPLETE_ARGS=line,
        _TYPER_COMPLETE_FISH_ACTION="get-args",
        COMP_WORDS=line.replace(" ", "\n"),
        COMP_CWORD="3",
    )

    found = re.findall(r"notes/[^\n\"]*", offered)
    assert sorted(found) == ["notes/almanac.md", "notes/locks.md", "notes/snapshots.md"]


def test_the_script_is_printed_for_the_shell_that_asks(
    run_process: Callable[..., Ran],
) -> None:
    for shell in SHELLS:
        shown = run_process(
            "--show-completion", env={"_RAGCLI_COMPLETE": f"source_{shell}"}
        )
        assert f"_RAGCLI_COMPLETE={shell} " in shown.out


def test_installing_puts_our_script_where_the_shell_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for shell in SHELLS:
        assert scripts.install(shell).read_text() == scripts.script(shell)
    assert "ragcli.sh" in (tmp_path / ".bashrc").read_text()
    with pytest.raises(UsageError):
        scripts.install("csh")
