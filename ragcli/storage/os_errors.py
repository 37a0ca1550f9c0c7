"""What the operating system says about files, in our words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ragcli.errors import NotPermitted, StorageFailed

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
        name = os.fspath(what)
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


def close_reader(descriptor: int) -> None:
    """Closes what was only read: there is nothing that a failure could lose."""
    with suppress(OSError):
        os.close(descriptor)


def _hint(error: OSError) -> str:
    """Says what to do about a failed write."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "free some space and run the command again; what was stored is whole"
    if error.errno == errno.EROFS:
        return "the file system is read-only; point RAGCLI_HOME somewhere writable"
    return "what was stored before is whole; check the disk and run it again"
