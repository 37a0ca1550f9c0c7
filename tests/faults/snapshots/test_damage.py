"""Damage to an index is noticed wherever it is, and got rid of by rollback."""

from __future__ import annotations

import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from ragcli.errors import RagcliError, SnapshotDamaged
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.search.opening import open_current
from ragcli.storage.files import Directory
from tests.faults.snapshots.processes import opened, snapshots_at
from tests.unit.index.doubles import KeyedSealer, Watched, WordEmbedder, reader_of

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
FLIPS = 1000 if THOROUGH else 40


@pytest.fixture(params=["plain", "sealed"])
def sealed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "sealed")


@pytest.fixture
def profile(tmp_path: Path, sealed: bool) -> Path:
    """A profile with two generations."""
    place = tmp_path / "documents"
    place.mkdir()
    library = opened(str(tmp_path / "profile"), sealed=sealed)
    for name in ("one", "two"):
        (place / f"{name}.txt").write_text(f"Document {name} of some length.\n" * 9)
        library.add([place], Watched())
    (place / "one.txt").write_text("Another document altogether.\n")
    library.add([place], Watched())
    return tmp_path / "profile"


def copy_of(profile: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(profile, target, copy_function=shutil.copy2)
    return target


def flip(place: Path, rng: random.Random) -> None:
    data = bytearray(place.read_bytes())
    bit = rng.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    place.write_bytes(data)


def contents(reader: IndexReader) -> list[str]:
    rows, _ = reader.vector_search(WordEmbedder().embed(["Document"])[0], 50)
    return sorted(passage.text for passage in reader.passages(rows))


def open_copy(profile: Path, *, sealed: bool) -> IndexReader:
    sealer = KeyedSealer() if sealed else None
    with Directory.open(profile) as directory:
        reader = open_current(LocalSnapshots(directory, sealer))
        assert reader is not None
        return reader


@pytest.mark.timeout(1800 if THOROUGH else 180)
def test_no_flipped_bit_goes_unnoticed(
    profile: Path, sealed: bool, tmp_path: Path
) -> None:
    rng = random.Random(5)
    sound = open_copy(profile, sealed=sealed)
    expected = contents(sound)
    index = profile / "index"
    live = [p for p in (index / sound.generation).rglob("*") if p.stat().st_size]
    targets = [p for p in live if p.is_file()] + [index / "CURRENT"]
    outcomes = {"refused": 0, "previous": 0}
    for number in range(FLIPS):
        place = targets[number % len(targets)].relative_to(profile)
        damaged = copy_of(profile, tmp_path / "damaged")
        flip(damaged / place, rng)
        try:
            reader = open_copy(damaged, sealed=sealed)
        except SnapshotDamaged:
            outcomes["refused"] += 1
            continue
        assert reader.notice, place
        if place.name != "CURRENT":
            assert reader.generation < sound.generation
            assert contents(reader) != expected
        outcomes["previous"] += 1
    assert sum(outcomes.values()) == FLIPS


def test_a_damaged_stamp_only_costs_time(profile: Path, sealed: bool) -> None:
    stamps = list((profile / "index").glob("verified-*"))
    assert stamps
    for stamp in stamps:
        flip(stamp, random.Random(1))
    assert open_copy(profile, sealed=sealed).notice == ""


def test_a_flip_that_hides_behind_its_old_time_is_found_by_verify(
    profile: Path, sealed: bool
) -> None:
    sealer = KeyedSealer() if sealed else None
    with Directory.open(profile) as directory:
        snapshots = LocalSnapshots(directory, sealer)
        name = snapshots.current()
        assert snapshots.verify(name) == []
        found_files = (profile / "index" / name).glob("passages-*")
        target = max(found_files, key=lambda file: file.stat().st_size)
        before = target.stat()
        flip(target, random.Random(2))
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
        found = snapshots.verify(name)
        assert [target.name in line for line in found] == [True]


def test_only_damage_is_left_when_no_generation_is_sound(
    profile: Path, sealed: bool
) -> None:
    for target in (profile / "index").glob("gen-*/passages-*"):
        if target.stat().st_size:
            flip(target, random.Random(3))
    with pytest.raises(SnapshotDamaged) as caught:
        open_copy(profile, sealed=sealed)
    assert "\n" not in caught.value.message
    assert "rollback" in caught.value.hint


def test_rollback_and_quarantine_get_rid_of_damage(
    profile: Path, sealed: bool, tmp_path: Path
) -> None:
    library = opened(str(profile), sealed=sealed)
    current = snapshots_at(str(profile), sealed=sealed).current()
    target = next((profile / "index" / current).glob("documents-*.jsonl"))
    target.unlink()
    library = opened(str(profile), sealed=sealed)
    with pytest.raises(SnapshotDamaged):
        library.add([tmp_path / "documents"], Watched())
    assert reader_of(library).notice
    assert [item.name for item in library.generations() if item.damaged] == [current]
    renewed = library.rollback()
    assert reader_of(library).generation == renewed
    assert reader_of(library).notice == ""
    moved = snapshots_at(str(profile), sealed=sealed).quarantine(current)
    assert moved.is_dir()
    assert current not in snapshots_at(str(profile), sealed=sealed).generations()
    assert reader_of(library).generation == renewed


@pytest.mark.parametrize(
    "line", [b"", b"gen-1 00\n", b"gen-00000099 " + b"0" * 64 + b"\n"]
)
def test_a_pointer_to_nothing_is_gone_around_and_put_right_by_rollback(
    profile: Path, sealed: bool, tmp_path: Path, line: bytes
) -> None:
    snapshots = snapshots_at(str(profile), sealed=sealed)
    before, newest = snapshots.generations()
    library = opened(str(profile), sealed=sealed)
    texts = contents(reader_of(library))
    (profile / "index" / "CURRENT").write_bytes(line)

    library = opened(str(profile), sealed=sealed)
    reader = reader_of(library)
    assert reader.generation == newest
    assert "searching" in reader.notice
    with pytest.raises(SnapshotDamaged):  # nothing is built upon a guess
        library.add([tmp_path / "documents"], Watched())
    kept = [(item.name, item.current, item.damaged) for item in library.generations()]
    assert kept == [(before, False, ""), (newest, False, "")]

    renewed = library.rollback()
    assert reader_of(library).generation == renewed
    assert reader_of(library).notice == ""
    assert contents(reader_of(library)) == texts


def test_quarantine_of_the_live_generation_returns_to_the_one_before(
    profile: Path, sealed: bool
) -> None:
    library = opened(str(profile), sealed=sealed)
    before, current = snapshots_at(str(profile), sealed=sealed).generations()
    (profile / "index" / current / "manifest.json").write_bytes(b"{}")
    library = opened(str(profile), sealed=sealed)
    snapshots_at(str(profile), sealed=sealed).quarantine(current)
    assert snapshots_at(str(profile), sealed=sealed).current() == before
    assert reader_of(library).notice == ""


def test_a_pickle_in_a_generation_is_never_opened(
    profile: Path, sealed: bool, tmp_path: Path
) -> None:
    planted = tmp_path / "planted"
    payload = f"cos\nsystem\n(S'touch {planted}'\ntR.".encode()
    current = snapshots_at(str(profile), sealed=sealed).current()
    place = profile / "index" / current / "index.pkl"
    place.write_bytes(payload)
    place.chmod(0o600)
    loaded = []
    sys.addaudithook(
        lambda event, args: (
            loaded.append(args) if event == "pickle.find_class" else None
        )
    )
    library = opened(str(profile), sealed=sealed)
    try:
        library.reader()
        library.add([tmp_path / "documents"], Watched())
    except RagcliError:
        pass
    assert "index.pkl does not belong" in snapshots_at(
        str(profile), sealed=sealed
    ).verify(current)
    assert loaded == []
    assert not planted.exists()
