"""Translates `OSError`s about files into ragcli's own errors."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ragcli.errors import NotPermitted, StorageFailed
from ragcli.storage.descriptor_paths import shown
from ragcli.storage.limits import open_files

_MOMENTARY = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
"""Errors of a system that is short of something; the file is fine."""

_UNTRUSTED_ERRNOS = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}


@contextmanager
def disk_errors(what: str | os.PathLike[str]) -> Iterator[None]:
    """Turns an `OSError` about `what` into one of ours; `FileNotFoundError` passes.

    Raises:
        StorageFailed: Full, read-only, too large, an I/O error.
        NotPermitted: A link where none may be, or a mode that forbids it.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        name = shown(what)
        if error.errno in _UNTRUSTED_ERRNOS:
            raise NotPermitted(
                f"{name}: a link or a special file stands where ragcli keeps its own",
                "move it away; ragcli follows no links inside a profile",
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise NotPermitted(
                f"{name}: {os.strerror(error.errno)}",
                "run `ragcli doctor --fix`, or check who owns it",
            ) from error
        raise StorageFailed(
            f"{name}: {error.strerror or error}", _hint(error)
        ) from error


def raise_if_unopened(path: str | os.PathLike[str], message: str) -> None:
    """Raises what the system said when a library could not open a file.

    Such a library has one kind of error for a file that it cannot open and for one
    that it cannot read; only the second says anything about the file.

    Args:
        path: The file, or one beside it.
        message: The library's message, which has the system's in it.

    Raises:
        FileNotFoundError: It is not there.
        StorageFailed: No descriptor or no memory was left.
    """
    with disk_errors(path):
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        for number in _MOMENTARY:
            if os.strerror(number) in message:
                raise OSError(number, os.strerror(number))
        if os.strerror(errno.ENOENT) in message:
            raise FileNotFoundError(path)


def close_reader(descriptor: int) -> None:
    """Closes what was only read: there is nothing that a failure could lose."""
    with suppress(OSError):
        os.close(descriptor)


def cannot_move(error: BaseException) -> bool:
    """Tells whether a directory could not be renamed because of where it lies.

    On an overlay (a container's image, a live system) a directory of a lower layer
    has no other name: rename(2) fails with EXDEV, and its contents have to be copied.
    """
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno == errno.EXDEV


def _hint(error: OSError) -> str:
    """Says what to do about a failed write."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "free some space and run the command again; what was stored is whole"
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return open_files.hint()
    if error.errno == errno.ENOMEM:
        return "free some memory, or allow more (`ulimit -v`); what was stored is whole"
    if error.errno == errno.EROFS:
        return "the file system is read-only; point RAGCLI_HOME somewhere writable"
    return "what was stored before is whole; check the disk and run it again"
