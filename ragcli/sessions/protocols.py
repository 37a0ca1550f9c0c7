"""What every store of sessions offers; whoever uses one asks for nothing else.

`SessionStore` holds profiles, a `Session` is one of them, opened. What a store can do
and another cannot is asked of the store, never concluded from its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ragcli.frozen import frozen
from ragcli.sessions.records.record_types import Draft, Record
from ragcli.storage.contracts import GenerationStore, Sealer

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.encryption.kdf import Cost
    from ragcli.sessions.encryption.key_ring import KeyRing
    from ragcli.sessions.findings import Finding
    from ragcli.sessions.profile_file import ProfileFile
    from ragcli.sessions.profile_summary import ProfileSummary
    from ragcli.sessions.records.record_lines import LineCodec
    from ragcli.sessions.records.rewrite_plan import Change, Watch
    from ragcli.storage.files import Directory

OnChange = Callable[[str, str, Mapping[str, Any]], None]
"""Called after a change to an index: the change, the generation, its facts."""


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
        self, change: Change, note: Mapping[str, Any], watch: Watch | None = None
    ) -> int:
        """Replaces every record by `change(record)`, dropping it on None.

        Atomic: readers see the old log or the new. A `redaction` record with
        `note` and the dropped or altered seqs is appended. Returns how many changed.
        `watch` is told what is left, and costs no reading of its own.
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


class Snapshots(Protocol):
    """The generations of a profile's index: what index and upkeep ask of them."""

    on_change: OnChange | None
    """Called after every change that is published; None for nobody."""

    @property
    def sealer(self) -> Sealer | None:
        """What seals the files; None for a profile in the clear."""

    @property
    def notes(self) -> Directory | None:
        """Where the outcome of a sync may be noted in the clear; None for nowhere."""

    def current(self) -> str:
        """Returns the live generation, `gen-00000007`, or "" when there is none.

        Raises:
            SnapshotDamaged: What names it is not what was written.
        """

    def directory(self, generation: str) -> Path:
        """Returns the local, verified directory of a generation.

        Raises:
            SnapshotNotFound: Collected, or never there.
            SnapshotDamaged: A hash does not match.
        """

    def share(self, generation: str) -> int:
        """Returns a descriptor of a generation's directory; it stays until closed.

        Raises:
            SnapshotNotFound: It was collected.
        """

    def is_whole(self, generation: str) -> bool:
        """Tells whether all files of a generation are there at this moment."""

    def generations(self) -> list[str]:
        """Returns the kept generations, oldest first; the last one is current."""

    def candidates(self) -> list[str]:
        """Returns all generations that are there, newest first, damaged or not."""

    def workspace(self, parent: str) -> AbstractContextManager[Path]:
        """Yields a private directory, the parent's files hard-linked into it."""

    def publish(self, workspace: Path, parent: str, manifest: dict[str, Any]) -> str:
        """Makes `workspace` the next generation and returns its name.

        Raises:
            Conflict: `parent` is no longer current.
        """

    def select(self, generation: str) -> str:
        """Makes an older generation current again, as a new one; returns its name."""

    def lock(self, wait: float) -> AbstractContextManager[None]:
        """Holds the ingest lock; raises `Locked` after `wait` seconds."""

    def stored(self) -> int:
        """Returns the bytes of all kept generations; shared ones count once."""

    def prune(self) -> None:
        """Removes every generation but the current one."""

    def verify(self, generation: str) -> list[str]:
        """Reads and hashes every file; returns what is wrong, one line each."""

    def altered(self, generation: str) -> list[str]:
        """Returns which of those problems are alterations, not missing files."""

    def quarantine(self, generation: str) -> Path:
        """Moves a generation out of the index; the newest sound one is next.

        Raises:
            UsageError: Others share it, so it cannot be moved to this machine.
        """

    def mend(self, generation: str) -> bool:
        """Repairs a generation from what this machine has; tells if that helped."""

    def retire(self) -> None:
        """Removes what this machine fetched under earlier keys."""


class SnapshotFactory(Protocol):
    """Makes the snapshots in a profile's directory."""

    def __call__(
        self, directory: Directory, sealer: Sealer | None, *, remember: bool = True
    ) -> Snapshots:
        """Returns them; without `remember` nothing is noted beside them."""


class SharedSnapshotFactory(Protocol):
    """Makes the snapshots of a profile that several machines share."""

    def __call__(
        self,
        store: GenerationStore,
        profile: str,
        sealer: Sealer | None,
        *,
        remember: bool = True,
    ) -> Snapshots:
        """Returns them; without `remember` this machine's cache is not changed."""


@frozen
class SideCopy:
    """A small value beside the log: a draft, a list that is kept, a fragment."""

    kind: str
    """The directory that holds it: `cache` or `quarantine`."""
    name: str
    """Its name there."""
    written: str
    """When it was written, as `Record.ts`."""
    data: bytes
    """Its bytes as stored, sealed or not."""
    sealed_as: str
    """The name that its bytes are bound to."""
    becomes: str
    """The name that they are bound to when they are sealed anew."""
    about: bytes = b""
    """What a fragment was, where the store keeps that separately."""


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
    def snapshots(self) -> Snapshots:
        """The profile's index."""

    @property
    def codec(self) -> LineCodec:
        """How the records of its history are written."""

    @property
    def sealer(self) -> Sealer | None:
        """What seals its files; None for a profile in the clear."""

    def copies(self) -> Iterator[SideCopy]:
        """Yields the side copies, as they are stored."""

    def slots(self) -> Mapping[str, bytes]:
        """Returns the key slots of an encrypted profile, by their names."""

    def settings(self) -> Mapping[str, Any]:
        """Returns the profile's own settings, checked, by dotted key."""

    def written(self) -> Mapping[str, Any]:
        """Returns them as they are stored, those of newer versions among them."""

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


