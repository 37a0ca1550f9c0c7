"""Real processes, killed at random: what was acknowledged is there, once, in order."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from ragcli.config import Settings
from ragcli.sessions.history import versions
from ragcli.sessions.history.writer import History
from ragcli.storage.files import Directory
from tests.stores import LocalStores, a_turn, append, open_log

ROOT = Path(__file__).parents[2]
THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
KILLS = 1000 if THOROUGH else 25
WRITERS = 16 if THOROUGH else 6
TURNS = 200 if THOROUGH else 25

WRITER = """
import os, sys, random
from pathlib import Path
from tests.stores import draft, open_log
place, sizes, count = Path(sys.argv[1]), eval(sys.argv[2]), int(sys.argv[3])
log = open_log(place, wait=60.0)
rng = random.Random(os.getpid())
for _ in range(count):
    size = rng.choice(sizes)
    batch = [draft("x" * (size // 2)) for _ in range(rng.choice((1, 1, 2)))]
    stored = log.append(batch)
    told = " ".join(f"{r.seq}:{r.id}" for r in stored) + "\\n"
    os.write(1, told.encode())
"""


def writer(place: Path, sizes: list[int], count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(place), repr(sizes), str(count)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def acknowledged(output: bytes) -> list[tuple[int, str]]:
    """Returns what a writer said it had stored; a torn last line does not count."""
    lines = output.decode().split("\n")[:-1]
    pairs = [pair.partition(":") for line in lines for pair in line.split()]
    return [(int(seq), name) for seq, _, name in pairs]


def test_kills_at_random_moments_lose_nothing_acknowledged(tmp_path: Path) -> None:
    place = tmp_path / "p"
    rng = random.Random(7)
    sizes = [100, 4000, 60_000, 2_000_000]
    acked: list[tuple[int, str]] = []
    for _ in range(KILLS):
        process = writer(place, sizes, 1_000_000)
        assert process.stdout
        first = process.stdout.readline()  # it is up and writing
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        acked += acknowledged(first + process.stdout.read())
        process.wait()
        process.stdout.close()
        if (place / "history.jsonl").stat().st_size > 60_000_000:
            check_and_clear(place, acked)
            acked = []
    check_and_clear(place, acked)


def check_and_clear(place: Path, acked: list[tuple[int, str]]) -> None:
    log = open_log(place)
    append(log, "the next append works")
    records = [*log.since()]
    found = {(record.seq, record.id) for record in records}
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert set(acked) <= found
    assert len({record.id for record in records}) == len(records)
    for item in [place / "history.jsonl", *(place / "quarantine").glob("*")]:
        item.unlink()
    log.directory.close()


def test_many_writers_keep_every_turn_in_one_line(tmp_path: Path) -> None:
    place = tmp_path / "p"
    Directory.open(place, create=True).close()
    crowd = [writer(place, [2000], TURNS) for _ in range(WRITERS)]
    outputs = [process.communicate()[0] for process in crowd]

    assert [process.returncode for process in crowd] == [0] * WRITERS
    acked = [pair for output in outputs for pair in acknowledged(output)]
    records = [*open_log(place).since()]
    assert sorted(acked) == [(record.seq, record.id) for record in records]
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert len(acked) >= WRITERS * TURNS


CHOOSER = """
import os, sys
from pathlib import Path
from ragcli.config import Settings
from ragcli.sessions.history.writer import History
from tests.stores import LocalStores
session = LocalStores(Path(sys.argv[1]))().open("work")
history = History(session, Settings())
(shown,) = history.transcript("c")
for name in shown.versions * 1_000_000:
    history.show_version(name)
    os.write(1, (name + "\\n").encode())
"""


def test_a_version_is_chosen_whole_or_not_at_all(tmp_path: Path) -> None:
    stores = LocalStores(tmp_path)
    session = stores().create("work", {})
    first = a_turn("c", "q", answer="one")
    second = a_turn("c", "q", answer="two", replaces=first.id)
    History(session, Settings()).commit(first, title="t")
    History(session, Settings()).commit(second)
    session.close()
    for pause in (0.0, 0.01, 0.03):
        process = subprocess.Popen(
            [sys.executable, "-c", CHOOSER, str(tmp_path)],
            stdout=subprocess.PIPE, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert process.stdout
        told = process.stdout.readline()
        time.sleep(pause)
        process.kill()
        told += process.stdout.read()
        process.wait()
        process.stdout.close()
        acked = told.decode().split("\n")[:-1]
        session = stores().open("work")
        history = History(session, Settings())
        (shown,) = history.transcript("c")
        chosen = [record for record in session.log.since(0) if versions.chosen(record)]
        assert shown.id == versions.chosen(chosen[-1])
        assert {r.body["title"] for r in chosen} == {"t"}
        assert acked[-1] in {versions.chosen(record) for record in chosen[-2:]}
        assert history.conversation("c").turns == 1
        session.close()


READER = """
import sys
from pathlib import Path
from tests.stores import open_log
log = open_log(Path(sys.argv[1]))
last = reads = 0
while not Path(sys.argv[2]).exists():
    seqs = [record.seq for record in log.since()]
    assert seqs == list(range(1, len(seqs) + 1)), seqs[-5:]
    assert len(seqs) >= last, (len(seqs), last)
    last, reads = len(seqs), reads + 1
print(reads)
"""


def test_readers_without_a_lock_see_whole_records_only(tmp_path: Path) -> None:
    place, stop = tmp_path / "p", tmp_path / "stop"
    append(open_log(place), "first")
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(place), str(stop)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]
    crowd = [writer(place, [200, 100_000], TURNS) for _ in range(3)]
    for process in crowd:
        process.communicate()
    stop.touch()

    told = [process.communicate()[0] for process in readers]

    assert [process.returncode for process in readers] == [0, 0]
    assert all(int(output) > 0 for output in told)
