"""Locks on directories in use: a `flock` on the directory itself.

A reader shares its generation, whoever fills a directory owns it, and a sweeper
removes only what it can own. The kernel drops a lock with its process, so that
nothing has to be guessed from ages or process ids. Names are looked up in an open
directory, never by path: what is renamed meanwhile, and has a namesake by then, is
still the one that is meant.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from functools import partial

from ragcli.errors import StorageFailed
from ragcli.storage.durable import OPEN_DIRECTORY
from ragcli.storage.locking import exclusion
from ragcli.storage.os_errors import cannot_move, close_reader, disk_errors

_ATTEMPTS = 100
"""Fresh directories in a row that sweepers may take before they have an owner."""


def make(parent: int, prefix: str) -> tuple[str, int]:
    """Makes a private directory and returns its name and a descriptor that owns it.

    A directory has its name before it has its owner. A sweeper that comes between
    takes it for one that was left, and then another one is made.

    Args:
        parent: Descriptor of the directory that it shall be in.
        prefix: How its name begins; random digits follow.

    Raises:
        StorageFailed: It cannot be made.
        NotPermitted: Locks do not hold on its file system.
    """
    for _ in range(_ATTEMPTS):
        name = prefix + os.urandom(8).hex()
        with disk_errors(name):
            os.mkdir(name, 0o700, dir_fd=parent)
        try:
            return name, own(parent, name)
        except FileNotFoundError:
            continue
        except BaseException:
            with suppress(OSError):
                os.rmdir(name, dir_fd=parent)
            raise
    raise StorageFailed(
        f"{prefix}…: others remove new directories as fast as they are made",
        "run the command again",
    )


def share(parent: int, name: str) -> int:
    """Returns a descriptor that keeps a directory from being collected.

    Raises:
        FileNotFoundError: It is gone, or going.
    """
    return _lock(parent, name, fcntl.LOCK_SH)


def own(parent: int, name: str) -> int:
    """Returns a descriptor of a directory that nobody else shares or owns.

    Raises:
        FileNotFoundError: It is gone, or in use.
    """
    return _lock(parent, name, fcntl.LOCK_EX)


def release(descriptor: int) -> None:
    """Gives a lock up; the directory stays open."""
    exclusion.release(descriptor)


def _lock(parent: int, name: str, kind: int) -> int:
    reopen = partial(_open, parent, name)
    descriptor = reopen()
    try:
        locked = exclusion.take(descriptor, kind, name)
        if locked:
            exclusion.prove(descriptor, reopen, name)
        if locked and _is_at(parent, name, descriptor):
            return descriptor
    except BaseException:
        close_reader(descriptor)
        raise
    close_reader(descriptor)
    raise FileNotFoundError(f"{name}: in use or gone")


def _is_at(parent: int, name: str, descriptor: int) -> bool:
    """Tells whether a directory still has its name."""
    with disk_errors(name):
        entry = os.stat(name, dir_fd=parent, follow_symlinks=False)
    return os.path.samestat(os.fstat(descriptor), entry)


def _open(parent: int, name: str) -> int:
    with disk_errors(name):
        return os.open(name, OPEN_DIRECTORY, dir_fd=parent)


def is_unused(parent: int, name: str) -> bool:
    """Tells whether a directory is there that nobody shares or owns."""
    try:
        close_reader(own(parent, name))
    except FileNotFoundError:
        return False
    return True


def remove_unused(parent: int, name: str, doomed_prefix: str) -> bool:
    """Removes a directory unless somebody uses it; tells whether it is gone.

    It is renamed first, where that can be, so that no crash leaves half of it under
    its name.

    Raises:
        StorageFailed, NotPermitted: It cannot be renamed.
    """
    try:
        descriptor = own(parent, name)
    except FileNotFoundError:
        return not _is_there(parent, name)
    try:
        doomed = doomed_prefix + os.urandom(8).hex()
        try:
            with disk_errors(name):
                os.rename(name, doomed, src_dir_fd=parent, dst_dir_fd=parent)
        except StorageFailed as error:
            if not cannot_move(error):
                raise
            doomed = name
        import shutil  # 5 ms: it loads every kind of compression

        shutil.rmtree(doomed, ignore_errors=True, dir_fd=parent)
    finally:
        close_reader(descriptor)
    return True


def _is_there(parent: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
