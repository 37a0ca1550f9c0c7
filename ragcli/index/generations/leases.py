"""Directories in use: a lease is a `flock` on the directory itself.

A reader shares its generation, a writer owns its workspace, and the collector
removes only what it can own. The kernel drops a lease with its process, so that
nothing has to be guessed from ages or process ids.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ragcli.storage.files import disk_errors

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def share(place: Path) -> int:
    """Returns a descriptor that keeps `place` from being collected.

    Raises:
        FileNotFoundError: It is gone, or going.
    """
    return _lease(place, fcntl.LOCK_SH)


def own(place: Path) -> int:
    """Returns a descriptor that nobody else shares or owns.

    Raises:
        FileNotFoundError: It is gone, or in use.
    """
    return _lease(place, fcntl.LOCK_EX)


def _lease(place: Path, kind: int) -> int:
    with disk_errors(place):
        descriptor = os.open(place, _OPEN)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        named = os.stat(place, follow_symlinks=False)
    except OSError as error:
        os.close(descriptor)
        raise FileNotFoundError(f"{place}: in use or gone") from error
    if os.path.samestat(os.fstat(descriptor), named):
        return descriptor
    os.close(descriptor)
    raise FileNotFoundError(place)


def remove_unused(place: Path, doomed_prefix: str) -> bool:
    """Removes a directory unless somebody uses it; tells whether it is gone.

    It is renamed first, so that no crash leaves half of it under its name.
    """
    try:
        descriptor = own(place)
    except FileNotFoundError:
        return not place.exists()
    try:
        doomed = place.with_name(f"{doomed_prefix}{os.urandom(8).hex()}")
        with disk_errors(place):
            os.rename(place, doomed)
        import shutil  # 5 ms: it loads every kind of compression

        shutil.rmtree(doomed, ignore_errors=True)
    finally:
        os.close(descriptor)
    return True
