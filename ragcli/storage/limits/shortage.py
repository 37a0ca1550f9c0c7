"""Errors of a system that ran out of memory, descriptors or threads.

Any library may be the one that is refused, and each says so in its own way.
"""

from __future__ import annotations

import errno

from ragcli.errors import StorageFailed
from ragcli.storage.limits import open_files

_MEMORY = "free some, or allow more (`ulimit -v`); what was stored before is whole"
_SIGNS = {
    "failed to map segment": False,  # ld.so, for a module that does not fit
    "cannot allocate memory": False,
    "can't start new thread": False,
    "too many open files": True,
}
"""Patterns of messages, and whether each means a lack of descriptors."""


def shortage(error: BaseException) -> StorageFailed | None:
    """Returns what to tell if a shortage is behind `error`, else None."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, StorageFailed):
            return found
        if isinstance(found, MemoryError):
            return _told(files=False)
        if isinstance(found, OSError) and found.errno in {errno.EMFILE, errno.ENFILE}:
            return _told(files=True)
        if isinstance(found, OSError) and found.errno == errno.ENOMEM:
            return _told(files=False)
        if isinstance(found, (ImportError, OSError, RuntimeError)):
            text = str(found).lower()
            for sign, files in _SIGNS.items():
                if sign in text:
                    return _told(files=files)
        found = found.__cause__ or found.__context__
    return None


def _told(*, files: bool) -> StorageFailed:
    if files:
        return StorageFailed("not enough open files are allowed", open_files.hint())
    return StorageFailed("not enough memory", _MEMORY)
