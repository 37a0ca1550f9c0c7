"""Quick commands load nothing that takes time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.cli.main import main
from ragcli.index.ingest.planning import unchanged
from tests.conftest import Ran

pytestmark = pytest.mark.slow

HEAVY = {
    "asyncio", "cryptography", "faiss", "filelock", "httpx", "langchain",
    "langchain_community", "langchain_core", "langchain_ollama", "numpy", "pydantic",
    "redis", "requests", "rich", "safetensors", "tantivy", "textual", "tokenizers",
    "tomlkit",
}  # fmt: skip

PROBE = """
import sys
from ragcli.cli.main import main
code = main(sys.argv[1:])
print("loaded:", *sys.modules, file=sys.stderr)
raise SystemExit(code)
"""

COMPLETION_PROBE = """
import atexit
import sys
from ragcli.cli.main import entry_point

def tell() -> None:
    names = (name for name, module in sys.modules.items() if module is not None)
    print("loaded:", *names, file=sys.stderr)

atexit.register(tell)
entry_point()
"""


def loaded(code: str, *argv: str, **env: str) -> tuple[set[str], str]:
    """Returns the top-level modules after a run, and its stdout."""
    names, out = all_loaded(code, *argv, **env)
    return {name.split(".")[0] for name in names}, out


def all_loaded(code: str, *argv: str, **env: str) -> tuple[set[str], str]:
    """Returns the modules after a run, and its stdout."""
    done = subprocess.run(
        [sys.executable, "-c", code, *argv],
        capture_output=True,
        text=True,
        env=os.environ | env,
        check=False,
    )
    return set(done.stderr.split("loaded: ")[1].split()), done.stdout


@pytest.mark.parametrize(
    ("line", "prints"),
    [
        ("--version", True),
        ("--help", True),
        ("profile list", False),
        ("profile list --json", True),
        ("profile --help", True),
        ("history list", False),
        ("history list -p default", False),
        ("config path", True),
    ],
)
def test_quick_commands_load_nothing_heavy(line: str, *, prints: bool) -> None:
    modules, out = loaded(PROBE, *line.split())

    assert bool(out) == prints
    assert not HEAVY & modules


def test_the_version_takes_what_the_interpreter_has_loaded() -> None:
    modules, out = loaded(PROBE, "--version")

    assert out
    assert not {"importlib.resources", "ipaddress", "pathlib", "tempfile", "urllib"} & (
        modules
    )


def test_a_command_loads_no_other_command() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "history", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    commands = {
        name.removeprefix("ragcli.cli.commands.")
        for name in done.stderr.split()
        if name.startswith("ragcli.cli.commands.")
    }

    assert commands == {"history"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("line", ["ragcli ", "ragcli profile ", "ragcli -p "])
def test_completion_loads_nothing_heavy(
    shell: str, line: str, run_cli: Callable[..., Ran]
) -> None:
    run_cli("profile", "create", "work")
    given = [line, ""] if shell == "bash" else line.split(" ")[1:]
    modules, out = loaded(COMPLETION_PROBE, *given, _RAGCLI_COMPLETE=shell)

    assert out.strip()
    assert not HEAVY & modules


BARE = """
import sys
import typer
from typer.main import get_command
app = typer.Typer(rich_markup_mode=None, add_completion=False)
app.command()(lambda: None)
get_command(app).main([], standalone_mode=False)
print("loaded:", *sys.modules, file=sys.stderr)
"""
"""A command of Typer's that does nothing."""

SYSTEM = {"atexit", "gc", "fcntl", "grp", "pwd", "resource", "unicodedata"}
"""What every command asks the system with, and writes columns by: in C, and small."""


@pytest.mark.parametrize(
    ("argv", "own"),
    [
        (["profile", "list"], set()),
        (["config", "path"], set()),
        (["history", "list"], {"_json", "json", "tomllib", "string", "_string"}),
    ],
    ids=["profiles", "paths", "history"],
)
def test_a_quick_command_loads_next_to_nothing_beside_typer(
    argv: list[str], own: set[str], run_cli: Callable[..., Ran]
) -> None:
    """What is loaded beside that, of the standard library too, is put off or named."""
    run_cli("profile", "create", "default")
    bare, _ = loaded(BARE)
    modules, _ = loaded(PROBE, *argv)

    assert modules - bare - {"ragcli"} <= SYSTEM | own


FOR_OTHER_QUESTIONS = {
    "ragcli.chat.answers.repetition", "ragcli.chat.citing.source_attachment",
    "ragcli.chat.citing.support",
    "ragcli.chat.prompting.rewrite", "ragcli.chat.prompting.summary",
    "ragcli.index.documents.discover", "ragcli.index.documents.loaders",
    "ragcli.index.documents.splitter", "ragcli.index.ingest.indexing",
    "ragcli.index.ingest.planning.ingest_plan", "ragcli.language.comparison",
    "ragcli.models.builtin.computing.lists", "ragcli.models.builtin.computing.tables",
    "ragcli.models.endpoints", "ragcli.models.ollama",
    "ragcli.sessions.encryption.data_key", "ragcli.sessions.history.erasure",
    "ragcli.sessions.history.lifetime.expiry", "ragcli.sessions.history.masking",
    "ragcli.sessions.redis", "ragcli.sessions.transfer",
    "ragcli.storage.limits.processors", "ragcli.tui",
    "asyncio", "cryptography", "faiss.swigfaiss", "filelock", "http", "httpx",
    "langchain_core", "numpy._typing", "pathspec", "pydantic", "redis", "requests",
    "rich", "safetensors", "shlex", "socket", "textual", "tokenizers", "tomlkit",
}  # fmt: skip
"""What generated answers, claims that are judged, changes of documents, of histories
and of profiles need, each with all that is below it."""


def test_a_built_in_answer_loads_nothing_that_other_questions_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "cabin.md").write_text("# Cabin\n\nThe cabin has a blue door.\n")
    # Nothing is too young for a note that all is in step: a look takes it then.
    monkeypatch.setattr(unchanged, "RACY_NS", -(10**12))
    assert main(["docs", "add", "--quiet", str(notes)]) == 0
    asked = ("ask", "--model", "builtin", "What colour is the door of the cabin?")
    modules, out = all_loaded(PROBE, *asked)

    assert "blue door" in out
    assert {
        name
        for name in modules
        for other in FOR_OTHER_QUESTIONS
        if name == other or name.startswith(f"{other}.")
    } == set()
