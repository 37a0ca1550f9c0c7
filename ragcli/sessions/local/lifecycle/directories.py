"""How directories of profiles come, change places and go: each time in one rename.

Where a directory cannot be renamed, it is condemned in place, which is one step as
well (`storage.condemned`, `succession`).

What is being made or removed has a name that starts with a dot, and is owned by
who does that (`directory_locks`). What a killed process left is removed by whoever
opens a profile next. A change is done with its rename: when what it left cannot be
removed after that, this is said and no failure.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ragcli.config import Settings, seconds
from ragcli.errors import (
    Locked,
    NotPermitted,
    ProfileNotFound,
    RagcliError,
    StorageFailed,
)
from ragcli.paths import Home, checked_profile_name
from ragcli.sessions.local.lifecycle import succession
from ragcli.sessions.local.lifecycle.succession import Fate, Will
from ragcli.sessions.profile_entries import ProfileEntries
from ragcli.sessions.profile_names import no_such_profile
from ragcli.storage.files import Directory
from ragcli.storage.locking import directory_locks
from ragcli.storage.os_errors import cannot_move, close_reader
from ragcli.storage.temporary import memory_directories

LOCKS = ("profile", "staging", "ingest", "index", "history", "audit")
"""All locks of a profile: who moves or removes its directory holds them.

