"""Profiles in the memory of this process: the plainest `SessionStore`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ragcli.errors import Conflict, UsageError
from ragcli.paths import checked_profile_name
from ragcli.sessions import verification
from ragcli.sessions.audit.after_the_fact import note
from ragcli.sessions.base_store import BaseStore, StoreParts, each_pruned, not_encrypted
from ragcli.sessions.encryption.data_key import DataKey
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.encryption.slot_directory import SlotDirectory
from ragcli.sessions.findings import Finding
from ragcli.sessions.history.lifetime import expiry, retention, timekeeping
from ragcli.sessions.memory.generations import MemoryGenerations
from ragcli.sessions.memory.session import MemoryAudit, MemoryKeyRing, MemorySession
from ragcli.sessions.memory.shelf import MemoryProfile, Shelf, shelf
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.profile_names import name_is_taken, no_such_profile
from ragcli.sessions.profile_summary import ProfileSummary
from ragcli.sessions.protocols import (
    Expired,
    NewProfile,
    ProfileState,
    Replacement,
    SideCopy,
    Snapshots,
)
from ragcli.sessions.records.clock import sighting
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.transfer.conversion import expect_other
from ragcli.storage.contracts import Sealer
from ragcli.storage.files import Directory

_LEDGER = "clock"
"""The small private value with what is known of time."""


class MemoryStore(BaseStore[MemorySession]):
    """The `SessionStore` in memory; see `sessions.protocols`.

    Args:
        address: Which of them, in this process: `memory://NAME`.
        parts: What the process introduces.
    """

    kind = "memory"
    where = "in memory"
    elsewhere = ""
    forks = False

    def __init__(self, address: str, parts: StoreParts) -> None:
        super().__init__(parts.settings, parts.passphrase, parts.cost)
        self.shown = address
        self._shelf: Shelf = shelf(address)
        self._parts = parts

    def names(self, *, passive: bool = False) -> list[str]:  # noqa: ARG002 - nothing is left here
        """Returns the profiles, sorted."""
        return sorted(self._shelf.profiles)

    def states(self) -> dict[str, ProfileState]:
        """Returns how profiles stand."""
        profiles = self._shelf.profiles.items()
        return {name: ProfileState(p.encrypted, in_use=False) for name, p in profiles}

    def summaries(self, names: Iterable[str]) -> dict[str, ProfileSummary]:  # noqa: ARG002 - none is known
        """Returns nothing: nobody lists these profiles."""
        return {}

    def path(self, name: str) -> Path:
        """Refuses: there are no directories; always raises `UsageError`."""
        raise UsageError(f"profile {name!r} is in no directory", "")

    def inspect(self) -> list[Finding]:
        """Returns nothing."""
        return []

    def open(
        self, name: str, *, passive: bool = False, expires: bool = True
    ) -> MemorySession:
        """Opens a profile; sets aside first what is due in it; see `SessionStore`."""
        session = self._opened(name, self.passphrase, passive=passive)
        limit = retention.limits(self._settings, session.settings())
        if limit.any and not passive:
            session.notices += expiry.tend_opened(
                session, limit, self._look(session), expires=expires
            )
        return session

    def rename(self, old: str, new: str) -> None:
        """Renames a profile; its id stays."""
        with self._shelf.changed:
            self._free(new)
            with self.lock(old, self.wait):
                self._shelf.profiles[new] = self._shelf.profiles.pop(old)
        if not self._profile(new).encrypted:
            audit = self._opened(new, self.passphrase).audit
            note(audit, "profile.rename", old=old, new=new)

    def delete(self, name: str) -> None:
        """Removes a profile and all that belongs to it."""
        with self.lock(name, self.wait), self._shelf.changed:
            self._shelf.profiles.pop(name).gone = True

    def restore(self, name: str) -> Expired:
        """Brings back what expired inside a profile and is set aside."""
        return expiry.restore(self._opened(name, self.passphrase))

    def set_aside(self) -> list[str]:
        """Returns nothing: whole profiles do not expire here."""
        return []

    def prune(self, *, dry_run: bool, grace: bool = False) -> list[Expired]:
        """Erases what has expired in every profile; see `SessionStore`."""

        def prune(name: str) -> list[Expired]:
            session = self._opened(name, self.passphrase, passive=True)
            limit = retention.limits(self._settings, session.settings())
            if not limit.any:
                return []
            look = partial(self._look, session)
            return expiry.prune(session, limit, look, dry_run=dry_run, grace=grace)

        return each_pruned(self.names(), prune)

    def lock(self, name: str, wait: float) -> AbstractContextManager[None]:
        """Holds the profile's own lock."""
        return self._profile(name).alone(name, "profile", wait)

    @contextmanager
    def key_ring(self, name: str) -> Iterator[KeyRing]:
        """Yields the key slots of a profile; see `BaseStore`."""
        profile = self._profile(name)
        if not profile.encrypted:
            raise not_encrypted(name)
        yield MemoryKeyRing(SlotDirectory(name, profile.slots), self._cost)

    def build(
        self,
        name: str,
        profile: ProfileFile,
        fill: Callable[[NewProfile], None],
        passphrase: Callable[[str], str | None],
    ) -> MemorySession:
        """Makes a profile out of sight, and shows it at once; see `SessionStore`."""
        self._free(name)
        new_profile = MemoryProfile(
            profile.id, profile.created, profile.encrypted, dict(profile.settings)
        )
        fill(NewMemoryProfile(name, new_profile, self._parts))
        with self._shelf.changed:
            self._free(name)
            self._shelf.profiles[name] = new_profile
        return self._opened(name, passphrase)

    def _reopened(
        self, name: str, passphrase: Callable[[str], str | None]
    ) -> MemorySession:
        return self._opened(name, passphrase)

    @contextmanager
    def _replacing(
        self, name: str, *, encrypted: bool
    ) -> Iterator[tuple[MemorySession, Replacement]]:
        profile = self._profile(name)
        expect_other(name, encrypted=profile.encrypted, wanted=encrypted)
        old = self._opened(name, self.passphrase)
        replacement = MemoryProfile(
            f"{old.id}/{new_id()}", old.created, encrypted, dict(profile.settings)
        )
        with profile.alone(name, "ingest", self.wait), self.lock(name, self.wait):
            yield old, MemoryReplacement(name, replacement, self._parts, self._shelf)

    def _verify(self, session: MemorySession, anchor: str) -> list[Finding]:
        return verification.verify(session, str, anchor=anchor)

    def _repair(
        self, session: MemorySession, anchor: str, before: list[Finding]
    ) -> list[Finding]:
        """Mends nothing: there is no medium that could damage anything."""
        return [*before, *self._verify(session, anchor)]

    @staticmethod
    def _look(session: MemorySession) -> tuple[timekeeping.Ledger, str]:
        remembered = timekeeping.decoded(session.blob(_LEDGER))
        ledger, notice = timekeeping.seen(remembered, sighting(), 0.0)
        session.put_blob(_LEDGER, ledger.encoded())
        return ledger, notice

    def _profile(self, name: str) -> MemoryProfile:
        try:
            return self._shelf.profiles[checked_profile_name(name)]
        except KeyError:
            raise no_such_profile(name, self.names()) from None

    def _free(self, name: str) -> None:
        if checked_profile_name(name) in self._shelf.profiles:
            raise name_is_taken(name)

    def _opened(
        self,
        name: str,
        passphrase: Callable[[str], str | None],
        *,
        passive: bool = False,
    ) -> MemorySession:
        profile, key = self._profile(name), None
        if profile.encrypted:
            key = KeyRing.open(SlotDirectory(name, profile.slots), passphrase(name))
        return MemorySession(
            name,
            profile,
            settings=self._settings,
            data_key=key,
            snapshots=self._parts.shared,
            passive=passive,
        )


