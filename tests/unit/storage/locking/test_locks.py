"""A lock keeps others out, names its holder, and is never held by mistake."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from ragcli.errors import Locked, NotPermitted, ProfileNotFound
from ragcli.storage.files import Directory
from ragcli.storage.locking import exclusion, holders, locks, machine
from ragcli.storage.locking import network_filesystems as network
from ragcli.storage.locking.locks import commit_lock, holder, long_lock


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory.open(tmp_path / "work", create=True)


@pytest.fixture
def two_holders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system whose locks are given to whoever asks."""
    monkeypatch.setattr(fcntl, "flock", lambda descriptor, kind: None)
    monkeypatch.setattr(exclusion, "PROVEN", set())
    monkeypatch.setattr(network, "ACCEPTED", set())


def test_locks_that_keep_nobody_out_are_refused_unless_allowed(
    directory: Directory, two_holders: None
) -> None:
    with (
        pytest.raises(NotPermitted, match="keep nobody out") as caught,
        commit_lock(directory, "history", wait=0),
    ):
        pytest.fail("it was given")
    assert "allow_network_fs" in caught.value.hint
    network.check_local(directory.path, allow=True)
    with commit_lock(directory, "history", wait=0):
        pass


def test_locks_are_tried_once_for_each_file_system(
    directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exclusion, "PROVEN", set())
    monkeypatch.setattr(network, "ACCEPTED", set())
    calls = []
    flock = fcntl.flock

    def counted(descriptor: int, kind: int) -> None:
        calls.append(kind)
        flock(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", counted)
    for _ in range(2):
        with commit_lock(directory, "history", wait=0):
            pass
    assert calls.count(fcntl.LOCK_EX | fcntl.LOCK_NB) == 3


def test_locks_are_taken_in_one_order_only(directory: Directory) -> None:
    with commit_lock(directory, "index", wait=0):
        with pytest.raises(RuntimeError, match="ingest is taken while"):
            long_lock(directory, "ingest", wait=0).__enter__()
        with commit_lock(directory, "history.lock", wait=0):
            pass
    for first, second in zip(locks.ORDER, locks.ORDER[1:], strict=False):
        with (
            commit_lock(directory, first, wait=0),
            commit_lock(directory, second, wait=0),
        ):
            pass


def test_a_lock_is_not_taken_twice_by_one_thread(directory: Directory) -> None:
    with (
        commit_lock(directory, "history", wait=0),
        pytest.raises(RuntimeError),
        commit_lock(directory, "history", wait=0),
    ):
        pass


def test_threads_exclude_each_other(directory: Directory) -> None:
    entered: list[str] = []

    def other() -> None:
        with commit_lock(Directory.open(directory.path), "history", wait=20):
            entered.append("other")

    with commit_lock(directory, "history", wait=0):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.1)
        entered.append("mine")
    thread.join()

    assert entered == ["mine", "other"]


def test_a_refusal_names_the_holder_and_what_to_do(directory: Directory) -> None:
    caught: list[Locked] = []

    def other() -> None:
        try:
            with commit_lock(Directory.open(directory.path), "ingest", wait=0):
                pass
        except Locked as error:
            caught.append(error)

    with long_lock(directory, "ingest", wait=0):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    (error,) = caught
    assert error.message.startswith("work: ingest is still locked by pid ")
    for part in (str(os.getpid()), os.uname().nodename, "since 20", "running"):
        assert part in error.message
    for part in ("--wait", "reading", "fork"):
        assert part in error.hint


def test_a_lock_in_a_removed_directory_is_no_lock(directory: Directory) -> None:
    with commit_lock(directory, "history", wait=0):
        (directory.path / "history.lock").unlink()
        directory.path.rmdir()

    with pytest.raises(ProfileNotFound), commit_lock(directory, "history", wait=0):
        pass


def test_a_lock_file_that_was_replaced_meanwhile_is_opened_again(
    directory: Directory,
) -> None:
    entered = threading.Event()

    def other() -> None:
        with commit_lock(Directory.open(directory.path), "history", wait=20):
            entered.set()

    with commit_lock(directory, "history", wait=0):
        thread = threading.Thread(target=other)
        thread.start()
        while not locks_waited_for(directory):
            pass
        (directory.path / "history.lock").unlink()
    thread.join()

    assert entered.is_set()
    assert directory.has("history.lock")


def locks_waited_for(directory: Directory) -> bool:
    """Tells whether somebody stands in the kernel's queue (proc(5), locks)."""
    inode = os.lstat(directory.path / "history.lock").st_ino
    table = Path("/proc/locks")
    if not table.exists():
        pytest.skip("there is no /proc/locks")
    lines = table.read_text().splitlines()
    return any("->" in line and f":{inode} " in line for line in lines)


def test_nobody_holds_a_lock_that_was_never_taken(directory: Directory) -> None:
    assert holder(directory, "history") is None
    with commit_lock(directory, "history", wait=0):
        pass
    assert holder(directory, "history") is None


def test_a_name_that_a_killed_process_left_is_not_a_holder(
    directory: Directory,
) -> None:
    with commit_lock(directory, "ingest", wait=0):
        assert holder(directory, "ingest")
        record = directory.read("ingest.lock")
    (directory.path / "ingest.lock").write_bytes(record)  # this very process, alive
    assert holder(directory, "ingest") is None


def test_a_refusal_does_not_name_who_is_dead(directory: Directory) -> None:
    told = json.loads(holders.describe()) | {"started": "1"}
    with commit_lock(directory, "ingest", wait=0):
        (directory.path / "ingest.lock").write_text(json.dumps(told))
        other = Directory.open(directory.path)
        with pytest.raises(Locked, match="a process that left no name"):
            locks.refuse(other, "ingest.lock", 0)


@pytest.mark.parametrize(
    "record",
    [b"", b"   \n", b"{", b"[]", b"null", b'{"pid": 1}', b"\xff\xfe", b'{"pid": "x"}'],
)
def test_a_torn_record_names_nobody(record: bytes) -> None:
    assert holders.parse(record) is None


@pytest.mark.parametrize(
    ("changes", "alive"),
    [
        ({}, True),
        ({"started": "1"}, False),
        ({"boot": "another"}, False),
        ({"host": "elsewhere"}, None),
        ({"pid": 2**22 + 1}, False),
        ({"pid": 2**70}, False),
        ({"machine": "another"}, None),
        ({"machine": ""}, True),
    ],
)
def test_a_pid_that_was_given_again_is_not_the_holder(
    changes: dict[str, object], alive: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "identity", lambda: "this")  # not all have one
    record = json.loads(holders.describe()) | {"machine": "this"} | changes

    found = holders.parse(json.dumps(record).encode())

    assert found
    assert found.alive is alive


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["/usr/bin/ragcli", "ask", "my secret"], "ragcli ask"),
        (["ragcli", "-p", "work", "ask", "secret"], "ragcli"),
        (["ragcli", "My secret question"], "ragcli"),
        (["/x/ragcli/__main__.py", "docs", "add", "secret.pdf"], "ragcli docs"),
        (["/usr/bin/pytest", "secret"], "pytest"),
        ([""], ""),
        ([], ""),
    ],
)
def test_a_record_never_tells_what_was_asked(arguments: list[str], shown: str) -> None:
    assert holders.command_name(arguments) == shown


def test_a_record_fits_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x" * 5000])
    holders.this_process.cache_clear()

    record = holders.describe()

    holders.this_process.cache_clear()
    assert len(record) < holders.RECORD_SIZE
    assert holders.parse(record.ljust(holders.RECORD_SIZE))
