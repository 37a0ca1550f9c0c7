"""`ragcli chat` finds out by itself what it can draw on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ragcli.index.generations import manifests
from tests.cli.conftest import QUESTION
from tests.conftest import Ran


def test_a_pipe_gets_the_plain_chat(
    indexed: Path, run_process: Callable[..., Ran]
) -> None:
    ran = run_process("chat", "--new", stdin=f"{QUESTION}\n")

    assert ran.code == 0, ran.err
    assert "ten seconds" in ran.out
    assert "\x1b" not in ran.out
    assert QUESTION in run_process("history", "list").out


def test_the_plain_chat_refuses_an_index_of_a_newer_version_at_once(
    indexed: Path, run_process: Callable[..., Ran], home: Path
) -> None:
    index = home / "profiles" / "default" / "index"
    name = (index / "CURRENT").read_text().split()[0]
    manifest = index / name / manifests.NAME
    told = json.loads(manifest.read_bytes()) | {"format": 99}
    manifest.write_bytes(manifests.encode(told))
    digest = manifests.digest(manifest.read_bytes())
    (index / "CURRENT").write_text(f"{name} {digest}\n")

    ran = run_process("chat", stdin="")

    assert ran.code == 4
    assert "format 99" in ran.err
    assert "upgrade ragcli" in ran.err


def test_a_dumb_terminal_gets_the_plain_chat(
    indexed: Path, pty_run: Callable[..., Ran]
) -> None:
    typed = [("> ", f"{QUESTION}\n"), ("\n> ", "/quit\n")]
    ran = pty_run("chat", typed=typed, env={"TERM": "dumb"})

    assert ran.code == 0, ran.out
    assert "ten seconds" in ran.out
    assert "\x1b[" not in ran.out


def test_a_terminal_gets_the_screen_and_it_back(
    indexed: Path, pty_run: Callable[..., Ran]
) -> None:
    ran = pty_run("chat", typed=[("3 documents", "\x11")])

    assert ran.code == 0, ran.out[-2000:]
    assert "\x1b[?1049h" in ran.out
    assert ran.out.rindex("\x1b[?1049l") > ran.out.rindex("\x1b[?1049h")


def test_an_unknown_conversation_is_5_before_anything_is_drawn(
    indexed: Path, pty_run: Callable[..., Ran]
) -> None:
    ran = pty_run("chat", "--conversation", "ffffffff")

    assert ran.code == 5
    assert "\x1b[?1049h" not in ran.out