Whoever reads or appends needs none of them to be sure which profile it is. Who stages
documents shares `staging`: a library writes them by their real path.
"""
_INDEX = "index"
_WORKSPACE = "tmp-"
"""Where documents are staged, and how the name of what is staged begins."""
_ASIDE = ".expired-"
"""How the name of a profile that is set aside begins."""
_ACCOUNT = "aside"
"""The file in it that says whose profile it is, and since when."""
_POLL = 0.005
"""Seconds between two looks at a directory that another process is looking at."""
_REMOVALS = 20
"""Times that a directory is removed in which others may make their locks anew."""


class Directories:
    """The directories of the caller's profiles, and changes to them.

    Args:
        home: Where they are.
        settings: How long to wait for locks; whether a network disk will do.
        notice: Told what was swept, and what could not be removed, one line each.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._entries = ProfileEntries(home)
        self._cache = home.cache
        self._notice = notice
        self.wait = float(seconds(settings.lock_wait))
        """Seconds that the work of others on a profile is waited for."""
        self._allow_network = settings.allow_network_fs

    def names(self) -> list[str]:
        """Returns the caller's profiles, sorted; never another user's."""
        return self._entries.names()

    def free(self, profiles: Directory, name: str) -> str:
        """Returns the entry that a new profile shall have; see `ProfileEntries`."""
        return self._entries.free(profiles, checked_profile_name(name))

    @contextmanager
    def changing(self) -> Iterator[Directory]:
        """Holds the caller's registry of profiles; sweeps what crashes left.

        Raises:
            Locked: Others change them.
            StorageFailed, NotPermitted: What was left of a change cannot be finished.
            NotPermitted: They are on a network disk, or where locks do not hold.
        """
        from ragcli.storage.locking.locks import commit_lock
        from ragcli.storage.locking.network_filesystems import check_local

        with self._entries.open(create=True) as profiles:
            check_local(profiles.path, allow=self._allow_network)
            with commit_lock(profiles, f"registry.{os.geteuid()}", wait=self.wait):
                self._sweep(profiles)
                self._expect_no_heirs(profiles)
                yield profiles

    def _expect_no_heirs(self, profiles: Directory) -> None:
        """Waits until no new directory is the profile of a name, or could become it.

        A name that is free for now must not be given to another profile, and who
        deletes a profile does not mean that another one should follow it.
        """
        deadline = time.monotonic() + self.wait
        for entry in self._entries.new(profiles):
            while self._may_inherit(profiles, entry):
                if time.monotonic() > deadline:
                    raise Locked(
                        f"{profiles.path / entry} is just getting its place",
                        "run the command again",
                    )
                time.sleep(_POLL)
                self._sweep(profiles)

    def _may_inherit(self, profiles: Directory, entry: str) -> bool:
        """Tells whether a new directory is a profile; withdraws a will that is void."""
        if not succession.has_will(profiles, entry):
            return False
        try:
            with profiles.child(entry) as new:
                fate, _ = succession.fate(self._entries, profiles, new)
                if fate is Fate.SWEPT:
                    succession.withdraw(new)
        except FileNotFoundError:
            return profiles.has(entry)
        return fate is Fate.INHERITS

    def left(self) -> list[Path]:
        """Returns what killed processes left on disk and in memory, and nobody owns."""
        from ragcli.storage.temporary import scratch

        paths: list[Path] = []
        with suppress(FileNotFoundError), self._entries.open() as profiles:
            paths += [profiles.path / entry for entry in self._entries.left(profiles)]
            for index in self._indexes(profiles):
                paths += [index.path / entry for entry in _workspaces(index)]
        shut = (FileNotFoundError, NotPermitted)  # then `doctor` says so elsewhere
        with suppress(*shut), Directory.open(self._cache) as cache:
            paths += [cache.path / entry for entry in scratch.left(cache)]
        return paths + memory_directories.left()

    def sweep_indexes(self) -> None:
        """Removes what killed processes left of changes of documents.

        The next change of a profile's documents does that for its own.
        """
        with suppress(FileNotFoundError, RagcliError), self._entries.open() as profiles:
            for index in self._indexes(profiles):
                for entry in _workspaces(index):
                    gone = directory_locks.remove_unused(
                        index.descriptor, entry, _WORKSPACE
                    )
                    self._notice_removed(index.path / entry, gone=gone)

    def _indexes(self, profiles: Directory) -> Iterator[Directory]:
        """Yields the index of each profile, while it is looked at."""
        for name in self._entries.names():
            with (
                suppress(FileNotFoundError, RagcliError),
                profiles.child(self.entry(profiles, name)) as directory,
                directory.child(_INDEX) as index,
            ):
                yield index

    def sweep(self) -> None:
        """Removes what killed processes left; says so, and never fails."""
        from ragcli.storage.temporary import scratch

        with suppress(FileNotFoundError, RagcliError), self._entries.open() as profiles:
            self._sweep(profiles)
        with (
            suppress(FileNotFoundError, RagcliError),
            Directory.open(self._cache) as cache,
        ):
            for entry in scratch.left(cache):
                self._notice_removed(
                    cache.path / entry, gone=scratch.remove(cache, entry)
                )
        for path in memory_directories.sweep():
            self._notice_removed(path, gone=True)

    def _sweep(self, profiles: Directory) -> None:
        leftovers = self._entries.left(profiles)
        if leftovers:
            profiles.sync()  # what took its place must not be gone after a power cut
        failed: RagcliError | None = None
        for entry in leftovers:
            try:
                self._finish(profiles, entry)
            except FileNotFoundError:
                continue
            except RagcliError as error:
                self._notice(f"{profiles.path / entry}: {error.message}")
                failed = error
        if failed:
            raise failed

    def _finish(self, profiles: Directory, entry: str) -> None:
        """Finishes what a killed process began with a directory.

        Raises:
            FileNotFoundError: Somebody else finishes it, or has done so.
            StorageFailed, NotPermitted: It is a profile, and cannot get its place.
        """
        lock_fd = directory_locks.own(profiles.descriptor, entry)
        try:
            if self._entries.is_new(entry) and succession.has_will(profiles, entry):
                self._finish_new(profiles, entry)
            elif self._entries.is_left(profiles, entry):  # another may be there by now
                self._notice_removed(
                    profiles.path / entry, gone=self.remove_unneeded(profiles, entry)
                )
        finally:
            close_reader(lock_fd)

    def _finish_new(self, profiles: Directory, entry: str) -> None:
        with profiles.child(entry) as new:
            fate, will = succession.fate(self._entries, profiles, new)
            if fate is Fate.SWEPT:
                succession.withdraw(new)
                self._notice_removed(
                    profiles.path / entry, gone=self.remove_unneeded(profiles, entry)
                )
            elif fate is Fate.INHERITS and will:
                with self._owned(profiles, will.entry):
                    if self._entries.is_condemned(profiles, will.entry):
                        self.clear(profiles, will.entry)
                self.inherit(profiles, new, will)
                self._notice(
                    f"profile {will.name!r} is in its place: the process that changed "
                    "it was killed"
                )
            else:
                self._notice(
                    f"{profiles.path / entry} is a whole profile whose name another "
                    "one has, or that is damaged; it is kept"
                )

    def _notice_removed(self, path: Path, *, gone: bool) -> None:
        """Says what was swept; what could not be is said where that was tried."""
        if gone:
            self._notice(f"{path}, left by a process that was killed, is removed")

    def remove_unneeded(self, profiles: Directory, entry: str) -> bool:
        """Removes what nobody needs; tells whether it is gone, and says if not."""
        try:
            self.clear(profiles, entry)
        except (RagcliError, OSError) as error:
            reason = error.message if isinstance(error, RagcliError) else str(error)
            self._notice(
                f"{profiles.path / entry} could not be removed and may be readable "
                f"({reason}); the next command tries again"
            )
            return False
        return True

    @contextmanager
    def building(self, profiles: Directory) -> Iterator[Directory]:
        """Yields an empty directory out of sight, gone again if what follows fails."""
        from ragcli.storage.locking.network_filesystems import check_local

        name, lock_fd = directory_locks.make(profiles.descriptor, ".new-")
        with ExitStack() as stack:
            stack.callback(close_reader, lock_fd)
            directory = stack.enter_context(profiles.child(name, create=True))
            try:
                check_local(directory.path, allow=self._allow_network)
                yield directory
            except BaseException:
                with suppress(RagcliError, FileNotFoundError):
                    self.discard(profiles, directory, name)
                raise

    def discard(self, profiles: Directory, new: Directory, name: str) -> None:
        """Removes what was made, unless it is shown or is the profile already."""
        if new.is_at(profiles, name):
            fate, _ = succession.fate(self._entries, profiles, new)
            if fate is Fate.SWEPT:
                succession.withdraw(new)
                profiles.remove_tree(name)

    def settle(self, directory: Directory) -> None:
        """Removes from a profile what says that it takes the place of another one.

        It has that place already, and its maker was killed before this.
        """
        if succession.is_announced(directory):
            with suppress(RagcliError, FileNotFoundError):
                with self._entries.open() as profiles:
                    profiles.sync()
                succession.withdraw(directory)

    def open(self, name: str) -> Directory:
        """Opens a profile's directory; raises `ProfileNotFound`."""
        from ragcli.storage.locking.network_filesystems import check_local

        try:
            with self._entries.open() as profiles:
                directory = profiles.child(self.entry(profiles, name))
        except FileNotFoundError:
            raise self._missing(name) from None
        try:
            check_local(directory.path, allow=self._allow_network)
        except BaseException:
            directory.close()
            raise
        return directory

    @contextmanager
    def every(self) -> Iterator[tuple[int, Callable[[str], str]]]:
        """Yields what is needed to look at many profiles in a row.

        That is the descriptor of the directory of all profiles, and a function that
        returns the directory of a name there.

        Raises:
            FileNotFoundError, NotPermitted: The directory cannot be opened.
        """
        with self._entries.open() as profiles:
            yield profiles.descriptor, lambda name: self.entry(profiles, name)

    def path(self, name: str) -> Path:
        """Returns where a profile is, whoever can reach it; raises `ProfileNotFound`.

        For messages and repairs: everything else goes through `open`.
        """
        try:
            with self._entries.open() as profiles:
                return profiles.path / self.entry(profiles, name)
        except FileNotFoundError:
            raise self._missing(name) from None

    def entry(self, profiles: Directory, name: str) -> str:
        """Returns the directory of a profile; raises `ProfileNotFound`."""
        entry = self._entries.find(profiles, checked_profile_name(name))
        if entry is None:
            raise self._missing(name)
        return entry

    def delete(self, profiles: Directory, name: str) -> None:
        """Removes a profile while nobody writes to it."""
        self.remove(profiles, self.entry(profiles, name))

    def remove(self, profiles: Directory, entry: str) -> None:
        """Removes a directory of a profile while nobody writes to it."""
        doomed = f".deleted-{os.urandom(8).hex()}"
        with self.alone(profiles, entry), self._owned(profiles, entry):
            try:
                profiles.rename(entry, doomed)
            except StorageFailed as error:
                if not cannot_move(error):
                    raise
                doomed = entry
                self._entries.condemn(profiles, entry)
            profiles.sync()
            self.remove_unneeded(profiles, doomed)

    def set_aside(self, profiles: Directory, name: str, account: bytes) -> None:
        """Takes a profile out of sight while nobody writes to it.

        Args:
            profiles: The caller's registry, held.
            name: The profile.
            account: What is to be known of it there; see `asides`.
        """
        entry = self.entry(profiles, name)
        with self.alone(profiles, entry) as directory:
            directory.replace(_ACCOUNT, account)
            self.move(profiles, entry, f"{_ASIDE}{os.urandom(8).hex()}")

    def bring_back(self, profiles: Directory, entry: str, name: str) -> None:
        """Puts a profile that is set aside in its place again.

        Raises:
            UsageError: There is another one of this name.
        """
        target = self.free(profiles, name)
        with profiles.child(entry) as directory:
            directory.remove(_ACCOUNT)
        self.move(profiles, entry, target)

    def asides(self) -> Iterator[tuple[str, Directory, bytes]]:
        """Yields what is set aside: entry, directory while it is looked at, account."""
        try:
            profiles = self._entries.open()
        except FileNotFoundError:
            return
        with profiles:
            for entry in self._entries.asides(profiles, _ASIDE):
                with suppress(FileNotFoundError), profiles.child(entry) as directory:
                    yield entry, directory, directory.read(_ACCOUNT)

    def move(self, profiles: Directory, entry: str, target: str) -> None:
        """Renames a profile's directory; call it while it is `alone`.

        Where the file system cannot, it is copied out of sight, the copy gets the
        name, and the old one is removed: killed in between, a whole one is left.

        Raises:
            StorageFailed: Nothing changed.
        """
        try:
            profiles.rename(entry, target)
        except StorageFailed as error:
            if not cannot_move(error):
                raise
            self._move_copied(profiles, entry, target)
        profiles.sync()

    def _move_copied(self, profiles: Directory, entry: str, target: str) -> None:
        from ragcli.sessions.local.lifecycle.copying import copy_whole

        with (
            self.building(profiles) as copy,
            profiles.child(entry) as source,
            self._owned(profiles, entry),
        ):
            copy_whole(source, copy)
            profiles.rename(copy.path.name, target)
            profiles.sync()
            self._entries.condemn(profiles, entry)
            self.remove_unneeded(profiles, entry)

    @contextmanager
    def alone(self, profiles: Directory, entry: str) -> Iterator[Directory]:
        """Yields a profile's directory while nobody else changes anything in it.

        Raises:
            ProfileNotFound: It is gone.
            Locked: Names who holds one of its locks.
        """
        from ragcli.storage.locking.locks import commit_lock

        with ExitStack() as stack:
            try:
                directory = stack.enter_context(profiles.child(entry))
            except FileNotFoundError:
                raise self._missing(entry) from None
            for lock in LOCKS:
                stack.enter_context(commit_lock(directory, lock, wait=self.wait))
            yield directory

    @contextmanager
    def _owned(self, profiles: Directory, entry: str) -> Iterator[None]:
        """Owns a profile's directory, so that nobody sweeps what it becomes.

        Nor does anybody who was about to remove it go on when its name is another
        one's. One that is gone needs no owner.

        Raises:
            Locked: Somebody sweeps it, or looks at it all the time.
        """
        lock_fd = self._lease(profiles, entry)
        try:
            yield
        finally:
            if lock_fd >= 0:
                close_reader(lock_fd)

    def _lease(self, profiles: Directory, entry: str) -> int:
        deadline = time.monotonic() + self.wait
        while True:
            try:
                return directory_locks.own(profiles.descriptor, entry)
            except FileNotFoundError:  # somebody looks at it just now, or it is gone
                if not profiles.has(entry):
                    return -1
            if time.monotonic() > deadline:
                raise Locked(
                    f"{profiles.path / entry} is being swept", "run the command again"
                )
            time.sleep(_POLL)

    def _missing(self, name: str) -> ProfileNotFound:
        return no_such_profile(name, self._entries.names())

    def swap(self, profiles: Directory, name: str, new: Directory) -> None:
        """Puts a directory that was built in place of a profile's, and removes that.

        Call it while nobody can change the old one.

        Where the file system cannot, the old one is condemned, and then the new one
        is the profile; see `succession`.

        Raises:
            StorageFailed, Locked: Nothing changed; or the new one is the profile, and
                the next command puts it in its place.
        """
        from ragcli.storage.exchange import exchange

        entry = self.entry(profiles, name)
        with self._owned(profiles, entry):
            try:
                exchange(profiles, entry, new.path.name)
            except StorageFailed as error:
                if not cannot_move(error):
                    raise
                self._succeed(profiles, name, entry, new)
                return
            profiles.sync()
            self.remove_unneeded(profiles, new.path.name)

    def _succeed(
        self, profiles: Directory, name: str, entry: str, new: Directory
    ) -> None:
        will = succession.announce(new, name, entry)
        profiles.sync()  # the new one has a name before the old one has an end
        self._entries.condemn(profiles, entry)
        self.clear(profiles, entry)
        self.inherit(profiles, new, will)

    def clear(self, profiles: Directory, entry: str) -> None:
        """Removes a directory in which others may make their locks anew meanwhile.

        Raises:
            StorageFailed, NotPermitted: Some of it is left.
        """
        for attempt in range(_REMOVALS):
            try:
                profiles.remove_tree(entry)
            except StorageFailed:
                if attempt + 1 == _REMOVALS:
                    raise
            if not profiles.has(entry):
                return
            time.sleep(_POLL)
        raise StorageFailed(
            f"{profiles.path / entry} could not be removed",
            "run the command again; nothing is lost",
        )

    def inherit(self, profiles: Directory, new: Directory, will: Will) -> None:
        """Gives a new directory the name of a profile that is gone, durably.

        A will that cannot be withdrawn says nothing any more; see `settle`.

        Raises:
            StorageFailed, NotPermitted: It has not got it yet.
        """
        free = not profiles.has(will.entry)
        target = will.entry if free else self._entries.vacant(profiles, will.name)
        profiles.rename(new.path.name, target)
        profiles.sync()
        with suppress(RagcliError):
            succession.withdraw(new)


def _workspaces(index: Directory) -> list[str]:
    """Returns the names of the workspaces that killed processes left in an index."""
    return [
        name
        for name in index.names()
        if name.startswith(_WORKSPACE)
        and directory_locks.is_unused(index.descriptor, name)
    ]
