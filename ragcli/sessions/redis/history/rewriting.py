"""Rewriting a log in Redis: redaction, deletion, expiry.

What changes is prepared beside the log; then one script puts a new stream in place
of the old one, with a `redaction` record that names the numbers that are gone or
altered. Records that came in meanwhile are looked at before that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ragcli.errors import Conflict
from ragcli.frozen import frozen
from ragcli.sessions.records import ranges
from ragcli.sessions.records.clock import now
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.lines import LineCodec
from ragcli.sessions.records.records import Record
from ragcli.sessions.redis.history.ids import id_hash
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.script import REWRITE, STAGE

Change = Callable[[Record], Record | None]

_ACCOUNT = ("dropped", "altered")
_BATCH = 1 << 20
"""Bytes that are sent at once."""
_ATTEMPTS = 5
"""Times that others may rewrite the log before we give up."""


@frozen
class Rewritten:
    """The log that is rewritten."""

    keys: ProfileKeys
    codec: LineCodec
    since: Callable[[int], Iterator[Record]]
    """Yields the records after a seq, oldest first."""


@dataclass(slots=True)
class _Plan:
    """What a rewrite will do."""

    name: str = field(default_factory=new_id)
    head: int = 0
    """The last record that was looked at."""
    ts: str = ""
    dropped: set[int] = field(default_factory=set)
    altered: set[int] = field(default_factory=set)
    count: int = 0
    """How many records `change` dropped or altered."""


def rewrite(log: Rewritten, change: Change, note: Mapping[str, Any]) -> int:
    """Applies `change` to every record; returns how many it dropped or altered.

    A redaction with the very same note is folded into the new one.

    Raises:
        Conflict: Others rewrite the log all the time.
    """
    for _ in range(_ATTEMPTS):
        plan = _Plan()
        if _attempt(log, plan, change, note):
            return plan.count
    raise Conflict("the history is being rewritten by others", "try again")


def _attempt(
    log: Rewritten, plan: _Plan, change: Change, note: Mapping[str, Any]
) -> bool:
    """Prepares a rewrite and does it; False when another one came first."""
    meta = log.keys.key("meta")
    epoch = log.keys.read(lambda r: r.hget(meta, "epoch")) or b"0"
    while True:
        _stage(log, plan, change, note)
        if not plan.count:
            return True
        end = _redaction(plan, note)
        reply = log.keys.call(
            REWRITE,
            plan.name,
            epoch,
            plan.head,
            end.seq,
            id_hash(end.id),
            end.ts,
            log.codec.encode(end),
        )
        if reply[0] != "again":
            return bool(reply[0] == "ok")


def _stage(
    log: Rewritten, plan: _Plan, change: Change, note: Mapping[str, Any]
) -> None:
    """Sends what becomes of the records that were not looked at yet."""
    pending: list[Any] = []
    size = 0
    for seq, line in _decided(log, plan, change, note):
        pending += [seq, line]
        size += len(line)
        if size >= _BATCH:
            log.keys.call(STAGE, plan.name, *pending)
            pending, size = [], 0
    if pending:
        log.keys.call(STAGE, plan.name, *pending)


def _decided(
    log: Rewritten, plan: _Plan, change: Change, note: Mapping[str, Any]
) -> Iterator[tuple[int, bytes]]:
    """Yields the number and new line of each record that does not stay as it is."""
    for record in log.since(plan.head):
        plan.head, plan.ts = record.seq, record.ts
        if record.kind == "redaction":
            if _told(record) == dict(note):
                plan.dropped |= {record.seq, *ranges.unpack(record.body["dropped"])}
                plan.altered |= {*ranges.unpack(record.body["altered"])}
                yield record.seq, _gone(record)
            continue
        changed = change(record)
        if changed == record:
            continue
        plan.count += 1
        if changed is None:
            plan.dropped.add(record.seq)
            yield record.seq, _gone(record)
        else:
            plan.altered.add(record.seq)
            yield record.seq, log.codec.encode(changed)


def _told(record: Record) -> dict[str, Any]:
    return {k: v for k, v in record.body.items() if k not in _ACCOUNT}


def _gone(record: Record) -> bytes:
    return b"\0" + id_hash(record.id).encode()


def _redaction(plan: _Plan, note: Mapping[str, Any]) -> Record:
    body = {
        **note,
        "dropped": ranges.pack(plan.dropped),
        "altered": ranges.pack(plan.altered - plan.dropped),
    }
    return Record(plan.head + 1, new_id(), plan.head, now(), "redaction", body)