class NewMemoryProfile:
    """The `NewProfile` in memory.

    Args:
        name: What it will be called.
        profile: Where.
        parts: What the process introduced to the store.
    """

    def __init__(self, name: str, profile: MemoryProfile, parts: StoreParts) -> None:
        self.profile = profile
        self._name = name
        self._parts = parts

    @contextmanager
    def staging(self) -> Iterator[Directory]:
        """Yields a private directory on this machine."""
        with (
            tempfile.TemporaryDirectory(prefix="ragcli-") as path,
            Directory.open(path) as directory,
        ):
            yield directory

    def make_key(self, passphrase: str, cost: Cost) -> DataKey:
        """Makes it encrypted: a new key, wrapped by its passphrase."""
        key = DataKey.generate()
        slots = SlotDirectory(self._name, self.profile.slots)
        MemoryKeyRing(slots, cost).add_passphrase(key, passphrase)
        return key

    def put_slot(self, name: str, data: bytes) -> None:
        """Stores a key slot as it is."""
        self.profile.slots[name] = data

    def put_records(self, codec: LineCodec, records: Iterable[Record]) -> int:
        """Stores records under the numbers they have; returns the last, or 0."""
        last = 0
        for record in records:
            self.profile.lines[record.seq] = codec.encode(record)
            self.profile.ids[record.id] = last = record.seq
        return last

    def put_audit(
        self, key: bytes | None, entries: Iterable[Mapping[str, Any]]
    ) -> None:
        """Stores the entries that it lacks, signed anew."""
        MemoryAudit(self.profile, key).resign(entries)

    def put_copy(self, copy: SideCopy) -> None:
        """Stores a side copy as it is."""
        self.profile.blobs[copy.name] = (copy.written, copy.data)

    def snapshots(self, sealer: Sealer | None) -> Snapshots:
        """Returns its index."""
        store = MemoryGenerations(self.profile)
        return self._parts.shared(store, self.profile.id, sealer)


class MemoryReplacement(NewMemoryProfile):
    """The `Replacement` of a profile in memory.

    Args:
        name: What both are called.
        profile: Where the new one is made.
        parts: What the process introduced to the store.
        shelf: Where the old one is.
    """

    def __init__(
        self, name: str, profile: MemoryProfile, parts: StoreParts, shelf: Shelf
    ) -> None:
        super().__init__(name, profile, parts)
        self._shelf = shelf

    def swap(self, live: str, rest: Callable[[int], int]) -> None:
        """Takes the place of the old one while nobody can change that."""
        with self._shelf.changed:
            old = self._shelf.profiles[self._name]
            with old.changing():
                if MemoryGenerations(old).current()[0] != live:
                    raise Conflict("the index changed meanwhile", "run it again")
                rest(0)
                old.gone = True
                self._shelf.profiles[self._name] = self.profile
