"""What an open index holds: a Mac gives a process 256 descriptors."""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.errors import SnapshotDamaged, StorageFailed
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.index.search import opening
from ragcli.storage import os_errors
from ragcli.storage.files import Directory
from ragcli.storage.limits import open_files
from tests.unit.index.conftest import MakeLibrary
from tests.unit.index.doubles import Watched, reader_of


def descriptors() -> set[int]:
    """Returns what this process has open, found without /proc."""
    found = set()
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.add(number)
    return found


@pytest.mark.slow
def test_a_reader_holds_one_descriptor_however_many_segments(
    library: Library, tmp_path: Path, progress: Watched
) -> None:
    gc.collect()
    for number in range(7):
        place = tmp_path / f"{number}.txt"
        place.write_text(f"Light number {number} of the harbour is red.\n")
        library.add([place], progress)
    library.count()
    gc.collect()
    before = descriptors()
    reader = reader_of(library)
    gc.collect()
    assert len(reader.manifest.segments) > 1
    assert len(descriptors() - before) == 1
    assert (
        "harbour" in reader.passages(reader.document(str(tmp_path / "3.txt")))[0].text
    )


@pytest.mark.slow
def test_a_reader_that_fails_closes_its_lease_once(
    make_library: MakeLibrary,
    profile: Directory,
    notes: Path,
    progress: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library, snapshots = make_library(), LocalSnapshots(profile, None)
    library.add([notes], progress)
    place = snapshots.directory(snapshots.current())
    gc.collect()
    before = descriptors()
    lease = snapshots.share(snapshots.current())

    def fail(*_: object) -> None:
        raise SnapshotDamaged("not a text index", "")

    monkeypatch.setattr(opening, "opened_text", fail)
    with pytest.raises(SnapshotDamaged):
        opening.open_directory(place, None, lease)
    gc.collect()
    assert descriptors() == before
    theirs = os.open(os.devnull, os.O_RDONLY)
    try:
        assert theirs == lease  # its number is somebody else's by now
        gc.collect()
        os.fstat(theirs)
    finally:
        os.close(theirs)


@pytest.fixture
def limited() -> Iterator[None]:
    """A soft limit of 128 open files, put back at the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_soft_limit_is_raised_and_a_lack_names_it(limited: None) -> None:
    with pytest.raises(StorageFailed) as caught, os_errors.disk_errors("x"):
        raise OSError(24, os.strerror(24))
    assert caught.value.hint.startswith("128 may be open at once")
    open_files.allow_more()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == (10_240 if hard == resource.RLIM_INFINITY else min(hard, 10_240))
