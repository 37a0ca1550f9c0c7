"""Rewriting a log in Redis: redaction, deletion, expiry.

What changes is prepared beside the log; then one script puts a new stream in place
of the old one, with a `redaction` record that names the numbers that are gone or
altered. Records that came in meanwhile are looked at before that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ragcli.errors import Conflict
from ragcli.frozen import frozen
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.records.rewrite_plan import Change, RewritePlan, Watch
from ragcli.sessions.redis.batches import batches
from ragcli.sessions.redis.keyspace import id_hash
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.script import REWRITE, STAGE

_ATTEMPTS = 5
"""How often others may rewrite the log before this one gives up."""


@frozen
class RewrittenLog:
    """The log that is rewritten."""

    keys: ProfileKeys
    codec: LineCodec
    since: Callable[[int], Iterator[Record]]
    """Yields the records after a seq, oldest first."""


def rewrite(
    log: RewrittenLog,
    change: Change,
    note: Mapping[str, Any],
    watch: Watch | None = None,
) -> int:
    """Carries a rewrite out; returns how many records it dropped or altered.

    Raises:
        Conflict: Others rewrite the log all the time.
    """
    for _ in range(_ATTEMPTS):
        plan = RewritePlan(change, note, watch)
        if _attempt(log, plan):
            return plan.count
    raise Conflict("the history is being rewritten by others", "try again")


def _attempt(log: RewrittenLog, plan: RewritePlan) -> bool:
    """Prepares a rewrite and does it; False when another one came first."""
    meta, name = log.keys.key("meta"), new_id()
    epoch = log.keys.read(lambda r: r.hget(meta, "epoch")) or b"0"
    while True:
        _stage(log, plan, name)
        if not plan.count:
            return True
        end = plan.end()
        reply = log.keys.call(
            REWRITE,
            name,
            epoch,
            plan.head,
            end.seq,
            id_hash(end.id),
            end.ts,
            log.codec.encode(end),
        )
        if reply[0] == "ok":
            plan.done(end)
            return True
        if reply[0] != "again":
            return False


def _stage(log: RewrittenLog, plan: RewritePlan, name: str) -> None:
    """Sends what becomes of the records that were not looked at yet."""
    for batch in batches(_decided(log, plan), lambda item: len(item[1])):
        log.keys.call(STAGE, name, *(part for item in batch for part in item))


def _decided(log: RewrittenLog, plan: RewritePlan) -> Iterator[tuple[int, bytes]]:
    """Yields the number and new line of each record that does not stay as it is."""
    for record in log.since(plan.head):
        kept = plan.decide(record)
        if kept is None:
            yield record.seq, b"\0" + id_hash(record.id).encode()
        elif kept is not record:
            yield record.seq, log.codec.encode(kept)
