"""How directories of profiles come, change places and go: each time in one rename.

What is being made or removed has a name that starts with a dot, and is owned by
who does that (`directory_locks`). What a killed process left is removed by whoever
opens a profile next. A change is done with its rename: when what it left cannot be
removed after that, this is said and no failure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ragcli.config import Settings, seconds
from ragcli.errors import NotPermitted, ProfileNotFound, RagcliError, StorageFailed
from ragcli.paths import Home, checked_profile_name
from ragcli.sessions.local.copying import copy_whole
from ragcli.sessions.names import missing
from ragcli.sessions.places import Places
from ragcli.storage import directory_locks, memory, scratch
from ragcli.storage.exchange import exchange
from ragcli.storage.files import Directory
from ragcli.storage.locks import commit_lock
from ragcli.storage.network import check_local
from ragcli.storage.os_errors import cannot_move, close_reader

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
"""The file in it that says whose it is, and since when."""


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
        self._places = Places(home)
        self._cache = home.cache
        self._notice = notice
        self._wait = float(seconds(settings.lock_wait))
        self._allow_network = settings.allow_network_fs

    def names(self) -> list[str]:
        """Returns the caller's profiles, sorted; never another user's."""
        return self._places.names()

    def free(self, profiles: Directory, name: str) -> str:
        """Returns the directory that a new profile shall have; see `Places.free`."""
        return self._places.free(profiles, checked_profile_name(name))

    @contextmanager
    def changing(self) -> Iterator[Directory]:
        """Holds the caller's registry of profiles; sweeps what crashes left."""
        with (
            self._places.open(create=True) as profiles,
            commit_lock(profiles, f"registry.{os.geteuid()}", wait=self._wait),
        ):
            self._sweep(profiles)
            yield profiles

    def left(self) -> list[Path]:
        """Returns what killed processes left on disk and in memory, and nobody owns."""
        found: list[Path] = []
        with suppress(FileNotFoundError), self._places.open() as profiles:
            found += [profiles.path / entry for entry in self._places.left(profiles)]
            for index in self._indexes(profiles):
                found += [index.path / entry for entry in _workspaces(index)]
        shut = (FileNotFoundError, NotPermitted)  # then `doctor` says so elsewhere
        with suppress(*shut), Directory.open(self._cache) as cache:
            found += [cache.path / entry for entry in scratch.left(cache)]
        return found + memory.left()

    def sweep_indexes(self) -> None:
        """Removes what killed processes left of changes of documents.

        The next change of a profile's documents does that for its own.
        """
        with suppress(FileNotFoundError, RagcliError), self._places.open() as profiles:
            for index in self._indexes(profiles):
                for entry in _workspaces(index):
                    gone = directory_locks.remove_unused(
                        index.descriptor, entry, _WORKSPACE
                    )
                    self._told(index.path / entry, gone=gone)

    def _indexes(self, profiles: Directory) -> Iterator[Directory]:
        """Yields the index of each profile, while it is looked at."""
        for name in self._places.names():
            with (
                suppress(FileNotFoundError, RagcliError),
                profiles.child(self.place(profiles, name)) as directory,
                directory.child(_INDEX) as index,
            ):
                yield index

    def sweep(self) -> None:
        """Removes what killed processes left; says so, and never fails."""
        with suppress(FileNotFoundError, RagcliError), self._places.open() as profiles:
            self._sweep(profiles)
        with (
            suppress(FileNotFoundError, RagcliError),
            Directory.open(self._cache) as cache,
        ):
            for entry in scratch.left(cache):
                self._told(cache.path / entry, gone=scratch.remove(cache, entry))
        for place in memory.sweep():
            self._told(place, gone=True)

    def _sweep(self, profiles: Directory) -> None:
        left = self._places.left(profiles)
        if left:
            profiles.sync()  # what took its place must not be gone after a power cut
        for entry in left:
            with suppress(FileNotFoundError):
                lease = directory_locks.own(profiles.descriptor, entry)
                try:
                    gone = self._remove(profiles, entry)
                finally:
                    close_reader(lease)
                self._told(profiles.path / entry, gone=gone)

    def _told(self, place: Path, *, gone: bool) -> None:
        """Says what was swept; what could not be is said where that was tried."""
        if gone:
            self._notice(f"{place}, left by a process that was killed, is removed")

    def _remove(self, profiles: Directory, entry: str) -> bool:
        """Removes what nobody needs; tells whether it is gone, and says if not."""
        try:
            profiles.remove_tree(entry)
        except (RagcliError, OSError) as error:
            told = error.message if isinstance(error, RagcliError) else str(error)
            self._notice(
                f"{profiles.path / entry} could not be removed and may be readable "
                f"({told}); the next command tries again"
            )
            return False
        return True

    @contextmanager
    def building(self, profiles: Directory) -> Iterator[Directory]:
        """Yields an empty directory out of sight, gone again if what follows fails."""
        name, lease = directory_locks.make(profiles.descriptor, ".new-")
        with ExitStack() as stack:
            stack.callback(close_reader, lease)
            directory = stack.enter_context(profiles.child(name, create=True))
            try:
                check_local(directory.path, allow=self._allow_network)
                yield directory
            except BaseException:
                with suppress(RagcliError):
                    if directory.is_at(profiles, name):
                        profiles.remove_tree(name)
                raise

    def open(self, name: str) -> Directory:
        """Opens a profile's directory; raises `ProfileNotFound`."""
        try:
            with self._places.open() as profiles:
                directory = profiles.child(self.place(profiles, name))
        except FileNotFoundError:
            raise self._missing(name) from None
        try:
            check_local(directory.path, allow=self._allow_network)
        except BaseException:
            directory.close()
            raise
        return directory

    def path(self, name: str) -> Path:
        """Returns where a profile is, whoever can reach it; raises `ProfileNotFound`.

        For messages and repairs: everything else goes through `open`.
        """
        try:
            with self._places.open() as profiles:
                return profiles.path / self.place(profiles, name)
        except FileNotFoundError:
            raise self._missing(name) from None

    def place(self, profiles: Directory, name: str) -> str:
        """Returns the directory of a profile; raises `ProfileNotFound`."""
        place = self._places.find(profiles, checked_profile_name(name))
        if place is None:
            raise self._missing(name)
        return place

    def delete(self, profiles: Directory, name: str) -> None:
        """Removes a profile while nobody writes to it."""
        self.remove(profiles, self.place(profiles, name))

    def remove(self, profiles: Directory, place: str) -> None:
        """Removes a directory of a profile while nobody writes to it."""
        gone = f".deleted-{os.urandom(8).hex()}"
        with self.alone(profiles, place), self._owned(profiles, place):
            try:
                profiles.rename(place, gone)
            except StorageFailed as error:
                if not cannot_move(error):
                    raise
                gone = place
                self._places.doom(profiles, place)
            profiles.sync()
            self._remove(profiles, gone)

    def set_aside(self, profiles: Directory, name: str, account: bytes) -> None:
        """Takes a profile out of sight while nobody writes to it.

        Args:
            profiles: The caller's registry, held.
            name: The profile.
            account: What is to be known of it there; see `asides`.
        """
        place = self.place(profiles, name)
        with self.alone(profiles, place) as directory:
            directory.replace(_ACCOUNT, account)
            self.move(profiles, place, f"{_ASIDE}{os.urandom(8).hex()}")

    def bring_back(self, profiles: Directory, place: str, name: str) -> None:
        """Puts a profile that is set aside in its place again.

        Raises:
            UsageError: There is another one of this name.
        """
        target = self.free(profiles, name)
        with profiles.child(place) as directory:
            directory.remove(_ACCOUNT)
        self.move(profiles, place, target)

    def asides(self) -> Iterator[tuple[str, Directory, bytes]]:
        """Yields what is set aside: place, directory while it is looked at, account."""
        try:
            profiles = self._places.open()
        except FileNotFoundError:
            return
        with profiles:
            for place in self._places.asides(profiles, _ASIDE):
                with suppress(FileNotFoundError), profiles.child(place) as directory:
                    yield place, directory, directory.read(_ACCOUNT)

    def move(self, profiles: Directory, place: str, target: str) -> None:
        """Gives a profile's directory another name; call it while it is `alone`.

        Where the file system cannot, it is copied out of sight, the copy gets the
        name, and the old one is removed: killed in between, a whole one is left.

        Raises:
            StorageFailed: Nothing changed.
        """
        try:
            profiles.rename(place, target)
        except StorageFailed as error:
            if not cannot_move(error):
                raise
            self._move_copied(profiles, place, target)
        profiles.sync()

    def _move_copied(self, profiles: Directory, place: str, target: str) -> None:
        with (
            self.building(profiles) as copy,
            profiles.child(place) as source,
            self._owned(profiles, place),
        ):
            copy_whole(source, copy)
            profiles.rename(copy.path.name, target)
            profiles.sync()
            self._places.doom(profiles, place)
        self._remove(profiles, place)

    @contextmanager
    def alone(self, profiles: Directory, place: str) -> Iterator[Directory]:
        """Yields a profile's directory while nobody else changes anything in it.

        Raises:
            ProfileNotFound: It is gone.
            Locked: Names who holds one of its locks.
        """
        with ExitStack() as stack:
            try:
                directory = stack.enter_context(profiles.child(place))
            except FileNotFoundError:
                raise self._missing(place) from None
            for lock in LOCKS:
                stack.enter_context(commit_lock(directory, lock, wait=self._wait))
            yield directory

    @staticmethod
    @contextmanager
    def _owned(profiles: Directory, place: str) -> Iterator[None]:
        """Owns a profile's directory, so that nobody sweeps what it becomes."""
        lease = -1
        with suppress(FileNotFoundError):  # somebody looks at it just now
            lease = directory_locks.own(profiles.descriptor, place)
        try:
            yield
        finally:
            if lease >= 0:
                close_reader(lease)

    def _missing(self, name: str) -> ProfileNotFound:
        return missing(name, self._places.names())

    def swap(self, profiles: Directory, name: str, new: Directory) -> None:
        """Puts a directory that was built in place of a profile's, and removes that.

        Call it while nobody can change the old one.

        Raises:
            StorageFailed: Nothing changed.
        """
        place = self.place(profiles, name)
        with self._owned(profiles, place):
            exchange(profiles, place, new.path.name)
            profiles.sync()
            self._remove(profiles, new.path.name)


def _workspaces(index: Directory) -> list[str]:
    """Returns the names of the workspaces that killed processes left in an index."""
    return [
        name
        for name in index.names()
        if name.startswith(_WORKSPACE)
        and directory_locks.is_unused(index.descriptor, name)
    ]
