"""Locks between processes: queued by the kernel, bounded in time, with a name on them.

`flock(2)` decides, so a lock dies with its holder and nothing is ever broken by
age. The lock file carries a record of who holds it; that is for people only. The
wait happens in the kernel's queue, in a helper thread so that it can end:
polling starves (32 writers polling every 50 ms waited up to 4.9 s, queued 0.14 s).
"""

from __future__ import annotations

import _thread
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import NoReturn

from ragcli.errors import Locked
from ragcli.storage.files import Directory, disk_errors
from ragcli.storage.locking import exclusion
from ragcli.storage.locking.holders import RECORD_SIZE, Holder, describe, parse, shown

ORDER = ("registry", "profile", "staging", "ingest", "index", "history", "audit")
"""Locks are taken in this order only, so that no two holders wait for each other."""

_held = threading.local()


@contextmanager
def commit_lock(directory: Directory, name: str, *, wait: float) -> Iterator[None]:
    """Holds a short lock: for the time of one write, never while a model thinks.

    Args:
        directory: Where the lock file is; it is made when missing, never removed.
        name: One of `ORDER`, as `history` or `history.lock`.
        wait: Seconds to stand in the queue; 0 fails at once.

    Raises:
        Locked: Names who holds it.
        StorageFailed, NotPermitted: The lock file cannot be used.
        ProfileNotFound: The directory was removed, or another took its place.
    """
    with _ordered(directory, name), _locked(directory, name, wait, fcntl.LOCK_EX):
        yield


@contextmanager
def long_lock(directory: Directory, name: str, *, wait: float) -> Iterator[None]:
    """Holds a lock for as long as an ingest or an encryption takes.

    The same lock as `commit_lock`; the two names say what a holder may do.
    """
    with commit_lock(directory, name, wait=wait):
        yield


@contextmanager
def shared_lock(directory: Directory, name: str, *, wait: float) -> Iterator[None]:
    """Holds a lock together with others who share it, and not with its owner.

    Raises:
        As `commit_lock`.
    """
    with _locked(directory, name, wait, fcntl.LOCK_SH):
        yield


@contextmanager
def _locked(directory: Directory, name: str, wait: float, kind: int) -> Iterator[None]:
    """Holds a lock, with its holder's record in the file; `kind` as for `flock`."""
    file = _file_name(name)
    descriptor = _acquire(directory, file, wait, kind)
    owner = os.getpid()
    try:
        _write_record(descriptor, describe())
        yield
    finally:
        if os.getpid() == owner:  # a forked child must not release ours
            _write_record(descriptor, b"")
            exclusion.release(descriptor)
        with disk_errors(f"{directory.path}/{file}"):
            os.close(descriptor)


def holder(directory: Directory, name: str) -> Holder | None:
    """Returns who holds a lock, or None when nobody does.

    The record is only a name: what a killed holder left of it says nothing.
    """
    try:
        record = _read_record(directory, _file_name(name))
        if record is None or record.alive is False:
            return None
        return record if _is_held(directory, _file_name(name)) else None
    except FileNotFoundError:
        return None


def _is_held(directory: Directory, name: str) -> bool:
    """Tells whether somebody holds a lock, alone or with others."""
    descriptor = directory.open_file(name)
    try:
        return not _flock(descriptor, 0, fcntl.LOCK_EX, f"{directory.path}/{name}")
    finally:
        os.close(descriptor)


def _file_name(name: str) -> str:
    return name if name.endswith(".lock") else f"{name}.lock"


@contextmanager
def _ordered(directory: Directory, name: str) -> Iterator[None]:
    """Keeps the order of locks within a thread.

    Raises:
        RuntimeError: A bug: two threads that do this could wait for each other.
    """
    stem = name.split(".", 1)[0]
    rank = ORDER.index(stem) if stem in ORDER else len(ORDER)
    stack: list[tuple[int, str]] = _held.__dict__.setdefault("stack", [])
    position = (rank, str(directory.path))
    if stack and position <= stack[-1]:
        raise RuntimeError(f"{name} is taken while {stack[-1]} is held")
    stack.append(position)
    try:
        yield
    finally:
        stack.pop()


