"""Writes and syncs: what it takes until bytes and names survive a power cut."""

from __future__ import annotations

import errno
import fcntl
import os

OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""Flags that open a directory, and only that."""

_UNKNOWN_COMMAND = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL}


def sync_directory(path: str | os.PathLike[str]) -> None:
    """Makes renames and new names inside `path` survive a power cut."""
    descriptor = os.open(path, OPEN_DIRECTORY)
    try:
        sync_names(descriptor)
    finally:
        os.close(descriptor)


def sync_data(descriptor: int) -> None:
    """Syncs a file's bytes and size to the disk; must not be retried after a failure.

    After a failed sync the kernel may drop the bytes and call the next one a
    success (https://wiki.postgresql.org/wiki/Fsync_Errors).
    """
    if not reached_drive(descriptor):
        getattr(os, "fdatasync", os.fsync)(descriptor)


def sync_file(descriptor: int) -> None:
    """Syncs a file to the disk with its mode and times; as `sync_data`."""
    if not reached_drive(descriptor):
        os.fsync(descriptor)


def sync_names(descriptor: int) -> None:
    """Syncs a directory; ignores the EINVAL of file systems that cannot."""
    if reached_drive(descriptor):
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def reached_drive(descriptor: int) -> bool:
    """Syncs through the drive's own cache, at which fsync stops on macOS (fcntl(2)).

    Tells whether it did: a file system that does not know the command is synced in
    the ordinary way. Any other error is one of the disk.
    """
    command = getattr(fcntl, "F_FULLFSYNC", None)
    if command is None:
        return False
    try:
        fcntl.fcntl(descriptor, command)
    except OSError as error:
        if error.errno in _UNKNOWN_COMMAND:
            return False
        raise
    return True


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    """Writes all of `data`, however many system calls it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_once(descriptor: int, data: bytes) -> None:
    """Writes all of `data` in one system call, or fails with what cut it short.

    The caller takes back what was written.
    """
    written = os.write(descriptor, data)
    if written != len(data):
        os.write(descriptor, data[written:])  # says why: full, or over a limit
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
