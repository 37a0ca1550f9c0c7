"""Opening what stands below a directory, whatever is put in its place meanwhile."""

from __future__ import annotations

import os

_STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def open_beneath(directory: str, location: str, flags: int) -> int:
    """Opens a file by way of real directories alone, from a directory down.

    Each step is taken from the one before it: a symbolic link that replaces a
    directory or the file between the check of a path and its use leads nowhere.

    Args:
        directory: Where to begin; links that lead to it are followed.
        location: A path below it.
        flags: As of `os.open`.

    Raises:
        OSError: It cannot be opened, or there is a symbolic link on the way.
    """
    inside = location.removeprefix(directory.rstrip("/") + "/")
    *between, name = inside.split("/")
    opened = os.open(directory, _STEP)
    try:
        for step in between:
            inner = os.open(step, _STEP | os.O_NOFOLLOW, dir_fd=opened)
            os.close(opened)
            opened = inner
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=opened)
    finally:
        os.close(opened)
