"""A sync that finds nothing to do leaves a note that spares the next one its work."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.index.generations import pointer
from ragcli.index.ingest.planning import unchanged
from ragcli.index.library import Library
from ragcli.index.segments.catalogue import Records
from ragcli.index.segments.catalogue_view import CatalogueView
from ragcli.storage.files import Directory
from tests.unit.index.conftest import MakeLibrary
from tests.unit.index.doubles import KeyedSealer, Watched

ENOUGH = "A text of its own.\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Documents old enough for their times to be believed, some of them left out."""
    place = tmp_path / "tree"
    (place / "deep" / "deeper").mkdir(parents=True)
    (place / "cache").mkdir()
    for name in ("a.md", "b.txt", "deep/c.md", "deep/deeper/d.md", "cache/e.md"):
        (place / name).write_text(ENOUGH + name)
    (place / "picture.png").write_bytes(b"\0png")
    (place / ".gitignore").write_text("cache/\n*.tmp\n")
    for found in place.rglob("*"):
        os.utime(found, (1_700_000_000, 1_700_000_000))
    return place


@pytest.fixture
def noted(
    make_library: MakeLibrary,
    tree: Path,
    progress: Watched,
    profile: Directory,
    monkeypatch: pytest.MonkeyPatch,
) -> Library:
    """A library whose last sync left a note, whatever the clock says."""
    monkeypatch.setattr(unchanged, "RACY_NS", -(10**12))
    library = make_library()
    library.add([tree], progress)
    before = library.sync(progress)
    assert (profile.path / "index" / pointer.SYNC_NOTE).exists()
    assert before.unchanged == 5
    return library


def refuse(*_: object) -> None:
    raise AssertionError("the documents were read")


def test_nothing_is_read_while_nothing_changes(
    noted: Library, progress: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = noted.sync(progress)
    monkeypatch.setattr(CatalogueView, "records", refuse)
    second = noted.sync(progress)
    assert second == first
    assert second.unchanged == 5
    reasons = {item.path.name: item.reason for item in second.skipped}
    assert sorted(reasons) == ["cache", "picture.png"]


def _same_size(tree: Path) -> None:
    place = tree / "deep" / "c.md"
    place.write_text(place.read_text().replace("own", "new"))


def _same_times(tree: Path) -> None:
    place = tree / "deep" / "c.md"
    place.unlink()
    place.write_text(ENOUGH + "changed")
    os.utime(place, (1_700_000_000, 1_700_000_000))


CHANGES = {
    "other content": _same_size,
    "other size, old time": _same_times,
    "a new file": lambda tree: (tree / "deep" / "new.md").write_text(ENOUGH),
    "a new directory": lambda tree: _made(tree / "fresh" / "new.md"),
    "a file less": lambda tree: (tree / "b.txt").unlink(),
    "another name": lambda tree: (tree / "b.txt").rename(tree / "z.txt"),
    "another rule": lambda tree: (tree / ".gitignore").write_text("*.txt\n"),
    "a rule below": lambda tree: (tree / "deep" / ".ragignore").write_text("c.md\n"),
}


def _made(place: Path) -> None:
    place.parent.mkdir()
    place.write_text(ENOUGH)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen(
    noted: Library, tree: Path, progress: Watched, change: Callable[[Path], object]
) -> None:
    change(tree)
    report = noted.sync(progress)
    assert (report.added, report.changed, report.removed) != (0, 0, 0)
    assert noted.sync(progress).changed == 0


def test_a_rule_above_and_a_linked_rule_file_are_seen(
    make_library: MakeLibrary,
    tree: Path,
    progress: Watched,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unchanged, "RACY_NS", -(10**12))
    (tmp_path / ".git").mkdir()
    rules = tmp_path / "rules"
    rules.write_text("nothing\n")
    (tree / "deep" / ".gitignore").symlink_to(rules)
    library = make_library()
    library.add([tree], progress)
    assert library.sync(progress).unchanged == 5
    rules.write_text("c.md\n")
    assert library.sync(progress).removed == 1
    assert library.sync(progress).unchanged == 4
    (tmp_path / ".gitignore").write_text("b.txt\n")
    assert library.sync(progress).removed == 1


def test_what_is_ignored_may_change(
    noted: Library, tree: Path, progress: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "cache" / "other.md").write_text(ENOUGH)
    monkeypatch.setattr(CatalogueView, "records", refuse)
    assert noted.sync(progress).unchanged == 5


def test_a_directory_that_is_left_out_may_be_young(
    make_library: MakeLibrary,
    tree: Path,
    progress: Watched,
    profile: Directory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    young = 0.3
    monkeypatch.setattr(unchanged, "RACY_NS", int(young * 10**9))
    (tree / ".git").mkdir()
    library = make_library()
    library.add([tree], progress)
    time.sleep(young)
    (tree / ".git" / "index").write_text("as `git status` does")
    library.sync(progress)
    assert (profile.path / "index" / pointer.SYNC_NOTE).exists()


def test_a_single_file_is_looked_at_too(
    make_library: MakeLibrary,
    tmp_path: Path,
    progress: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unchanged, "RACY_NS", -(10**12))
    place = tmp_path / "alone.md"
    place.write_text(ENOUGH)
    os.utime(place, (1_700_000_000, 1_700_000_000))
    library = make_library()
    library.add([place], progress)
    assert library.sync(progress).unchanged == 1
    place.write_text(ENOUGH + "more")
    assert library.sync(progress).changed == 1


def test_no_note_is_left_about_what_is_too_young(
    make_library: MakeLibrary, tree: Path, progress: Watched, profile: Directory
) -> None:
    library = make_library()
    library.add([tree], progress)
    library.sync(progress)
    assert not (profile.path / "index" / pointer.SYNC_NOTE).exists()


def test_another_index_or_limit_needs_another_look(
    noted: Library,
    make_library: MakeLibrary,
    tree: Path,
    progress: Watched,
    profile: Directory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    real = CatalogueView.records

    def counted(self: CatalogueView) -> Records:
        asked.append(1)
        return real(self)

    monkeypatch.setattr(CatalogueView, "records", counted)
    make_library(max_file_size="1 MB").sync(progress)
    assert len(asked) == 1
    noted.remove([tree / "b.txt"])
    assert not (profile.path / "index" / pointer.SYNC_NOTE).exists()


def test_a_torn_note_costs_nothing_but_time(
    noted: Library, progress: Watched, profile: Directory
) -> None:
    place = profile.path / "index" / pointer.SYNC_NOTE
    for wrong in (b"", b"{", b"[]", b'{"scope": 1, "skipped": [1]}'):
        place.write_bytes(wrong)
        assert noted.sync(progress).unchanged == 5


def test_an_encrypted_profile_notes_nothing(
    make_library: MakeLibrary,
    tree: Path,
    progress: Watched,
    profile: Directory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unchanged, "RACY_NS", -(10**12))
    library = make_library(KeyedSealer())
    library.add([tree], progress)
    library.sync(progress)
    assert not (profile.path / "index" / pointer.SYNC_NOTE).exists()
