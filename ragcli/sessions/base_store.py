"""What every store of profiles does alike: making them, and changing their keys."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ragcli import config
from ragcli.config import Settings, seconds
from ragcli.errors import (
    ConfigError,
    Damaged,
    Locked,
    NotPermitted,
    ProfileNotFound,
    RagcliError,
    StorageFailed,
    UsageError,
)
from ragcli.frozen import frozen
from ragcli.paths import Home, checked_profile_name
from ragcli.sessions.encryption.kdf import STANDARD, Cost

if TYPE_CHECKING:
    from ragcli.sessions.encryption.key_ring import KeyRing
    from ragcli.sessions.findings import Finding
    from ragcli.sessions.opened_profile import OpenedProfile
    from ragcli.sessions.profile_file import ProfileFile
    from ragcli.sessions.profile_summary import IndexFigures
    from ragcli.sessions.protocols import (
        Expired,
        NewProfile,
        Replacement,
        SharedSnapshotFactory,
        SnapshotFactory,
    )

UNUSABLE = (Damaged, ConfigError, NotPermitted, Locked)
"""What is wrong with one profile, or keeps it closed, and says nothing of others."""

SessionT = TypeVar("SessionT", bound="OpenedProfile")


@frozen
class StoreParts:
    """What a process provides to a store."""

    home: Home
    """Where profiles, or what this machine keeps of them, live."""
    settings: Settings
    """Those of the process, without any profile's own."""
    passphrase: Callable[[str], str | None]
    """Asked, with a profile's name, when it is encrypted."""
    snapshots: SnapshotFactory
    """Makes the snapshots in a directory."""
    shared: SharedSnapshotFactory
    """Makes the snapshots of a profile that several machines share."""
    cost: Cost = STANDARD
    """How costly each guess at a new passphrase is."""
    figures: IndexFigures = lambda *_: None
    """Tells documents and bytes of the index without opening it."""


