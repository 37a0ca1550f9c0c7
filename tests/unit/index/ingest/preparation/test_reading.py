"""Files are read in other processes, and one that breaks its reader costs itself."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragcli.index.documents import discover
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch import bounds
from ragcli.index.documents.loaders.dispatch.load import load as load_file
from ragcli.index.ingest.preparation import reading, reading_pool
from ragcli.index.ingest.preparation.embedding import embed
from ragcli.index.ingest.preparation.reading import (
    HERE,
    Chunking,
    Outcome,
    Prepared,
    ReadRequest,
    is_light,
    read,
)
from ragcli.index.ingest.preparation.reading_pool import ReadingPool
from tests.unit.index.doubles import WordEmbedder

CHUNKING = Chunking(300, 30)


def prepared(outcome: Outcome) -> Prepared:
    """Returns what was made of a document that could be read."""
    assert outcome.prepared is not None
    return outcome.prepared


@pytest.fixture
def wanted(tmp_path: Path) -> list[ReadRequest]:
    for number in range(30):
        text = f"# Title {number}\n\n" + f"Sentence {number} stands here. " * number
        (tmp_path / f"{number:02}.md").write_text(text)
    (tmp_path / "raw\udcff.txt").write_text("Its name is not UTF-8.\n")
    (tmp_path / "broken.ipynb").write_text("{ not JSON at all")
    found = discover.find([tmp_path], max_size=1 << 20)
    return [
        ReadRequest(item.location, item.size)
        for item in found
        if isinstance(item, discover.Found)
    ]


@pytest.mark.slow
def test_other_processes_read_what_this_one_would(
    wanted: list[ReadRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def timeless(outcome: Outcome) -> Outcome:
        if outcome.prepared:
            outcome.prepared.record.update(checked_ns=0, added="")
        return outcome

    here = [timeless(read(item, CHUNKING)) for item in wanted]
    monkeypatch.setattr(reading_pool, "WORTHWHILE", 0)
    there = [timeless(item) for item in reading_pool.outcomes(wanted, CHUNKING)]
    assert there == here
    assert [item.location for item in there] == [item.location for item in wanted]
    assert sum(bool(item.failure) for item in there) == 1


def test_known_content_is_only_touched(tmp_path: Path) -> None:
    place = tmp_path / "known.txt"
    place.write_text("Known.\n")
    before = prepared(read(ReadRequest(str(place), 7), CHUNKING))
    digest = before.record["digest"]
    os.utime(place, (1_700_000_000, 1_700_000_000))
    outcome = read(ReadRequest(str(place), 7, digest), CHUNKING)
    assert outcome.prepared is None
    assert outcome.touched is not None
    assert outcome.touched["mtime_ns"] == 1_700_000_000 * 10**9


def test_a_file_that_vanished_or_is_no_file_is_a_failure(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, reason in (("gone.txt", "No such file"), ("fifo", "not a regular file")):
        assert reason in read(ReadRequest(str(tmp_path / name), 1), CHUNKING).failure


@pytest.mark.slow
def test_a_process_that_dies_costs_no_file_that_did_not_kill_it(
    wanted: list[ReadRequest],
) -> None:
    pool = reading_pool.ReadingPool(2, CHUNKING)
    try:
        outcomes = pool.outcomes(iter(wanted * 9))
        seen = [next(outcomes) for _ in range(5)]
        for worker in pool.workers:
            worker.process.kill()
            worker.process.wait()
        seen += list(outcomes)
    finally:
        pool.close()
    assert [item.location for item in seen] == [item.location for item in wanted * 9]
    assert [item for item in seen if "died" in item.failure] == []


class Deadly(WordEmbedder):
    """Kills the process that embeds a certain word."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        if any("Title 7\n" in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts)


@pytest.mark.slow
def test_a_document_that_kills_its_process_is_named_and_the_others_are_read(
    wanted: list[ReadRequest],
) -> None:
    pool = reading_pool.ReadingPool(2, CHUNKING, f"{__name__}:Deadly")
    try:
        seen = list(pool.outcomes(iter(wanted)))
    finally:
        pool.close()
    assert [item.location for item in seen] == [item.location for item in wanted]
    died = [Path(item.location).name for item in seen if "died" in item.failure]
    assert died == ["07.md"]


