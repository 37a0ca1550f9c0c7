"""A profile's history in a Redis stream.

Entry `<seq>-0` holds the same line that a file would hold: sealed where the profile
is, its checksum last. An append is one script: it knows the ids that are stored,
refuses another head than the expected one, and adds all lines or none. The lines
carry their numbers, so they are made for one head; when somebody else was faster,
they are made again for the new one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ragcli.errors import (
    HistoryDamaged,
    NewerFormat,
    NotPermitted,
    StorageFailed,
    StoreUnavailable,
)
from ragcli.sessions.records import record_batches
from ragcli.sessions.records.record_lines import LineCodec, located, misplaced
from ragcli.sessions.records.record_types import Draft, Record
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.history.outbox import Outbox
from ragcli.sessions.redis.keyspace import id_hash
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.script import APPEND
from ragcli.sessions.redis.server.client import BLOCK

if TYPE_CHECKING:
    from ragcli.sessions.records.rewrite_plan import Change, Watch

FIELD = b"l"
_FIRST_PAGE = 16
_LARGEST_PAGE = 256
_PAUSE = 0.002
"""Seconds to step back when others append at the same time."""

Tip = tuple[int, str]
"""The last record's seq and time; (0, "") for an empty log."""


class RedisLog:
    """The `Log` of a profile in Redis; see `sessions.protocols`.

    Args:
        keys: The profile's.
        codec: How records are written.
        outbox: Where drafts wait while the server is away.
        tip: The last record as the profile was opened.
    """

    def __init__(
        self, keys: ProfileKeys, codec: LineCodec, outbox: Outbox, tip: Tip
    ) -> None:
        self.keys = keys
        self.codec = codec
        self.outbox = outbox
        self._tip = tip

    def append(
        self, drafts: Sequence[Draft], *, parent: int = 0, expect: int | None = None
    ) -> list[Record]:
        """Appends all of `drafts`, or none; see `Log.append`.

        What cannot be sent is kept on this machine and sent before the next append,
        unless it was to be refused for another head than `expect`.
        """
        try:
            self.deliver()
            return self._append(drafts, parent, expect)
        except (StoreUnavailable, StorageFailed, NotPermitted) as error:
            if expect is not None:
                raise
            self.outbox.keep(self.codec, drafts, parent)
            raise type(error)(
                f"{error.message}; kept on this machine until it can be stored",
                error.hint,
            ) from error

    def deliver(self) -> int:
        """Sends what was kept while the server was away; returns how many records."""
        return self.outbox.deliver(
            self.codec, lambda drafts, parent: self._append(drafts, parent, None)
        )

    def _append(
        self, drafts: Sequence[Draft], parent: int, expect: int | None
    ) -> list[Record]:
        distinct = list({draft.id: draft for draft in drafts}.values())
        seqs_by_id: dict[str, int] = {}
        while True:
            fresh = [draft for draft in distinct if draft.id not in seqs_by_id]
            placed = record_batches.numbered(fresh, self._tip[0], parent)
            status, head, ts, seqs = self._try(distinct, placed, expect)
            seqs_by_id = {d.id: s for d, s in zip(distinct, seqs, strict=False) if s}
            if status == "conflict":
                raise record_batches.conflict(head, expect)
            self._tip = (head, ts)
            if status in {"ok", "known"}:
                break
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - no secret
        stored = {record.id: record for record in placed}
        stored |= {name: self._record(seq) for name, seq in seqs_by_id.items()}
        return [stored[draft.id] for draft in drafts]

    def _try(
        self, distinct: list[Draft], placed: list[Record], expect: int | None
    ) -> tuple[str, int, str, list[int]]:
        lines = {record.id: self.codec.encode(record) for record in placed}
        stamp = placed[-1].ts if placed else self._tip[1]
        pairs = [
            part for d in distinct for part in (id_hash(d.id), lines.get(d.id, b""))
        ]
        expected = "" if expect is None else expect
        reply = self.keys.call(APPEND, expected, self._tip[0], stamp, *pairs)
        status, key = reply[0], self.keys.key("meta")
        head, ts = reply_values.number(reply[1], key), reply_values.text(reply[2], key)
        return status, head, ts, [int(seq) for seq in reply[3]] if reply[3:] else []

    def _record(self, seq: int) -> Record:
        record = next(self.newest(seq + 1), None)
        if record is None or record.seq != seq:
            raise HistoryDamaged(f"record {seq} of {self.keys.name} is gone", "")
        return record

    def head(self) -> int:
        """Returns the last record's seq; 0 for an empty log."""
        key = self.keys.key("meta")
        tip = self.keys.read(lambda r: r.hmget(key, "head", "ts"))
        self._tip = (
            reply_values.number(tip[0], key),
            reply_values.text(tip[1], key),
        )
        return self._tip[0]

    def newest(self, before: int | None = None) -> Iterator[Record]:
        """Yields records from the last one (before `before`) backwards."""
        key, end = self.keys.key("log"), "+" if before is None else f"({before}-0"

        def page(end: str, count: int) -> Any:
            return self.keys.read(lambda r: r.xrevrange(key, end, "-", count=count))

        yield from self._pages(page, end)

    def since(self, seq: int = 0) -> Iterator[Record]:
        """Yields the records after `seq`, oldest first; see `Log.since`."""
        key = self.keys.key("log")

        def page(start: str, count: int) -> Any:
            return self.keys.read(lambda r: r.xrange(key, start, "+", count=count))

        yield from self._pages(page, f"({seq}-0" if seq else "-")

    def entries(self) -> Iterator[tuple[int, Record | HistoryDamaged]]:
        """Yields every entry's number, and its record or what is wrong with it."""
        for _, seq, record in self.entries_by_id():
            yield seq, record

    def entries_by_id(self) -> Iterator[tuple[str, int, Record | HistoryDamaged]]:
        """Yields every entry's id and number, and its record or what is wrong."""
        for name, fields in self.keys.entries("log"):
            entry, seq = name.decode(), int(name.split(b"-")[0])
            try:
                yield entry, seq, self.decode(name, fields)
            except HistoryDamaged as error:
                yield entry, seq, error

    def _pages(self, page: Callable[[str, int], Any], edge: str) -> Iterator[Record]:
        """Yields the records of one page after the other."""
        count = _FIRST_PAGE
        while True:
            entries = page(edge, count)
            for name, fields in entries:
                yield self.decode(name, fields)
            if len(entries) < count:
                return
            edge, count = f"({name.decode()}", min(4 * count, _LARGEST_PAGE)

    def decode(self, name: bytes, fields: Mapping[bytes, bytes]) -> Record:
        """Returns the record of an entry.

        Raises:
            HistoryDamaged, NewerFormat: Names the entry.
        """
        location = f"{self.keys.key('log')} {name.decode()}"
        try:
            record = self.codec.decode(fields.get(FIELD, b""))
        except (HistoryDamaged, NewerFormat) as error:
            raise located(error, location) from error
        if name != b"%d-0" % record.seq:
            raise misplaced(location, record.seq)
        return record

    def rewrite(
        self, change: Change, note: Mapping[str, Any], watch: Watch | None = None
    ) -> int:
        """Replaces every record by `change(record)`; see `Log.rewrite`."""
        from ragcli.sessions.redis.history.rewriting import RewrittenLog, rewrite

        log = RewrittenLog(self.keys, self.codec, self.since)
        return rewrite(log, change, note, watch)

    def wait(self, seq: int, timeout: float) -> bool:
        """Waits for a record after `seq`; tells if one came.

        The server answers when there is news; nothing is asked again and again.
        """
        deadline = time.monotonic() + timeout
        key = self.keys.key("log")
        while True:
            remaining = max(0.0, deadline - time.monotonic())
            pause = max(1, int(min(remaining, BLOCK) * 1000))
            with suppress(StoreUnavailable):
                if self.keys.server.run(
                    self.keys.tag,
                    lambda r: r.xread({key: f"{seq}-0"}, count=1, block=pause),  # noqa: B023
                    slow=True,
                ):
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(min(0.05, remaining))
