"""Generations of an index: published whole, shared, collected, brought back."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from ragcli.errors import (
    Conflict,
    NewerFormat,
    NotPermitted,
    SnapshotDamaged,
    SnapshotNotFound,
    StorageFailed,
)
from ragcli.index.generations import manifests, rollback
from ragcli.index.generations.publishing import link_or_copy
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.storage import durable
from ragcli.storage.files import Directory
from tests.unit.index.doubles import KeyedSealer


def publish(snapshots: LocalSnapshots, name: str, parent: str | None = None) -> str:
    base = snapshots.current() if parent is None else parent
    with snapshots.workspace(base) as place:
        (place / f"documents-{name}.jsonl").write_text(name)
        facts = {"segments": [], "change": name}
        return snapshots.publish(place, base, facts)


def entries(profile: Directory) -> list[str]:
    return sorted(os.listdir(profile.path / "index"))


@pytest.fixture
def snapshots(profile: Directory, sealer: KeyedSealer | None) -> LocalSnapshots:
    return LocalSnapshots(profile, sealer, keep=3, grace=0.0)


def test_nothing_is_there_and_nothing_is_made_by_looking(
    profile: Directory, snapshots: LocalSnapshots
) -> None:
    assert snapshots.current() == ""
    assert snapshots.generations() == []
    with pytest.raises(SnapshotNotFound):
        snapshots.directory("gen-00000001")
    assert os.listdir(profile.path) == []


def test_generations_share_their_files(snapshots: LocalSnapshots) -> None:
    first = publish(snapshots, "one")
    second = publish(snapshots, "two")
    shared = [snapshots.directory(g) / "documents-one.jsonl" for g in (first, second)]
    assert shared[0].samefile(shared[1])
    assert snapshots.manifest(second).parent == first
    assert set(snapshots.manifest(second).files) == {
        "documents-one.jsonl",
        "documents-two.jsonl",
    }


@pytest.mark.parametrize("error", [errno.EPERM, errno.EACCES])
def test_files_are_copied_where_there_are_no_links(
    snapshots: LocalSnapshots, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    first = publish(snapshots, "one")

    def refused(*_: object, **__: object) -> None:
        raise OSError(error, "no links here")

    monkeypatch.setattr(os, "link", refused)
    second = publish(snapshots, "two")
    copies = [snapshots.directory(g) / "documents-one.jsonl" for g in (first, second)]
    assert not copies[0].samefile(copies[1])
    assert copies[1].read_text() == "one"
    assert copies[1].stat().st_mode & 0o777 == 0o600


def test_everything_is_private(profile: Directory, snapshots: LocalSnapshots) -> None:
    publish(snapshots, "one")
    for place in (profile.path / "index").rglob("*"):
        assert place.stat().st_mode & 0o077 == 0, place


def test_only_one_of_two_publishers_wins(snapshots: LocalSnapshots) -> None:
    publish(snapshots, "one")
    base = snapshots.current()
    publish(snapshots, "two", base)
    with pytest.raises(Conflict):
        publish(snapshots, "three", base)
    assert snapshots.current() == "gen-00000002"


def test_older_generations_and_dead_workspaces_are_collected(
    profile: Directory, snapshots: LocalSnapshots
) -> None:
    publish(snapshots, "one")
    (profile.path / "index" / "tmp-left-by-a-crash").mkdir(mode=0o700)
    with snapshots.workspace("") as in_use:
        for name in ("two", "three", "four"):
            publish(snapshots, name)
        assert in_use.is_dir()
        kept = ["gen-00000002", "gen-00000003", "gen-00000004"]
        assert snapshots.generations() == kept
    assert [n for n in entries(profile) if n.startswith("tmp-")] == []
    stamps = [n for n in entries(profile) if n.startswith("verified-")]
    assert stamps == [f"verified-{name}.json" for name in kept]


def test_pruning_leaves_the_current_generation_alone(
    profile: Directory, snapshots: LocalSnapshots
) -> None:
    for name in ("one", "two", "three"):
        publish(snapshots, name)
    snapshots.prune()
    assert snapshots.generations() == ["gen-00000003"]
    assert snapshots.verify("gen-00000003") == []


def test_what_was_never_acknowledged_is_ignored_and_removed(
    profile: Directory, snapshots: LocalSnapshots
) -> None:
    publish(snapshots, "one")
    publish(snapshots, "two")
    index = profile.path / "index"
    pointer = (index / "CURRENT").read_bytes()
    publish(snapshots, "three")
    (index / "CURRENT").write_bytes(pointer)
    assert snapshots.generations() == ["gen-00000001", "gen-00000002"]
    assert publish(snapshots, "four") == "gen-00000003"
    assert set(snapshots.manifest("gen-00000003").files) == {
        "documents-one.jsonl",
        "documents-two.jsonl",
        "documents-four.jsonl",
    }


def test_a_selected_generation_is_published_anew(snapshots: LocalSnapshots) -> None:
    for name in ("one", "two", "three"):
        publish(snapshots, name)
    name = snapshots.select("gen-00000002")
    assert name == snapshots.current() == "gen-00000004"
    chosen = snapshots.manifest(name)
    assert (chosen.change, chosen.origin) == ("rollback", "gen-00000002")
    assert set(chosen.files) == {"documents-one.jsonl", "documents-two.jsonl"}
    again = snapshots.select(name)
    assert snapshots.manifest(again).origin == "gen-00000002"


def test_a_failed_publish_changes_nothing(
    profile: Directory, snapshots: LocalSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(snapshots, "one")
    before = entries(profile)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable, "reached_drive", full)
    with pytest.raises(StorageFailed):
        publish(snapshots, "two")
    monkeypatch.undo()
    assert entries(profile) == before
    assert publish(snapshots, "two") == "gen-00000002"


@pytest.mark.parametrize(
    "line", [b"", b"gen-1 00\n", b"gen-00000001 " + b"0" * 64 + b"\n", b"../x\n"]
)
def test_a_pointer_to_nothing_is_damage(
    profile: Directory, snapshots: LocalSnapshots, line: bytes
) -> None:
    publish(snapshots, "one")
    (profile.path / "index" / "CURRENT").write_bytes(line)
    with pytest.raises(SnapshotDamaged):
        snapshots.manifest(snapshots.current())


def test_a_newer_format_is_refused_by_name(
    profile: Directory, snapshots: LocalSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "FORMAT", 99)
    publish(snapshots, "one")
    monkeypatch.undo()
    with pytest.raises(NewerFormat) as caught:
        snapshots.manifest("gen-00000001")
    assert "upgrade" in caught.value.hint


def test_a_link_in_a_generation_is_refused(
    profile: Directory, snapshots: LocalSnapshots, tmp_path: Path
) -> None:
    publish(snapshots, "one")
    target = profile.path / "index" / "gen-00000001" / "documents-one.jsonl"
    elsewhere = tmp_path / "elsewhere"
    target.rename(elsewhere)
    target.symlink_to(elsewhere)
    fresh = LocalSnapshots(profile, snapshots.sealer)
    with pytest.raises(SnapshotDamaged):
        fresh.directory("gen-00000001")
    target.unlink()
    target.parent.rename(tmp_path / "moved")
    (profile.path / "index" / "gen-00000001").symlink_to(tmp_path / "moved")
    with pytest.raises(NotPermitted):
        fresh.directory("gen-00000001")


def test_a_manifest_from_another_key_is_refused(profile: Directory) -> None:
    publish(LocalSnapshots(profile, KeyedSealer(b"one")), "one")
    with pytest.raises(SnapshotDamaged):
        LocalSnapshots(profile, KeyedSealer(b"two")).directory("gen-00000001")


def test_a_plain_generation_is_no_substitute_for_a_sealed_one(
    profile: Directory,
) -> None:
    publish(LocalSnapshots(profile, None), "one")
    with pytest.raises(SnapshotDamaged):
        LocalSnapshots(profile, KeyedSealer()).directory("gen-00000001")


def test_what_was_verified_is_not_read_again(
    profile: Directory, snapshots: LocalSnapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = publish(snapshots, "one")
    read: list[int] = []

    def spied(descriptor: int) -> str:
        read.append(descriptor)
        return "0" * 64

    monkeypatch.setattr("ragcli.index.generations.generation_checks.hash_file", spied)
    LocalSnapshots(profile, snapshots.sealer).directory(name)
    assert read == []
    (profile.path / "index" / f"verified-{name}.json").unlink()
    with pytest.raises(SnapshotDamaged):
        LocalSnapshots(profile, snapshots.sealer).directory(name)
    assert len(read) == 1


def test_a_reader_that_may_not_write_notes_nothing(
    profile: Directory, snapshots: LocalSnapshots
) -> None:
    name = publish(snapshots, "one")
    stamp = profile.path / "index" / f"verified-{name}.json"
    stamp.unlink()
    LocalSnapshots(profile, snapshots.sealer, remember=False).directory(name)
    assert not stamp.exists()
    LocalSnapshots(profile, snapshots.sealer).directory(name)
    assert stamp.exists()


def test_states_are_in_the_order_of_their_numbers(
    profile: Directory, snapshots: LocalSnapshots
) -> None:
    (profile.path / "index" / "gen-99999998").mkdir(parents=True, mode=0o700)
    os.chmod(profile.path / "index", 0o700)
    for name in ("one", "two"):
        publish(snapshots, name)
    assert snapshots.current() == "gen-100000000"
    assert rollback.previous(snapshots) == "gen-99999999"


def test_nothing_is_made_of_a_file_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refused)
    with pytest.raises(FileNotFoundError):
        link_or_copy(tmp_path / "gone", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_seal_that_is_none_is_damage(profile: Directory) -> None:
    snapshots = LocalSnapshots(profile, KeyedSealer(), grace=0.0)
    older = publish(snapshots, "one")
    publish(snapshots, "two")
    path = profile.path / "index" / older / manifests.NAME
    table = json.loads(path.read_bytes())
    path.write_bytes(manifests.encode({**table, "seal": "no number"}))
    with pytest.raises(SnapshotDamaged, match="seal"):
        LocalSnapshots(profile, KeyedSealer()).manifest(older)
