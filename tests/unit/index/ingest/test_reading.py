from __future__ import annotations

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

from ragcli.index.documents import discover
from ragcli.index.ingest import reading_pool
from ragcli.index.ingest.embedding import embed
from ragcli.index.ingest.reading import Chunking, read
from tests.unit.index.doubles import WordEmbedder

CHUNKING = Chunking(300, 30)


@pytest.fixture
def wanted(tmp_path) -> list:
    for number in range(30):
        text = f"# Title {number}\n\n" + f"Sentence {number} stands here. " * number
        (tmp_path / f"{number:02}.md").write_text(text)
    (tmp_path / "raw\udcff.txt").write_text("Its name is not UTF-8.\n")
    (tmp_path / "broken.ipynb").write_text("{ not JSON at all")
    return [(item, "") for item in discover.find([tmp_path], max_size=1 << 20)]


def test_other_processes_read_what_this_one_would(wanted, monkeypatch):
    def timeless(outcome):
        if outcome.prepared:
            outcome.prepared.record.update(checked_ns=0, added="")
        return outcome

    here = [timeless(read(item.location, digest, CHUNKING)) for item, digest in wanted]
    monkeypatch.setattr(reading_pool, "WORTHWHILE", 0)
    there = [timeless(item) for item in reading_pool.outcomes(wanted, CHUNKING)]
    assert there == here
    assert [item.location for item in there] == [item.location for item, _ in wanted]
    assert sum(bool(item.failure) for item in there) == 1


def test_known_content_is_only_touched(tmp_path):
    place = tmp_path / "known.txt"
    place.write_text("Known.\n")
    digest = read(str(place), "", CHUNKING).prepared.record["digest"]
    os.utime(place, (1_700_000_000, 1_700_000_000))
    outcome = read(str(place), digest, CHUNKING)
    assert outcome.prepared is None
    assert outcome.touched["mtime_ns"] == 1_700_000_000 * 10**9


def test_a_file_that_vanished_or_is_no_file_is_a_failure(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert "No such file" in read(str(tmp_path / "gone.txt"), "", CHUNKING).failure
    assert "not a regular file" in read(str(tmp_path / "fifo"), "", CHUNKING).failure


def test_a_process_that_dies_costs_no_file_that_did_not_kill_it(wanted):
    pool = reading_pool.ReadingPool(2, CHUNKING)
    try:
        outcomes = pool.outcomes(iter(wanted * 9))
        seen = [next(outcomes) for _ in range(5)]
        for worker in pool._workers:
            worker._process.kill()
            worker._process.wait()
        seen += list(outcomes)
    finally:
        pool.close()
    assert [item.location for item in seen] == [item.location for item, _ in wanted * 9]
    assert [item for item in seen if "died" in item.failure] == []


class Deadly(WordEmbedder):
    """Kills the process that embeds a certain word."""

    def embed(self, texts):
        if any("Title 7\n" in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts)


def test_a_document_that_kills_its_process_is_named_and_the_others_are_read(wanted):
    pool = reading_pool.ReadingPool(2, CHUNKING, f"{__name__}:Deadly")
    try:
        seen = list(pool.outcomes(iter(wanted)))
    finally:
        pool.close()
    assert [item.location for item in seen] == [item.location for item, _ in wanted]
    died = [Path(item.location).name for item in seen if "died" in item.failure]
    assert died == ["07.md"]


def test_documents_are_embedded_where_they_are_read(wanted, monkeypatch):
    monkeypatch.setattr(reading_pool, "WORTHWHILE", 0)
    name = f"{WordEmbedder.__module__}:WordEmbedder"
    there = list(reading_pool.outcomes(wanted, CHUNKING, lambda: name))
    here = [read(item.location, digest, CHUNKING) for item, digest in wanted]
    assert sum(bool(item.prepared) for item in there) == len(wanted) - 1
    for one, other in zip(here, there, strict=True):
        if one.prepared and other.prepared:
            made = embed(WordEmbedder(), [item.text for item in one.prepared.chunks])
            assert other.prepared.embedded == made
            bare = [item._replace(text="") for item in one.prepared.chunks]
            assert other.prepared.chunks == bare


def test_an_abandoned_pool_leaves_no_process(wanted, monkeypatch):
    monkeypatch.setattr(reading_pool, "WORTHWHILE", 0)
    started = []
    real = reading_pool._Worker._start

    def spied(self):
        real(self)
        started.append(self._process)

    monkeypatch.setattr(reading_pool._Worker, "_start", spied)
    outcomes = reading_pool.outcomes(wanted, CHUNKING)
    assert Path(next(outcomes).location).name
    outcomes.close()
    assert started
    assert all(process.returncode is not None for process in started)


def test_a_pool_that_cannot_be_whole_keeps_no_process(monkeypatch):
    started = []
    start = subprocess.Popen

    def scarce(*arguments, **options):
        if started:
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        started.append(start(*arguments, **options))
        return started[0]

    monkeypatch.setattr(reading_pool.subprocess, "Popen", scarce)

    with pytest.raises(BlockingIOError):
        reading_pool.ReadingPool(2, CHUNKING)

    assert started[0].returncode == -signal.SIGKILL
