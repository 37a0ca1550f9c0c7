"""What is taken down of files is the same until one of them changes, by either way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.storage import file_states
from ragcli.storage.file_states import FileStates

OLD = 1_700_000_000_000_000_000
"""An mtime, in nanoseconds since 1970."""


@pytest.fixture(params=["a block", "slowly"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With blocks smaller than a directory, or where there is no statx."""
    monkeypatch.setattr(file_states, "ROWS", 3)
    if request.param == "slowly":
        monkeypatch.setattr(file_states.StatusBlock, "create", lambda: None)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "tree"
    (place / "below").mkdir(parents=True)
    for name in ("a b.md", "c\nd.md", "é.md", "f.md", os.fsdecode(b"\xff.md")):
        (place / name).write_text("text")
        os.utime(place / name, ns=(OLD, OLD))
    (place / "link.md").symlink_to("f.md")
    return place


def taken(place: Path) -> tuple[bytes, list[str]]:
    """Returns what is taken down, and which are directories."""
    told: list[bytes] = []
    states = FileStates(told.append)
    descriptor = os.open(place, os.O_RDONLY)
    try:
        below = states.add(descriptor, sorted(os.listdir(descriptor)))
        below += states.add(descriptor, [])
    finally:
        os.close(descriptor)
    states.finish()
    return b"|".join(told), below


def test_nothing_changes_it_but_a_change(tree: Path) -> None:
    first = taken(tree)
    assert first[1] == ["below"]
    assert (tree / "f.md").read_text() == "text"
    (tree / "below" / "new.md").write_text("what is below is looked at for itself")
    assert taken(tree) == first


def _replaced(place: Path) -> None:
    other = place.with_name("other")
    other.write_text("next")
    os.utime(other, ns=(OLD, OLD))
    other.rename(place)


def _made_a_directory(place: Path) -> None:
    place.unlink()
    place.mkdir()


def _longer(place: Path) -> None:
    place.write_text("texts")
    os.utime(place, ns=(OLD, OLD))


def _linked(place: Path) -> None:
    place.with_name("link.md").unlink()
    place.with_name("link.md").symlink_to("a b.md")


CHANGES: dict[str, Callable[[Path], object]] = {
    "size": _longer,
    "time": lambda place: os.utime(place, ns=(OLD, OLD + 1)),
    "long ago": lambda place: os.utime(place, ns=(OLD, 1)),
    "mode": lambda place: place.chmod(0o600),
    "inode": _replaced,
    "name": lambda place: place.rename(place.with_name("g.md")),
    "gone": lambda place: place.unlink(),
    "kind": _made_a_directory,
    "link": _linked,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_change_is_seen(tree: Path, change: Callable[[Path], object]) -> None:
    (tree / "f.md").chmod(0o644)
    first = taken(tree)
    change(tree / "f.md")
    assert taken(tree)[0] != first[0]


def test_the_youngest_time_counts_that_of_the_inode(tree: Path) -> None:
    states = FileStates(lambda _: None, timed=True)
    descriptor = os.open(tree, os.O_RDONLY)
    try:
        states.add(descriptor, ["below", "f.md"])
    finally:
        os.close(descriptor)
    states.finish()
    assert states.newest == (tree / "f.md").stat().st_ctime_ns


def test_what_is_not_there_is_an_error(tree: Path) -> None:
    descriptor = os.open(tree, os.O_RDONLY)
    try:
        with pytest.raises(FileNotFoundError):
            FileStates(lambda _: None).add(descriptor, ["f.md", "nowhere.md"])
    finally:
        os.close(descriptor)
