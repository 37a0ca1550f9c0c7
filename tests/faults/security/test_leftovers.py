"""What killed processes leave is named, and gone with the next command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ragcli.errors import StorageFailed
from ragcli.storage.files import Directory
from ragcli.storage.temporary import memory_directories, scratch
from tests.sealed import PASSPHRASE, filled, home_at, open_store, opened, questions

ROOT = Path(__file__).parents[3]

DYING = """
import os, signal, sys
import {module}
from ragcli.cli.main import main
{module}.{name} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
main(sys.argv[1:])
"""


def run(
    home: Path, *arguments: str, dying_in: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs `ragcli`; it is killed where it calls `module:name`, if one is given."""
    program = ["-m", "ragcli"]
    if dying_in:
        module, _, name = dying_in.partition(":")
        program = ["-c", DYING.format(module=module, name=name)]
    environment = {
        **os.environ,
        "RAGCLI_HOME": str(home),
        "OLLAMA_HOST": "127.0.0.1:1",
        "RAGCLI_PASSPHRASE_COMMAND": f"echo {PASSPHRASE}",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, *program, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def leftovers(home: Path) -> list[str]:
    return [p.name for p in (home / "profiles").iterdir() if p.name.startswith(".")]


REMOVING = "ragcli.sessions.local.lifecycle.directories:Directories.remove_unneeded"


@pytest.mark.timeout(240)
def test_the_plain_profile_that_a_killed_encrypt_leaves_is_named_and_removed(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    notes = tmp_path / "notes.md"
    notes.write_text("# Secret\n\nThe CANARY sings at noon.\n")
    assert run(home, "docs", "add", str(notes)).returncode == 0

    died = run(home, "profile", "encrypt", "default", "--yes", dying_in=REMOVING)
    assert died.returncode == -signal.SIGKILL
    [left] = leftovers(home)
    assert left.startswith(".new-")

    checked = json.loads(run(home, "doctor", "--json").stdout)
    [line] = [c for c in checked["checks"] if c["what"] == "leftovers"]
    assert left in line["found"]
    assert leftovers(home) == []  # it has opened the profile after that

    died = run(home, "profile", "decrypt", "default", "--yes", dying_in=REMOVING)
    assert died.returncode == -signal.SIGKILL
    [left] = leftovers(home)
    verified = json.loads(run(home, "profile", "verify", "--json").stdout)
    assert any(left in finding["where"] for finding in verified["findings"])
    assert {finding["severity"] for finding in verified["findings"]} == {"repaired"}
    assert leftovers(home) == []


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "command", [["profile", "list"], ["ask", "What sings?"], ["doctor", "--fix"]]
)
def test_whatever_opens_or_lists_profiles_next_removes_what_was_left(
    tmp_path: Path, command: list[str]
) -> None:
    run(tmp_path, "profile", "create", "default")
    run(tmp_path, "profile", "create", "old")
    died = run(tmp_path, "profile", "delete", "old", "--yes", dying_in=REMOVING)
    assert died.returncode == -signal.SIGKILL
    assert [name[:9] for name in leftovers(tmp_path)] == [".deleted-"]
    ran = run(tmp_path, *command)
    assert "Traceback" not in ran.stderr
    assert leftovers(tmp_path) == []


@pytest.mark.timeout(240)
@pytest.mark.parametrize("fix", [["profile", "verify"], ["doctor", "--fix"]])
def test_what_a_killed_change_of_documents_leaves_is_named_and_removed(
    tmp_path: Path, fix: list[str]
) -> None:
    home = tmp_path / "home"
    (tmp_path / "notes.md").write_text("# Notes\n\nThe ferry leaves at noon.\n")
    publishing = "ragcli.index.generations.snapshots:LocalSnapshots.publish"
    add = ("docs", "add", str(tmp_path / "notes.md"))
    run(home, "profile", "create", "default")

    died = run(home, *add, dying_in=publishing)

    assert died.returncode == -signal.SIGKILL
    index = home / "profiles" / "default" / "index"
    left = [place.name for place in index.glob("tmp-*")]
    assert left
    told = run(home, *fix).stdout
    assert all(name in told for name in left), told
    assert list(index.glob("tmp-*")) == []
    assert run(home, *add).returncode == 0


@pytest.mark.timeout(240)
def test_the_text_index_of_a_killed_search_does_not_outlive_the_next_command(
    tmp_path: Path,
) -> None:
    if not memory_directories.has_memory():
        pytest.skip("no memory file system")
    home = tmp_path / "home"
    notes = tmp_path / "notes.md"
    notes.write_text("# Secret\n\nThe CANARY sings at noon.\n")
    run(home, "profile", "create", "default", "--encrypt")
    assert run(home, "docs", "add", str(notes)).returncode == 0
    before = {place.name for place in Path("/dev/shm").iterdir()}

    opening = "ragcli.index.fulltext.text_search:TextSearch.open"
    died = run(home, "search", "canary", dying_in=opening)
    assert died.returncode == -signal.SIGKILL
    left = {place.name for place in Path("/dev/shm").iterdir()} - before
    run(home, "history", "list")
    after = {place.name for place in Path("/dev/shm").iterdir()}
    prefix = f"ragcli-text-{os.geteuid()}-"
    assert not {name for name in left & after if name.startswith(prefix)}


def test_what_a_living_process_makes_is_left_alone(tmp_path: Path) -> None:
    store = open_store(home_at(tmp_path))
    store.create("work", {}).close()
    made = store.directories
    with (
        Directory.open(tmp_path / "profiles") as profiles,
        Directory.open(tmp_path / "cache", create=True) as cache,
        made.building(profiles) as building,
        scratch.scratch(cache) as copy,
    ):
        other = open_store(home_at(tmp_path))
        opened(other, "work").close()
        assert other.directories.left() == []
        assert building.path.is_dir()
        assert copy.path.is_dir()
    assert leftovers(tmp_path) == [building.path.name]
    assert list((tmp_path / "cache").iterdir()) == []
    opened(other, "work").close()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("change", ["encrypt", "delete"])
def test_what_cannot_be_removed_after_a_change_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    store = open_store(home_at(tmp_path))
    filled(store).close()

    def stuck(self: Directory, name: str) -> None:
        raise StorageFailed(f"{name}: Input/output error", "")

    with monkeypatch.context() as patch:
        patch.setattr(Directory, "remove_tree", stuck)
        if change == "encrypt":
            store.encrypt("work", PASSPHRASE)
        else:
            store.delete("work")
    [notice] = store.notices
    assert "could not be removed" in notice
    assert len(leftovers(tmp_path)) == 1
    again = open_store(home_at(tmp_path))
    assert again.names() == (["work"] if change == "encrypt" else [])
    assert leftovers(tmp_path) == []
    if change == "encrypt":
        session = opened(again, "work")
        assert session.encrypted
        assert questions(session)


def test_the_command_says_what_could_not_be_removed_and_succeeds(
    tmp_path: Path,
) -> None:
    run(tmp_path, "profile", "create", "old")
    code = (
        "import sys\nfrom ragcli.cli.main import main\n"
        "from ragcli.errors import StorageFailed\n"
        "from ragcli.storage.files import Directory\n"
        "def stuck(self, name): raise StorageFailed(name + ': stuck', '')\n"
        "Directory.remove_tree = stuck\nsys.exit(main(sys.argv[1:]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "profile", "delete", "old", "--yes"],
        env={**os.environ, "RAGCLI_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "could not be removed" in ran.stderr


def test_a_copy_that_a_killed_command_left_in_the_cache_is_swept(
    tmp_path: Path,
) -> None:
    store = open_store(home_at(tmp_path))
    store.create("work", {}).close()
    with Directory.open(tmp_path / "cache", create=True) as cache:
        cache.child("scratch-0123", create=True).close()
    assert [place.name for place in store.directories.left()] == ["scratch-0123"]
    opened(store, "work").close()
    assert list((tmp_path / "cache").iterdir()) == []
