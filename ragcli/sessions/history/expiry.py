"""Expiry: what was not used for `ttl`, and what is older than `ttl_absolute`.

A conversation without a turn for `ttl` expires whole, and so does a profile that
was not used for as long, with everything in it. A turn older than `ttl_absolute`
expires wherever it is; a copy in a fork is as old as its original. What has
expired is erased from the log, from quarantine and from the caches.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ragcli.config import Settings, seconds
from ragcli.frozen import frozen
from ragcli.sessions.history import erasure, turns
from ragcli.sessions.history.conversations import BLOB
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.clock import stamp
from ragcli.sessions.records.records import Record


@frozen
class Expired:
    """What an expiry erased, or would erase."""

    profile: str
    turns: int = 0
    conversations: int = 0
    whole: bool = False
    """The profile itself, with its documents."""

    @property
    def any(self) -> bool:
        """Tells whether there was anything."""
        return self.whole or bool(self.turns or self.conversations)


@frozen
class Limits:
    """The times before which things have expired, as records write time; or ""."""

    idle: str
    absolute: str

    @property
    def any(self) -> bool:
        """Tells whether anything can expire at all."""
        return bool(self.idle or self.absolute)

    @property
    def latest(self) -> str:
        """Returns the time that is safe: what is younger has not expired."""
        return max(self.idle, self.absolute)


def limits(settings: Settings, own: Mapping[str, object] | None = None) -> Limits:
    """Returns the limits in force.

    Args:
        settings: Those of the process.
        own: The profile's, which win.
    """
    values = own or {}
    return Limits(
        _before(str(values.get("ttl", settings.ttl))),
        _before(str(values.get("ttl_absolute", settings.ttl_absolute))),
    )


def _before(span: str) -> str:
    length = seconds(span)
    if not length:
        return ""
    return stamp(datetime.now(UTC) - timedelta(seconds=length))


def expire_turns(session: Session, limit: Limits, *, dry_run: bool = False) -> Expired:
    """Erases what has expired inside a profile; returns what it was."""
    oldest = next(iter(session.log.since(0)), None)
    if not limit.any or oldest is None or turns.written(oldest) >= limit.latest:
        _purge(session, limit, dry_run=dry_run)
        return Expired(session.name)
    records = list(session.log.since(0))
    gone = _expired(records, limit)
    if gone and not dry_run:
        erasure.erase(session, "expire", erasure.without(records, set(gone)))
        session.put_blob(BLOB, None)
    _purge(session, limit, dry_run=dry_run)
    kinds = list(gone.values())
    return Expired(session.name, kinds.count("turn"), kinds.count("conversation"))


def _purge(session: Session, limit: Limits, *, dry_run: bool) -> None:
    if limit.any and not dry_run:
        session.purge(lambda written, _: written < limit.latest)


def _expired(records: list[Record], limit: Limits) -> dict[str, str]:
    """Returns the ids of the records that have expired, and their kinds."""
    used: dict[str, str] = {}
    for record in records:
        owner = _owner(record)
        used[owner] = max(used.get(owner, ""), turns.written(record))
    alive: set[str] = set()
    gone: dict[str, str] = {}
    for record in records:
        owner = _owner(record)
        if record.kind == "turn":
            if turns.written(record) < limit.absolute or used[owner] < limit.idle:
                gone[record.id] = record.kind
            else:
                alive.add(owner)
    for record in records:
        if record.kind in {"turn", "redaction"}:
            continue
        owner = _owner(record)
        if owner not in alive and used[owner] < limit.latest:
            kind = "conversation" if record.id == owner else record.kind + " detail"
            gone[record.id] = kind
    return gone


def _owner(record: Record) -> str:
    """Returns the conversation that a record belongs to."""
    return str(record.body.get("conversation") or record.id)
