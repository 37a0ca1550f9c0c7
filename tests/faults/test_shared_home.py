"""One home, two OS users: each sees only what is theirs, whatever it is called."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users")

ALICE, BOB = 12345, 12346

# Everything is imported before the rights go: the interpreter may be root's only.
AS_USER = """
import importlib, io, os, pkgutil, shlex, sys
from contextlib import redirect_stderr, redirect_stdout
import ragcli, ragcli.sessions.local, ragcli.sessions.local.session
from ragcli.cli.main import main
uid, lines = int(sys.argv[1]), sys.stdin.read().splitlines()
os.environ["RAGCLI_HOME"] = sys.argv[3]
def run(*words):
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        code = main(words)
    return code, out.getvalue()
os.environ["RAGCLI_HOME"] = sys.argv[2]
for words in (["profile", "create", "warm"], ["profile", "use", "warm"],
              ["docs", "add", sys.argv[4], "-p", "warm"],
              ["config", "set", "retrieval.k", "5"],
              ["ask", "What is the password?", "-m", "builtin"], ["history", "list"],
              ["search", "password", "--docs", sys.argv[4]],
              ["profile", "list"], ["doctor"], ["config", "get", "retrieval.k"]):
    code, told = run(*words)
    assert code == 0, (words, told)
os.environ["RAGCLI_HOME"] = sys.argv[3]
os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
for line in lines:
    code, told = run(*line.split("|"))
    print(code, told.replace("\\n", " "))
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A home as root gives it to all users; pytest's own places are root's only."""
    base = Path(tempfile.mkdtemp(prefix="ragcli-test-"))
    base.chmod(0o755)
    home = base / "shared"
    for place in (home, home / "profiles"):
        place.mkdir()
        place.chmod(0o1777)
    yield home
    shutil.rmtree(base)


def as_user(uid: int, home: Path, *commands: str) -> list[str]:
    """Runs commands as a user; returns exit code and output of each on one line."""
    notes = home.parent / "notes.md"
    notes.write_text("# Vault\n\nThe password is swordfish.\n")
    notes.chmod(0o644)
    warm = home.parent / f"warm{uid}-{os.urandom(4).hex()}"
    done = subprocess.run(
        [sys.executable, "-c", AS_USER, str(uid), str(warm), str(home), str(notes)],
        input="\n".join(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_two_users_share_a_home_and_nothing_in_it(shared: Path) -> None:
    def mine(word: str, k: int) -> list[str]:
        return [
            "profile|create|work|-q",
            f"ask|password {word}|-p|work|-m|builtin",
            "profile|use|work",
            f"config|set|retrieval.k|{k}",
            "config|get|retrieval.k",
            "profile|list|--json",
            "history|list|-p|work",
        ]

    first = as_user(ALICE, shared, *mine("of-alice", 3))
    second = as_user(BOB, shared, *mine("of-bob", 4))
    again = as_user(ALICE, shared, "history|list|-p|work", "config|get|retrieval.k")

    codes = [[line.split()[0] for line in lines] for lines in (first, second)]
    assert codes == [["0", "1", "0", "0", "0", "0", "0"]] * 2, (first, second)
    assert (first[4].split()[1], second[4].split()[1]) == ("3", "4")
    assert again[1].split()[1] == "3"
    listed = json.loads(second[5].split(" ", 1)[1])["profiles"]
    assert [(item["name"], item["current"]) for item in listed] == [("work", True)]
    assert "of-bob" in second[6]
    assert "of-alice" not in " ".join(second)
    assert "of-alice" in again[0]
    assert "of-bob" not in again[0]


def test_a_home_that_another_user_made_is_refused_with_the_way_out(
    shared: Path,
) -> None:
    os.chown(shared / "profiles", ALICE, ALICE)

    [told] = as_user(BOB, shared, "profile|create|work")

    assert told.startswith("77 ")
    assert "root owns it and its profiles/" in told
