"""What keeping a turn costs, and what is left after many writers and many kills.

The baselines are a bare loop of `write` and `fdatasync` under `flock`, and the way
of LangChain's tutorials: FileChatMessageHistory and FAISS.save_local.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks import corpus
from tests.benchmarks.measure import PYTHON, RAGCLI, ROOT, Figure, environment
from tests.benchmarks.workshop import Workshop

WRITERS = 16


def commits(workshop: Workshop) -> Iterator[Figure]:
    """Turns a second of sixteen processes, against a bare loop under flock."""
    turns = 25 if workshop.quick else 200
    workshop.ragcli("profile", "create", "writers")
    file = str(workshop.root / "bare.log")
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(workshop.runs):
        for kind, target in (("bare", file), ("ours", "writers")):
            _, seconds = _all_write(workshop, kind, target, turns)
            rates[kind].append(WRITERS * turns / seconds)
    base, ours = (sorted(found)[len(found) // 2] for found in rates.values())
    yield Figure(
        f"turn commits, {WRITERS} processes",
        "flock + fdatasync",
        base,
        ours,
        unit="turns/s",
        target=0.5,
        at_least=True,
    )


def sessions(workshop: Workshop) -> Iterator[Figure]:
    """What concurrent writers and kills leave, LangChain's way and ours."""
    yield from _concurrent(workshop)
    yield from _killed(workshop)


def _concurrent(workshop: Workshop) -> Iterator[Figure]:
    """Turns that are still there after sixteen processes wrote at once."""
    turns = 10 if workshop.quick else 50
    written = WRITERS * turns
    workshop.ragcli("profile", "create", "shared")
    file = workshop.root / "shared.json"
    _all_write(workshop, "langchain", str(file), turns)
    acknowledged, _ = _all_write(workshop, "ours", "shared", turns)
    listed = workshop.ragcli("history", "list", "-p", "shared", "--json").stdout
    kept = sum(item["turns"] for item in json.loads(listed)["conversations"])
    yield Figure(
        f"turns kept of {written:,}, {WRITERS} processes",
        "LangChain",
        _messages(file) / 2 / written,
        min(kept, acknowledged) / written,
        "share",
        1,
        at_least=True,
    )


def _killed(workshop: Workshop) -> Iterator[Figure]:
    """Indexes that open after a kill while they were being written."""
    kills = 5 if workshop.quick else 25
    texts, store = str(workshop.texts(1000)), str(workshop.root / "killed")
    sound = str(workshop.root / "sound")
    workshop.script("ingest", texts, sound)
    workshop.ragcli("profile", "create", "killed")
    workshop.ragcli("docs", "add", "-p", "killed", "-q", texts)
    theirs = [PYTHON, "-m", "tests.benchmarks.langchain_script", "save", store]
    ours = [*RAGCLI, "docs", "add", "-p", "killed", "-q"]
    ask = ("ask", "-p", "killed", "--stateless", "What is section 7 about?")
    chance, opened = random.Random(9), [0, 0]
    for number in range(kills):
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(sound, store)
        more = corpus.write(workshop.root / f"more-{number}", 300, seed=number)
        _kill_within(theirs, workshop, chance)
        opened[0] += _works([*theirs[:-2], "ask", store, "What?"], workshop)
        _kill_within([*ours, str(more)], workshop, chance)
        opened[1] += _works([*RAGCLI, *ask], workshop)
    yield Figure(
        f"indexes that open after {kills} kills",
        "FAISS.save_local",
        opened[0] / kills,
        opened[1] / kills,
        unit="share",
        target=1,
        at_least=True,
    )


def _all_write(
    workshop: Workshop, kind: str, target: str, turns: int
) -> tuple[int, float]:
    """Lets all writers loose at once; returns what they kept, and the seconds."""
    writers = [
        subprocess.Popen(
            [PYTHON, "-m", "tests.benchmarks.writer", kind, target, str(turns)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(workshop.environ),
            cwd=ROOT,
            text=True,
        )
        for _ in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout
        writer.stdout.readline()  # it has loaded what it needs
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    told = [json.loads(writer.communicate()[0]) for writer in writers]
    started, ended = min(t["start"] for t in told), max(t["end"] for t in told)
    return sum(item["kept"] for item in told), ended - started


def _kill_within(
    command: Sequence[str], workshop: Workshop, chance: random.Random
) -> None:
    """Kills a command at some moment after it said that it begins, or loaded."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(workshop.environ),
        cwd=ROOT,
    )
    if "save" in command and process.stdout:
        process.stdout.readline()  # it saves again and again from here on
        time.sleep(chance.uniform(0, 0.3))
    else:
        time.sleep(chance.uniform(0.1, 1.5))
    process.kill()
    process.communicate()


def _works(command: Sequence[str], workshop: Workshop) -> bool:
    done = subprocess.run(
        command,
        capture_output=True,
        env=environment(workshop.environ),
        cwd=ROOT,
        check=False,
    )
    return done.returncode == 0 or (
        command[1:3] == ["-m", "ragcli"] and done.returncode == 1
    )


def _messages(file: Path) -> int:
    """Returns how many messages a LangChain history holds; none when it is broken."""
    with contextlib.suppress(ValueError, OSError):
        return len(json.loads(file.read_text()))
    return 0