def _acquire(
    directory: Directory, name: str, wait: float, kind: int = fcntl.LOCK_EX
) -> int:
    """Returns the descriptor of a locked file that still bears its name."""
    deadline = time.monotonic() + wait
    while True:
        descriptor = directory.open_file(name, os.O_RDWR | os.O_CREAT)
        try:
            path = f"{directory.path}/{name}"
            if not _flock(descriptor, deadline - time.monotonic(), kind, path):
                refuse(directory, name, wait)
            reopen = partial(directory.open_file, name, os.O_RDWR)
            exclusion.prove(descriptor, reopen, path)
            if os.fstat(descriptor).st_nlink:
                # Whoever removes a directory holds its locks, and takes their files
                # away; one that is made anew in it holds nothing. The registry is in
                # no profile.
                if not name.startswith(f"{ORDER[0]}."):
                    directory.expect_standing()
                return descriptor
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            raise
        os.close(descriptor)


def _flock(descriptor: int, wait: float, kind: int, name: str) -> bool:
    """Locks within `wait` seconds; tells whether it did."""
    if exclusion.take(descriptor, kind, name):
        return True
    with disk_errors(name):
        return wait > 0 and _Queue(descriptor, kind).stand(wait)


class _Queue:
    """One stay in the kernel's queue, given up when it lasts too long.

    Args:
        descriptor: An open lock file. The thread works on a duplicate, which is
            the same lock to the kernel, so that the caller may close its own.
        kind: `LOCK_EX` or `LOCK_SH`.
    """

    def __init__(self, descriptor: int, kind: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._kind = kind
        self._decision = threading.Lock()
        self._done = threading.Lock()
        """Held until the kernel decided."""
        self._done.acquire()
        self._decided = False
        self._locked = False
        self._given_up = False
        self._error: OSError | None = None

    def stand(self, wait: float) -> bool:
        """Waits for the lock; tells whether it got it in time."""
        # Not threading.Thread: its start waits for the thread, twice the price.
        _thread.start_new_thread(self._wait_in_kernel, ())
        try:
            self._done.acquire(timeout=min(wait, threading.TIMEOUT_MAX))
        finally:
            with self._decision:
                self._given_up = not self._decided
        if self._error:
            raise self._error
        return self._locked and not self._given_up

    def _wait_in_kernel(self) -> None:
        try:
            fcntl.flock(self._descriptor, self._kind)
            self._locked = True
        except OSError as error:
            self._error = error
        with self._decision:
            if self._given_up and self._locked:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._decided = True
            self._done.release()
        os.close(self._descriptor)


def _write_record(descriptor: int, record: bytes) -> None:
    """Names the holder; always the same length, so that no size ever changes.

    The lock holds with or without its label: a full disk is no reason to fail here.
    """
    with suppress(OSError):
        os.pwrite(
            descriptor, record.ljust(RECORD_SIZE - 1)[: RECORD_SIZE - 1] + b"\n", 0
        )


def _read_record(directory: Directory, name: str) -> Holder | None:
    descriptor = directory.open_file(name)
    with disk_errors(directory.path / name):
        try:
            return parse(os.pread(descriptor, RECORD_SIZE, 0))
        finally:
            os.close(descriptor)


def refuse(directory: Directory, name: str, wait: float) -> NoReturn:
    """Raises the error that names the holder."""
    by = _read_record(directory, name)
    if by and by.alive is False:
        by = None  # it left its name, and somebody else has the lock
    waited = f" after {wait:g} s" if wait else ""
    what = f"{directory.path.name}: {name.removesuffix('.lock')} is still locked"
    raise Locked(
        f"{what}{waited} by {shown(by) if by else 'a process that left no name'}",
        "wait longer with `--wait SECONDS`; reading needs no lock; or go on in a "
        "copy with `ragcli history fork`",
    )
