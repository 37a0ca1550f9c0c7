"""Directories of profiles that are being removed under their own name.

Where a directory cannot be renamed (`os_errors.cannot_move`), half of it must not pass
for what it was. It is condemned first: it has a mode of its own and has lost the file
that says what it is. Each alone may be an accident.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from ragcli.storage.durable import sync_names
from ragcli.storage.os_errors import disk_errors

PROFILE_FILE = "profile.toml"
"""The file that makes a directory a profile."""
_MODE = stat.S_IRWXU | stat.S_ISVTX


def condemn(descriptor: int, path: Path) -> None:
    """Marks an open directory as being removed, in one step, durably.

    Raises:
        StorageFailed, NotPermitted: It may be condemned, or not.
    """
    with disk_errors(path):
        os.chmod(descriptor, _MODE)
        sync_names(descriptor)
        with suppress(FileNotFoundError):
            os.unlink(PROFILE_FILE, dir_fd=descriptor)
        sync_names(descriptor)


def is_condemned(status: os.stat_result, parent: int, entry: str = ".") -> bool:
    """Tells whether `condemn` marked a directory.

    Args:
        status: The directory's.
        parent: Descriptor of a directory that it is in, or its own.
        entry: Its name there.
    """
    if not status.st_mode & stat.S_ISVTX:
        return False
    try:
        os.lstat(f"{entry}/{PROFILE_FILE}", dir_fd=parent)
    except FileNotFoundError:
        return True
    return False
