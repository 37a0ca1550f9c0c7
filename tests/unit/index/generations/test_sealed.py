"""An encrypted index shows nothing on the disk, and no file of it can be swapped."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragcli.errors import SnapshotDamaged
from ragcli.index.fulltext.analysis import Term, stems
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.storage.files import Directory
from ragcli.storage.temporary import memory_directories as private_memory
from tests.unit.index.conftest import MakeLibrary
from tests.unit.index.doubles import KeyedSealer, PlainEmbedder, Watched, reader_of

CANARY = "zyzzyva"


def traces(place: Path) -> list[str]:
    """Returns the files in which, or in whose names, the canary can be seen."""

    def shows(path: Path) -> bool:
        if CANARY in str(path.relative_to(place)):
            return True
        return path.is_file() and CANARY.encode() in path.read_bytes()

    return [str(path) for path in place.rglob("*") if shows(path)]


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place in memory that no other test sees."""
    place = "/dev/shm" if private_memory.has_memory() else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        monkeypatch.setattr(private_memory, "MEMORY", Path(name))
        yield Path(name)


@pytest.fixture(params=["memory", "no memory"])
def memory_or_none(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, memory: Path
) -> str:
    if request.param == "memory" and not private_memory.has_memory():
        pytest.skip("no memory file system")
    if request.param == "no memory":
        monkeypatch.setattr(private_memory, "is_memory", lambda place: False)
    return str(request.param)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    place = tmp_path / f"{CANARY}-folder"
    place.mkdir()
    text = f"# About {CANARY}\n\nThe {CANARY} is a weevil. " + "It eats palms. " * 40
    (place / f"{CANARY}.md").write_text(text)
    (place / "other.txt").write_text(f"Nothing but a {CANARY} again.\n")
    return place


@pytest.fixture
def watched_publish(monkeypatch: pytest.MonkeyPatch, profile: Directory) -> list[str]:
    """Collects what of the canary is on disk at the moment of each publish."""
    seen: list[str] = []
    real = LocalSnapshots.publish

    def publish(self: LocalSnapshots, *arguments: Any) -> str:
        seen.extend(traces(profile.path))
        seen.append("published")
        return real(self, *arguments)

    monkeypatch.setattr(LocalSnapshots, "publish", publish)
    return seen


def found(library: Library, word: str = CANARY) -> list[str]:
    reader = reader_of(library)
    rows = [row for row, _ in reader.text_search([Term((stems(word, "en")[0],))], 10)]
    return sorted({Path(item.path).name for item in reader.passages(rows)})


@pytest.mark.usefixtures("memory_or_none")
def test_nothing_plain_is_ever_on_disk(
    make_library: MakeLibrary,
    profile: Directory,
    secret: Path,
    progress: Watched,
    watched_publish: list[str],
    memory: Path,
) -> None:
    library = make_library(KeyedSealer())
    library.add([secret], progress)
    assert found(library) == ["other.txt", f"{CANARY}.md"]
    (secret / "third.txt").write_text(f"A third {CANARY}.\n")
    library.sync(progress)
    library.remove([secret / "other.txt"])
    other = make_library(KeyedSealer(), PlainEmbedder())
    other.reembed(progress)
    assert found(other) == ["third.txt", f"{CANARY}.md"]
    assert watched_publish == ["published"] * 4
    assert traces(profile.path) == []
    assert list(memory.iterdir()) == []


def test_an_index_from_a_machine_without_memory_files_opens_on_one_that_has_them(
    make_library: MakeLibrary,
    secret: Path,
    progress: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(private_memory, "is_memory", lambda place: False)
        make_library(KeyedSealer()).add([secret], progress)
    library = make_library(KeyedSealer())
    assert found(library) == ["other.txt", f"{CANARY}.md"]
    (secret / "third.txt").write_text(f"A third {CANARY}.\n")
    library.sync(progress)
    assert found(library) == ["other.txt", "third.txt", f"{CANARY}.md"]
    assert reader_of(library).document_frequency(stems("weevil", "en")[0]) == 1


def test_a_sealed_file_under_another_name_is_refused(
    make_library: MakeLibrary, profile: Directory, secret: Path, progress: Watched
) -> None:
    library = make_library(KeyedSealer())
    library.add([secret / "other.txt"], progress)
    library.add([secret / f"{CANARY}.md"], progress)
    place = profile.path / "index" / LocalSnapshots(profile, KeyedSealer()).current()
    one, two = sorted(place.glob("passages-*"))
    sealer = KeyedSealer()
    with pytest.raises(SnapshotDamaged):
        sealer.unseal(one.name, two.read_bytes())
    for info in reader_of(library).manifest.segments:
        name = f"passages-{info.id}.jsonl"
        assert sealer.unseal(name, (place / name).read_bytes())


def test_directories_of_killed_processes_are_swept(memory: Path) -> None:
    prefix = f"ragcli-text-{os.geteuid()}-"
    stale = memory / f"{prefix}stale"
    stale.mkdir(mode=0o700)
    (stale / "rest").write_text(CANARY)
    with private_memory.memory_directory() as place:
        assert not stale.exists()
        assert place.stat().st_mode & 0o777 == 0o700
        with private_memory.memory_directory():
            assert place.is_dir()
    assert list(memory.iterdir()) == []
