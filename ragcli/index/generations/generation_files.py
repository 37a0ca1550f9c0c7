"""The files of one generation: mapped from disk, unsealed into memory, or never stored.

Readers ask for a buffer by name and do not care where it comes from. A sealed
file becomes plain only in memory; the text index, which wants a directory, gets
a private one on a memory file system for as long as it takes to open it. Those of an
open generation are found through its descriptor: its path may lead to another
profile by the time that they are read.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ragcli.storage.descriptor_paths import path_of
from ragcli.storage.files import FILE_MODE, disk_errors, write_all
from ragcli.storage.mapping import mapped
from ragcli.storage.os_errors import close_reader

if TYPE_CHECKING:
    from ragcli.storage.contracts import Sealer

TEXT = "text"
"""Subdirectory of the text index."""


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


class _FilesOnDisk:
    """Files in a directory, which is held open or only named.

    Args:
        directory: The generation.
        held: Its open descriptor, closed when this object is gone; -1 is none.
    """

    def __init__(self, directory: Path, held: int = -1) -> None:
        self._directory = directory
        self._held = held
        if held >= 0:
            weakref.finalize(self, close_reader, held)

    @property
    def reach(self) -> Path:
        """A path to the directory, whatever it and those above are called by now."""
        held = self._held
        return path_of(held, self._directory) if held >= 0 else self._directory

    def raw(self, name: str) -> bytes:
        """Returns a file's bytes as they are stored."""
        with (
            self._opened(name) as descriptor,
            open(descriptor, "rb", closefd=False) as f,
        ):
            return f.read()

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        """Yields a descriptor to read a file from."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        held = self._held
        with disk_errors(self._directory / name):
            if held >= 0:
                descriptor = os.open(name, flags, dir_fd=held)
            else:
                descriptor = os.open(self._directory / name, flags)
            try:
                yield descriptor
            finally:
                close_reader(descriptor)


class MappedFiles(_FilesOnDisk):
    """Plain files, memory-mapped: what is not touched is not read."""

    def buffer(self, name: str) -> memoryview:
        """Maps a file."""
        with self._opened(name) as descriptor:
            return mapped(descriptor)

    def path(self, name: str) -> Path | None:
        """Returns the file's place."""
        return self.reach / name


class SealedFiles(_FilesOnDisk):
    """Encrypted files, opened to memory only.

    Args:
        directory: The generation.
        sealer: Opens them.
        held: As for plain files.
    """

    def __init__(self, directory: Path, sealer: Sealer, held: int = -1) -> None:
        super().__init__(directory, held)
        self._sealer = sealer

    def buffer(self, name: str) -> memoryview:
        """Reads and unseals a file."""
        return memoryview(self._sealer.unseal(name, self.raw(name)))

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
        path = self.directory / name
        if self.sealer:
            pieces = [self.sealer.seal(name, b"".join(pieces))]
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with disk_errors(path):
            descriptor = os.open(path, flags, FILE_MODE)
            try:
                for piece in pieces:
                    write_all(descriptor, piece)
            finally:
                os.close(descriptor)

    def remove(self, name: str) -> None:
        """Removes a file; other generations keep it."""
        with disk_errors(self.directory / name):
            os.unlink(self.directory / name)


def generation_files(
    directory: Path, sealer: Sealer | None, held: int = -1
) -> MappedFiles | SealedFiles:
    """Returns the files of a generation, sealed or plain.

    Args:
        directory: Where it is.
        sealer: Opens its files, when they are sealed.
        held: Its open descriptor, which the files close in the end; -1 is none.
    """
    if sealer:
        return SealedFiles(directory, sealer, held)
    return MappedFiles(directory, held)


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