@frozen
class Expired:
    """What expired, and was erased or would be."""

    profile: str
    turns: int = 0
    conversations: int = 0
    whole: bool = False
    """Whether the whole profile expired, with its documents."""
    aside: bool = False
    """Whether it is set aside and can be restored; else it is erased."""
    failed: str = ""
    """Why the profile could not be looked at; it is as it was."""
    hint: str = ""
    """What to do about that."""

    @property
    def any(self) -> bool:
        """Tells whether there was anything."""
        return self.whole or bool(self.turns or self.conversations or self.failed)


@frozen
class ProfileState:
    """What is known of a profile without opening it."""

    encrypted: bool
    """Whether it takes a passphrase to open it."""
    in_use: bool
    """Whether another process works on it for long: it indexes, clones, encrypts."""


class NewProfile(Protocol):
    """A profile that is being made: nobody sees it yet."""

    def staging(self) -> AbstractContextManager[Directory]:
        """Yields a private directory for what must be looked at before it is taken."""

    def make_key(self, passphrase: str, cost: Cost) -> DataKey:
        """Makes it encrypted: a new key, wrapped by its passphrase."""

    def put_slot(self, name: str, data: bytes) -> None:
        """Stores a key slot as it is."""

    def put_records(self, codec: LineCodec, records: Iterable[Record]) -> int:
        """Stores records under the numbers they have; returns the last, or 0."""

    def put_audit(
        self, key: bytes | None, entries: Iterable[Mapping[str, Any]]
    ) -> None:
        """Stores verified entries of an audit log, signed anew, those that it lacks.

        Args:
            key: What signs them; None for a key that lies beside the log.
            entries: All of them, oldest first.
        """

    def put_copy(self, copy: SideCopy) -> None:
        """Stores a side copy as it is."""

    def snapshots(self, sealer: Sealer | None) -> Snapshots:
        """Returns its index."""


class Replacement(NewProfile, Protocol):
    """A profile that is made beside another one, to take its place."""

    def swap(self, live: str, rest: Callable[[int], int]) -> None:
        """Takes the place of the other one, if it is still what was read.

        Args:
            live: The generation of the other one's index that was read.
            rest: Stores what comes after a record and cannot change meanwhile any
                more, or is copied again if it did; returns the last record.

        Raises:
            Conflict: Others change it; nothing was swapped.
        """


class SessionStore(Protocol):
    """A place that holds profiles."""

    notices: list[str]
    """What was swept, and what could not be removed; one line each, for people."""
    passphrase: Callable[[str], str | None]
    """Asked, with a profile's name, when it is encrypted."""

    @property
    def kind(self) -> str:
        """What sort of store it is, in one word."""

    @property
    def shown(self) -> str:
        """Its address as it is printed, without a secret in it."""

    @property
    def where(self) -> str:
        """Where profiles are, as the end of a sentence: `on this disk`."""

    @property
    def elsewhere(self) -> str:
        """The address that data is sent to; "" when nothing leaves this machine."""

    @property
    def forks(self) -> bool:
        """Tells whether several processes may go on with one opened profile."""

    def names(self, *, passive: bool = False) -> list[str]:
        """Returns the caller's profiles, sorted.

        Args:
            passive: Leave what killed processes left where it is.
        """

    def states(self) -> Mapping[str, ProfileState]:
        """Returns what is known of profiles that nobody opened; {} for nothing."""

    def summaries(self, names: Iterable[str]) -> Mapping[str, ProfileSummary]:
        """Returns what is cheap to know of profiles; what cannot be read is left out.

        {} where it would take a request for each.
        """

    def path(self, name: str) -> Path:
        """Returns a profile's directory.

        Raises:
            UsageError: Profiles of this store are in no directory.
        """

    def verify(self, name: str, *, anchor: str = "") -> list[Finding]:
        """Reads a whole profile and returns what is wrong with it.

        Args:
            name: The profile.
            anchor: An anchor of its audit log that was kept elsewhere, or "".

        Raises:
            NewerFormat: It is not for this ragcli to judge.
            UsageError: Not an anchor.
        """

    def repair(self, name: str, *, anchor: str = "") -> list[Finding]:
        """Mends what can be mended; returns that, and then what is still wrong.

        Nothing is deleted: what is not sound is set aside. What keeps the profile
        from being opened is set right before.

        Raises:
            Locked, Conflict: Somebody writes to the profile.
        """

    def inspect(self) -> list[Finding]:
        """Returns what is unsafe or worth knowing about the place itself.

        Raises:
            StoreUnavailable, NotPermitted: It cannot be reached, or refuses.
        """

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

    def build(
        self,
        name: str,
        profile: ProfileFile,
        fill: Callable[[NewProfile], None],
        passphrase: Callable[[str], str | None],
    ) -> Session:
        """Makes a profile out of sight, shows it at once, and opens it.

        Args:
            name: What it shall be called.
            profile: Its id and settings.
            fill: Stores all that is in it.
            passphrase: Asked, with its name, when it is encrypted.

        Raises:
            UsageError: The name is taken, or cannot be a profile's.
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

    def restore(self, name: str) -> Expired:
        """Brings back what is set aside.

        Raises:
            ProfileNotFound: There is no such profile, and none is set aside.
            UsageError: Another one has its name.
        """

    def set_aside(self) -> list[str]:
        """Returns the names of the profiles that are set aside, sorted."""

    def prune(self, *, dry_run: bool, grace: bool = False) -> list[Expired]:
        """Erases what has expired; returns what that was.

        Args:
            dry_run: Only say what.
            grace: Take both steps as opening does, instead of erasing at once.
        """

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """Holds the profile's own lock: rename, delete, encrypt, restore."""
