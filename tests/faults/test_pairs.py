"""Two operations at once, one killed at a random moment: no stored turn is lost."""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.errors import ExitCode
from tests.cli.conftest import LOCKS, QUESTION, SNAPSHOTS
from tests.conftest import Ran
from tests.faults.command_server import CommandServer

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
PAIRS = 230 if THOROUGH else 10
LONGEST = 0.8
"""Seconds within which a command is killed; most are done by then."""
PROMISED = {
    ExitCode.ANSWERED,
    ExitCode.NOTHING_FOUND,
    ExitCode.USAGE,
    ExitCode.NOT_FOUND,
    ExitCode.LOCKED,
    -signal.SIGKILL,
}
"""`USAGE`: what is encrypted already, a copy that is there already."""

OPERATIONS: dict[str, tuple[str, ...]] = {
    "ask": ("ask", QUESTION, "--json"),
    "add": ("docs", "add", "notes"),
    "remove": ("docs", "remove", "notes/snapshots.md"),
    "sync": ("docs", "sync"),
    "rollback": ("docs", "rollback"),
    "compact": ("history", "compact"),
    "redact": ("history", "redact", "--match", "Grue", "--yes"),
    "export": ("profile", "export", "-p", "{name}", "p-{number}.ragcli"),
    "clone": ("profile", "clone", "{name}", "copy"),
    "discard": ("profile", "delete", "copy", "--yes"),
    "rename": ("profile", "rename", "{name}", "{other}"),
    "encrypt": ("profile", "encrypt", "{name}", "--yes"),
    "decrypt": ("profile", "decrypt", "{name}", "--yes"),
    "verify": ("profile", "verify", "{name}"),
}
"""What is done to a profile; all that is named copy is not looked at."""


@pytest.fixture
def commands(tmp_path: Path, home: Path) -> Iterator[CommandServer]:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "locks.md").write_text(LOCKS)
    (tmp_path / "notes" / "snapshots.md").write_text(SNAPSHOTS)
    environ = {
        **os.environ,
        "RAGCLI_PASSPHRASE_COMMAND": "echo secret",
        "RAGCLI_LOCK_WAIT": "2s",
    }
    server = CommandServer(environ, tmp_path)
    yield server
    server.close()


def told(ran: Ran) -> list[str]:
    """The lines that say why a command failed, or its one JSON document."""
    if ran.out.startswith("{"):
        return [json.loads(ran.out)["error"]["message"]]
    beside = ("hint: ", "ragcli: warning: ")
    return [line for line in ran.err.splitlines() if not line.startswith(beside)]


def names(commands: CommandServer) -> list[str]:
    listed = commands.run("profile", "list", "--json")
    assert listed.code == 0, listed.err
    return [profile["name"] for profile in json.loads(listed.out)["profiles"]]


def turns(commands: CommandServer, name: str) -> set[str]:
    """The ids of all that is stored in a profile."""
    shown = commands.run("history", "export", "--all", "--json", "-p", name)
    assert shown.code == 0, shown.err
    talks = json.loads(shown.out)["conversations"]
    return {turn["id"] for talk in talks for turn in talk["turns"]}


@pytest.mark.timeout(3600 if THOROUGH else 180)
def test_pairs_of_operations_of_which_one_is_killed_lose_no_turn(
    commands: CommandServer, tmp_path: Path
) -> None:
    chance = random.Random(PAIRS)
    assert commands.run("profile", "create", "p").code == 0
    assert commands.run("docs", "add", "notes", "-p", "p").code == 0
    first = commands.run("ask", QUESTION, "--json", "-p", "p")
    counted: Counter[tuple[str, int]] = Counter()
    name = "p"
    stored = {json.loads(first.out)["turn"]}
    for number in range(PAIRS):
        [name] = set(names(commands)) - {"copy"}
        other = "q" if name == "p" else "p"
        pair = [chance.choice(sorted(OPERATIONS)), chance.choice(sorted(OPERATIONS))]
        if number % 3 == 0:
            pair[0] = "ask"
        argv = [
            [
                part.format(name=name, other=other, number=number)
                for part in OPERATIONS[deed]
            ]
            + ([] if OPERATIONS[deed][0] == "profile" else ["-p", name])
            for deed in pair
        ]
        killed = {1: chance.uniform(0.02, LONGEST)}
        if chance.random() < 0.3:
            killed[0] = chance.uniform(0.02, LONGEST)
        for deed, ran in zip(pair, commands.together(argv, killed), strict=True):
            assert ran.code in PROMISED, (pair, ran)
            assert ran.code <= 0 or len(told(ran)) == 1, (pair, ran)
            counted[deed, ran.code] += 1
            if deed == "ask" and ran.code == 0:
                stored.add(json.loads(ran.out)["turn"])
        [name] = set(names(commands)) - {"copy"}
        assert stored <= turns(commands, name), pair
        checked = commands.run("profile", "verify", name)
        assert checked.code == 0, (pair, checked)
    assert len(stored) > PAIRS // 6
    done = {deed for deed, code in counted if code == 0}
    assert len(done) > 2, counted
    assert -signal.SIGKILL in {code for _, code in counted}, counted
    after = commands.run("ask", QUESTION, "--json", "-p", name)
    assert after.code == 0, after.err
