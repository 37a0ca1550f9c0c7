"""What is not there, or cannot be opened now, is told apart from what is damaged."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import StorageFailed
from ragcli.index.generations import collection
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.search.opening import open_current
from ragcli.sessions.findings import DAMAGE
from ragcli.sessions.local import verification as verify
from ragcli.storage.files import Directory
from ragcli.storage.locking import directory_locks
from ragcli.storage.temporary import memory_directories
from tests.faults.snapshots.processes import opened
from tests.sealed import filled, home_at, open_store
from tests.sealed import opened as opened_again
from tests.unit.index.doubles import KeyedSealer, Watched

ROOT = Path(__file__).parents[3]
THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"

OPENER = """
import sys
from pathlib import Path
from ragcli.index.search.opening import open_current
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.storage.files import Directory
from tests.unit.index.doubles import KeyedSealer
for _ in range(int(sys.argv[2])):
    with Directory.open(Path(sys.argv[1])) as directory:
        reader = open_current(LocalSnapshots(directory, KeyedSealer()))
    if reader.notice:
        print(reader.notice, flush=True)
"""


@pytest.fixture(params=["plain", "sealed"])
def profile(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A profile with two generations."""
    place = tmp_path / "documents"
    place.mkdir()
    library = opened(str(tmp_path / "profile"), sealed=request.param == "sealed")
    for name in ("one", "two"):
        (place / f"{name}.txt").write_text(f"Document {name} of some length.\n" * 9)
        library.add([place], Watched())
    return tmp_path / "profile"


def snapshots_of(profile: Path) -> LocalSnapshots:
    sealed = "sealed" in os.environ["PYTEST_CURRENT_TEST"].partition("[")[2]
    return LocalSnapshots(Directory.open(profile), KeyedSealer() if sealed else None)


@pytest.mark.timeout(600)
def test_processes_that_open_one_sealed_index_do_not_sweep_each_other(
    tmp_path: Path,
) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/one.txt").write_text("Document one.\n")
    library = opened(str(tmp_path / "profile"), sealed=True)
    library.add([tmp_path / "documents"], Watched())
    (tmp_path / "documents/two.txt").write_text("Document two.\n")
    library.add([tmp_path / "documents"], Watched())
    count = 1000 if THOROUGH else 60
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(tmp_path / "profile"), str(count)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    ends = [process.communicate() for process in crowd]
    assert [process.returncode for process in crowd] == [0] * 4, ends
    assert [output for output, _ in ends] == [""] * 4


def swept_once(
    monkeypatch: pytest.MonkeyPatch, sweep: Callable[[], object]
) -> list[str]:
    """Lets another process sweep between the first `mkdir` and its lease."""
    real, made = os.mkdir, []

    def mkdir(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        real(path, mode, dir_fd=dir_fd)
        made.append(path)
        if len(made) == 1:
            sweep()

    monkeypatch.setattr(os, "mkdir", mkdir)
    return made


def test_a_directory_that_is_swept_before_it_has_an_owner_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Directory.open(tmp_path / "profile", create=True) as profile:
        index = profile.child("index", create=True)
        snapshots = LocalSnapshots(profile, None)
        with monkeypatch.context() as patch:
            made = swept_once(patch, lambda: collection.sweep_workspaces(index))
            with snapshots.workspace("") as place:
                assert place.is_dir()
                assert place.name == made[1]
        assert not any(name.startswith("tmp-") for name in index.names())
    with monkeypatch.context() as patch:
        patch.setattr(memory_directories, "MEMORY", tmp_path)
        patch.setattr(memory_directories, "is_memory", lambda _: True)
        made = swept_once(patch, memory_directories.sweep)
        with memory_directories.memory_directory() as place:
            assert place.name == made[1]
    assert memory_directories.left() == []


def test_a_sweeper_that_never_rests_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(parent: int, name: str) -> int:
        os.rmdir(name, dir_fd=parent)
        raise FileNotFoundError(name)

    monkeypatch.setattr(directory_locks, "own", gone)
    with (
        Directory.open(tmp_path / "place", create=True) as place,
        pytest.raises(StorageFailed, match="as fast as"),
    ):
        directory_locks.make(place.descriptor, "tmp-")


def test_too_few_descriptors_are_never_damage(profile: Path) -> None:
    """Opens with so many descriptors left that each call fails once."""
    open_current(snapshots_of(profile))  # what is imported once is imported
    outcomes: list[str] = []
    reader: IndexReader | None = None
    for room in range(1, 200):
        snapshots = snapshots_of(profile)
        spare = os.dup(0)
        os.close(spare)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (spare + room, limits[1]))
        try:
            reader = open_current(snapshots)
            outcomes.append("opened")
        except StorageFailed as error:
            outcomes.append("refused" if "ulimit" in error.hint else error.message)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        if outcomes[-1] == "opened":
            assert reader
            assert reader.notice == ""
            assert reader.generation == snapshots.current()
            if outcomes[-3:] == ["opened"] * 3:
                break
    assert set(outcomes) == {"refused", "opened"}
    assert outcomes[-1] == "opened"


def test_repair_moves_nothing_because_a_file_is_missing(tmp_path: Path) -> None:
    store = open_store(home_at(tmp_path))
    session = filled(store)
    live = session.snapshots.current()
    place = session.directory.path / "index" / live / "vectors-1.faiss"
    aside = tmp_path / "aside"
    place.rename(aside)
    session.close()

    session = opened_again(store, "work")
    [finding] = verify.verify(session)
    assert finding.severity == DAMAGE
    assert "vectors-1.faiss is missing" in finding.what
    assert "--repair" not in finding.hint
    assert [f.what for f in verify.repair(session)] == [finding.what]
    assert session.snapshots.current() == live

    aside.rename(place)
    assert verify.repair(session) == []
    place.write_bytes(b"something else")
    assert any("moved to" in found.what for found in verify.repair(session))
