"""Which entry of the directory of profiles is whose profile.

Usually `profiles/` is private and a profile's directory has its name. One home may
also serve several users of a machine, when root made it sticky and writable like
/tmp: then everybody's profiles lie side by side, each readable by its owner only,
and a name that another user took first becomes `<name>@<uid>` (no profile can be
called so).
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress

from ragcli.paths import PROFILE_NAME, Home
from ragcli.sessions.profile_names import name_is_taken
from ragcli.storage.condemned import condemn, is_condemned
from ragcli.storage.files import (
    DIRECTORY_MODE,
    Directory,
    check_private,
    disk_errors,
)
from ragcli.storage.locking import directory_locks

_UNFINISHED = r"\.(new|deleted)-[0-9a-f]{16}"
_NEW = ".new-"
_SHARED_MODE = 0o1777


class ProfileEntries:
    """The entries of the caller's profiles; what becomes of them is `Directories`.

    Args:
        home: Where they are.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def open(self, *, create: bool = False) -> Directory:
        """Opens the directory of all profiles.

        Raises:
            FileNotFoundError: It is not there, and `create` is false.
            NotPermitted: Others could read or replace what is in it.
        """
        if create:
            self._create()
        directory = Directory.open(self._home.profiles, shared=True)
        status = os.fstat(directory.descriptor)
        if not status.st_mode & stat.S_ISVTX:
            try:
                check_private(status, str(directory.path))
            except BaseException:
                directory.close()
                raise
        return directory

    def names(self) -> list[str]:
        """Returns the names of the caller's profiles, sorted."""
        try:
            with self.open() as profiles:
                entries = profiles.names()
                names = {
                    e.removesuffix(_suffix()) for e in entries if _own(profiles, e)
                }
        except FileNotFoundError:
            return []
        return sorted(name for name in names if PROFILE_NAME.fullmatch(name))

    def find(self, profiles: Directory, name: str) -> str | None:
        """Returns the directory of the caller's profile of this name, if any.

        A directory in a private home that belongs to somebody else is returned
        too: opening it says so.
        """
        if _own(profiles, name + _suffix()):
            return name + _suffix()
        sticky = os.fstat(profiles.descriptor).st_mode & stat.S_ISVTX
        usable = _own(profiles, name) or (
            not sticky and profiles.has(name) and not _is_own_condemned(profiles, name)
        )
        return name if usable else None

    def free(self, profiles: Directory, name: str) -> str:
        """Returns the directory that a new profile of this name shall have.

        Raises:
            UsageError: The caller has one of this name.
        """
        if self.find(profiles, name) is not None:
            raise name_is_taken(name)
        return self.vacant(profiles, name)

    def vacant(self, profiles: Directory, name: str) -> str:
        """Returns the directory for a profile of a name that the caller has none of."""
        return name + _suffix() if profiles.has(name) else name

    def find_own(self, profiles: Directory, name: str) -> str | None:
        """Returns the directory of a profile that is the caller's own, if any.

        It may be damaged; one that is being removed is none.
        """
        for entry in (name + _suffix(), name):
            if _own(profiles, entry):
                return entry
        return None

    def new(self, profiles: Directory) -> list[str]:
        """Returns directories that the caller makes, or was making, out of sight."""
        return [
            entry
            for entry in profiles.names()
            if self.is_new(entry) and _own(profiles, entry)
        ]

    def is_new(self, entry: str) -> bool:
        """Tells whether a name is that of a directory that is made out of sight."""
        return entry.startswith(_NEW) and re.fullmatch(_UNFINISHED, entry) is not None

    def is_condemned(self, profiles: Directory, entry: str) -> bool:
        """Tells whether an entry is a directory of the caller that was condemned."""
        return _is_own_condemned(profiles, entry)

    def is_left(self, profiles: Directory, entry: str) -> bool:
        """Tells whether an entry is the caller's, and is being made or removed."""
        if entry.startswith(".") and re.fullmatch(_UNFINISHED, entry):
            return _own(profiles, entry)
        return _is_own_condemned(profiles, entry)

    def left(self, profiles: Directory) -> list[str]:
        """Returns what was being made or removed when a process was killed.

        Whoever makes or removes a directory owns it (`directory_locks`): what nobody
        owns was left.
        """
        return [
            entry
            for entry in profiles.names()
            if self.is_left(profiles, entry)
            and directory_locks.is_unused(profiles.descriptor, entry)
        ]

    def condemn(self, profiles: Directory, entry: str) -> None:
        """Marks a directory as being removed, in one step; see `condemned`."""
        with profiles.child(entry) as directory:
            condemn(directory.descriptor, directory.path)

    def asides(self, profiles: Directory, prefix: str) -> list[str]:
        """Returns the caller's directories whose names begin with `prefix`, sorted."""
        asides = [entry for entry in profiles.names() if entry.startswith(prefix)]
        return sorted(entry for entry in asides if _own(profiles, entry))

    def _create(self) -> None:
        """Makes what is missing; for everybody where the home is for everybody."""
        with Directory.open(self._home.data, create=True, shared=True) as data:
            sticky = os.fstat(data.descriptor).st_mode & stat.S_ISVTX
            mode = _SHARED_MODE if sticky else DIRECTORY_MODE
            name = self._home.profiles.name
            with disk_errors(self._home.profiles), suppress(FileExistsError):
                os.mkdir(name, mode, dir_fd=data.descriptor)
                os.chmod(name, mode, dir_fd=data.descriptor)
            data.sync()  # also when it was there: its maker may have been killed


def _suffix() -> str:
    return f"@{os.geteuid()}"


def _own(profiles: Directory, entry: str) -> bool:
    """Tells whether an entry is a directory of the caller, and is to stay one."""
    status = _status_of_own(profiles, entry)
    return status is not None and not is_condemned(status, profiles.descriptor, entry)


def _is_own_condemned(profiles: Directory, entry: str) -> bool:
    """Tells whether an entry is a directory of the caller that is being removed."""
    status = _status_of_own(profiles, entry)
    return status is not None and is_condemned(status, profiles.descriptor, entry)


def _status_of_own(profiles: Directory, entry: str) -> os.stat_result | None:
    """Returns the status of a directory of the caller, None of anything else."""
    try:
        status = os.lstat(entry, dir_fd=profiles.descriptor)
    except FileNotFoundError:
        return None
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return status if own else None
