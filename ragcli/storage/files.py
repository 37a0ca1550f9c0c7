"""Files that only their owner can touch, and that a crash cannot tear.

Everything below a profile is reached through a `Directory`: an open descriptor
whose owner, mode and kind were checked, as sshd does for its keys
(openssh, misc.c: safe_path_fd). Names are single components, never paths, and
no symbolic link is followed. A directory that is renamed stays reachable, and is
never taken for another one that has its name by then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from ragcli.errors import NotPermitted, ProfileNotFound, RagcliError, StorageFailed
from ragcli.storage import descriptor_paths
from ragcli.storage.condemned import is_condemned
from ragcli.storage.durable import (
    OPEN_DIRECTORY,
    sync_data,
    sync_directory,
    sync_file,
    sync_names,
    write_all,
    write_once,
)
from ragcli.storage.os_errors import close_reader, disk_errors
from ragcli.storage.trust import (
    check_parents,
    check_private,
    check_regular,
    check_shared,
)

__all__ = [
    "Directory",
    "check_private",
    "disk_errors",
    "sync_data",
    "sync_directory",
    "sync_file",
    "write_all",
    "write_once",
]

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
TEMPORARY = ".tmp"
"""Ending of an unfinished file's name, which starts with a dot."""

_ELSEWHERE = "set RAGCLI_HOME to a directory of your own; `ask --stateless` needs none"


