"""Profiles on the local disk: one private directory each.

A profile comes into being, changes its name and goes in one rename, so that a
crash leaves it whole or not there at all. What is being made or removed has a name
that starts with a dot, and the next change sweeps it up.
"""

from __future__ import annotations

import difflib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ragcli import config
from ragcli.config import Settings, seconds
from ragcli.errors import Damaged, ProfileNotFound, RagcliError
from ragcli.paths import Home, checked_profile_name
from ragcli.sessions import expiry, local_log, profile_file, usage
from ragcli.sessions.local_copy import copy_profile
from ragcli.sessions.local_session import LocalSession, SnapshotFactory
from ragcli.sessions.places import Places
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import Session
from ragcli.storage.files import Directory
from ragcli.storage.locks import commit_lock, long_lock
from ragcli.storage.network import check_local

if TYPE_CHECKING:
    from ragcli.sessions.data_key import DataKey

KEYS = "keys"


class LocalStore:
    """The `SessionStore` on this machine; see `sessions.protocols`.

    Args:
        home: Where profiles live.
        snapshots: Makes the snapshots of a profile's directory.
        passphrase: Asked, with a profile's name, when it is encrypted.
        settings: Those of the process, without any profile's own.
    """

    def __init__(
        self,
        home: Home,
        *,
        snapshots: SnapshotFactory,
        passphrase: Callable[[str], str | None],
        settings: Settings,
    ) -> None:
        self._places = Places(home)
        self._snapshots = snapshots
        self._passphrase = passphrase
        self._settings = settings
        self._wait = float(seconds(settings.lock_wait))

    def names(self) -> list[str]:
        """Returns the caller's profiles, sorted; never another user's."""
        return self._places.names()

    def create(
        self, name: str, settings: Mapping[str, Any], *, passphrase: str | None = None
    ) -> Session:
        """Makes a profile; encrypted when a passphrase is given.

        Raises:
            UsageError: The name is taken, or cannot be a profile's.
            ConfigError: A setting it cannot have; nothing is made.
        """
        source = f"profile {name}"
        values = {k: config.checked(k, v, source) for k, v in settings.items()}

        def fill(directory: Directory) -> None:
            if passphrase is not None:
                from ragcli.sessions.keys import KeyRing

                KeyRing.create(directory, passphrase)
            profile = ProfileFile(
                profile_file.new_id(), _now(), passphrase is not None, values
            )
            profile_file.write(directory, profile)
            directory.replace(local_log.FILE, b"")

        session = self._make(name, fill, lambda _: passphrase)
        session.audit.record("profile.create", encrypted=int(session.encrypted))
        return session

    def open(self, name: str, *, passive: bool = False) -> Session:
        """Opens a profile; erases first what has expired in it.

        Args:
            name: The profile.
            passive: Leave no trace: nothing is erased, and it does not count as used.

        Raises:
            ProfileNotFound: There is none, or it has expired.
            PassphraseNeeded, WrongPassphrase: It is encrypted.
            NewerFormat, Damaged, NotPermitted: It cannot be used as it is.
        """
        with ExitStack() as stack:
            directory = stack.enter_context(self._open_directory(name))
            profile = profile_file.read(directory, name)
            limit = expiry.limits(self._settings, profile.settings)
            if usage.unused_since(directory, limit.idle):
                if not passive:
                    self.delete(name)
                raise ProfileNotFound(
                    f"profile {name!r} has expired: it was not used for its `ttl`",
                    f"`ragcli profile create {name}` starts anew",
                )
            session = self._session(directory, name, profile, self._passphrase)
            if limit.any and not passive:
                usage.touch(directory)
                expiry.expire_turns(session, limit)
            stack.pop_all()
        return session

    def rename(self, old: str, new: str) -> None:
        """Renames a profile; its id stays.

        Raises:
            ProfileNotFound: There is no `old`.
            UsageError: `new` is taken.
            Locked: It is being changed or indexed.
        """
        with self._changing() as profiles, self.lock(old, self._wait):
            target = self._places.free(profiles, checked_profile_name(new))
            profiles.rename(self._place(profiles, old), target)
            profiles.sync()
        self._audit_rename(new, old)

    def clone(self, old: str, new: str, *, history: bool) -> Session:
        """Copies a profile under a new id; the index without embedding anything again.

        A clone of an encrypted profile opens with the same passphrase.
        """
        checked_profile_name(new)
        with self._open_directory(old) as source:
            origin = profile_file.read(source, old)

            def fill(directory: Directory) -> None:
                with long_lock(source, "profile", wait=self._wait):
                    copy_profile(source, directory, history=history, wait=self._wait)
                fresh = ProfileFile(
                    profile_file.new_id(), _now(), origin.encrypted, origin.settings
                )
                profile_file.write(directory, fresh)

            session = self._make(new, fill, lambda _: self._passphrase(old))
        session.audit.record("profile.clone", source=old)
        return session

    def delete(self, name: str) -> None:
        """Removes a profile and all that belongs to it.

        Raises:
            ProfileNotFound: There is none.
            Locked: It is being changed or indexed.
        """
        with self._changing() as profiles:
            self._delete(profiles, name)

    @contextmanager
    def lock(self, name: str, wait: float) -> Iterator[None]:
        """Holds the profile's own lock: rename, delete, encrypt, restore."""
        with (
            self._open_directory(name) as directory,
            long_lock(directory, "profile", wait=wait),
        ):
            yield

    def prune(self, *, dry_run: bool) -> list[expiry.Expired]:
        """Erases what has expired in every profile, and expired profiles whole."""
        found = [self._pruned(name, dry_run=dry_run) for name in self.names()]
        return [expired for expired in found if expired.any]

    def _pruned(self, name: str, *, dry_run: bool) -> expiry.Expired:
        with ExitStack() as stack:
            directory = stack.enter_context(self._open_directory(name))
            profile = profile_file.read(directory, name)
            limit = expiry.limits(self._settings, profile.settings)
            if usage.unused_since(directory, limit.idle):
                if not dry_run:
                    self.delete(name)
                return expiry.Expired(name, whole=True)
            if not limit.any:
                return expiry.Expired(name)
            session = self._session(directory, name, profile, self._passphrase)
            return expiry.expire_turns(session, limit, dry_run=dry_run)

    def _session(
        self,
        directory: Directory,
        name: str,
        profile: ProfileFile,
        passphrase: Callable[[str], str | None],
    ) -> LocalSession:
        """Returns the opened profile, which closes `directory`."""
        return LocalSession(
            directory,
            name,
            profile,
            settings=self._settings,
            data_key=_data_key(directory, name, profile, passphrase),
            snapshots=self._snapshots,
        )

    def _make(
        self,
        name: str,
        fill: Callable[[Directory], None],
        passphrase: Callable[[str], str | None],
    ) -> LocalSession:
        """Makes a profile out of sight, and shows it in one rename."""
        checked_profile_name(name)
        unfinished = f".new-{secrets.token_hex(8)}"
        with self._changing() as profiles:
            target = self._places.free(profiles, name)
            try:
                with profiles.child(unfinished, create=True) as directory:
                    check_local(directory.path, allow=self._settings.allow_network_fs)
                    fill(directory)
                    directory.sync()
                profiles.rename(unfinished, target)
                profiles.sync()
            except BaseException:
                with suppress(RagcliError):
                    profiles.remove_tree(unfinished)
                raise
        directory = self._open_directory(name)
        try:
            profile = profile_file.read(directory, name)
            return self._session(directory, name, profile, passphrase)
        except BaseException:
            directory.close()
            raise

    @contextmanager
    def _changing(self) -> Iterator[Directory]:
        """Holds the caller's registry of profiles; sweeps what crashes left."""
        with (
            self._places.open(create=True) as profiles,
            commit_lock(profiles, f"registry.{os.geteuid()}", wait=self._wait),
        ):
            self._places.sweep(profiles)
            yield profiles

    def _delete(self, profiles: Directory, name: str) -> None:
        """Removes a profile while nobody writes to it."""
        place = self._place(profiles, name)
        gone = f".deleted-{secrets.token_hex(8)}"
        with ExitStack() as stack:
            directory = stack.enter_context(profiles.child(place))
            for lock in ("profile", "ingest", "index", "history"):
                stack.enter_context(commit_lock(directory, lock, wait=self._wait))
            profiles.rename(place, gone)
            profiles.sync()
            profiles.remove_tree(gone)

    def _open_directory(self, name: str) -> Directory:
        """Opens a profile's directory; raises `ProfileNotFound`."""
        try:
            with self._places.open() as profiles:
                directory = profiles.child(self._place(profiles, name))
        except FileNotFoundError:
            raise self._missing(name) from None
        try:
            check_local(directory.path, allow=self._settings.allow_network_fs)
        except BaseException:
            directory.close()
            raise
        return directory

    def _place(self, profiles: Directory, name: str) -> str:
        place = self._places.find(profiles, checked_profile_name(name))
        if place is None:
            raise self._missing(name)
        return place

    def _missing(self, name: str) -> ProfileNotFound:
        near = difflib.get_close_matches(name, self.names(), 1, 0.5)
        return ProfileNotFound(
            f"there is no profile {name!r}",
            f"did you mean {near[0]!r}?"
            if near
            else f"make it: `ragcli profile create {name}`",
        )

    def _audit_rename(self, name: str, old: str) -> None:
        """Records a rename; in an encrypted profile that would take its passphrase."""
        with ExitStack() as stack:
            directory = stack.enter_context(self._open_directory(name))
            profile = profile_file.read(directory, name)
            if not profile.encrypted:
                session = self._session(directory, name, profile, self._passphrase)
                session.audit.record("profile.rename", old=old, new=name)


def _data_key(
    directory: Directory,
    name: str,
    profile: ProfileFile,
    passphrase: Callable[[str], str | None],
) -> DataKey | None:
    """Returns the key of an encrypted profile.

    Raises:
        Damaged: Keys and profile file disagree: nothing is read as plain then.
        PassphraseNeeded, WrongPassphrase: It stays closed.
    """
    if profile.encrypted != directory.has(KEYS):
        raise Damaged(
            f"profile {name!r}: {profile_file.FILE} and {KEYS}/ do not agree on "
            "whether it is encrypted",
            "restore the one that was changed from a backup or an export",
        )
    if not profile.encrypted:
        return None
    from ragcli.sessions.keys import KeyRing

    return KeyRing.open(directory, passphrase(name))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
