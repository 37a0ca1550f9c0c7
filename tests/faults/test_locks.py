"""Locks between real processes: nobody starves, a stopped holder is only waited for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import statistics
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from ragcli.errors import Locked
from ragcli.storage.files import Directory
from ragcli.storage.locking.locks import commit_lock, holder
from tests.stores import append, open_log, questions

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
WAITERS = 32 if THOROUGH else 12
ROUNDS = 30 if THOROUGH else 12
SPAWN = multiprocessing.get_context("spawn")


def hold(place: Path, told: Connection) -> None:
    """Takes the history's lock and keeps it until it is told to go on."""
    with commit_lock(Directory.open(place), "history", wait=10):
        told.send("held")
        told.recv()


def hold_and_append(place: Path, told: Connection) -> None:
    """Stops in the middle of an append, when asked by a signal."""
    log = open_log(place)
    with log.writing():
        told.send("held")
        told.recv()
    append(log, "holder's")
    told.send("done")


def take_turns(place: Path, told: Connection) -> None:
    """Takes the lock again and again; sends how long each wait was."""
    directory = Directory.open(place)
    told.send("ready")
    rounds = told.recv()  # a new process does not see what this one was set to
    waits = []
    for _ in range(rounds):
        start = time.monotonic()
        with commit_lock(directory, "history", wait=60):
            waits.append(time.monotonic() - start)
            time.sleep(0.001)
    told.send(waits)


def started(target: Any, place: Path) -> tuple[Any, Connection]:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=target, args=(place, theirs), daemon=True)
    process.start()
    return process, ours


@pytest.fixture
def place(tmp_path: Path) -> Path:
    Directory.open(tmp_path / "p", create=True).close()
    return tmp_path / "p"


def test_a_stopped_holder_is_waited_for_and_never_broken_into(place: Path) -> None:
    process, pipe = started(hold_and_append, place)
    assert pipe.recv() == "held"
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    try:
        start = time.monotonic()
        with pytest.raises(Locked) as caught:
            append(open_log(place, wait=0.7), "waiter's")
        waited = time.monotonic() - start
        assert waited >= 0.7
        for part in (f"pid {process.pid}", os.uname().nodename, "running", "since"):
            assert part in caught.value.message
        assert "--wait" in caught.value.hint
        assert questions(open_log(place)) == []
    finally:
        os.kill(process.pid, signal.SIGCONT)
    pipe.send("go on")
    assert pipe.recv() == "done"
    append(open_log(place), "waiter's")
    process.join()

    assert questions(open_log(place)) == ["holder's", "waiter's"]


def test_a_killed_holder_holds_nothing(place: Path) -> None:
    process, pipe = started(hold, place)
    assert pipe.recv() == "held"
    directory = Directory.open(place)
    found = holder(directory, "history")
    assert found
    assert (found.pid, found.alive) == (process.pid, True)

    process.kill()
    process.join()

    assert holder(directory, "history") is None
    with commit_lock(directory, "history", wait=0):
        assert (holder(directory, "history") or found).pid == os.getpid()
    assert holder(directory, "history") is None
    directory.close()


def test_a_waiter_gets_the_lock_when_it_is_free(place: Path) -> None:
    process, pipe = started(hold, place)
    assert pipe.recv() == "held"
    waiter, waiting = started(take_turns, place)
    assert waiting.recv() == "ready"
    waiting.send(ROUNDS)
    assert not waiting.poll(0.3)

    pipe.send("go on")

    assert len(waiting.recv()) == ROUNDS
    process.join()
    waiter.join()


def test_no_waiter_starves(place: Path) -> None:
    crowd = [started(take_turns, place) for _ in range(WAITERS)]
    for _, pipe in crowd:
        assert pipe.recv() == "ready"
    for _, pipe in crowd:
        pipe.send(ROUNDS)
    totals = []
    for process, pipe in crowd:
        waits = pipe.recv()
        assert len(waits) == ROUNDS
        totals.append(sum(waits))
        process.join()

    assert max(totals) <= 5 * statistics.median(totals)


def test_an_abandoned_wait_lets_go_of_what_it_gets_too_late(place: Path) -> None:
    process, pipe = started(hold, place)
    assert pipe.recv() == "held"
    directory = Directory.open(place)
    for _ in range(5):
        with pytest.raises(Locked), commit_lock(directory, "history", wait=0.01):
            pass

    pipe.send("go on")
    process.join()

    with commit_lock(directory, "history", wait=20):
        pass
    directory.close()