class Directory:
    """An open private directory; the only way to the files in it.

    Args:
        path: Where it is; used in messages and for libraries that need a path.
        descriptor: An open, checked directory descriptor; closed with this object.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        shared: bool = False,
    ) -> Directory:
        """Opens `path`, which must belong to the caller alone.

        Args:
            path: Where it is; every directory above it is checked as well.
            create: Make it, and what is missing above it, 0700.
            shared: Also accept what holds the private directories of several
                users: root's or the caller's, written by others only when sticky.

        Raises:
            FileNotFoundError: It is not there, and `create` is false.
            NotPermitted: Owner, mode or kind cannot be trusted.
            StorageFailed: It cannot be created.
        """
        location = Path(path)
        with disk_errors(location):
            if create:
                _make_private(location)
            if not descriptor_paths.is_anchored(location):
                check_parents(location)
            descriptor = os.open(location, OPEN_DIRECTORY)
        check = check_shared if shared else check_private
        return cls(location, _passing(descriptor, check, str(location)))

    def child(self, name: str, *, create: bool = False) -> Directory:
        """Opens the directory `name` inside this one; raises as `open` does."""
        self._check_name(name)
        path = self.path / name
        with disk_errors(path):
            if create:
                with suppress(FileExistsError), self._not_removed():
                    os.mkdir(name, DIRECTORY_MODE, dir_fd=self.descriptor)
                # Also when it was there: its maker may have been killed before this.
                sync_names(self.descriptor)
            descriptor = os.open(name, OPEN_DIRECTORY, dir_fd=self.descriptor)
        return Directory(path, _passing(descriptor, check_private, str(path)))

    def open_file(
        self, name: str, flags: int = os.O_RDONLY, *, linked: bool = False
    ) -> int:
        """Opens a regular private file and returns its descriptor.

        `O_CREAT` makes it with mode 0600. FIFOs never block, links never lead away.

        Args:
            name: The file.
            flags: As for open(2).
            linked: Accept a file with several names: an immutable one that
                generations share.

        Raises:
            FileNotFoundError: It is not there.
            NotPermitted: It is a link or special file, or open to others.
            ProfileNotFound: It is to be made, and this directory was removed.
        """
        self._check_name(name)
        path = f"{self.path}/{name}"
        safe = flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        with disk_errors(path):
            if flags & os.O_CREAT:
                with self._not_removed():
                    descriptor = os.open(name, safe, FILE_MODE, dir_fd=self.descriptor)
            else:
                descriptor = os.open(name, safe, FILE_MODE, dir_fd=self.descriptor)
        return _passing(descriptor, partial(check_regular, linked=linked), path)

    def read(self, name: str, *, limit: int = 1 << 30) -> bytes:
        """Returns a file's bytes; raises as `open_file` does, or if over `limit`."""
        descriptor = self.open_file(name)
        with open(descriptor, "rb") as file, disk_errors(self.path / name):
            size = os.fstat(descriptor).st_size
            # Not up to the limit: Python would ask for that much memory first.
            data = file.read() if size <= limit else b""
        if max(size, len(data)) > limit:
            raise NotPermitted(f"{self.path / name}: larger than {limit} bytes", "")
        return data

    def replace(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Writes `name` so that after any crash it holds the old bytes or the new.

        Args:
            name: The file.
            data: All that it shall hold.
            durable: False for what can be made again: it is not synced, and after
                a power cut may hold anything.

        Raises:
            StorageFailed: Nothing changed.
        """
        with self.replacing(name, durable=durable) as descriptor:
            write_all(descriptor, data)

    @contextmanager
    def replacing(self, name: str, *, durable: bool = True) -> Iterator[int]:
        """Yields a descriptor to write what then takes the place of `name`.

        Raises:
            StorageFailed: Nothing changed.
        """
        self._check_name(name)
        temporary = f".{name}.{os.urandom(4).hex()}{TEMPORARY}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            descriptor = self.open_file(temporary, flags)
            with disk_errors(self.path / name):
                try:
                    yield descriptor
                    if durable:
                        sync_file(descriptor)
                finally:
                    os.close(descriptor)
                with self._not_removed():
                    self.rename(temporary, name)
                if durable:
                    sync_names(self.descriptor)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=self.descriptor)
            raise

    def sweep(self, name: str) -> None:
        """Removes what killed writers of `name` left; call it under their lock."""
        for other in self.names():
            if other.startswith(f".{name}.") and other.endswith(TEMPORARY):
                self.remove(other)

    def rename(self, old: str, new: str) -> None:
        """Renames inside this directory; the caller syncs."""
        here = self.descriptor
        with disk_errors(self.path / new):
            os.rename(old, new, src_dir_fd=here, dst_dir_fd=here)

    def remove(self, name: str) -> None:
        """Unlinks a file; none is fine."""
        with suppress(FileNotFoundError), disk_errors(self.path / name):
            os.unlink(name, dir_fd=self.descriptor)

    def remove_tree(self, name: str) -> None:
        """Removes a directory and all below it, following no link; none is fine.

        Raises:
            StorageFailed, NotPermitted: Some of it may be left.
        """
        self._check_name(name)
        import shutil  # 5 ms: it loads every kind of compression

        with suppress(FileNotFoundError), disk_errors(self.path / name):
            shutil.rmtree(name, dir_fd=self.descriptor)

    def names(self) -> list[str]:
        """Returns the names inside, sorted."""
        with disk_errors(self.path):
            return sorted(os.listdir(self.descriptor))

    def has(self, name: str) -> bool:
        """Tells whether something of this name is there, whatever it is."""
        try:
            os.lstat(name, dir_fd=self.descriptor)
        except FileNotFoundError:
            return False
        return True

    @property
    def reach(self) -> Path:
        """A path that leads here whatever this directory is called meanwhile.

        It is for libraries that take nothing else, and as long as this is open.

        Raises:
            FileNotFoundError: It was renamed, and this system cannot say where to.
        """
        return descriptor_paths.path_of(self.descriptor, self.path)

    def present_name(self) -> str:
        """Returns what this directory is called now; "" when it was removed."""
        mine, known = os.fstat(self.descriptor), self.path.name
        if known and _is_entry(self.descriptor, f"../{known}", mine):
            return known
        if not mine.st_nlink:
            return ""
        try:
            above = os.open("..", OPEN_DIRECTORY, dir_fd=self.descriptor)
        except FileNotFoundError:
            return ""
        except OSError:
            return known  # nobody may look there: nothing is known against it
        try:
            names = os.listdir(above)
            return next((name for name in names if _is_entry(above, name, mine)), "")
        finally:
            close_reader(above)

    def expect_standing(self) -> None:
        """Refuses a profile's directory that was removed, or is being removed.

        What is being removed gets a name that starts with a dot, or is condemned
        where it is. Call it when something is missing: only in a directory that
        stands is that a fault.

        Raises:
            ProfileNotFound: It does not stand any more.
        """
        name = self.present_name()
        renamed = name.startswith(".") and name != self.path.name
        if not name or renamed or self.is_condemned():
            raise self._removed()

    def is_condemned(self) -> bool:
        """Tells whether this is a profile's directory that is being removed."""
        return is_condemned(os.fstat(self.descriptor), self.descriptor)

    @contextmanager
    def _not_removed(self) -> Iterator[None]:
        """Translates that nothing can be made in a directory that is gone."""
        try:
            yield
        except FileNotFoundError:
            raise self._removed() from None

    def _removed(self) -> ProfileNotFound:
        return ProfileNotFound(
            f"{self.path.name!r} was removed or replaced meanwhile",
            "run the command again; what is under this name by then has all of it",
        )

    def is_at(self, parent: Directory, name: str) -> bool:
        """Tells whether this directory is the entry `name` of `parent`."""
        try:
            status = os.lstat(name, dir_fd=parent.descriptor)
        except FileNotFoundError:
            return False
        return os.path.samestat(status, os.fstat(self.descriptor))

    def sync(self) -> None:
        """Makes new and changed names in here survive a power cut."""
        with disk_errors(self.path):
            sync_names(self.descriptor)

    def close(self) -> None:
        """Closes the descriptor; a second call does nothing."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            with disk_errors(self.path):
                os.close(descriptor)

    def __del__(self) -> None:
        with suppress(AttributeError, RagcliError, OSError):
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @staticmethod
    def _check_name(name: str) -> None:
        if not name or "/" in name or "\0" in name or name in {".", ".."}:
            raise NotPermitted(f"{name!r} is not a plain file name", "")


def _passing(
    descriptor: int, check: Callable[[os.stat_result, str], object], path: str
) -> int:
    """Returns an open descriptor that passes a check; one that fails is closed."""
    try:
        check(os.fstat(descriptor), path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_entry(parent: int, name: str, status: os.stat_result) -> bool:
    """Tells whether a directory's entry is the one of this status."""
    try:
        entry = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(entry, status)


def _make_private(path: Path) -> None:
    """Creates `path` and its missing parents, each 0700 and synced into its parent."""
    missing = []
    at = path
    try:
        while not at.exists():
            missing.append(at)
            at = at.parent
        for at in reversed(missing):
            with suppress(FileExistsError):
                os.mkdir(at, DIRECTORY_MODE)
                sync_directory(at.parent)
    except PermissionError as error:
        raise NotPermitted(f"{at}: {error.strerror}", _ELSEWHERE) from error
    except FileNotFoundError as error:  # as in /proc, where nobody can make one
        message = f"{at}: no directory can be made there"
        raise StorageFailed(message, _ELSEWHERE) from error
