"""The files of one generation: mapped from disk, unsealed into memory, or never stored.

Readers ask for a buffer by name and do not care where it comes from. A sealed
file becomes plain only in memory; the text index, which wants a directory, gets
a private one on a memory file system for as long as it takes to open it.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ragcli.errors import NotPermitted, StorageFailed
from ragcli.index.generations import leases
from ragcli.storage.files import FILE_MODE, disk_errors, write_all

if TYPE_CHECKING:
    from ragcli.index.protocols import Sealer

TEXT = "text"
"""Subdirectory of the text index."""

_PREFIX = "ragcli-text-"
_TMPFS_MAGIC = 0x01021994
_MEMORY = Path("/dev/shm")  # noqa: S108 - checked to be a memory file system, made 0700


class GenerationFiles(Protocol):
    """Where a reader finds the files of its generation."""

    def buffer(self, name: str) -> memoryview:
        """Returns the plain bytes of a file.

        Raises:
            FileNotFoundError: The generation was collected meanwhile.
            SnapshotDamaged: A sealed file does not open.
        """

    def path(self, name: str) -> Path | None:
        """Returns where a plain file is, for libraries that map it; else None."""


class MappedFiles:
    """Plain files, memory-mapped: what is not touched is not read.

    Args:
        directory: The generation.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def buffer(self, name: str) -> memoryview:
        """Maps a file."""
        place = self._directory / name
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with disk_errors(place):
            descriptor = os.open(place, flags)
            try:
                if not os.fstat(descriptor).st_size:
                    return memoryview(b"")
                mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
            finally:
                os.close(descriptor)
        return memoryview(mapped)

    def path(self, name: str) -> Path | None:
        """Returns the file's place."""
        return self._directory / name


class SealedFiles:
    """Encrypted files, opened to memory only.

    Args:
        directory: The generation.
        sealer: Opens them.
    """

    def __init__(self, directory: Path, sealer: Sealer) -> None:
        self._directory = directory
        self._sealer = sealer

    def buffer(self, name: str) -> memoryview:
        """Reads and unseals a file."""
        place = self._directory / name
        with disk_errors(place):
            sealed = place.read_bytes()
        return memoryview(self._sealer.unseal(name, sealed))

    def path(self, name: str) -> Path | None:
        """Returns None: nothing plain is on the disk."""
        del name
        return None


class WorkspaceFiles:
    """The files of a workspace: read like those of a generation, and written.

    Args:
        directory: The workspace.
        sealer: Seals what is written and opens what is read; None leaves it plain.
    """

    def __init__(self, directory: Path, sealer: Sealer | None) -> None:
        self.directory = directory
        self.sealer = sealer
        self._reads = generation_files(directory, sealer)

    def buffer(self, name: str) -> memoryview:
        """Returns the plain bytes of a file."""
        return self._reads.buffer(name)

    def path(self, name: str) -> Path | None:
        """Returns where a plain file is."""
        return self._reads.path(name)

    def write(self, name: str, data: bytes) -> None:
        """Writes a new file, private to its owner; it is not synced yet.

        Raises:
            StorageFailed: The disk is full.
        """
        self.store(name, [data])

    def store(self, name: str, pieces: Sequence[bytes | bytearray]) -> None:
        """Writes a new file that is given in pieces; see `write`."""
        place = self.directory / name
        if self.sealer:
            pieces = [self.sealer.seal(name, b"".join(pieces))]
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with disk_errors(place):
            descriptor = os.open(place, flags, FILE_MODE)
            try:
                for piece in pieces:
                    write_all(descriptor, piece)
            finally:
                os.close(descriptor)

    def remove(self, name: str) -> None:
        """Removes a file; other generations keep it."""
        with disk_errors(self.directory / name):
            os.unlink(self.directory / name)


def generation_files(directory: Path, sealer: Sealer | None) -> GenerationFiles:
    """Returns the files of a generation, sealed or plain."""
    return SealedFiles(directory, sealer) if sealer else MappedFiles(directory)


class MemoryFiles:
    """Files that were never written: an index that lives for one call.

    Args:
        contents: Bytes by name.
    """

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents

    def buffer(self, name: str) -> memoryview:
        """Returns the bytes under this name."""
        return memoryview(self._contents[name])

    def path(self, name: str) -> Path | None:
        """Returns None: there is no file."""
        del name
        return None


@contextmanager
def memory_directory() -> Iterator[Path]:
    """Yields a private directory that no disk holds; it is gone on leaving.

    Raises:
        StorageFailed: This machine has no memory file system.
    """
    if not has_memory():
        raise StorageFailed(f"{_MEMORY} is not a memory file system", "mount a tmpfs")
    with _private_directory(_MEMORY) as place:
        yield place


@contextmanager
def linked_directory(directory: Path) -> Iterator[Path]:
    """Yields a private directory with links to the files of another one.

    For a library that wants to write lock files beside what it only reads: the
    directory itself stays as it is, and may be read-only.
    """
    base = _MEMORY if has_memory() else Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 - links only, in a private directory
    with _private_directory(base) as place:
        with disk_errors(place):
            for name in os.listdir(directory):
                os.symlink(directory / name, place / name)
        yield place


@contextmanager
def _private_directory(base: Path) -> Iterator[Path]:
    """Yields a new directory that is gone on leaving, or swept after a kill."""
    _sweep(base)
    place = base / f"{_PREFIX}{os.geteuid()}-{os.urandom(8).hex()}"
    with disk_errors(place):
        os.mkdir(place, 0o700)
    lease = leases.own(place)
    try:
        yield place
    finally:
        _remove(place)
        os.close(lease)


def _remove(place: Path) -> None:
    """Removes a directory of files and links."""
    with suppress(OSError):
        for name in os.listdir(place):
            os.unlink(place / name)
        os.rmdir(place)


def has_memory() -> bool:
    """Tells whether `memory_directory` works on this machine."""
    return is_memory(_MEMORY)


def is_memory(place: Path) -> bool:
    """Tells whether `place` is on a tmpfs (statfs(2), TMPFS_MAGIC)."""
    if sys.platform != "linux" or not place.is_dir():
        return False
    import ctypes

    buffer = ctypes.create_string_buffer(256)
    if ctypes.CDLL(None, use_errno=True).statfs(os.fsencode(place), buffer):
        return False
    return ctypes.c_long.from_buffer(buffer).value == _TMPFS_MAGIC


def _sweep(base: Path) -> None:
    """Removes what killed processes of this user left."""
    prefix = f"{_PREFIX}{os.geteuid()}-"
    for name in os.listdir(base):
        place = base / name
        if name.startswith(prefix):
            with suppress(OSError, NotPermitted):
                leases.remove_unused(place, prefix)
