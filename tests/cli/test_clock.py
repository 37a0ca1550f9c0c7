"""Real processes under clocks that are wrong: nothing is lost to them.

A `sitecustomize` on the subprocess's path moves its clocks; the program itself has no
such switch. The clock of the machine's run time and its boot are moved apart from
the one that people set.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragcli.runtime import Runtime
from tests.cli.conftest import QUESTION
from tests.conftest import Ran

DAY = 86_400

RUN_TIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock that no one sets; macOS has one such clock alone."""

_SITE = f"""
import os, runpy, time
for place in os.environ["PYTHONPATH"].split(os.pathsep)[1:]:
    if os.path.exists(place + "/sitecustomize.py"):  # the one that this one hides
        runpy.run_path(place + "/sitecustomize.py")
from ragcli.storage.locking import machine
wall, running = float(os.environ["WALL"]), float(os.environ["RUNNING"])
real_time, real_ns, real_clock = time.time, time.time_ns, time.clock_gettime
time.time = lambda: real_time() + wall
time.time_ns = lambda: real_ns() + int(wall * 1e9)
time.clock_gettime = lambda which: real_clock(which) + (
    running if which == {RUN_TIME} else 0
)
machine.boot = lambda: os.environ["BOOT"]
"""


class Machine:
    """Runs commands on a machine whose clocks go as a test says."""

    def __init__(self, run: Callable[..., Ran], place: Path) -> None:
        (place / "sitecustomize.py").write_text(_SITE)
        self.run = run
        self._place = place
        self.wall = 0.0
        self.running = 0.0
        self.boot = "first"

    def passes(self, days: float) -> None:
        """Lets time pass: both clocks go on."""
        self.wall += days * DAY
        self.running += days * DAY

    def __call__(self, *argv: str, code: int | None = 0) -> Ran:
        clocks = {"WALL": self.wall, "RUNNING": self.running, "BOOT": self.boot}
        ran = self.run(*argv, env={k: str(v) for k, v in clocks.items()} | self.path())
        expected = (0, 1) if code is None else (code,)  # None: answered or not
        assert ran.code in expected, (argv, ran.out, ran.err)
        return ran

    def path(self) -> dict[str, str]:
        rest = os.environ.get("PYTHONPATH")
        return {"PYTHONPATH": os.pathsep.join(filter(None, (str(self._place), rest)))}


