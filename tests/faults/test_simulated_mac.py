"""What people do, on a machine that lacks what a Mac lacks (`tests/simulated_mac`).

`pytest --simulated-mac` runs all other tests so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.simulated_mac import mac
from tests.tui.pseudo_terminal import PseudoTerminal

HUNG_UP = 129


@pytest.fixture
def on_mac(run_process: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """Runs `ragcli` there, in a directory with one note; any code but 0 fails."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "lights.md").write_text(
        "# Lights\n\nThe harbour has four lights.\n"
    )

    def run(*argv: str, **options: object) -> Ran:
        env = {**mac.environment(), "RAGCLI_PASSPHRASE_COMMAND": "echo secret"}
        ran = run_process(*argv, cwd=tmp_path, env=env, **options)
        assert ran.code == 0, ran.err
        assert "Traceback" not in ran.err
        return ran

    return run


def test_a_profile_is_filled_asked_and_moved(
    on_mac: Callable[..., Ran], tmp_path: Path
) -> None:
    assert "darwin" in on_mac("doctor").out
    assert on_mac("docs", "add", "notes", "--json").json["added"] == 1
    assert "four lights" in on_mac("ask", "How many lights?").out
    assert on_mac("docs", "sync", "--json").json["unchanged"] == 1
    on_mac("profile", "clone", "default", "other")
    on_mac("profile", "rename", "other", "second")
    on_mac("profile", "export", "all.ragcli")
    on_mac("profile", "import", "all.ragcli", "--name", "third")
    on_mac("docs", "mount", "second")
    assert on_mac("profile", "verify").code == 0
    assert on_mac("audit", "verify").code == 0


def test_an_encrypted_profile_needs_no_memory_file_system(
    on_mac: Callable[..., Ran],
) -> None:
    on_mac("profile", "create", "safe", "--encrypt")
    on_mac("docs", "add", "notes", "-p", "safe")
    assert "four lights" in on_mac("ask", "How many lights?", "-p", "safe").out
    on_mac("profile", "decrypt", "safe", "--yes")
    assert on_mac("history", "list", "-p", "safe", "--json").json


def test_a_batch_is_answered_by_one_process_and_documents_by_several(
    on_mac: Callable[..., Ran], tmp_path: Path
) -> None:
    for number in range(3):
        text = f"Light {number} of the harbour is red.\n" * 40_000
        (tmp_path / "notes" / f"{number}.txt").write_text(text)
    assert on_mac("docs", "add", "notes", "--json").json["added"] == 4
    asked = "How many lights?\n" * 40
    lines = on_mac("ask", "--batch", "-", stdin=asked).lines
    assert len(lines) == 40
    assert {json.loads(line)["status"] for line in lines} == {"answered"}


def test_a_chat_ends_with_its_terminal(home: Path) -> None:
    environ = {**os.environ, **mac.environment()}
    with PseudoTerminal("chat", environ=environ) as terminal:
        terminal.until("default")
        terminal.hang_up()
        assert terminal.code() == HUNG_UP
