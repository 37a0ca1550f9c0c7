"""Profiles that are being made on a server, under keys that nobody else reads.

One that takes the place of another is made under keys of its own with the same hash
tag. Then one script puts it there, if nothing has changed meanwhile: a turn that came
in is copied first. It gets another incarnation, so that a process which had opened the
old one is refused when it writes, instead of mixing plain lines with sealed ones. What
a crash leaves beside a profile expires within the hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.errors import Conflict
from ragcli.sessions.protocols import SharedSnapshotFactory, SideCopy, Snapshots
from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.redis.audit import RedisAudit
from ragcli.sessions.redis.generation_store import RedisGenerationStore
from ragcli.sessions.redis.key_slots import RedisKeyRing
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.profiles.copying import fill_log, put_entries
from ragcli.sessions.redis.scripts.profiles import SWAP
from ragcli.sessions.redis.scripts.script import BLOB, SLOT
from ragcli.sessions.redis.session import RedisSession
from ragcli.sessions.side_copies import QUARANTINE
from ragcli.storage.contracts import Sealer
from ragcli.storage.files import Directory
from ragcli.storage.temporary.scratch import scratch

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.encryption.kdf import Cost

_ATTEMPTS = 20
"""Times that others may add to the history while the swap is tried."""


class NewRedisProfile:
    """The `NewProfile` under some keys.

    Args:
        keys: Where.
        cache: Where this machine keeps what it looks at.
        snapshots: Makes the snapshots of a profile.
    """

    def __init__(
        self, keys: ProfileKeys, cache: Path, snapshots: SharedSnapshotFactory
    ) -> None:
        self.keys = keys
        self._cache = cache
        self._snapshots = snapshots
        self._audit: RedisAudit | None = None

    @contextmanager
    def staging(self) -> Iterator[Directory]:
        """Yields a private directory on this machine."""
        with (
            Directory.open(self._cache, create=True) as private,
            scratch(private) as directory,
        ):
            yield directory

    def make_key(self, passphrase: str, cost: Cost) -> DataKey:
        """Makes it encrypted: a new key, wrapped by its passphrase."""
        return RedisKeyRing.make(self.keys, passphrase, cost)

    def put_slot(self, name: str, data: bytes) -> None:
        """Stores a key slot as it is."""
        self.keys.call(SLOT, name, data)

    def put_records(self, codec: LineCodec, records: Iterable[Record]) -> int:
        """Stores records behind those that are there; returns the last, or 0."""
        return fill_log(self.keys, codec, records)

    def put_audit(
        self, key: bytes | None, entries: Iterable[Mapping[str, Any]]
    ) -> None:
        """Stores the entries that it lacks, signed anew."""
        self._audit = self._audit or RedisAudit(self.keys, key, (0, ""))
        self._audit.resign(entries)

    def put_copy(self, copy: SideCopy) -> None:
        """Stores a side copy with the time that it was written."""
        if copy.kind == QUARANTINE:
            entry = (copy.name, {"w": copy.about, "l": copy.data})
            put_entries(self.keys, QUARANTINE, [entry])
        else:
            self.keys.call(BLOB, copy.name, copy.written.encode() + copy.data)

    def snapshots(self, sealer: Sealer | None) -> Snapshots:
        """Returns its index."""
        return self._snapshots(RedisGenerationStore(self.keys), self.keys.id, sealer)


class RedisReplacement(NewRedisProfile):
    """The `Replacement` of a profile on a server.

    Args:
        keys: Where the new one is made.
        old: The one whose place it takes; both of its locks are held.
        cache: Where this machine keeps what it looks at.
        snapshots: Makes the snapshots of a profile.
    """

    def __init__(
        self,
        keys: ProfileKeys,
        old: RedisSession,
        cache: Path,
        snapshots: SharedSnapshotFactory,
    ) -> None:
        super().__init__(keys, cache, snapshots)
        self._old = old
        self._encrypted = False

    def make_key(self, passphrase: str, cost: Cost) -> DataKey:
        """Makes it encrypted; see `NewProfile.make_key`."""
        self._encrypted = True
        return super().make_key(passphrase, cost)

    def swap(self, live: str, rest: Callable[[int], int]) -> None:
        """Takes the place of the old one; see `Replacement.swap`."""
        old, key = self._old.keys, self._old.keys.key("meta")
        epoch = old.read(lambda r: r.hget(key, "epoch")) or b"0"
        head = 0
        for _ in range(_ATTEMPTS):
            head = rest(head)
            reply = old.call(
                SWAP,
                old.tokens["ingest"],
                self.keys.id,
                int(self._encrypted),
                head,
                self._audit.length if self._audit else 0,
                epoch,
                live,
                other=self.keys.key("meta"),
            )
            if reply[0] == "ok":
                return
            if reply[0] == "over":
                break
        raise Conflict(
            "the profile is being changed by others; nothing was converted",
            "run the command again",
        )
