"""Who has a profile open stays in it when it is renamed, beside a namesake too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragcli.errors import Damaged, ExitCode, Locked, ProfileNotFound
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.storage.files import Directory
from tests.sealed import PASSPHRASE, filled, home_at, open_store
from tests.unit.index.doubles import Watched, WordEmbedder

ROOT = Path(__file__).parents[2]
THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
ROUNDS = 24 if THOROUGH else 3
PROMISED = {ExitCode.ANSWERED, ExitCode.NOT_FOUND, ExitCode.LOCKED}

SESSION = """
import json, sys
from pathlib import Path
from ragcli.chat.events import AskRequest, Finished
from ragcli.index.report import NoProgress
from ragcli.runtime import Runtime

with Runtime().open("p", create=False) as workspace:
    print("open", flush=True)
    for line in sys.stdin:
        what, _, argument = line.strip().partition(" ")
        if what == "ask":
            events = list(workspace.ask(AskRequest(argument)))
            turn = next(e for e in events if isinstance(e, Finished)).turn
            print(json.dumps({"answer": turn.answer}), flush=True)
        else:
            report = workspace.library.add([Path(argument)], NoProgress())
            print(json.dumps({"added": report.added}), flush=True)
"""

CHANGER = """
import sys, time
from ragcli.errors import Locked
from ragcli.runtime import Runtime
from tests.sealed import CHEAP, PASSPHRASE
store = Runtime().store
store._cost = CHEAP
change = {
    "rename": [lambda: store.rename("p", "q"), lambda: store.rename("q", "p")],
    "encrypt": [lambda: store.encrypt("p", PASSPHRASE), lambda: store.decrypt("p")],
    "delete": [lambda: store.delete("p"), lambda: store.create("p", {}).close()],
}[sys.argv[1]]
while True:
    try:
        change[0]()
        change.reverse()
    except Locked:
        pass
    print("changed", flush=True)
    time.sleep(0.02)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "RAGCLI_HOME": str(tmp_path / "home"),
        "OLLAMA_HOST": "127.0.0.1:1",
        "RAGCLI_PASSPHRASE_COMMAND": f"echo {PASSPHRASE}",
        "PYTHONPATH": str(ROOT),
    }


