"""Private directories on disk for one operation.

Whoever makes one owns it (`directory_locks`) and removes it; what killed processes
left may be a whole profile, and is removed by whoever opens a profile next.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ragcli.errors import NotPermitted, StorageFailed
from ragcli.storage.files import Directory
from ragcli.storage.locking import directory_locks
from ragcli.storage.os_errors import close_reader

_PREFIX = "scratch-"


@contextmanager
def scratch(parent: Directory) -> Iterator[Directory]:
    """Yields a new directory that is gone on leaving.

    Raises:
        StorageFailed: It cannot be made. That it cannot be removed is no failure:
            the next command tries again.
    """
    name, lock_fd = directory_locks.make(parent.descriptor, _PREFIX)
    try:
        with parent.child(name) as directory:
            yield directory
    finally:
        with suppress(StorageFailed, NotPermitted):
            parent.remove_tree(name)
        close_reader(lock_fd)


def left(parent: Directory) -> list[str]:
    """Returns the names of those that killed processes left."""
    names = [name for name in parent.names() if name.startswith(_PREFIX)]
    return [
        name for name in names if directory_locks.is_unused(parent.descriptor, name)
    ]


def remove(parent: Directory, name: str) -> bool:
    """Removes one of them; tells whether it is gone."""
    with suppress(StorageFailed, NotPermitted):
        directory_locks.remove_unused(parent.descriptor, name, _PREFIX)
    return not os.path.lexists(parent.path / name)
