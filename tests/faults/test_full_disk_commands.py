"""Every command that writes, on a disk that is full: exit 74, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import LOCKS, QUESTION, SNAPSHOTS
from tests.conftest import Ran
from tests.faults.command_server import CommandServer
from tests.faults.test_full_disk import filled

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
LEFT = [0, *(1 << n for n in range(12, 19)), *range(6_000, 96_000, 10_000)]
"""Bytes that are left on the disk."""
DISK = 4 << 20

COMMANDS: dict[str, tuple[str, ...]] = {
    "ask": ("ask", QUESTION),
    "add": ("docs", "add", "more"),
    "remove": ("docs", "remove", "notes/snapshots.md"),
    "sync": ("docs", "sync"),
    "rollback": ("docs", "rollback"),
    "create": ("profile", "create", "new"),
    "clone": ("profile", "clone", "default", "copy"),
    "rename": ("profile", "rename", "default", "other"),
    "delete": ("profile", "delete", "spare", "--yes"),
    "encrypt": ("profile", "encrypt", "default", "--yes"),
    "export": ("profile", "export", "disk/p.ragcli"),
    "import": ("profile", "import", "spare.ragcli", "--name", "again"),
    "set": ("profile", "set", "retrieval.k", "3"),
    "config": ("config", "set", "retrieval.k", "3"),
    "fork": ("history", "fork"),
    "redact": ("history", "redact", "--match", "Gruy", "--yes"),
    "compact": ("history", "compact"),
}
PROMISED = {0, 74}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system in which a few profiles have room."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size={DISK},mode=0700",
        "tmpfs",
        str(place),
    ]
    if not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting a small disk takes root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def commands(small_disk: Path, tmp_path: Path) -> Iterator[CommandServer]:
    for folder, name, text in (
        ("notes", "locks.md", LOCKS),
        ("notes", "snapshots.md", SNAPSHOTS),
        ("more", "more.md", SNAPSHOTS * 20),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(text)
    environ = {
        **os.environ,
        "RAGCLI_HOME": str(small_disk / "home"),
        "RAGCLI_PASSPHRASE_COMMAND": "echo secret",
    }
    server = CommandServer(environ, tmp_path)
    yield server
    server.close()


def stored(commands: CommandServer, name: str) -> list[str]:
    """The turns of a profile that is as sound as its disk."""
    checked = commands.run("profile", "verify", name)
    assert checked.code == 0, checked
    talks = commands.run("history", "export", "--all", "--json", "-p", name)
    assert talks.code == 0, talks.err
    found = json.loads(talks.out)["conversations"]
    return [turn["id"] for talk in found for turn in talk["turns"]]


def done(commands: CommandServer, *argv: str) -> Ran:
    ran = commands.run(*argv)
    assert ran.code == 0, (argv, ran)
    return ran


@pytest.mark.timeout(3600 if THOROUGH else 180)
def test_no_command_loses_anything_on_a_full_disk(
    small_disk: Path, commands: CommandServer, tmp_path: Path
) -> None:
    done(commands, "docs", "add", "notes/locks.md")
    done(commands, "docs", "add", "notes")
    done(commands, "ask", QUESTION)
    done(commands, "profile", "create", "spare")
    done(commands, "profile", "export", "-p", "spare", "spare.ragcli")
    kept = tmp_path / "kept"
    shutil.copytree(small_disk / "home", kept)
    codes: set[int] = set()
    for number, (name, argv) in enumerate(COMMANDS.items()):
        for left in LEFT if THOROUGH else [20_000 * (number % 2)]:
            shutil.rmtree(small_disk / "home")
            shutil.copytree(kept, small_disk / "home")
            filler = filled(small_disk)
            os.truncate(filler, filler.stat().st_size - left)

            ran = commands.run(*argv)

            codes.add(ran.code)
            assert ran.code in PROMISED, (name, left, ran)
            said = [line for line in ran.err.splitlines() if "No space left" in line]
            assert len(said) == (ran.code == 74), (name, left, ran)
            filler.unlink()
            profiles = json.loads(done(commands, "profile", "list", "--json").out)
            names = {profile["name"] for profile in profiles["profiles"]}
            where = "other" if name == "rename" and ran.code == 0 else "default"
            assert where in names
            turns = 2 if name == "ask" and ran.code == 0 else 1
            assert len(stored(commands, where)) >= turns, (name, left, ran)
            (small_disk / "p.ragcli").unlink(missing_ok=True)
    assert codes == PROMISED
