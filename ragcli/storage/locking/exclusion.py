"""Takes a `flock`, and tries once for each file system that it keeps others out.

A file system may give one lock to two holders, or know no locks at all. Neither is
used for profiles, unless the user says so (`allow_network_fs`): then a lock there is
a label.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ragcli.errors import NotPermitted
from ragcli.storage.descriptor_paths import path_of
from ragcli.storage.locking import network_filesystems
from ragcli.storage.os_errors import close_reader, disk_errors

_UNKNOWN = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK}
"""What flock(2) fails with where a file system has no locks."""

PROVEN: set[int] = set()
"""Devices on which a lock was seen to keep a second holder out."""


def take(descriptor: int, kind: int, name: str | os.PathLike[str]) -> bool:
    """Takes a lock if nobody has one that excludes it; tells whether it did.

    Args:
        descriptor: An open file or directory.
        kind: `LOCK_EX` or `LOCK_SH`.
        name: What an error calls it.

    Raises:
        NotPermitted: There are no locks on its file system.
        StorageFailed: It cannot be locked.
    """
    with disk_errors(name):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
            if not network_filesystems.is_accepted(os.fstat(descriptor).st_dev):
                raise _refusal(descriptor, name) from error
    return True


def release(descriptor: int) -> None:
    """Gives a lock up; the file stays open."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise


def prove(
    descriptor: int, reopen: Callable[[], int], name: str | os.PathLike[str]
) -> None:
    """Checks, once for each file system, that a lock that is held keeps others out.

    Args:
        descriptor: What is locked.
        reopen: Opens the same once more.
        name: What an error calls it.

    Raises:
        NotPermitted: It does not.
        StorageFailed: It cannot be tried.
    """
    device = os.fstat(descriptor).st_dev
    if device in PROVEN or network_filesystems.is_accepted(device):
        return
    try:
        other = reopen()
    except FileNotFoundError:
        return  # removed meanwhile: there will be another one
    try:
        if take(other, fcntl.LOCK_EX, name) and _is_same(other, descriptor):
            raise _refusal(descriptor, name)
    finally:
        close_reader(other)
    PROVEN.add(device)


def _refusal(descriptor: int, name: str | os.PathLike[str]) -> NotPermitted:
    path = Path(name)
    with suppress(FileNotFoundError):
        path = path_of(descriptor, path)
    return network_filesystems.without_locks(path)


def _is_same(one: int, other: int) -> bool:
    """Tells whether two descriptors are of one file: a name may get another one."""
    return os.path.samestat(os.fstat(one), os.fstat(other))