def started(
    environment: dict[str, str], *arguments: str | Path, code: str = ""
) -> subprocess.Popen[str]:
    program = ["-c", code] if code else ["-m", "ragcli"]
    return subprocess.Popen(
        [sys.executable, *program, *map(str, arguments)],
        env=environment,
        stdin=subprocess.PIPE if code else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(environment: dict[str, str], *arguments: str | Path) -> str:
    process = started(environment, *arguments)
    output, complaint = process.communicate()
    assert process.returncode == 0, complaint
    return output


def verified(environment: dict[str, str], name: str) -> str:
    """Verifies twice: the first one also names what the killed changer left."""
    ran(environment, "profile", "verify", name)
    return ran(environment, "profile", "verify", name)


@contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str], command: str) -> dict[str, object]:
    """Gives an open session a command and returns what it says."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{command}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    told: dict[str, object] = json.loads(line)
    return told


def written(place: Path, land: str) -> Path:
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"# {land}\n\nThe capital of Ruritania is {land}town.\n")
    return place


@pytest.mark.timeout(240)
def test_an_open_session_stays_in_its_profile_when_a_namesake_comes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    question = "What is the capital of Ruritania?"
    ran(environment, "profile", "create", "p")
    ran(environment, "docs", "add", "-p", "p", written(tmp_path / "d/old.md", "Old"))

    with running(started(environment, code=SESSION)) as session:
        assert session.stdout
        assert session.stdout.readline() == "open\n"
        ran(environment, "profile", "rename", "p", "old")
        ran(environment, "profile", "create", "p")
        new = written(tmp_path / "d/new.md", "New")
        ran(environment, "docs", "add", "-p", "p", new)
        index = tmp_path / "home/profiles/p/index"
        before = sorted(os.listdir(index))

        assert "Oldtown" in str(told(session, f"ask {question}")["answer"])
        for number in range(7):  # enough for a collection
            more = written(tmp_path / f"d/more-{number}.md", f"More{number}")
            assert told(session, f"add {more}") == {"added": 1}
        assert "Newtown" not in str(told(session, f"ask {question}")["answer"])

    assert sorted(os.listdir(index)) == before
    shown = {
        name: json.loads(ran(environment, "profile", "show", name, "--json"))
        for name in ("old", "p")
    }
    assert shown["old"]["documents"] == 8
    assert shown["old"]["head"] > 0
    assert shown["p"]["documents"] == 1
    assert shown["p"]["head"] == 0
    assert "Newtown" in ran(environment, "ask", "-p", "p", question)
    for name in ("old", "p"):
        assert "sound" in ran(environment, "profile", "verify", name)


@pytest.mark.timeout(3600 if THOROUGH else 300)
@pytest.mark.parametrize("change", ["rename", "encrypt", "delete"])
def test_commands_meanwhile_do_their_work_or_say_why_not(
    environment: dict[str, str], tmp_path: Path, change: str
) -> None:
    ran(environment, "profile", "create", "p")
    ran(environment, "docs", "add", "-p", "p", written(tmp_path / "d/old.md", "Old"))
    added = 1
    with running(started(environment, change, code=CHANGER)) as changer:
        assert changer.stdout
        changer.stdout.readline()
        for number in range(ROUNDS):
            more = written(tmp_path / f"d/more-{number}.md", f"More{number}")
            all_ = [
                started(environment, "docs", "add", "-p", "p", more),
                started(environment, "ask", "-p", "p", "What is in Ruritania?"),
                started(environment, "history", "list", "-p", "p"),
            ]
            ends = [process.communicate() for process in all_]
            codes = [process.returncode for process in all_]
            assert set(codes) <= PROMISED | {ExitCode.NOTHING_FOUND}, ends
            assert "Traceback" not in str(ends)
            assert "damaged" not in str(ends)
            added += codes[0] == 0
        assert changer.poll() is None, changer.communicate()

    places = [p.name for p in (tmp_path / "home/profiles").iterdir() if p.is_dir()]
    for name in places:
        if not name.startswith("."):
            assert "sound" in verified(environment, name)
    if change == "rename":
        [name] = places
        shown = json.loads(ran(environment, "profile", "show", name, "--json"))
        assert shown["documents"] == added


def test_what_is_staged_keeps_a_profile_where_it_is(tmp_path: Path) -> None:
    store = open_store(home_at(tmp_path))
    session = filled(store)
    store.wait = store.directories.wait = 0.0
    moves: list[Callable[[], object]] = [
        lambda: store.rename("work", "other"),
        lambda: store.delete("work"),
        lambda: store.encrypt("work", "a long enough passphrase"),
    ]
    with session.snapshots.workspace(""):
        for move in moves:
            with pytest.raises(Locked):
                move()
    assert store.names() == ["work"]
    moves[0]()
    assert store.names() == ["other"]


def test_in_a_profile_that_is_removed_nothing_counts_as_damage(tmp_path: Path) -> None:
    from ragcli.config import Settings
    from ragcli.index.library import Library

    profiles = Directory.open(tmp_path / "profiles", create=True)
    directory = profiles.child("p", create=True)
    embedder = WordEmbedder()
    snapshots = LocalSnapshots(directory, None)
    library = Library(snapshots, lambda: embedder, Settings())
    library.add([written(tmp_path / "d/old.md", "Old")], Watched())
    live = snapshots.current()
    profiles.rename("p", ".deleted-0123456789abcdef")
    next((tmp_path / "profiles").glob(f".del*/index/{live}/passages-*")).unlink()

    fresh = Library(LocalSnapshots(directory, None), lambda: embedder, Settings())
    with pytest.raises(ProfileNotFound):
        fresh.reader()
    with pytest.raises(ProfileNotFound):
        LocalSnapshots(directory, None).altered(live)
    with pytest.raises(ProfileNotFound):
        fresh.add([written(tmp_path / "d/new.md", "New")], Watched())


def test_settings_of_a_profile_that_is_removed_are_no_damage(tmp_path: Path) -> None:
    store = open_store(home_at(tmp_path))
    session = filled(store)
    store.delete("work")
    with pytest.raises(ProfileNotFound):
        session.settings()
    session.close()

    session = filled(store)
    (session.directory.path / "profile.toml").unlink()
    with pytest.raises(Damaged):
        session.settings()
    session.close()
