"""Profiles on the local disk: one private directory each.

A profile comes into being, changes its name and goes in one rename, so that a
crash leaves it whole or not there at all. What is being made or removed has a name
that starts with a dot; what a killed process left of it is removed by whoever opens
or lists profiles next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.errors import Damaged, NotPermitted, ProfileNotFound, StorageFailed
from ragcli.paths import Home, checked_profile_name
from ragcli.sessions import profile_file
from ragcli.sessions.base_store import (
    UNUSABLE,
    BaseStore,
    StoreParts,
    each_pruned,
    not_encrypted,
    not_pruned,
)
from ragcli.sessions.encryption.kdf import STANDARD, Cost
from ragcli.sessions.local.lifecycle.directories import Directories
from ragcli.sessions.profile_layout import KEYS

if TYPE_CHECKING:
    from ragcli.config import Settings
    from ragcli.sessions.encryption.key_ring import KeyRing
    from ragcli.sessions.findings import Finding
    from ragcli.sessions.history.lifetime.retention import Limits
    from ragcli.sessions.history.lifetime.timekeeping import Ledger
    from ragcli.sessions.local.lifecycle.expired import ExpiredProfiles
    from ragcli.sessions.local.session import LocalSession
    from ragcli.sessions.profile_file import ProfileFile
    from ragcli.sessions.profile_summary import IndexFigures, ProfileSummary
    from ragcli.sessions.protocols import (
        Expired,
        NewProfile,
        ProfileState,
        Replacement,
        SnapshotFactory,
    )
    from ragcli.storage.files import Directory


_ATTEMPTS = 20
"""Times that a profile may be replaced by another one while it is being opened."""


class LocalStore(BaseStore["LocalSession"]):
    """The `SessionStore` on this machine; see `sessions.protocols`.

    Args:
        home: Where profiles live.
        snapshots: Makes the snapshots of a profile's directory.
        passphrase: Asked, with a profile's name, when it is encrypted.
        settings: Those of the process, without any profile's own.
        cost: How costly each guess at a new passphrase is.
        figures: Tells documents and bytes of a profile's index without opening it.
    """

    def __init__(
        self,
        home: Home,
        *,
        snapshots: SnapshotFactory,
        passphrase: Callable[[str], str | None],
        settings: Settings,
        cost: Cost = STANDARD,
        figures: IndexFigures = lambda *_: None,
    ) -> None:
        super().__init__(settings, passphrase, cost)
        self.directories = Directories(home, settings, self.notices.append)
        """The directories of the profiles, and what becomes of them."""
        self.snapshots = snapshots
        self._figures = figures

    @cached_property
    def _expired(self) -> ExpiredProfiles:
        from ragcli.sessions.local.lifecycle.expired import ExpiredProfiles

        return ExpiredProfiles(self.directories, self._limits)

    kind = "disk"
    shown = where = "on this disk"
    elsewhere = ""
    forks = True

    def names(self, *, passive: bool = False) -> list[str]:
        """Returns the caller's profiles, sorted; never another user's."""
        if not passive:
            self.directories.sweep()
        return self.directories.names()

    def states(self) -> dict[str, ProfileState]:
        """Returns how profiles stand; what cannot be read is left out."""
        from ragcli.sessions.local.lifecycle.profile_states import read_states

        return read_states(self.directories)

    def summaries(self, names: Iterable[str]) -> dict[str, ProfileSummary]:
        """Returns what is cheap to know of profiles; see `SessionStore`."""
        from ragcli.sessions.local.lifecycle.profile_summaries import read_summaries

        return read_summaries(self.directories, names, self._figures)

    def path(self, name: str) -> Path:
        """Returns a profile's directory; raises as `open`."""
        with self.directories.open(name) as directory:
            return directory.path

    def _left(self) -> list[Path]:
        return self.directories.left()

    def _unlock_modes(self, name: str) -> list[Finding]:
        """Sets modes right: a profile that others can reach is not opened."""
        from ragcli.sessions.local import permissions

        return permissions.fix_closed_profile(self.directories.path(name))

    def _verify(self, session: LocalSession, anchor: str) -> list[Finding]:
        from ragcli.sessions.local import verification

        return verification.verify(session, anchor=anchor)

    def _repair(
        self, session: LocalSession, anchor: str, before: list[Finding]
    ) -> list[Finding]:
        from ragcli.sessions.local import verification

        return verification.repair(session, anchor=anchor, before=before)

    def inspect(self) -> list[Finding]:
        """Returns nothing: `doctor` checks the home itself."""
        return []

    def open(
        self, name: str, *, passive: bool = False, expires: bool = True
    ) -> LocalSession:
        """Opens a profile; sets aside first what is due in it.

        Args:
            name: The profile.
            passive: Leave no trace: it does not count as used, and nothing expires.
            expires: Whether what is due is set aside, and what was set aside long
                enough ago destroyed.

        Raises:
            ProfileExpired: It is due, or set aside.
            ProfileNotFound: There is none.
            PassphraseNeeded, WrongPassphrase: It is encrypted.
            NewerFormat, Damaged, NotPermitted: It cannot be used as it is.
        """
        expires = expires and not passive
        if not passive:
            self.directories.sweep()
        for _ in range(_ATTEMPTS):
            directory = self._directory_of(name)
            try:
                return self._open(directory, name, passive=passive, expires=expires)
            except (Damaged, NotPermitted, StorageFailed, OSError):
                # Only in a directory that bears its name is anything wrong.
                replaced = (
                    directory.present_name() != directory.path.name
                    or directory.is_condemned()
                )
                directory.close()
                if not replaced:
                    raise
            except BaseException:
                directory.close()
                raise
        raise ProfileNotFound(
            f"profile {name!r} is being replaced all the time", "run the command again"
        )

    def _open(
        self, directory: Directory, name: str, *, passive: bool, expires: bool
    ) -> LocalSession:
        """Opens the profile in a directory, which the session closes."""
        profile = profile_file.read(directory, name)
        if not passive:
            self.directories.settle(directory)
        limit = self._limits(profile)
        ledger, notice = None, ""
        if limit.any:
            from ragcli.sessions.local.lifecycle.usage import (
                look,
            )  # few profiles expire

            ledger, notice = look(directory, write=not passive)
            self._refuse_unused(name, directory, limit, ledger, expires=expires)
        session = self._session(
            directory, name, profile, self.passphrase, passive=passive
        )
        session.notices += [notice] if notice else []
        if limit.any and not passive:
            from ragcli.sessions.local.lifecycle.usage import touch

            touch(directory)
        if expires:
            session.notices += self._expire_contents(session, limit, ledger)
        session.notices += self.notices
        self.notices.clear()
        return session

    def _expire_contents(
        self, session: LocalSession, limit: Limits, ledger: Ledger | None
    ) -> list[str]:
        """Sets aside and erases what is due; returns one line for each."""
        from ragcli.sessions.history.lifetime import aside

        notices = []
        if limit.any or aside.read(session).batches:
            from ragcli.sessions.history.lifetime import expiry
            from ragcli.sessions.local.lifecycle import usage

            ledger = ledger or usage.look(session.directory, write=False)[0]
            notices = expiry.notices_of(expiry.tend(session, limit, ledger))
        return notices + (self._expired.tend() if self._any_aside() else [])

    def _any_aside(self) -> bool:
        return any(self.directories.asides())

    def _directory_of(self, name: str) -> Directory:
        """Returns a profile's directory; says so when it is set aside."""
        try:
            return self.directories.open(name)
        except ProfileNotFound:
            from ragcli.sessions.local.lifecycle import expired

            if name in self._expired.names():
                raise expired.error(name, 0.0) from None
            raise

    def _refuse_unused(
        self,
        name: str,
        directory: Directory,
        limit: Limits,
        ledger: Ledger,
        *,
        expires: bool,
    ) -> None:
        """Refuses a profile that is due, and sets it aside where that may be."""
        from ragcli.sessions.local.lifecycle import usage

        if ledger.doubtful or not usage.unused_since(directory, limit.idle):
            return
        from ragcli.sessions.local.lifecycle import expired

        if expires:
            self._expired.add(name, ledger)
        raise expired.error(name, limit.grace)

    def _limits(self, profile: ProfileFile) -> Limits:
        from ragcli.sessions.history.lifetime import retention

        return retention.limits(self._settings, profile.settings)

    def rename(self, old: str, new: str) -> None:
        """Renames a profile; its id stays.

        Raises:
            ProfileNotFound: There is no `old`.
            UsageError: `new` is taken.
            Locked: It is being changed or indexed.
        """
        with self.directories.changing() as profiles:
            target = self.directories.free(profiles, new)
            entry = self.directories.entry(profiles, old)
            with self.directories.alone(profiles, entry):
                self.directories.move(profiles, entry, target)
            renamed = profiles.child(target)
        self._audit_rename(renamed, new, old)

    def delete(self, name: str) -> None:
        """Removes a profile and all that belongs to it.

        Raises:
            ProfileNotFound: There is none.
            Locked: It is being changed or indexed.
        """
        with self.directories.changing() as profiles:
            self.directories.delete(profiles, name)

    @classmethod
    def at(cls, address: str, parts: StoreParts) -> LocalStore:  # noqa: ARG003 - "": there is one disk
        """Returns the store on this disk; see `stores.open_store`."""
        return cls(
            parts.home,
            snapshots=parts.snapshots,
            passphrase=parts.passphrase,
            settings=parts.settings,
            cost=parts.cost,
            figures=parts.figures,
        )

    @contextmanager
    def lock(self, name: str, wait: float) -> Iterator[None]:
        """Holds the profile's own lock: rename, delete, encrypt, restore."""
        from ragcli.storage.locking.locks import long_lock

        with (
            self.directories.open(name) as directory,
            long_lock(directory, "profile", wait=wait),
        ):
            yield

    def restore(self, name: str) -> Expired:
        """Brings back what is set aside: the profile, or what expired inside it.

        Raises:
            ProfileNotFound: There is none, and none is set aside.
            UsageError: Another one has its name.
        """
        from ragcli.sessions.history.lifetime import expiry
        from ragcli.sessions.local.lifecycle import usage
        from ragcli.sessions.protocols import Expired

        if name not in self.names() and self._expired.restore(name):
            return Expired(name, whole=True, aside=True)
        with ExitStack() as stack:
            directory = stack.enter_context(self._directory_of(name))
            profile = profile_file.read(directory, name)
            due = usage.unused_since(directory, self._limits(profile).idle)
            usage.touch(directory)
            if due:
                return Expired(name, whole=True, aside=True)
            session = self._session(directory, name, profile, self.passphrase)
            stack.callback(session.close)
            return expiry.restore(session)

    def set_aside(self) -> list[str]:
        """Returns the names of the profiles that are set aside."""
        return self._expired.names() if self._any_aside() else []

    def prune(self, *, dry_run: bool, grace: bool = False) -> list[Expired]:
        """Erases what has expired in every profile, and expired profiles whole.

        Args:
            dry_run: Only say what.
            grace: Take both steps as opening does, instead of erasing at once.
        """
        from ragcli.sessions.protocols import Expired

        pruned: list[Expired] = []
        if grace and not dry_run:
            self._expired.tend(lambda *why: pruned.append(not_pruned(*why)))
        elif not grace:
            if not dry_run:
                self._check_clock()
            destroyed = self._expired.destroy(dry_run=dry_run)
            pruned += [Expired(name, whole=True) for name in destroyed]
        return pruned + each_pruned(
            self.names(), lambda name: self._pruned(name, dry_run=dry_run, grace=grace)
        )

    def _check_clock(self) -> None:
        """Raises `UsageError` where a clock is doubted; nothing is erased before."""
        from ragcli.sessions.history.lifetime import expiry
        from ragcli.sessions.local.lifecycle import usage

        self._expired.check_clock()
        for name in self.names():
            unusable = (*UNUSABLE, ProfileNotFound)
            with suppress(*unusable), self.directories.open(name) as directory:
                if self._limits(profile_file.read(directory, name)).any:
                    ledger, notice = usage.look(directory, write=True)
                    if ledger.doubtful:
                        raise expiry.doubted(name, notice)

    def _pruned(self, name: str, *, dry_run: bool, grace: bool) -> list[Expired]:
        from ragcli.sessions.history.lifetime import expiry
        from ragcli.sessions.local.lifecycle import usage
        from ragcli.sessions.protocols import Expired

        with ExitStack() as stack:
            directory = stack.enter_context(self.directories.open(name))
            profile = profile_file.read(directory, name)
            limit = self._limits(profile)
            if not limit.any:
                return []
            ledger, notice = usage.look(directory, write=not dry_run)
            if ledger.doubtful and not grace and not dry_run:
                raise expiry.doubted(name, notice)
            if not ledger.doubtful and usage.unused_since(directory, limit.idle):
                if not dry_run:
                    self._take_away(name, ledger, grace=grace)
                return [Expired(name, whole=True, aside=grace)]
            session = self._session(directory, name, profile, self.passphrase)
            stack.callback(session.close)
            seen = (ledger, notice)
            return expiry.prune(
                session, limit, lambda: seen, dry_run=dry_run, grace=grace
            )

    def _take_away(self, name: str, ledger: Ledger, *, grace: bool) -> None:
        """Sets an expired profile aside for its time of grace, or removes it."""
        if grace:
            self._expired.add(name, ledger)
        else:
            self.delete(name)

    def _session(
        self,
        directory: Directory,
        name: str,
        profile: ProfileFile,
        passphrase: Callable[[str], str | None],
        *,
        passive: bool = False,
    ) -> LocalSession:
        """Returns the opened profile, which closes `directory`."""
        from ragcli.sessions.encryption.unlocking import unlocked
        from ragcli.sessions.local.session import LocalSession

        return LocalSession(
            directory,
            name,
            profile,
            settings=self._settings,
            data_key=unlocked(directory, name, profile, passphrase),
            snapshots=self.snapshots,
            passive=passive,
        )

    def build(
        self,
        name: str,
        profile: ProfileFile,
        fill: Callable[[NewProfile], None],
        passphrase: Callable[[str], str | None],
    ) -> LocalSession:
        """Makes a profile out of sight, and shows it in one rename; see `SessionStore`.

        Raises:
            UsageError: The name is taken, or cannot be a profile's.
        """
        from ragcli.sessions.local.lifecycle.building import NewLocalProfile

        checked_profile_name(name)
        with self.directories.changing() as profiles:
            target = self.directories.free(profiles, name)
            with self.directories.building(profiles) as directory:
                new = NewLocalProfile(directory, profile.id, self.snapshots)
                fill(new)
                new.finish(profile)
                profiles.rename(directory.path.name, target)
                profiles.sync()
        return self._reopened(name, passphrase)

    def _reopened(
        self, name: str, passphrase: Callable[[str], str | None]
    ) -> LocalSession:
        directory = self.directories.open(name)
        try:
            profile = profile_file.read(directory, name)
            return self._session(directory, name, profile, passphrase)
        except BaseException:
            directory.close()
            raise

    @contextmanager
    def _replacing(
        self, name: str, *, encrypted: bool
    ) -> Iterator[tuple[LocalSession, Replacement]]:
        from ragcli.sessions.local.lifecycle.building import LocalReplacement
        from ragcli.sessions.transfer.conversion import expect_other
        from ragcli.storage.locking.locks import commit_lock

        with self.directories.changing() as profiles, ExitStack() as stack:
            directory = stack.enter_context(self.directories.open(name))
            profile = profile_file.read(directory, name)
            expect_other(name, encrypted=profile.encrypted, wanted=encrypted)
            old = self._session(directory, name, profile, self.passphrase)
            stack.callback(old.close)
            for lock in ("profile", "staging", "ingest"):
                stack.enter_context(commit_lock(directory, lock, wait=self.wait))
            target = stack.enter_context(self.directories.building(profiles))
            yield (
                old,
                LocalReplacement(
                    target,
                    old,
                    self.snapshots,
                    wait=self.wait,
                    exchange=lambda: self.directories.swap(profiles, name, target),
                ),
            )

    @contextmanager
    def key_ring(self, name: str) -> Iterator[KeyRing]:
        """Yields the key slots of a profile; it need not be unlocked for that.

        Raises:
            ProfileNotFound: There is none.
            UsageError: It is not encrypted.
        """
        with self.directories.open(name) as directory:
            if not directory.has(KEYS):
                raise not_encrypted(name)
            from ragcli.sessions.encryption.key_ring import KeyRing

            yield KeyRing(directory, self._cost)

    def _audit_rename(self, directory: Directory, name: str, old: str) -> None:
        """Records a rename; in an encrypted profile that would take its passphrase."""
        from ragcli.sessions.audit import after_the_fact

        with directory:
            profile = profile_file.read(directory, name)
            if not profile.encrypted:
                session = self._session(directory, name, profile, self.passphrase)
                after_the_fact.note(session.audit, "profile.rename", old=old, new=name)
