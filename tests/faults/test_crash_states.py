"""After a power cut at any moment, nothing that was promised is missing.

And no sync is there for show: without any one of them, some state breaks a promise.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import RagcliError
from ragcli.sessions.local.history.local_log import FILE
from ragcli.sessions.records.record_types import Record
from tests.faults import syncing
from tests.faults.disk import RecordedDisk
from tests.stores import LocalStores, append, open_log, questions

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
LIMIT = 5000 if THOROUGH else 150


class Killed(BaseException):
    """The process ends here."""


def without_gone(record: Record) -> Record | None:
    return None if record.body["question"] == "gone" else record


def appends(disk: RecordedDisk) -> None:
    """A log from its first record on: single ones, a batch, another process."""
    log = open_log(disk.root / "p")
    for texts in (["a"], ["b", "c", "d"], ["e" * 3000]):
        append(log, *texts)
        disk.ack(texts)
    append(open_log(disk.root / "p"), "f")
    disk.ack(["f"])


def mends(disk: RecordedDisk) -> None:
    """A torn tail that holds whole lines is moved away, then an append follows.

    The new record ends in the middle of an old line: what is left of that must
    not come back behind it.
    """
    log = open_log(disk.root / "p")
    for text in ("a" * 150, "b"):
        append(log, text)
        disk.ack([text])


def mends_killed(disk: RecordedDisk) -> None:
    """A mender is killed when it has just made `quarantine/`; another goes on."""

    def killed(_: str, sync: Callable[[int], None]) -> Callable[[int], None]:
        def call(descriptor: int) -> None:
            if (disk.root / "p" / "quarantine").exists():
                raise Killed
            sync(descriptor)

        return call

    with pytest.MonkeyPatch.context() as patch:
        syncing.replace(killed, patch.setattr)
        with pytest.raises(Killed):
            append(open_log(disk.root / "p"), "never")
    mends(disk)


def settings(disk: RecordedDisk) -> None:
    """Profiles are made, changed, renamed and deleted."""
    store = LocalStores(disk.root / "home")(QUIET)
    session = store.create("one", {"retrieval.k": 1})
    disk.ack({"one": 1})
    session.change_settings({"retrieval.k": 2})
    disk.ack({"one": 2})
    store.rename("one", "two")
    disk.ack({"one": 0, "two": 2})
    store.clone("two", "three", history=True).close()
    disk.ack({"three": 2})
    store.delete("two")
    disk.ack({"two": 0})
    session.close()


def rewrites(disk: RecordedDisk) -> None:
    """Records are dropped, then more are appended."""
    log = open_log(disk.root / "p")
    log.rewrite(without_gone, {"reason": "test"})
    disk.ack(["-gone"])
    append(log, "b")
    disk.ack(["b"])


def rewrites_killed(disk: RecordedDisk) -> None:
    """A rewriter is killed between its rename and its sync; others go on."""
    log = open_log(disk.root / "p")
    append(log, "a")
    disk.ack(["a"])

    def killed(_: str, sync: Callable[[int], None]) -> Callable[[int], None]:
        def call(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise Killed
            sync(descriptor)

        return call

    with pytest.MonkeyPatch.context() as patch:
        syncing.replace(killed, patch.setattr)
        with pytest.raises(Killed):
            log.rewrite(without_gone, {"reason": "test"})
    append(open_log(disk.root / "p"), "b")
    disk.ack(["b"])


def prepared_empty(root: Path) -> None:
    (root / "p").mkdir(mode=0o700)
    (root / "p" / "history.lock").touch(mode=0o600)


def prepared_torn(root: Path) -> None:
    prepared_empty(root)
    log = open_log(root / "p")
    append(log, "first")
    append(log, "x" * 40, "y" * 400, "z" * 40)
    whole = (root / "p" / FILE).read_bytes()
    (root / "p" / FILE).write_bytes(whole[:-50])


def prepared_full(root: Path) -> None:
    prepared_empty(root)
    append(open_log(root / "p"), "stays", "gone", "stays too")


def prepared_home(root: Path) -> None:
    (root / "home").mkdir(mode=0o700)


QUIET = Settings(audit=False)
TORN = b"x" * 40


def check_log(place: Path, promised: list[list[str]]) -> None:
    """The log reads, holds what was promised, and takes more."""
    if not promised and not place.exists():
        return
    log = open_log(place)
    found = questions(log)
    for text in itertools.chain.from_iterable(promised):
        if text.startswith("-"):
            assert text[1:] not in found
        else:
            assert text in found, f"{text[:9]!r} is lost"
    for batch in ({"b", "c", "d"}, {"stays", "stays too"}):
        assert len(batch & set(found)) in {0, 1, len(batch)}
    append(log, "next")
    assert questions(log) == [*found, "next"]
    log.directory.close()


def check_torn(place: Path, promised: list[list[str]]) -> None:
    """As `check_log`; and the torn bytes are somewhere."""
    kept = [place / FILE, *(place / "quarantine").glob("*")]
    assert any(TORN in path.read_bytes() for path in kept), "the torn tail is lost"
    check_log(place, promised)
    assert questions(open_log(place))[0] == "first"


def check_rewritten(place: Path, promised: list[list[str]]) -> None:
    """As `check_log`; and what was to stay has stayed."""
    check_log(place, promised)
    log = open_log(place)
    found = questions(log)
    assert {"stays", "stays too"} <= set(found)
    redacted = any(record.kind == "redaction" for record in log.since())
    assert redacted == ("gone" not in found)
    log.directory.close()


def check_profiles(place: Path, promised: list[dict[str, int]]) -> None:
    """Every profile is whole, and those are there that were promised."""
    store = LocalStores(place.parent / "home")(QUIET)
    found = {}
    for name in store.names():
        session = store.open(name)
        found[name] = session.settings()["retrieval.k"]
        append(session.log, "works")
        session.close()
    expected: dict[str, int] = {}
    for change in promised:
        expected |= change
    for name, value in expected.items():
        assert found.get(name, 0) in _allowed(name, value, promised)
    store.create("new", {}).close()
    left = [item.name for item in (place.parent / "home" / "profiles").iterdir()]
    assert not [name for name in left if name.startswith(".")]


def _allowed(name: str, value: int, promised: list[dict[str, int]]) -> set[int]:
    """Returns what may be found: what was promised, or what was to come next."""
    steps = [{"one": 1}, {"one": 2}, {"one": 0, "two": 2}, {"three": 2}, {"two": 0}]
    ahead = steps[len(promised)] if len(promised) < len(steps) else {}
    return {value, ahead.get(name, value)}


PRECAUTIONS = {"ragcli.sessions.local.lifecycle.building.finish: self.directory.sync()"}
"""Whoever fills a new profile syncs its names as well; `finish` does not rely on
it."""

Scenario = Callable[[RecordedDisk], None]
SCENARIOS: dict[str, tuple[Callable[[Path], None], Scenario, Any]] = {
    "append": (prepared_empty, appends, check_log),
    "mend": (prepared_torn, mends, check_torn),
    "killed mend": (prepared_torn, mends_killed, check_torn),
    "rewrite": (prepared_full, rewrites, check_rewritten),
    "killed rewrite": (prepared_full, rewrites_killed, check_rewritten),
    "profiles": (prepared_home, settings, check_profiles),
}


def recorded(name: str, root: Path) -> RecordedDisk:
    prepare, scenario, _ = SCENARIOS[name]
    root.mkdir(mode=0o700)
    prepare(root)
    disk = RecordedDisk(root)
    with disk.recording():
        scenario(disk)
    return disk


def broken(
    disk: RecordedDisk, check: Any, place: Path, *, without: str = "", first: bool
) -> list[str]:
    """Returns what is wrong in the states that a crash can leave."""
    found = []
    for number, (tree, promised) in enumerate(
        disk.states(without=without, limit=LIMIT)
    ):
        target = place / f"state-{number}"
        tree.write(target)
        try:
            check(target / "p", promised)
        except (AssertionError, RagcliError, FileNotFoundError) as error:
            found.append(f"{promised} {type(error).__name__} {error}")
            if first:
                return found
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_crash_breaks_a_promise(name: str, quick: Path) -> None:
    disk = recorded(name, quick / "disk")

    bad = broken(disk, SCENARIOS[name][2], quick, first=False)

    assert bad == []


@pytest.mark.timeout(900)  # each sync in turn: a quarter of a minute on an idle machine
def test_every_sync_is_needed(quick: Path) -> None:
    idle: set[str] = set()
    needed: set[str] = set()
    for name in SCENARIOS:
        disk = recorded(name, quick / name)
        for number, site in enumerate(disk.sites()):
            place = quick / f"{name} without {number}"
            place.mkdir(mode=0o700)
            check = SCENARIOS[name][2]
            bad = broken(disk, check, place, without=site, first=True)
            (needed if bad else idle).add(site)

    assert idle - needed == PRECAUTIONS
    assert len(needed) >= 8
