"""How directories of profiles come, change places and go: each time in one rename.

What is being made or removed has a name that starts with a dot; a crash leaves it
behind, and the next change sweeps it up.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ragcli.config import Settings, seconds
from ragcli.errors import ProfileNotFound, RagcliError
from ragcli.paths import Home, checked_profile_name
from ragcli.sessions.places import Places
from ragcli.storage.exchange import exchange
from ragcli.storage.files import Directory
from ragcli.storage.locks import commit_lock
from ragcli.storage.network import check_local


class Directories:
    """The directories of the caller's profiles, and changes to them.

    Args:
        home: Where they are.
        settings: How long to wait for locks; whether a network disk will do.
    """

    def __init__(self, home: Home, settings: Settings) -> None:
        self._places = Places(home)
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
            self._places.sweep(profiles)
            yield profiles

    @contextmanager
    def building(self, profiles: Directory) -> Iterator[Directory]:
        """Yields an empty directory out of sight, gone again if what follows fails."""
        name = f".new-{os.urandom(8).hex()}"
        with profiles.child(name, create=True) as directory:
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
        place = self.place(profiles, name)
        gone = f".deleted-{os.urandom(8).hex()}"
        with ExitStack() as stack:
            directory = stack.enter_context(profiles.child(place))
            for lock in ("profile", "ingest", "index", "history"):
                stack.enter_context(commit_lock(directory, lock, wait=self._wait))
            profiles.rename(place, gone)
            profiles.sync()
            profiles.remove_tree(gone)

    def _missing(self, name: str) -> ProfileNotFound:
        near = difflib.get_close_matches(name, self._places.names(), 1, 0.5)
        return ProfileNotFound(
            f"there is no profile {name!r}",
            f"did you mean {near[0]!r}?"
            if near
            else f"make it: `ragcli profile create {name}`",
        )

    def swap(self, profiles: Directory, name: str, new: Directory) -> None:
        """Puts a directory that was built in place of a profile's, and removes that.

        Call it while nobody can change the old one.

        Raises:
            StorageFailed: Nothing changed.
        """
        exchange(profiles, self.place(profiles, name), new.path.name)
        profiles.sync()
        profiles.remove_tree(new.path.name)
