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
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, StorageFailed):
            return cause
        if isinstance(cause, MemoryError):
            return _failure(files=False)
        if isinstance(cause, OSError) and cause.errno in {errno.EMFILE, errno.ENFILE}:
            return _failure(files=True)
        if isinstance(cause, OSError) and cause.errno == errno.ENOMEM:
            return _failure(files=False)
        if isinstance(cause, (ImportError, OSError, RuntimeError)):
            text = str(cause).lower()
            for sign, files in _SIGNS.items():
                if sign in text:
                    return _failure(files=files)
        cause = cause.__cause__ or cause.__context__
    return None


def _failure(*, files: bool) -> StorageFailed:
    if files:
        return StorageFailed("not enough open files are allowed", open_files.hint())
    return StorageFailed("not enough memory", _MEMORY)
