"""Files that only their owner can touch, and that a crash cannot tear.

Everything below a profile is reached through a `Directory`: an open descriptor
whose owner, mode and kind were checked, as sshd does for its keys
(openssh, misc.c: safe_path_fd). Names are single components, never paths, and
no symbolic link is followed.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ragcli.errors import NotPermitted, StorageFailed

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
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


def _hint(error: OSError) -> str:
    """Says what to do about a failed write."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "free some space and run the command again; what was stored is whole"
    if error.errno == errno.EROFS:
        return "the file system is read-only; point RAGCLI_HOME somewhere writable"
    return "what was stored before is whole; check the disk and run it again"


def check_private(status: os.stat_result, name: str) -> None:
    """Refuses what another user could read, write or have planted.

    Raises:
        NotPermitted: Another owner, or a mode with any group or other bit.
    """
    if status.st_uid != os.geteuid():
        raise NotPermitted(
            f"{name}: belongs to uid {status.st_uid}, not to you",
            "use a RAGCLI_HOME of your own",
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        kind = "700" if stat.S_ISDIR(status.st_mode) else "600"
        raise NotPermitted(
            f"{name}: mode {stat.S_IMODE(status.st_mode):04o} lets others in",
            f"run `ragcli doctor --fix`, or `chmod {kind} {name}`",
        )


def sync_directory(path: str | os.PathLike[str]) -> None:
    """Makes renames and new names inside `path` survive a power cut."""
    descriptor = os.open(path, _OPEN_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Writes all of `data`, however many system calls it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


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
    def open(cls, path: str | os.PathLike[str], *, create: bool = False) -> Directory:
        """Opens `path`, which must belong to the caller alone.

        Raises:
            FileNotFoundError: It is not there, and `create` is false.
            NotPermitted: Owner, mode or kind cannot be trusted.
            StorageFailed: It cannot be created.
        """
        place = Path(path)
        with disk_errors(place):
            if create:
                _make_private(place)
            descriptor = os.open(place, _OPEN_DIRECTORY)
        try:
            check_private(os.fstat(descriptor), str(place))
        except BaseException:
            os.close(descriptor)
            raise
        return cls(place, descriptor)

    def child(self, name: str, *, create: bool = False) -> Directory:
        """Opens the directory `name` inside this one; raises as `open` does."""
        self._check_name(name)
        place = self.path / name
        with disk_errors(place):
            if create:
                with suppress(FileExistsError):
                    os.mkdir(name, DIRECTORY_MODE, dir_fd=self.descriptor)
                    os.fsync(self.descriptor)
            descriptor = os.open(name, _OPEN_DIRECTORY, dir_fd=self.descriptor)
        try:
            check_private(os.fstat(descriptor), str(place))
        except BaseException:
            os.close(descriptor)
            raise
        return Directory(place, descriptor)

    def open_file(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Opens a regular private file and returns its descriptor.

        `O_CREAT` makes it with mode 0600. FIFOs never block, links never lead away.

        Raises:
            FileNotFoundError: It is not there.
            NotPermitted: It is a link or special file, or open to others.
        """
        self._check_name(name)
        place = self.path / name
        safe = flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        with disk_errors(place):
            descriptor = os.open(name, safe, FILE_MODE, dir_fd=self.descriptor)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise NotPermitted(f"{place}: not a regular file", "move it away")
            check_private(status, str(place))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def read(self, name: str, *, limit: int = 1 << 30) -> bytes:
        """Returns a file's bytes; raises as `open_file` does, or if over `limit`."""
        descriptor = self.open_file(name)
        with open(descriptor, "rb") as file, disk_errors(self.path / name):
            data = file.read(limit + 1)
        if len(data) > limit:
            raise NotPermitted(f"{self.path / name}: larger than {limit} bytes", "")
        return data

    def replace(self, name: str, data: bytes) -> None:
        """Writes `name` so that after any crash it holds the old bytes or the new.

        Raises:
            StorageFailed: Nothing changed.
        """
        self._check_name(name)
        temporary = f".{name}.{secrets.token_hex(4)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            descriptor = self.open_file(temporary, flags)
            with disk_errors(self.path / name):
                try:
                    write_all(descriptor, data)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                self.rename(temporary, name)
                os.fsync(self.descriptor)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=self.descriptor)
            raise

    def rename(self, old: str, new: str) -> None:
        """Renames inside this directory; the caller syncs."""
        os.rename(old, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove(self, name: str) -> None:
        """Unlinks a file; none is fine."""
        with suppress(FileNotFoundError), disk_errors(self.path / name):
            os.unlink(name, dir_fd=self.descriptor)

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

    def sync(self) -> None:
        """Makes new and changed names in here survive a power cut."""
        with disk_errors(self.path):
            os.fsync(self.descriptor)

    def close(self) -> None:
        """Closes the descriptor; a second call does nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

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


def _make_private(place: Path) -> None:
    """Creates `place` and its missing parents, each 0700 and synced into its parent."""
    missing = []
    at = place
    while not at.exists():
        missing.append(at)
        at = at.parent
    for directory in reversed(missing):
        with suppress(FileExistsError):
            os.mkdir(directory, DIRECTORY_MODE)
            sync_directory(directory.parent)
