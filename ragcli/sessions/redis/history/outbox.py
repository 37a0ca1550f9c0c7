"""Turns that wait on this machine because the server was away.

One private file a profile, written with the profile's own codec: sealed where the
profile is. Before the next append, and when the profile is opened, they are sent
with the ids they always had, so that each is stored once however often that fails.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ragcli.errors import HistoryDamaged
from ragcli.sessions.records.clock import now
from ragcli.sessions.records.record_lines import LineCodec, PlainLines
from ragcli.sessions.records.record_types import Draft, Record
from ragcli.storage.files import Directory
from ragcli.storage.locking.locks import commit_lock

DIRECTORY = "outbox"
_WAIT = 10.0

Send = Callable[[Sequence[Draft], int], object]
"""Appends drafts with the head that their writer had seen."""


class Outbox:
    """What one profile still has to be sent.

    Args:
        home: The directory of this user's data.
        owner: Names the store, the user and the profile.
    """

    def __init__(self, home: Path, owner: str) -> None:
        self.path = home / DIRECTORY
        self.name = hashlib.sha256(owner.encode()).hexdigest()[:32] + ".jsonl"
        self._file = f"{self.path}/{self.name}"

    @property
    def waiting(self) -> bool:
        """Tells whether anything waits; costs one look at the disk."""
        return os.path.exists(self._file)

    def keep(self, codec: LineCodec, drafts: Sequence[Draft], parent: int) -> None:
        """Stores drafts durably; those of one call stay together.

        What waits already is not stored again: it is the same draft by its id.

        Raises:
            StorageFailed: They are not stored here either.
            HistoryDamaged: The file is not what was written; it stays.
        """
        with (
            Directory.open(self.path, create=True) as directory,
            commit_lock(directory, self.name, wait=_WAIT),
        ):
            lines = _lines(directory, self.name)
            waiting = {record.id for record in map(self._decoder(codec), lines)}
            fresh = [draft for draft in drafts if draft.id not in waiting]
            first = len(lines) + 1
            for number, draft in enumerate(fresh, first):
                body = {"draft": dict(draft.body), "batch": first}
                record = Record(number, draft.id, parent, now(), draft.kind, body)
                lines.append(codec.encode(record))
            directory.replace(self.name, b"".join(lines))

    def deliver(self, codec: LineCodec, send: Send) -> int:
        """Sends what waits and forgets it; returns how many records.

        Raises:
            HistoryDamaged: The file is not what was written; it stays.
        """
        if not self.waiting:
            return 0
        with (
            Directory.open(self.path) as directory,
            commit_lock(directory, self.name, wait=_WAIT),
        ):
            batches: dict[int, list[Record]] = {}
            for record in map(self._decoder(codec), _lines(directory, self.name)):
                batches.setdefault(record.body["batch"], []).append(record)
            for records in batches.values():
                drafts = [Draft(r.kind, r.body["draft"], r.id) for r in records]
                send(drafts, records[0].parent)
            directory.remove(self.name)
            directory.sync()
        return sum(map(len, batches.values()))

    def discard(self) -> None:
        """Forgets what waits: its profile is gone."""
        if self.waiting:
            with Directory.open(self.path) as directory:
                directory.remove(self.name)

    def _decoder(self, codec: LineCodec) -> Callable[[bytes], Record]:
        def decode(line: bytes) -> Record:
            try:
                return _decoded(codec, line)
            except HistoryDamaged as error:
                # The profile was encrypted while this waited on our own disk.
                with suppress(HistoryDamaged):
                    return _decoded(PlainLines(), line)
                raise HistoryDamaged(
                    f"{self.path / self.name}: {error.message}",
                    "these turns were not sent; move the file away to go on without",
                ) from error

        return decode


def _decoded(codec: LineCodec, line: bytes) -> Record:
    """Returns what waits in a line; raises `HistoryDamaged`."""
    record = codec.decode(line, wrapped=True)
    draft, batch = record.body.get("draft"), record.body.get("batch")
    if not (isinstance(draft, Mapping) and isinstance(batch, int)):
        raise HistoryDamaged(f"record {record.seq} holds no draft", "")
    return record


def _lines(directory: Directory, name: str) -> list[bytes]:
    with suppress(FileNotFoundError):
        return directory.read(name).splitlines(keepends=True)
    return []
