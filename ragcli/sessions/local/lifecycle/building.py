"""Profiles that are being made in a directory out of sight."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from ragcli.errors import Conflict
from ragcli.sessions import profile_file
from ragcli.sessions.audit import audit_file
from ragcli.sessions.audit.audit_file import FileAudit
from ragcli.sessions.local.history import local_log
from ragcli.sessions.local.session import LocalSession
from ragcli.sessions.profile_layout import KEYS
from ragcli.sessions.protocols import SideCopy, SnapshotFactory, Snapshots
from ragcli.sessions.records.clock import seconds_of
from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Record
from ragcli.storage.contracts import Sealer
from ragcli.storage.files import Directory, write_all
from ragcli.storage.locking.locks import commit_lock

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.encryption.kdf import Cost

_STAGING = "staging"
_BUFFER = 1 << 20


class NewLocalProfile:
    """The `NewProfile` in an empty private directory.

    Args:
        directory: Where.
        identity: The profile's id.
        snapshots: Makes the snapshots of a directory.
    """

    def __init__(
        self, directory: Directory, identity: str, snapshots: SnapshotFactory
    ) -> None:
        self.directory = directory
        self._identity = identity
        self._snapshots = snapshots

    @contextmanager
    def staging(self) -> Iterator[Directory]:
        """Yields a directory inside, which is gone before the profile is shown."""
        with self.directory.child(_STAGING, create=True) as staging:
            yield staging
        self.directory.remove_tree(_STAGING)

    def make_key(self, passphrase: str, cost: Cost) -> DataKey:
        """Makes it encrypted: a first slot, and the key it holds."""
        from ragcli.sessions.encryption.key_ring import KeyRing

        return KeyRing.create(self.directory, passphrase, cost)

    def put_slot(self, name: str, data: bytes) -> None:
        """Stores a key slot as it is."""
        with self.directory.child(KEYS, create=True) as keys:
            keys.replace(name, data)

    def put_records(self, codec: LineCodec, records: Iterable[Record]) -> int:
        """Writes the whole history; returns the last number, or 0."""
        last, pending, size = 0, [], 0
        with self.directory.replacing(local_log.FILE) as target:
            for record in records:
                line = codec.encode(record)
                pending.append(line)
                last, size = record.seq, size + len(line)
                if size >= _BUFFER:
                    write_all(target, b"".join(pending))
                    pending, size = [], 0
            write_all(target, b"".join(pending))
        return last

    def put_audit(
        self, key: bytes | None, entries: Iterable[Mapping[str, Any]]
    ) -> None:
        """Writes the whole audit log, signed anew."""
        FileAudit(self.directory, key, self._identity).resign(entries)

    def put_copy(self, copy: SideCopy) -> None:
        """Writes a side copy; expiry asks when it was written, so that stays."""
        moment = seconds_of(copy.written)
        with self.directory.child(copy.kind, create=True) as target:
            target.replace(copy.becomes, copy.data)
            os.utime(
                copy.becomes,
                (moment, moment),
                dir_fd=target.descriptor,
                follow_symlinks=False,
            )

    def snapshots(self, sealer: Sealer | None) -> Snapshots:
        """Returns its index."""
        return self._snapshots(self.directory, sealer)

    def finish(self, profile: profile_file.ProfileFile) -> None:
        """Writes `profile.toml`, and makes all names durable."""
        profile_file.write(self.directory, profile)
        if not self.directory.has(local_log.FILE):
            self.directory.replace(local_log.FILE, b"")
        self.directory.sync()


class LocalReplacement(NewLocalProfile):
    """The `Replacement` of a profile on this disk.

    Args:
        directory: Where the new one is made.
        old: The one whose place it takes; locked against other changes.
        snapshots: Makes the snapshots of a directory.
        wait: Seconds to wait for each lock.
        exchange: Puts the new directory in the place of the old one.
    """

    def __init__(
        self,
        directory: Directory,
        old: LocalSession,
        snapshots: SnapshotFactory,
        *,
        wait: float,
        exchange: Callable[[], None],
    ) -> None:
        super().__init__(directory, old.id, snapshots)
        self._old = old
        self._wait = wait
        self._exchange = exchange
        self._encrypted = False

    def make_key(self, passphrase: str, cost: Cost) -> DataKey:
        """Makes it encrypted; see `NewProfile.make_key`."""
        self._encrypted = True
        return super().make_key(passphrase, cost)

    def swap(self, live: str, rest: Callable[[int], int]) -> None:
        """Takes the place of the old one while nobody can change that."""
        old = self._old
        with ExitStack() as stack:
            stack.enter_context(self._lock("index"))
            if old.snapshots.current() != live:
                raise Conflict("the index changed meanwhile", "run the command again")
            stack.enter_context(old.log.writing())
            stack.enter_context(self._lock(audit_file.LOCK))
            rest(0)
            profile_file.copy(old.directory, self.directory, encrypted=self._encrypted)
            self.directory.sync()
            self._exchange()

    def _lock(self, name: str) -> AbstractContextManager[None]:
        return commit_lock(self._old.directory, name, wait=self._wait)