@pytest.fixture
def machine(
    run_process: Callable[..., Ran],
    notes: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Machine:
    """A machine with a profile that expires after 30 days without use."""
    made = Machine(run_process, tmp_path_factory.mktemp("site"))
    made("profile", "create", "work", "--ttl", "30d", "--use")
    made("docs", "add", "notes")
    made("ask", QUESTION)
    return made


def _visible(machine: Machine) -> int:
    """How many turns a reader sees."""
    talks = machine("history", "list", "--json").json["conversations"]
    return sum(talk["turns"] for talk in talks)


def _stored() -> list[dict[str, Any]]:
    """The turns in the log, whoever may see them."""
    log = Path(Runtime().home.data) / "profiles" / "work" / "history.jsonl"
    records = map(json.loads, log.read_bytes().splitlines())
    return [record for record in records if record["kind"] == "turn"]


def _found(machine: Machine, words: str) -> bool:
    """Whether the search of the history finds a question."""
    return bool(machine("history", "search", words, "--json", code=None).json["turns"])


def _profiles() -> list[str]:
    return sorted(os.listdir(Path(Runtime().home.data) / "profiles"))


def test_a_clock_that_jumps_ahead_expires_nothing(machine: Machine) -> None:
    machine.wall += 60 * DAY

    told = machine("ask", QUESTION).err
    machine("history", "list")
    machine.wall -= 60 * DAY

    assert "the clock went forward by 60 days: nothing expires" in told
    assert "the clock went back by 60 days" in machine("docs", "sync").err
    assert "the clock" not in machine("docs", "sync").err, "it is said once"
    assert _visible(machine) == 2


def test_what_only_reads_expires_nothing(machine: Machine) -> None:
    """After a start of the machine nothing tells that the clock is wrong."""
    machine.wall += 60 * DAY
    machine.boot, machine.running = "second", -time.clock_gettime(RUN_TIME)
    before = _profiles()

    for command in (
        ["history", "list"], ["history", "search", "lock"], ["history", "export"],
        ["search", "lock"], ["profile", "show"], ["profile", "verify"],
        ["docs", "list"], ["config", "show"],
    ):  # fmt: skip
        told = machine(*command, code=0 if command[0] == "config" else 5).err
        if command[0] != "config":
            assert "ragcli profile restore work" in told
    machine("profile", "list")
    machine("doctor", code=5)
    complete = {"_RAGCLI_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
    complete["COMP_WORDS"] = "ragcli history show "
    machine.run(env={**complete, **machine.path(), "WALL": str(machine.wall),
                      "RUNNING": str(machine.running), "BOOT": "second"})  # fmt: skip

    assert _profiles() == before
    machine.wall -= 60 * DAY
    assert _visible(machine) == 1


def test_an_unused_profile_is_set_aside_and_comes_back(machine: Machine) -> None:
    machine.passes(31)

    told = machine("ask", QUESTION, code=5).err
    assert "set aside" in told
    assert "ragcli profile restore work" in told
    assert not [name for name in _profiles() if name == "work"]
    assert "ragcli profile restore work" in machine("profile", "list").err
    machine("ask", QUESTION, code=5)
    machine("profile", "restore", "work")

    assert _visible(machine) == 1
    assert "ten seconds" in machine("ask", QUESTION).out


def test_it_is_destroyed_after_its_grace_and_not_by_the_clock_alone(
    machine: Machine,
) -> None:
    machine.passes(31)
    machine("ask", QUESTION, code=5)
    machine("profile", "create", "other")
    machine.passes(6)
    machine("ask", "-p", "other", "--no-docs", QUESTION, code=1)
    assert [name for name in _profiles() if name.startswith(".expired-")]
    machine.wall += 300 * DAY  # the clock alone, after a start of the machine
    machine.boot = "second"
    machine.running = 3600 - time.clock_gettime(RUN_TIME)
    machine("docs", "sync", "-p", "other")
    assert [name for name in _profiles() if name.startswith(".expired-")]
    machine.passes(2)

    told = machine("docs", "sync", "-p", "other").err

    assert "profile work, set aside on" in told
    assert "is destroyed" in told
    assert not [name for name in _profiles() if name.startswith(".expired-")]


def test_what_a_wrong_clock_set_aside_comes_back_by_itself(machine: Machine) -> None:
    machine("profile", "create", "other")
    machine.wall += 60 * DAY
    machine.boot = "second"
    machine("ask", QUESTION, code=5)
    machine.wall -= 60 * DAY

    told = machine("docs", "sync", "-p", "other").err

    assert "profile work is back: the clock was wrong" in told
    assert _visible(machine) == 1


def test_what_was_filled_before_the_clock_was_set_is_not_gone(
    machine: Machine,
) -> None:
    """A device without a clock: it starts in 1970, and is told the time later."""
    machine("profile", "set", "ttl_absolute", "30d")
    machine.wall = 3600 - time.time()
    machine("ask", "What is asked in 1970?", code=None)
    for path in (Path(Runtime().home.data) / "profiles" / "work").rglob("*"):
        os.utime(path, (3600, 3600))
    machine.wall, machine.boot = 0.0, "second"

    machine("ask", QUESTION)
    machine.passes(2)
    machine("ask", QUESTION)

    assert _visible(machine) == 4
    assert _found(machine, "asked in 1970")
    machine.passes(29)
    machine("ask", QUESTION)
    assert _found(machine, "asked in 1970")
    machine.passes(29)
    machine("ask", QUESTION)
    machine.passes(2)
    machine("ask", QUESTION)
    assert not _found(machine, "asked in 1970"), "it counts from the first look at it"


def test_a_turn_from_the_future_takes_no_other_there(machine: Machine) -> None:
    machine("profile", "set", "ttl_absolute", "10d")
    machine.wall += 3650 * DAY
    machine("ask", "What is asked in the future?", code=None)
    machine.wall -= 3650 * DAY
    machine("ask", "What is asked after it?", code=None)
    years = [int(turn["ts"][:4]) for turn in _stored()]
    assert years[1] >= years[0] + 9
    assert years[2] == years[0]
    machine.passes(2)
    machine("docs", "sync")
    machine.passes(9)

    told = machine("docs", "sync").err

    assert "2 turns of work expired and were set aside" in told
    assert _found(machine, "asked in the future")
    assert not _found(machine, "asked after it")


def test_turns_come_back_and_prune_destroys_them(machine: Machine) -> None:
    machine("profile", "set", "ttl_absolute", "10d")
    machine.passes(11)
    assert "brings them back" in machine("docs", "sync").err
    assert _visible(machine) == 0
    machine("profile", "restore")
    assert _visible(machine) == 1
    machine.passes(11)

    machine("profile", "prune")
    assert _stored(), "it is set aside first"
    told = machine("profile", "prune", "--dry-run").out
    assert told == "work: 1 turn, 1 conversation\n"
    machine("profile", "prune", "--yes")

    assert _stored() == []


def test_prune_asks_the_clock_before_it_destroys_anything(machine: Machine) -> None:
    machine("profile", "set", "ttl", "10d")
    machine.passes(11)
    machine("ask", "What is here?", code=5)
    assert (
        "work" in machine("doctor", code=5).out.split("set aside", 1)[1].splitlines()[0]
    )
    machine.wall += 400 * DAY

    told = machine("profile", "prune", "--yes", code=2).err

    assert "doubted" in told
    assert len(told.splitlines()) <= 2
    machine.wall -= 400 * DAY
    machine("profile", "restore", "work")
    assert _visible(machine) == 1
