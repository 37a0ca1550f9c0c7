"""Swaps two directory entries atomically: neither name is missing at any moment."""

from __future__ import annotations

import errno
import os
import sys

from ragcli.errors import StorageFailed
from ragcli.storage.files import Directory, disk_errors

_RENAME_EXCHANGE = 2  # renameat2(2); RENAME_SWAP of renameatx_np(2) is 2 as well
_RENAMEAT2 = {
    "x86_64": 316,
    "aarch64": 276,
    "riscv64": 276,
    "ppc64le": 357,
    "s390x": 347,
}
"""Numbers of the system call, for musl, which has no function for it before 1.2.6."""

_UNABLE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}


def exchange(directory: Directory, one: str, other: str) -> None:
    """Swaps two entries of a directory, atomically; the caller syncs.

    Raises:
        StorageFailed: The file system or the system cannot; nothing changed. See
            `cannot_move`.
        FileNotFoundError: One of them is not there.
    """
    failed = _swap(directory.descriptor, os.fsencode(one), os.fsencode(other))
    if failed in _UNABLE:
        raise StorageFailed(
            f"{directory.path}: this file system cannot swap two directories",
            "export the profile and import it where RAGCLI_HOME is on a local disk",
        )
    if failed:
        with disk_errors(directory.path / other):
            raise OSError(failed, os.strerror(failed))


def _swap(directory: int, one: bytes, other: bytes) -> int:
    """Asks the system; returns its error number, 0 when it is done."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    flags = ctypes.c_uint(_RENAME_EXCHANGE)
    for name in ("renameat2", "renameatx_np"):  # Linux, macOS
        call = getattr(library, name, None)
        if call is not None:
            done = call(directory, one, directory, other, flags)
            return ctypes.get_errno() if done else 0
    machine = os.uname()
    number = _RENAMEAT2.get(machine.machine) if machine.sysname == "Linux" else None
    if number is None or sys.maxsize < 1 << 32:
        return errno.ENOSYS
    long = ctypes.c_long  # syscall(2) takes all of its arguments as such
    done = library.syscall(
        long(number), long(directory), one, long(directory), other, flags
    )
    return ctypes.get_errno() if done else 0
