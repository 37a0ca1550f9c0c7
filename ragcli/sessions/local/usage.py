"""When a profile was last used; only asked where it can expire."""

from __future__ import annotations

import os
from contextlib import suppress

from ragcli.sessions import profile_file
from ragcli.sessions.local import log as local_log
from ragcli.sessions.records.clock import stamp_of
from ragcli.storage.files import Directory, disk_errors

_MARK = "used"
"""Its modification time is when the profile was last opened."""


def touch(directory: Directory) -> None:
    """Marks the profile as used now."""
    descriptor = directory.open_file(_MARK, os.O_WRONLY | os.O_CREAT)
    with disk_errors(directory.path / _MARK):
        try:
            os.utime(descriptor)
        finally:
            os.close(descriptor)


def unused_since(directory: Directory, moment: str) -> bool:
    """Tells whether nobody opened or changed the profile after `moment`.

    Args:
        directory: The profile.
        moment: As records write time; "" is never.
    """
    if not moment:
        return False
    last = 0.0
    for name in (_MARK, local_log.FILE, profile_file.FILE):
        with suppress(FileNotFoundError):
            status = os.lstat(name, dir_fd=directory.descriptor)
            last = max(last, status.st_mtime)
    return stamp_of(last) < moment