class BaseStore(Generic[SessionT]):
    """The part of a `SessionStore` that does not depend on where profiles live.

    Args:
        settings: Those of the process, without any profile's own.
        passphrase: Asked, with a profile's name, when it is encrypted.
        cost: How costly each guess at a new passphrase is.
    """

    def __init__(
        self,
        settings: Settings,
        passphrase: Callable[[str], str | None],
        cost: Cost,
    ) -> None:
        self.passphrase = passphrase
        self._settings = settings
        self._cost = cost
        self.notices: list[str] = []
        """What was swept, and what could not be removed; one line each, for people."""
        self.wait = float(seconds(settings.lock_wait))
        """Seconds to wait for a lock."""

    def create(
        self, name: str, settings: Mapping[str, Any], *, passphrase: str | None = None
    ) -> SessionT:
        """Makes a profile; encrypted when a passphrase is given.

        Raises:
            UsageError: The name is taken, or cannot be a profile's.
            ConfigError: A setting it cannot have; nothing is made.
        """
        from ragcli.sessions.profile_file import ProfileFile

        source = f"profile {name}"
        values = {k: config.checked(k, v, source) for k, v in settings.items()}
        profile = ProfileFile.fresh(values, encrypted=passphrase is not None)

        def fill(new: NewProfile) -> None:
            if passphrase is not None:
                new.make_key(passphrase, self._cost)

        session = self.build(name, profile, fill, lambda _: passphrase)
        session.audit.record("profile.create", encrypted=int(session.encrypted))
        return session

    def clone(self, old: str, new: str, *, history: bool) -> SessionT:
        """Copies a profile under a new id; the index without embedding anything again.

        A clone of an encrypted profile opens with the same passphrase.
        """
        from ragcli.sessions.profile_file import ProfileFile
        from ragcli.sessions.transfer import contents

        checked_profile_name(new)
        source = self.open(old, expires=False)
        source.settings()  # one that cannot be used is not copied
        profile = ProfileFile.fresh(source.written(), encrypted=source.encrypted)

        def fill(target: NewProfile) -> None:
            with (
                self.lock(old, self.wait),
                contents.reading(source, history=history, older=True) as copied,
            ):
                contents.write(copied, target)

        try:
            session = self.build(new, profile, fill, lambda _: self.passphrase(old))
        finally:
            source.close()
        session.audit.record("profile.clone", source=old)
        return session

    def encrypt(self, name: str, passphrase: str) -> None:
        """Encrypts a profile that exists.

        Raises:
            UsageError: It is encrypted, or the passphrase cannot be one.
            Damaged: It must be repaired first; nothing changed.
            Locked, Conflict: Somebody works on it; nothing changed.
        """
        from ragcli.sessions.encryption.slots import check_passphrase

        check_passphrase(passphrase)
        self._converted(name, passphrase, "profile.encrypt")

    def decrypt(self, name: str) -> None:
        """Puts a profile in the clear; raises as `encrypt`, and `WrongPassphrase`."""
        self._converted(name, None, "profile.decrypt")

    def _converted(self, name: str, passphrase: str | None, event: str) -> None:
        """Puts a profile under a new key, or in the clear, and records that."""
        from ragcli.sessions.audit import after_the_fact
        from ragcli.sessions.transfer.conversion import convert

        with self._replacing(name, encrypted=passphrase is not None) as (old, new):
            convert(old, new, passphrase, self._cost)
        session = self._reopened(name, lambda _: passphrase)
        after_the_fact.note(session.audit, event)
        session.close()

    def keyring_secret(self, name: str) -> str | None:
        """Returns what the system's keyring holds to open a profile, if anything."""
        with suppress(ProfileNotFound, UsageError), self.key_ring(name) as ring:
            return ring.keyring_secret()
        return None

    def verify(self, name: str, *, anchor: str = "") -> list[Finding]:
        """Reads a whole profile and returns what is wrong; see `SessionStore`."""
        with self._examined(name) as (session, findings):
            return [*findings, *self._verify(session, anchor)]

    def repair(self, name: str, *, anchor: str = "") -> list[Finding]:
        """Mends what can be mended in a profile; see `SessionStore`."""
        before = self._unlock_modes(name)
        with self._examined(name) as (session, findings):
            return [*findings, *self._repair(session, anchor, before)]

    @contextmanager
    def _examined(self, name: str) -> Iterator[tuple[SessionT, list[Finding]]]:
        """Yields an opened profile, and what killed processes had left before that."""
        from ragcli.sessions import findings

        leftovers = self._left()
        session = self.open(name, expires=False)
        self.notices += session.notices
        try:
            yield session, findings.of_left(leftovers)
        except (Damaged, StorageFailed, OSError):
            # In a profile that is being removed, what is missing is no damage.
            session.expect_standing()
            raise
        finally:
            session.close()

    def _left(self) -> list[Path]:
        """Returns what killed processes left on this machine; opening removes it."""
        return []

    def _unlock_modes(self, name: str) -> list[Finding]:  # noqa: ARG002 - most have no modes
        """Sets right what keeps a profile from being opened; returns what it did."""
        return []

    @abstractmethod
    def open(
        self, name: str, *, passive: bool = False, expires: bool = True
    ) -> SessionT:
        """Opens a profile; see `SessionStore.open`."""

    @abstractmethod
    def _verify(self, session: SessionT, anchor: str) -> list[Finding]:
        """Reads a whole profile and returns what is wrong with it."""

    @abstractmethod
    def _repair(
        self, session: SessionT, anchor: str, before: list[Finding]
    ) -> list[Finding]:
        """Mends what can be mended; returns that, `before` and what is still wrong."""

    @abstractmethod
    def key_ring(self, name: str) -> AbstractContextManager[KeyRing]:
        """Yields the key slots of a profile; it need not be unlocked for that.

        Raises:
            ProfileNotFound: There is none.
            UsageError: It is not encrypted.
        """

    @abstractmethod
    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """Holds a profile's own lock; see `SessionStore.lock`."""

    @abstractmethod
    def build(
        self,
        name: str,
        profile: ProfileFile,
        fill: Callable[[NewProfile], None],
        passphrase: Callable[[str], str | None],
    ) -> SessionT:
        """Makes a profile out of sight, shows it at once; see `SessionStore.build`."""

    @abstractmethod
    def _replacing(
        self, name: str, *, encrypted: bool
    ) -> AbstractContextManager[tuple[SessionT, Replacement]]:
        """Yields a profile that nobody else changes, and what may take its place.

        Args:
            name: The profile.
            encrypted: Whether the other one will be.

        Raises:
            UsageError: It is so already.
        """

    @abstractmethod
    def _reopened(self, name: str, passphrase: Callable[[str], str | None]) -> SessionT:
        """Opens a profile that was made or converted just now."""


def each_pruned(
    names: Iterable[str], prune: Callable[[str], Iterable[Expired]]
) -> list[Expired]:
    """Returns what expired in some profiles; one that cannot be used stops no other.

    Args:
        names: The profiles.
        prune: Does it for one.
    """
    pruned: list[Expired] = []
    for name in names:
        try:
            pruned += prune(name)
        except ProfileNotFound:  # somebody deleted it meanwhile
            continue
        except UNUSABLE as error:
            pruned.append(not_pruned(name, error))
    return [expired for expired in pruned if expired.any]


def not_pruned(name: str, error: RagcliError) -> Expired:
    """Returns that a profile could not be looked at, and what to do about it."""
    from ragcli.sessions import protocols

    return protocols.Expired(name, failed=error.message, hint=error.hint)


def not_encrypted(name: str) -> UsageError:
    """Returns the error for a profile that has no keys."""
    return UsageError(
        f"profile {name!r} is not encrypted", "see: ragcli profile encrypt"
    )
