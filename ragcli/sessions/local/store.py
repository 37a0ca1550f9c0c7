"""Profiles on the local disk: one private directory each.

A profile comes into being, changes its name and goes in one rename, so that a
crash leaves it whole or not there at all. What is being made or removed has a name
that starts with a dot; what a killed process left of it is removed by whoever opens
or lists profiles next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ragcli.config import Settings
from ragcli.errors import Damaged, NotPermitted, ProfileNotFound, StorageFailed
from ragcli.paths import Home, checked_profile_name
from ragcli.sessions import profile_file
from ragcli.sessions.audit import after_the_fact
from ragcli.sessions.base_store import BaseStore, not_encrypted
from ragcli.sessions.encryption.kdf import STANDARD, Cost
from ragcli.sessions.history import expiry
from ragcli.sessions.local import log as local_log
from ragcli.sessions.local import usage
from ragcli.sessions.local.copying import copy_profile
from ragcli.sessions.local.directories import Directories
from ragcli.sessions.local.session import LocalSession, SnapshotFactory
from ragcli.sessions.places import KEYS
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import Session
from ragcli.storage.files import Directory
from ragcli.storage.locks import long_lock

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.encryption.keys import KeyRing


_ATTEMPTS = 20
"""Times that a profile may be replaced by another one while it is being opened."""


class LocalStore(BaseStore[LocalSession]):
    """The `SessionStore` on this machine; see `sessions.protocols`.

    Args:
        home: Where profiles live.
        snapshots: Makes the snapshots of a profile's directory.
        passphrase: Asked, with a profile's name, when it is encrypted.
        settings: Those of the process, without any profile's own.
        cost: What a guess at a new passphrase shall cost.
    """

    def __init__(
        self,
        home: Home,
        *,
        snapshots: SnapshotFactory,
        passphrase: Callable[[str], str | None],
        settings: Settings,
        cost: Cost = STANDARD,
    ) -> None:
        super().__init__(settings, passphrase, cost)
        self._directories = Directories(home, settings, self.notices.append)
        self.snapshots = snapshots

    def names(self) -> list[str]:
        """Returns the caller's profiles, sorted; never another user's."""
        self._directories.sweep()
        return self._directories.names()

    def _create(
        self, name: str, profile: ProfileFile, passphrase: str | None
    ) -> LocalSession:
        def fill(directory: Directory) -> None:
            if passphrase is not None:
                from ragcli.sessions.encryption.keys import KeyRing

                KeyRing.create(directory, passphrase, self._cost)
            profile_file.write(directory, profile)
            directory.replace(local_log.FILE, b"")

        return self.create_filled(name, fill, lambda _: passphrase)

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
        if not passive:
            self._directories.sweep()
        for _ in range(_ATTEMPTS):
            directory = self._directories.open(name)
            try:
                return self._open(directory, name, passive=passive)
            except (Damaged, NotPermitted, StorageFailed, OSError):
                # Only in a directory that bears its name is anything wrong.
                replaced = directory.present_name() != directory.path.name
                directory.close()
                if not replaced:
                    raise
            except BaseException:
                directory.close()
                raise
        raise ProfileNotFound(
            f"profile {name!r} is being replaced all the time", "run the command again"
        )

    def _open(self, directory: Directory, name: str, *, passive: bool) -> Session:
        """Opens the profile in a directory, which the session closes."""
        profile = profile_file.read(directory, name)
        limit = expiry.limits(self._settings, profile.settings)
        if usage.unused_since(directory, limit.idle):
            if not passive:
                self.delete(name)
            raise ProfileNotFound(
                f"profile {name!r} has expired: it was not used for its `ttl`",
                f"`ragcli profile create {name}` starts anew",
            )
        session = self._session(directory, name, profile, self.passphrase)
        if limit.any and not passive:
            usage.touch(directory)
            expiry.expire_turns(session, limit)
        session.notices += self.notices
        self.notices.clear()
        return session

    def rename(self, old: str, new: str) -> None:
        """Renames a profile; its id stays.

        Raises:
            ProfileNotFound: There is no `old`.
            UsageError: `new` is taken.
            Locked: It is being changed or indexed.
        """
        with self._directories.changing() as profiles:
            target = self._directories.free(profiles, new)
            place = self._directories.place(profiles, old)
            with self._directories.alone(profiles, place):
                profiles.rename(place, target)
                profiles.sync()
            renamed = profiles.child(target)
        self._audit_rename(renamed, new, old)

    def clone(self, old: str, new: str, *, history: bool) -> Session:
        """Copies a profile under a new id; the index without embedding anything again.

        A clone of an encrypted profile opens with the same passphrase.
        """
        checked_profile_name(new)
        with self._directories.open(old) as source:
            origin = profile_file.read(source, old)

            def fill(directory: Directory) -> None:
                with long_lock(source, "profile", wait=self.wait):
                    copy_profile(source, directory, history=history, wait=self.wait)
                fresh = ProfileFile.fresh(origin.settings, encrypted=origin.encrypted)
                profile_file.write(directory, fresh)

            session = self.create_filled(new, fill, lambda _: self.passphrase(old))
        session.audit.record("profile.clone", source=old)
        return session

    def delete(self, name: str) -> None:
        """Removes a profile and all that belongs to it.

        Raises:
            ProfileNotFound: There is none.
            Locked: It is being changed or indexed.
        """
        with self._directories.changing() as profiles:
            self._directories.delete(profiles, name)

    @contextmanager
    def lock(self, name: str, wait: float) -> Iterator[None]:
        """Holds the profile's own lock: rename, delete, encrypt, restore."""
        with (
            self._directories.open(name) as directory,
            long_lock(directory, "profile", wait=wait),
        ):
            yield

    def prune(self, *, dry_run: bool) -> list[expiry.Expired]:
        """Erases what has expired in every profile, and expired profiles whole."""
        found = [self._pruned(name, dry_run=dry_run) for name in self.names()]
        return [expired for expired in found if expired.any]

    def _pruned(self, name: str, *, dry_run: bool) -> expiry.Expired:
        with ExitStack() as stack:
            directory = stack.enter_context(self._directories.open(name))
            profile = profile_file.read(directory, name)
            limit = expiry.limits(self._settings, profile.settings)
            if usage.unused_since(directory, limit.idle):
                if not dry_run:
                    self.delete(name)
                return expiry.Expired(name, whole=True)
            if not limit.any:
                return expiry.Expired(name)
            session = self._session(directory, name, profile, self.passphrase)
            return expiry.expire_turns(session, limit, dry_run=dry_run)

    def _session(
        self,
        directory: Directory,
        name: str,
        profile: ProfileFile,
        passphrase: Callable[[str], str | None],
    ) -> LocalSession:
        """Returns the opened profile, which closes `directory`."""
        from ragcli.sessions.encryption.unlocking import unlocked

        key = unlocked(directory, name, profile, passphrase)
        return self._opened(name, directory, key)

    def _opened(
        self, name: str, directory: Directory, key: DataKey | None
    ) -> LocalSession:
        return LocalSession(
            directory,
            name,
            profile_file.read(directory, name),
            settings=self._settings,
            data_key=key,
            snapshots=self.snapshots,
        )

    def create_filled(
        self,
        name: str,
        fill: Callable[[Directory], None],
        passphrase: Callable[[str], str | None],
    ) -> LocalSession:
        """Makes a profile out of sight, and shows it in one rename.

        Args:
            name: What it shall be called.
            fill: Writes all that is in it into an empty directory.
            passphrase: Asked, with its name, when it is encrypted.

        Raises:
            UsageError: The name is taken, or cannot be a profile's.
        """
        checked_profile_name(name)
        with self._directories.changing() as profiles:
            target = self._directories.free(profiles, name)
            with self._directories.building(profiles) as directory:
                fill(directory)
                directory.sync()
                profiles.rename(directory.path.name, target)
                profiles.sync()
            directory = profiles.child(target)
        try:
            profile = profile_file.read(directory, name)
            return self._session(directory, name, profile, passphrase)
        except BaseException:
            directory.close()
            raise

    @contextmanager
    def key_ring(self, name: str) -> Iterator[KeyRing]:
        """Yields the key slots of a profile; it need not be unlocked for that.

        Raises:
            ProfileNotFound: There is none.
            UsageError: It is not encrypted.
        """
        with self._directories.open(name) as directory:
            if not directory.has(KEYS):
                raise not_encrypted(name)
            from ragcli.sessions.encryption.keys import KeyRing

            yield KeyRing(directory, self._cost)

    def _convert(self, name: str, passphrase: str | None) -> LocalSession:
        """Puts a profile under a new key, or in the clear for None; opens it."""
        from ragcli.sessions.encryption.keys import KeyRing
        from ragcli.sessions.local import conversion

        key = None
        with self._directories.changing() as profiles, ExitStack() as stack:
            directory = stack.enter_context(self._directories.open(name))
            profile = profile_file.read(directory, name)
            conversion.expect_other(profile, name, encrypted=passphrase is not None)
            old = self._session(directory, name, profile, self.passphrase)
            stack.callback(old.close)
            target = stack.enter_context(self._directories.building(profiles))
            if passphrase is not None:
                key = KeyRing.create(target, passphrase, self._cost)
            conversion.convert(
                old,
                target,
                conversion.Regime(key),
                self.snapshots,
                wait=self.wait,
                swap=lambda: self._directories.swap(profiles, name, target),
            )
            place = self._directories.place(profiles, name)
            return self._opened(name, profiles.child(place), key)

    def _audit_rename(self, directory: Directory, name: str, old: str) -> None:
        """Records a rename; in an encrypted profile that would take its passphrase."""
        with directory:
            profile = profile_file.read(directory, name)
            if not profile.encrypted:
                session = self._session(directory, name, profile, self.passphrase)
                after_the_fact.note(session.audit, "profile.rename", old=old, new=name)