@pytest.mark.slow
def test_documents_are_embedded_where_they_are_read(
    wanted: list[ReadRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_pool, "WORTHWHILE", 0)
    name = f"{WordEmbedder.__module__}:WordEmbedder"
    there = list(reading_pool.outcomes(wanted, CHUNKING, lambda: name))
    here = [read(item, CHUNKING) for item in wanted]
    assert sum(bool(item.prepared) for item in there) == len(wanted) - 1
    for one, other in zip(here, there, strict=True):
        if one.prepared and other.prepared:
            made = embed(WordEmbedder(), [item.text for item in one.prepared.chunks])
            assert other.prepared.embedded == made
            bare = [item._replace(text="") for item in one.prepared.chunks]
            assert other.prepared.chunks == bare


@pytest.mark.slow
def test_an_abandoned_pool_leaves_no_process(
    wanted: list[ReadRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_pool, "WORTHWHILE", 0)
    started: list[subprocess.Popen[bytes]] = []
    real = reading_pool.ReadingProcess.start

    def spied(self: Any) -> None:
        real(self)
        started.append(self.process)

    monkeypatch.setattr(reading_pool.ReadingProcess, "start", spied)
    outcomes = reading_pool.outcomes(wanted, CHUNKING)
    assert Path(next(outcomes).location).name
    outcomes.close()
    assert started
    assert all(process.returncode is not None for process in started)


def test_a_pool_that_cannot_be_whole_keeps_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def scarce(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        if started:
            raise BlockingIOError(errno.EAGAIN, "no more processes")
        started.append(start(*arguments, **options))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", scarce)

    with pytest.raises(BlockingIOError):
        reading_pool.ReadingPool(2, CHUNKING)

    assert started[0].returncode == -signal.SIGKILL


class Confined(WordEmbedder):
    """Leaves little memory to the process that it is made in."""

    def __init__(self) -> None:
        super().__init__()
        bounds.MEMORY_LIMIT = 48 << 20


def written(directory: Path, files: Mapping[str, str | bytes]) -> list[ReadRequest]:
    """Writes files and returns what is to be read."""
    found = []
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (directory / name).write_bytes(data)
        found.append(ReadRequest(str(directory / name), len(data)))
    return found


def failures(pool: reading_pool.ReadingPool, wanted: list[ReadRequest]) -> list[str]:
    """Returns what a pool says of each file, "" of one that it has read."""
    try:
        outcomes = list(pool.outcomes(iter(wanted)))
    finally:
        pool.close()
    assert [item.location for item in outcomes] == [item.location for item in wanted]
    return [item.failure for item in outcomes]


def test_only_short_texts_are_read_in_this_process(tmp_path: Path) -> None:
    light = {"a.md": "text", "b.html": "<p>", "LICENSE": "Text.", "d.py": "x = 1"}
    heavy = {"a.pdf": "%PDF-", "b.docx": "PK", "c": "%PDF-1.4", "d.md": "a" * HERE * 2}
    assert all(map(is_light, written(tmp_path, light)))
    assert not any(map(is_light, written(tmp_path, heavy)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.md", "a.html", "a.txt", "a.csv", "a.py"])
def test_a_long_text_is_read_elsewhere_with_the_same_outcome(
    tmp_path: Path, name: str
) -> None:
    text = "".join(f"word{number}, and another word\n" for number in range(12_000))
    wanted = written(tmp_path, {name: text})
    [there] = reading_pool.outcomes(wanted, CHUNKING)
    here = read(wanted[0], CHUNKING)
    assert prepared(there).chunks == prepared(here).chunks
    assert len(prepared(here).chunks) > 1000


@pytest.mark.slow
def test_a_text_that_takes_too_long_costs_nothing_else(tmp_path: Path) -> None:
    files = {"a.md": "Sound.", "b.md": "a\n===\n" * 400_000, "c.md": "Sound as well."}
    pool = reading_pool.ReadingPool(1, CHUNKING, cpu_limit=0)
    said = failures(pool, written(tmp_path, files))
    assert said == ["", "too large to read as Markdown in 0 s", ""]


@pytest.mark.slow
def test_a_process_that_waits_for_ever_is_lost_and_costs_one_file(
    tmp_path: Path,
) -> None:
    files = {"a.md": "Sound.", "b.md": "Its file system hangs.", "c.md": "Sound."}
    wanted = written(tmp_path, files)
    pool = reading_pool.ReadingPool(1, CHUNKING)
    [worker] = pool.workers
    try:
        [first] = pool.outcomes(iter(wanted[:1]))
        worker.process.send_signal(signal.SIGSTOP)
        worker.wall_limit = 0.5
        [second] = pool.outcomes(iter(wanted[1:2]))
        worker.wall_limit = reading_pool.WALL_LIMIT
        [third] = pool.outcomes(iter(wanted[2:]))
    finally:
        pool.close()
    assert second.failure == "too large to read as Markdown in 0.5 s"
    assert first.prepared
    assert third.prepared


@pytest.mark.slow
def test_neither_side_waits_for_the_other_while_both_have_much_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(fcntl, "F_SETPIPE_SZ", raising=False)  # as on a Mac
    text = "Filler words stand here.\n" * 6000
    (tmp_path / "long.txt").write_text(text)
    wanted = [
        ReadRequest(str(tmp_path / "long.txt"), len(text)),
        ReadRequest("stdin", 2 * len(text), text=2 * text),
    ]
    pool = ReadingPool(1, CHUNKING)
    read: list[Outcome] = []
    reads = threading.Thread(target=lambda: read.extend(pool.outcomes(iter(wanted))))
    reads.start()
    reads.join(60)
    pool.close()  # whoever waits for it waits no longer
    reads.join()
    assert [item.location for item in read if item.prepared] == [
        item.location for item in wanted
    ]


def test_a_file_that_grew_since_it_was_found_is_read_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [found] = written(tmp_path, {"a.md": "Short."})
    (tmp_path / "a.md").write_text("A sentence of many. " * (HERE // 10))
    started: list[int] = []
    real = reading_pool.ReadingPool

    def counted(count: int, chunking: Chunking) -> ReadingPool:
        started.append(count)
        return real(count, chunking)

    monkeypatch.setattr(reading_pool, "ReadingPool", counted)
    assert is_light(found)
    [outcome] = reading_pool.outcomes([found], CHUNKING)
    assert started == [1]
    assert outcome.prepared
    assert outcome.prepared.record["size"] > HERE


@pytest.mark.slow
def test_a_text_that_takes_too_much_memory_costs_nothing_else(tmp_path: Path) -> None:
    files = {"a.md": "Sound.", "b.html": "<h1>a</h1>b" * 200_000, "c.md": "Sound."}
    pool = reading_pool.ReadingPool(1, CHUNKING, f"{__name__}:Confined")
    first, second, third = failures(pool, written(tmp_path, files))
    assert (first, third) == ("", "")
    assert second.startswith("too large to read as HTML in")
    assert second.endswith("of memory")


def test_a_document_of_too_many_pieces_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1_000_000)
    [wanted] = written(tmp_path, {"a.md": "# a\n\nb\n\n" * 2000})
    assert "2,000 pieces" in read(wanted, CHUNKING).failure


@pytest.mark.parametrize(
    "raised",
    [
        ValueError("what\nis wrong"),
        MemoryError(),
        RecursionError("deep"),
        SystemError("a library's own"),
        StopIteration(),
        type("Own", (Exception,), {})("unheard of"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_loader_raises_costs_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: BaseException
) -> None:
    real = load_file

    def load(path: Path, data: bytes, *, ocr: bool = False) -> Document | None:
        if path.name == "bad.md":
            raise raised
        return real(path, data)

    wanted = written(tmp_path, {"bad.md": "bad", "good.md": "good"})
    monkeypatch.setattr(reading, "load", load)
    bad, good = reading_pool.outcomes(wanted, CHUNKING)
    assert bad.failure
    assert "\n" not in bad.failure
    assert good.prepared


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", b" \n\t\n" * 1000),
        ("a.txt", " \n".encode("utf-16")),
        ("a.html", "\N{NO-BREAK SPACE}\n".encode()),
        ("a.ipynb", b"\n\n"),
        ("a.py", b"\xef\xbb\xbf\r\n"),
    ],
)
def test_a_file_of_white_space_is_left_out(
    tmp_path: Path, name: str, content: bytes
) -> None:
    [wanted] = written(tmp_path, {name: content})
    outcome = read(wanted, CHUNKING)
    assert (outcome.skipped, outcome.failure, outcome.prepared) == ("empty", "", None)


FRAGMENTS = {
    ".html": "<h1> </h1> <p> <td> <tr> <table> <pre> </pre> <svg> &#xd800; &#99999;"
    " &amp &# <!-- --> <![CDATA[ <title> word < > / \n",
    ".md": "# ## a \n \n\n === --- ``` ~~~ | - > [ ]( ) ** {# } \t title: ...",
    ".rst": "=== --- a \n \n\n :: .. code +-+ | \t",
    ".org": "* ** #+title: a \n \t",
    ".ipynb": '{"cells": [ {"cell_type":"code" , "source":"# a" } ] "outputs": null 1',
    ".json": '{ } [ ] "a" : , 1 1e999 \\u0041 \n null -',
    ".csv": 'a , ; " \n \t 1 ""',
    ".py": "def class a( ): \n    # @ \t\n x",
    ".c": "int a( ) { } ; \n // /* */ # , static \t",
    ".yaml": "a: - \n    : | > # --- \t",
}


@pytest.mark.parametrize("suffix", FRAGMENTS)
def test_a_text_of_any_fragments_is_read_or_refused(
    tmp_path: Path, suffix: str, request: pytest.FixtureRequest
) -> None:
    fragments = FRAGMENTS[suffix].split(" ")
    for seed in range(2000 if request.config.getoption("--thorough") else 40):
        draw = random.Random(f"{suffix} {seed}")
        text = "".join(draw.choices([*fragments, " "], k=draw.randrange(1, 200)))
        data = bytearray(text.encode())
        if seed % 2:
            for _ in range(3):
                data[draw.randrange(len(data))] = draw.randrange(256)
        [wanted] = written(tmp_path, {f"a{suffix}": bytes(data)})
        assert "damaged" not in read(wanted, CHUNKING).failure, data
