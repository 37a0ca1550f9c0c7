"""Recognises file systems on which locks and syncs do not mean what they say.

On NFS `flock` is emulated, or local to one client when mounted with `local_lock`;
on SMB it turns mandatory; a FUSE file system may do anything (flock(2), nfs(5)). A
folder that a container or virtual machine shares with its host has two kernels, and
neither knows the locks of the other; some give one lock to two holders themselves,
which `storage.locking.exclusion` finds out by trying.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from ragcli.errors import NotPermitted
from ragcli.storage.descriptor_paths import shown

_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs"),
        *("lustre", "gpfs", "beegfs", "orangefs", "coda", "davfs", "webdav"),
        *("afpfs", "macfuse", "osxfuse", "ftp", "acfs"),
        # Folders of the host, in Docker Desktop, WSL and virtual machines.
        *("fakeowner", "virtiofs", "9p", "drvfs", "vboxsf", "prl_fs", "vmhgfs"),
        *("osxfs", "grpcfuse"),
    }
)
_LOCAL_FUSE = frozenset({"fuse.fuse-overlayfs"})
"""The root of a container without root's rights: the kernel itself keeps its locks."""

MOUNTS = "/proc/self/mountinfo"
"""Tells which file systems are mounted where."""
_HINT = (
    "use a local disk or RAGCLI_STORE=redis://…; to use it from one machine "
    "only, `ragcli config set allow_network_fs true`"
)

ACCEPTED: set[int] = set()
"""Devices that are used although their locks cannot be relied on."""


def check_local(path: str | os.PathLike[str], *, allow: bool) -> None:
    """Refuses a profile on a network file system.

    Args:
        path: The profile's directory.
        allow: The setting `allow_network_fs`.

    Raises:
        NotPermitted: Says which file system, and what to do.
    """
    if allow:
        with suppress(OSError):
            ACCEPTED.add(os.stat(path).st_dev)
        return
    kind = file_system(path)
    if kind in _NETWORK or _is_foreign(kind):
        raise NotPermitted(
            f"{os.fspath(path)}: on {kind}, where locks do not hold between machines",
            _HINT,
        )


def _is_foreign(kind: str) -> bool:
    """Tells whether a program of its own answers for what is on a file system."""
    return kind.partition(".")[0] == "fuse" and kind not in _LOCAL_FUSE


def is_accepted(device: int) -> bool:
    """Tells whether the user wants to use a file system without locks that hold."""
    return device in ACCEPTED


def without_locks(path: str | os.PathLike[str]) -> NotPermitted:
    """Returns the error for a file system that gives one lock to two holders."""
    kind = file_system(path) or "a file system"
    return NotPermitted(f"{shown(path)}: on {kind}, where locks keep nobody out", _HINT)


def file_system(path: str | os.PathLike[str]) -> str:
    """Returns the type of the file system that holds `path`, "" if not known."""
    if sys.platform == "darwin":
        return _darwin_file_system(os.fspath(path))
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            return find_mount(file.read(), os.path.realpath(path))
    except OSError:
        return ""


def find_mount(table: str, path: str) -> str:
    """Returns the type of the mount that `path` is on.

    Args:
        table: Text of /proc/self/mountinfo (proc(5)); later lines cover earlier.
        path: Absolute, without links.
    """
    best, kind = -1, ""
    for line in table.splitlines():
        mount, _, rest = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) < 5 or not rest:
            continue
        point = _unescaped(fields[4]).rstrip("/")
        if (path == point or path.startswith(point + "/")) and len(point) >= best:
            best, kind = len(point), rest.split(" ", 1)[0]
    return kind


def _unescaped(field: str) -> str:
    for code, character in (("040", " "), ("011", "\t"), ("012", "\n"), ("134", "\\")):
        field = field.replace(f"\\{code}", character)
    return field


def _darwin_file_system(path: str) -> str:
    """Asks statfs(2): its struct has the flags at byte 64, the name at byte 72."""
    import ctypes  # 10 ms, and only here

    library = ctypes.CDLL(None)
    call = getattr(library, "statfs$INODE64", None) or library.statfs
    buffer = ctypes.create_string_buffer(4096)
    if call(os.fsencode(path), buffer) != 0:
        return ""
    return buffer.raw[72:88].split(b"\0", 1)[0].decode("ascii", "replace")
