"""Private directories in memory, where the system has a file system for it.

A process owns its directory (`directory_locks`) and removes it. What killed ones
left is removed by whoever makes the next, or opens a profile: it may hold the
plain text index of an encrypted profile.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ragcli.errors import NotPermitted, RagcliError, StorageFailed
from ragcli.storage.locking import directory_locks
from ragcli.storage.os_errors import close_reader, disk_errors

PREFIX = "ragcli-text-"
"""How the name of each begins; the user's id follows."""
_TMPFS_MAGIC = 0x01021994
MEMORY = Path("/dev/shm")  # noqa: S108 - checked to be a memory file system, made 0700
"""Where a directory in memory is made."""


@contextmanager
def memory_directory() -> Iterator[Path]:
    """Yields a private directory that no disk holds; it is gone on leaving.

    Raises:
        StorageFailed: This machine has no memory file system.
    """
    if not has_memory():
        raise StorageFailed(f"{MEMORY} is not a memory file system", "mount a tmpfs")
    with _private_directory(MEMORY) as path:
        yield path


@contextmanager
def linked_directory(directory: Path) -> Iterator[Path]:
    """Yields a private directory with links to the files of another one.

    For a library that wants to write lock files beside what it only reads: the
    directory itself stays as it is, and may be read-only.

    Raises:
        FileNotFoundError: It is gone.
    """
    with _private_directory(_base()) as path:
        with disk_errors(directory):
            names = os.listdir(directory)
        with disk_errors(path):
            for name in names:
                os.symlink(directory / name, path / name)
        yield path


def has_memory() -> bool:
    """Tells whether `memory_directory` works on this machine."""
    return is_memory(MEMORY)


def is_memory(path: Path) -> bool:
    """Tells whether `path` is on a tmpfs (statfs(2), TMPFS_MAGIC)."""
    if sys.platform != "linux" or not path.is_dir():
        return False
    import ctypes

    buffer = ctypes.create_string_buffer(256)
    if ctypes.CDLL(None, use_errno=True).statfs(os.fsencode(path), buffer):
        return False
    return ctypes.c_long.from_buffer(buffer).value == _TMPFS_MAGIC


def left() -> list[Path]:
    """Returns the directories that killed processes of this user left."""
    paths = []
    for base in _bases():
        with suppress(OSError), _opened(base) as parent:
            prefix = _mine()
            names = [name for name in os.listdir(parent) if name.startswith(prefix)]
            paths += [base / name for name in names if _is_left(parent, name)]
    return paths


def sweep() -> list[Path]:
    """Removes them; returns those that are gone."""
    removed = []
    for base in _bases():
        with suppress(OSError), _opened(base) as parent:
            removed += [base / name for name in _swept(parent)]
    return removed


@contextmanager
def _private_directory(base: Path) -> Iterator[Path]:
    """Yields a new directory that is gone on leaving, or swept after a kill."""
    with ExitStack() as stack:
        with disk_errors(base):
            parent = stack.enter_context(_opened(base))
            _swept(parent)
            name, lock_fd = directory_locks.make(parent, _mine())
            stack.callback(close_reader, lock_fd)
            stack.callback(_remove, parent, name, lock_fd)
            # Listing takes one more descriptor, and there may be none by then.
            stack.enter_context(_opened(base))
        yield base / name


def _swept(parent: int) -> list[str]:
    """Removes what killed processes of this user left; returns the names."""
    removed = []
    prefix = _mine()
    for name in [name for name in os.listdir(parent) if name.startswith(prefix)]:
        if _is_left(parent, name):
            with suppress(RagcliError, OSError):
                if directory_locks.remove_unused(parent, name, prefix):
                    removed.append(name)
    return removed


def _is_left(parent: int, name: str) -> bool:
    """Tells whether nobody uses a directory."""
    with suppress(FileNotFoundError, NotPermitted, StorageFailed):
        return directory_locks.is_unused(parent, name)
    return False


def _remove(parent: int, name: str, directory: int) -> None:
    """Removes a directory of files and links; both are given by their descriptors."""
    with suppress(OSError):
        for entry in os.listdir(directory):
            with suppress(FileNotFoundError):
                os.unlink(entry, dir_fd=directory)
    with suppress(OSError):
        os.rmdir(name, dir_fd=parent)


@contextmanager
def _opened(base: Path) -> Iterator[int]:
    """Yields a descriptor of a directory; it may be reached through a link."""
    descriptor = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        close_reader(descriptor)


def _base() -> Path:
    """Returns where links may lie: nothing of a profile is in them."""
    return _bases()[0] if has_memory() else _bases()[1]


def _bases() -> tuple[Path, Path]:
    """Returns where private directories can be: in memory, and elsewhere."""
    return MEMORY, Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 - links only, in a private directory


def _mine() -> str:
    return f"{PREFIX}{os.geteuid()}-"
