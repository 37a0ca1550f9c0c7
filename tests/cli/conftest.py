"""A small profile that the tests of the command line ask about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran

LOCKS = """# Locks

A commit lock waits at most ten seconds. After that the command gives up and ends
with exit code 75.

## Holders

The message names the holder of the lock: its process number, host, user and command.
"""

SNAPSHOTS = """# Snapshots

Each change of the documents makes a new generation of the index. The last five
generations stay for a rollback; older ones are collected.
"""

QUESTION = "How long does a commit lock wait?"


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with two documents; also the working directory."""
    place = tmp_path / "notes"
    place.mkdir()
    (place / "locks.md").write_text(LOCKS)
    (place / "snapshots.md").write_text(SNAPSHOTS)
    monkeypatch.chdir(tmp_path)
    return place


@pytest.fixture
def indexed(notes: Path, run_cli: Callable[..., Ran]) -> Path:
    """The same, added to the default profile."""
    ran = run_cli("docs", "add", "notes")
    assert ran.code == 0, ran.err
    return notes


@pytest.fixture
def asked(indexed: Path, run_cli: Callable[..., Ran]) -> str:
    """A conversation of two turns; its id."""
    first = run_cli("ask", QUESTION, "--json").json
    run_cli("ask", "Who is named as the holder?", "--json")
    return str(first["conversation"])
