"""Readers and writers of one index, at the same time: every read is whole."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ragcli.index.fulltext.analysis import Term, stems
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.search.opening import open_current
from ragcli.storage.files import Directory
from tests.faults.snapshots.processes import opened, snapshots_at
from tests.unit.index.doubles import KeyedSealer, Watched, WordEmbedder, reader_of

ROOT = Path(__file__).parents[3]
THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.snapshots.processes"]
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def reader_in(profile: Path, sealed: str) -> IndexReader:
    reader = open_current(snapshots_of(profile, sealed))
    assert reader is not None
    return reader


def version_seen(reader: IndexReader) -> int:
    """Returns the one version that all parts of a generation agree on."""
    rows, _ = reader.vector_search(WordEmbedder().embed(["Document"])[0], 10)
    passages = reader.passages(rows)
    assert sorted(Path(p.path).stem for p in passages) == ["one", "three", "two"]
    versions = {n for p in passages for n in re.findall(r"version(\d+)", p.text)}
    assert len(versions) == 1
    version = versions.pop()
    stem = stems(f"version{version}", "en")[0]
    found = reader.text_search([Term((stem,))], 10)
    assert sorted(row for row, _ in found) == sorted(rows.tolist())
    assert reader.document_frequency(stem) == 3
    return int(version)


@pytest.fixture(params=["plain", "sealed"])
def sealed(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


def snapshots_of(profile: Path, sealed: str) -> LocalSnapshots:
    sealer = KeyedSealer() if sealed == "sealed" else None
    return LocalSnapshots(Directory.open(profile), sealer)


_SEVERAL = 4
"""Generations that are met one after the other."""


@pytest.mark.timeout(1800 if THOROUGH else 300)
def test_every_load_during_publishing_and_collecting_is_whole(
    tmp_path: Path, place: Path, sealed: str
) -> None:
    loads = 1000 if THOROUGH else 60
    profile = tmp_path / "profile"
    publisher = started("publish", profile, place, sealed, "0")
    try:
        assert line_of(publisher).startswith("0 ")
        newest = ""
        generations: set[str] = set()
        read = 0
        while read < loads or len(generations) < _SEVERAL:  # it may publish slowly
            read += 1
            reader = reader_in(profile, sealed)
            assert reader.notice == ""
            assert reader.generation >= newest
            newest = reader.generation
            generations.add(newest)
            version_seen(reader)
            assert publisher.poll() is None
    finally:
        publisher.kill()
        publisher.communicate()
    left = [n for n in os.listdir(profile / "index") if n.startswith("gen-")]
    assert len(left) <= 5


@pytest.mark.timeout(3600 if THOROUGH else 120)
def test_a_killed_publisher_loses_nothing_it_acknowledged(
    tmp_path: Path, place: Path, sealed: str
) -> None:
    kills = 200 if THOROUGH else 8
    profile = tmp_path / "profile"
    rng = random.Random(11)
    version, generation = -1, ""
    for _ in range(kills):
        publisher = started("publish", profile, place, sealed, str(version + 1))
        told = [line_of(publisher)]
        time.sleep(rng.random() * 0.4)
        publisher.kill()
        told += publisher.communicate()[0].splitlines()
        acknowledged = [line.split() for line in told if line.strip()]
        version, generation = int(acknowledged[-1][0]), acknowledged[-1][1]
        reader = reader_in(profile, sealed)
        assert reader.notice == ""
        assert reader.generation >= generation
        seen = version_seen(reader)
        assert version <= seen <= version + 1
        version, generation = seen, reader.generation  # it may not have come to say so
    report = opened(str(profile), sealed=sealed == "sealed").sync(Watched())
    assert report.failed == ()
    assert not [n for n in os.listdir(profile / "index") if n.startswith("tmp-")] or (
        report.generation == generation
    )


@pytest.mark.timeout(120)
def test_a_reader_is_right_through_fifty_generations(
    tmp_path: Path, place: Path
) -> None:
    library = opened(str(tmp_path / "profile"))
    for number in range(30):
        text = f"Constant number{number} stays as it is.\n"
        (place / f"{number}.txt").write_text(text)
    library.add([place], Watched())
    reader = reader_of(library)
    query = WordEmbedder().embed(["Constant number7 stays as it is."])[0]
    first = reader.generation
    rows, scores = reader.vector_search(query, 30)
    passages = reader.passages(rows)
    for version in range(50):
        (place / "changing.txt").write_text(f"This is version{version} of it.\n")
        (place / f"{version % 30}.txt").write_text(f"Rewritten in version{version}.\n")
        library.add([place], Watched())
        assert (first in snapshots_at(str(tmp_path / "profile")).generations()) == (
            version < 25
        )
        if version == 24:
            shutil.rmtree(tmp_path / "profile" / "index" / first)
        again, same = reader.vector_search(query, 30)
        assert np.array_equal(again, rows)
        assert np.array_equal(same, scores)
        assert reader.passages(rows) == passages
        assert reader.document_frequency("number7") == 1
        assert reader.vectors(rows).shape == (30, 16)


def test_a_generation_is_collected_when_its_last_reader_is_gone(
    tmp_path: Path, place: Path
) -> None:
    library = opened(str(tmp_path / "profile"))
    kept = snapshots_at(str(tmp_path / "profile")).generations
    reader: IndexReader | None = None
    for version in range(6):
        (place / "changing.txt").write_text(f"This is version{version} of it.\n")
        library.add([place], Watched())
        if version == 0:
            reader = reader_of(library)
    assert reader
    assert kept() == [reader.generation, "gen-00000005", "gen-00000006"]
    assert library.reader() is not reader
    del reader
    (place / "changing.txt").write_text("This is the last version.\n")
    library.add([place], Watched())
    assert kept() == ["gen-00000006", "gen-00000007"]


@pytest.mark.timeout(120)
def test_concurrent_ingests_of_eight_folders_all_land(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    rounds = 10 if THOROUGH else 1
    for turn in range(rounds):
        folders = []
        for number in range(8):
            folder = tmp_path / f"folder{turn}-{number}"
            folder.mkdir()
            for item in range(4):
                word = f"word{turn}x{number}x{item}"
                (folder / f"{item}.txt").write_text(f"The {word} is here only.\n")
            folders.append(folder)
        running = [started("add", profile, folder) for folder in folders]
        ended = [process.communicate() for process in running]
        for process, (_, told) in zip(running, ended, strict=True):
            assert process.returncode == 0, f"{process.returncode}: {told!r}"
        library = opened(str(profile))
        assert library.count() == 32 * (turn + 1)
        reader = reader_of(library)
        assert reader.chunk_count == 32 * (turn + 1)
        for number in range(8):
            for item in range(4):
                stem = stems(f"word{turn}x{number}x{item}", "en")[0]
                [(row, _)] = reader.text_search([Term((stem,))], 5)
                path = reader.passages([row])[0].path
                assert path == str(folders[number] / f"{item}.txt")
