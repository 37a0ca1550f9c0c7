"""One profile in memory, opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings
from ragcli.errors import ProfileNotFound
from ragcli.sessions.audit import chain
from ragcli.sessions.audit.chained import ChainedAudit
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.encryption.slot_directory import SlotDirectory
from ragcli.sessions.memory.generations import MemoryGenerations
from ragcli.sessions.memory.log import MemoryLog
from ragcli.sessions.memory.shelf import MemoryProfile
from ragcli.sessions.opened_profile import OpenedProfile
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import AuditLog, SideCopy, Snapshots
from ragcli.sessions.records.clock import now
from ragcli.sessions.side_copies import CACHE

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.protocols import SharedSnapshotFactory


class MemorySession(OpenedProfile):
    """The `Session` of a profile in memory; see `sessions.protocols`.

    Args:
        name: The profile's name.
        profile: The profile.
        settings: Those of the process.
        data_key: The key of an encrypted profile.
        snapshots: Makes the profile's snapshots on first use.
        passive: Whether using it leaves no trace on this machine.
    """

    directory: SlotDirectory

    def __init__(
        self,
        name: str,
        profile: MemoryProfile,
        *,
        settings: Settings,
        data_key: DataKey | None,
        snapshots: SharedSnapshotFactory,
        passive: bool = False,
    ) -> None:
        contents = ProfileFile(
            profile.id.partition("/")[0], profile.created, profile.encrypted, {}
        )
        super().__init__(name, contents, settings=settings, data_key=data_key)
        self.directory = SlotDirectory(name, profile.slots)
        self._profile = profile
        self._make_snapshots = snapshots
        self._passive = passive

    @cached_property
    def log(self) -> MemoryLog:
        """The profile's history."""
        return MemoryLog(self._profile, self.codec)

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Sets keys; a None value unsets; raises `ConfigError`, changing nothing."""
        values = self._checked(changes)
        with self._profile.changing():
            merged = {**self._profile.settings, **values}
            self._profile.settings = {k: v for k, v in merged.items() if v is not None}
        self.audit.record("profile.set", keys=" ".join(sorted(values)))

    def blob(self, name: str) -> bytes | None:
        """Returns a small private value; None when there is none that can be read."""
        stored = self._profile.blobs.get(name)
        return None if stored is None else self.unsealed(name, stored[1])

    def put_blob(self, name: str, value: bytes | None) -> None:
        """Stores such a value; None removes it."""
        with self._profile.changing():
            if value is None:
                self._profile.blobs.pop(name, None)
                return
            sealed = self.sealer.seal(name, value) if self.sealer else value
            self._profile.blobs[name] = (now(), sealed)

    def copies(self) -> Iterator[SideCopy]:
        """Yields the small private values, as they are stored."""
        for name, (written, data) in list(self._profile.blobs.items()):
            yield SideCopy(CACHE, name, written, data, name, name)

    def _remove(self, copy: SideCopy) -> None:
        self.put_blob(copy.name, None)

    def expect_standing(self) -> None:
        """Refuses a profile that was removed or replaced since it was opened."""
        if self._profile.gone:
            raise ProfileNotFound(f"profile {self.name!r} was deleted meanwhile", "")

    def close(self) -> None:
        """Forgets the key."""
        self._data_key = None

    def _audit(self, key: bytes | None) -> AuditLog:
        return MemoryAudit(self._profile, key)

    def _snapshots(self) -> Snapshots:
        return self._make_snapshots(
            MemoryGenerations(self._profile),
            self._profile.id,
            self.sealer,
            remember=not self._passive,
        )

    def written(self) -> Mapping[str, Any]:
        """Returns the profile's own settings as they are stored."""
        return dict(self._profile.settings)


class MemoryAudit(ChainedAudit):
    """The `AuditLog` of a profile in memory.

    Args:
        profile: The profile.
        key: `DataKey.subkey("audit")` for an encrypted profile, else None.
    """

    def __init__(self, profile: MemoryProfile, key: bytes | None) -> None:
        super().__init__(key, profile.id.partition("/")[0])
        self._profile = profile

    def record(self, event: str, **facts: str | int) -> None:
        """Appends one event; see `AuditLog.record`."""
        with self._profile.changing():
            line = self._line(self._made_key(), event, facts, self._tail())
            self._profile.entries.append(line)

    def resign(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Appends verified entries of another log, those that this one lacks."""
        with self._profile.changing():
            signed = self._signed_anew(self._made_key(), entries, self._tail())
            self._profile.entries += [line for _, line in signed]

    def anchor(self) -> str:
        """Returns `<seq>:<mac>` of the last entry, to be kept elsewhere."""
        seq, mac = self._tail()
        return f"{seq}:{mac}"

    def lines(self) -> Iterator[bytes]:
        """Yields the lines without their newlines."""
        return (line.rstrip(b"\n") for line in list(self._profile.entries))

    def _tail(self) -> tuple[int, str]:
        entries = self._profile.entries
        return len(entries), chain.mac_of(entries[-1]) if entries else chain.NOTHING

    def _known_key(self) -> bytes | None:
        return self._key or self._profile.signing or None

    def _made_key(self) -> bytes:
        if self._known_key() is None:
            self._profile.signing = os.urandom(32)
        return self._known_key() or b""


class MemoryKeyRing(KeyRing):
    """The key slots of a profile in memory."""

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Does nothing: a change of the slots is one step here."""
        yield
