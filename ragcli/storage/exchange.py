"""Swaps two directory entries atomically: neither name is missing at any moment."""

from __future__ import annotations

import errno
import os
import sys

from ragcli.errors import StorageFailed
from ragcli.storage.files import Directory, disk_errors

_RENAME_EXCHANGE = 2  # renameat2(2); RENAME_SWAP of renameatx_np(2) is 2 as well
_UNABLE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}


def exchange(directory: Directory, one: str, other: str) -> None:
    """Swaps two entries of a directory, atomically; the caller syncs.

    Raises:
        StorageFailed: The file system or the system cannot; nothing changed. See
            `cannot_move`.
        FileNotFoundError: One of them is not there.
    """
    import ctypes

    name = "renameatx_np" if sys.platform == "darwin" else "renameat2"
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    descriptor = directory.descriptor
    failed = errno.ENOSYS if call is None else 0
    if call is not None and call(
        descriptor,
        os.fsencode(one),
        descriptor,
        os.fsencode(other),
        ctypes.c_uint(_RENAME_EXCHANGE),
    ):
        failed = ctypes.get_errno()
    if failed in _UNABLE:
        raise StorageFailed(
            f"{directory.path}: this file system cannot swap two directories",
            "export the profile and import it where RAGCLI_HOME is on a local disk",
        )
    if failed:
        with disk_errors(directory.path / other):
            raise OSError(failed, os.strerror(failed))
