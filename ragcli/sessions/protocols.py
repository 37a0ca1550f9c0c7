"""What every place for sessions offers: a local disk and Redis alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from ragcli.sessions.records.records import Draft, Record

if TYPE_CHECKING:
    from ragcli.sessions.encryption.keys import KeyRing


class Log(Protocol):
    """One profile's append-only log of records."""

    def append(
        self, drafts: Sequence[Draft], *, parent: int = 0, expect: int | None = None
    ) -> list[Record]:
        """Appends all of `drafts`, or none, durably and in order.

        Args:
            drafts: What to append; a known id is not appended again.
            parent: The head that the writer had seen.
            expect: Refuse unless the head is exactly this.

        Raises:
            Conflict: The head is not `expect`.
            Locked: Others held the lock for too long.
            StorageFailed: Nothing was appended.
        """

    def head(self) -> int:
        """Returns the last record's seq; 0 for an empty log."""

    def newest(self, before: int | None = None) -> Iterator[Record]:
        """Yields records from the last one (before `before`) backwards.

        Costs what is consumed, not what the log holds.
        """

    def since(self, seq: int = 0) -> Iterator[Record]:
        """Yields the records after `seq`, oldest first; takes no lock.

        Raises:
            HistoryDamaged: A record in the middle fails its check.
        """

    def rewrite(
        self, change: Callable[[Record], Record | None], note: Mapping[str, Any]
    ) -> int:
        """Replaces every record by `change(record)`, dropping it on None.

        Atomic: readers see the old log or the new. A `redaction` record with
        `note` and the dropped or altered seqs is appended. Returns how many changed.
        """

    def wait(self, seq: int, timeout: float) -> bool:
        """Waits up to `timeout` seconds for a record after `seq`; tells if one came."""


class AuditLog(Protocol):
    """Who did what, when; hash-chained, without contents."""

    def record(self, event: str, **facts: str | int) -> None:
        """Appends one event with hashes, counts and names, never contents."""

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """Yields the entries, oldest first."""

    def verify(self, anchor: str = "") -> int:
        """Checks the chain, and that it still holds `anchor`; returns its length.

        Raises:
            AuditDamaged: Names the first bad entry.
        """

    def anchor(self) -> str:
        """Returns `<seq>:<mac>` of the last entry, to be kept elsewhere."""


class Session(Protocol):
    """One profile, opened: its settings, history, audit log and snapshots."""

    name: str
    id: str
    """At least 128 random bits, made with the profile."""
    created: str
    encrypted: bool
    notices: list[str]
    """Repairs since the profile was opened, one line each; readers clear it."""

    @property
    def log(self) -> Log:
        """The profile's history."""

    @property
    def audit(self) -> AuditLog:
        """The profile's audit log."""

    @property
    def snapshots(self) -> Any:
        """The profile's index: an `index.protocols.Snapshots`."""

    def settings(self) -> Mapping[str, Any]:
        """Returns the profile's own settings, by dotted key."""

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Sets keys; a None value unsets."""

    def blob(self, name: str) -> bytes | None:
        """Returns a small private value (draft, caches), sealed when encrypted."""

    def put_blob(self, name: str, value: bytes | None) -> None:
        """Stores such a value; None removes it. Never needed for correctness."""

    def purge(self, condemned: Callable[[str, bytes], bool]) -> int:
        """Removes side copies of what was erased: quarantined fragments, drafts.

        Args:
            condemned: Told when a copy was written (as `Record.ts`) and its bytes.

        Returns:
            How many copies are gone.
        """

    def expect_standing(self) -> None:
        """Refuses a profile that was removed or replaced since it was opened.

        Raises:
            ProfileNotFound: What is missing in it is no damage.
        """

    def close(self) -> None:
        """Releases descriptors and keys."""


class SessionStore(Protocol):
    """A place that holds profiles."""

    notices: list[str]
    """What was swept, and what could not be removed; one line each, for people."""

    def names(self) -> list[str]:
        """Returns the caller's profiles, sorted."""

    def create(
        self, name: str, settings: Mapping[str, Any], *, passphrase: str | None = None
    ) -> Session:
        """Makes a profile; encrypted when a passphrase is given.

        Raises:
            UsageError: The name is taken.
        """

    def open(
        self, name: str, *, passive: bool = False, expires: bool = True
    ) -> Session:
        """Opens a profile; sets aside first what is due in it.

        Args:
            name: The profile.
            passive: Leave no trace: it does not count as used, and nothing expires.
            expires: Whether what is due is set aside, and what was set aside long
                enough ago destroyed.

        Raises:
            ProfileExpired: It is due, or set aside.
            ProfileNotFound: There is none (the nearest name is in the hint).
            PassphraseNeeded, WrongPassphrase: It is encrypted.
            NewerFormat, Damaged, NotPermitted: It cannot be used as it is.
        """

    def rename(self, old: str, new: str) -> None:
        """Renames a profile; its id stays."""

    def clone(self, old: str, new: str, *, history: bool) -> Session:
        """Copies a profile under a new id."""

    def delete(self, name: str) -> None:
        """Removes a profile and all that belongs to it."""

    def encrypt(self, name: str, passphrase: str) -> None:
        """Encrypts a profile that exists; all of it or nothing."""

    def decrypt(self, name: str) -> None:
        """Puts an encrypted profile in the clear; all of it or nothing."""

    def key_ring(self, name: str) -> AbstractContextManager[KeyRing]:
        """Yields the key slots of an encrypted profile, which stays closed."""

    def keyring_secret(self, name: str) -> str | None:
        """Returns what the system's keyring holds to open a profile, if anything."""

    def restore(self, name: str) -> Any:
        """Brings back what is set aside; returns an `expiry.Expired`.

        Raises:
            ProfileNotFound: There is no such profile, and none is set aside.
            UsageError: Another one has its name.
        """

    def set_aside(self) -> list[str]:
        """Returns the names of the profiles that are set aside, sorted."""

    def prune(self, *, dry_run: bool, grace: bool = False) -> Sequence[Any]:
        """Erases what has expired; returns `expiry.Expired` values.

        Args:
            dry_run: Only say what.
            grace: Take both steps as opening does, instead of erasing at once.
        """

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """Holds the profile's own lock: rename, delete, encrypt, restore."""
