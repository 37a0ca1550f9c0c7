"""Expiry: what was not used for `ttl`, and what is older than `ttl_absolute`.

A conversation without a turn for `ttl` expires whole, and so does a profile that
was not used for as long, with everything in it. A turn older than `ttl_absolute`
expires wherever it is; a copy in a fork is as old as its original.

It takes two steps. What is due is set aside: nobody reads it, and it can be brought
back. After a time of grace, measured by a clock that nobody can set, it is erased
from the log, from quarantine and from the caches. See `timekeeping` for when the
clock is believed. A record whose own time cannot be right, because it lies in the
future or before this program existed, counts from when it was first looked at.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from ragcli.config import Settings, seconds
from ragcli.errors import UsageError
from ragcli.frozen import frozen
from ragcli.sessions.history import aside, conversations, erasure, turns
from ragcli.sessions.history.aside import Aside, Batch
from ragcli.sessions.history.timekeeping import TOLERANCE, Ledger
from ragcli.sessions.protocols import Expired, Session
from ragcli.sessions.records.clock import now, stamp_of
from ragcli.sessions.records.record_types import Record

GRACE = 7 * 86_400
"""Seconds of grace at most; a shorter limit has as much grace as it is long."""
BORN = "2025-01-01T00:00:00.000Z"
"""The earliest believable time: before it, this program did not exist."""


@frozen
class Limits:
    """The times before which things have expired, as records write time; or ""."""

    idle: str
    absolute: str
    grace: float = 0.0
    """Seconds between being set aside and being erased."""

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
    idle = seconds(str(values.get("ttl", settings.ttl)))
    absolute = seconds(str(values.get("ttl_absolute", settings.ttl_absolute)))
    spans = [span for span in (idle, absolute) if span]
    return Limits(_before(idle), _before(absolute), min([*spans, GRACE]))


def _before(span: int) -> str:
    return stamp_of(time.time() - span) if span else ""


def plausible(written: str) -> bool:
    """Tells whether a time can be when something was written."""
    return BORN <= written <= stamp_of(time.time() + TOLERANCE)


def told(done: list[Expired]) -> list[str]:
    """Returns one line for each conversation or profile that expired."""
    lines = []
    for one in done:
        what = f"{one.turns} turn" + ("s" if one.turns != 1 else "")
        if one.aside:
            lines.append(
                f"{what} of {one.profile} expired and were set aside: `ragcli profile "
                f"restore {one.profile}` brings them back"
            )
        else:
            lines.append(f"{what} of {one.profile}, set aside before, are erased")
    return lines


def doubted(name: str, said: str) -> UsageError:
    """Returns the error for erasing on the word of a clock that is not believed."""
    return UsageError(
        f"profile {name}: the clock is doubted; nothing is erased by it",
        said or "it must agree for a day first; `ragcli profile delete` asks no clock",
    )


def tend(session: Session, limit: Limits, ledger: Ledger) -> list[Expired]:
    """Sets aside what is due in a profile; erases what was set aside for its grace.

    While the clock is doubted nothing of that happens; what is set aside and not
    due by what the clock says by then comes back.

    Returns:
        What was set aside, and what was erased.
    """
    known = state = aside.read(session)
    if not limit.any:
        if state.batches:
            _keep(session, replace(state, batches=()), hidden=True)
        return []
    done: list[Expired] = []
    if not ledger.doubtful:
        state, erased = _erased(session, state, limit, ledger)
        done = [erased] if erased.any else []
        state, due = _set_aside(session, state, limit, ledger)
        done += [due] if due.any else []
        state = _copies(session, state, limit, ledger)
    elif state.batches:
        state = _brought_back(session, state, limit)
    if state != known:
        _keep(session, state, hidden=state.batches != known.batches)
    return done


def restore(session: Session) -> Expired:
    """Brings back what is set aside in a profile; it counts as written now."""
    state = aside.read(session)
    if not state.batches:
        return Expired(session.name)
    kinds = [r.kind for r in session.log.since(0) if r.id in state.ids]
    counted = {**state.counted, **dict.fromkeys(state.ids, now())}
    _keep(session, Aside(counted=counted), hidden=True)
    return _counted(session, kinds, aside=True)


def expire_turns(session: Session, limit: Limits, *, dry_run: bool = False) -> Expired:
    """Erases at once what has expired inside a profile; returns what it was.

    With what is set aside, and without any grace: for whoever asked for that.
    """
    records = list(session.log.since(0))
    state = aside.read(session)
    times = _known_times(state, records)
    gone = _expired(records, limit, times)
    gone |= {r.id: _kind(r) for r in records if r.id in state.ids}
    if not dry_run:
        if gone:
            erasure.erase(session, "expire", erasure.without(records, set(gone)))
        if limit.any:
            session.purge(lambda written, _: written < limit.latest)
        if gone or state.batches:
            _keep(session, Aside(counted=times), hidden=True)
    return _counted(session, list(gone.values()))


def _keep(session: Session, state: Aside, *, hidden: bool) -> None:
    """Stores the state; has lists made anew when other records are hidden."""
    aside.write(session, state)
    if hidden:
        session.put_blob(conversations.BLOB, None)


def _counted(session: Session, kinds: list[str], *, aside: bool = False) -> Expired:
    talks = kinds.count("conversation")
    return Expired(session.name, kinds.count("turn"), talks, aside=aside)


def _known_times(state: Aside, records: list[Record]) -> dict[str, str]:
    """Returns from when records count whose own time does not say it."""
    fresh = {r.id: now() for r in records if not plausible(turns.written(r))}
    there = {record.id for record in records}
    return fresh | {k: v for k, v in state.counted.items() if k in there}


def _erased(
    session: Session, state: Aside, limit: Limits, ledger: Ledger
) -> tuple[Aside, Expired]:
    """Erases the batches whose time of grace is over."""
    ripe = [b for b in state.batches if _over(b.witnessed, b.at, limit, ledger)]
    if not ripe:
        return state, Expired(session.name)
    ids = {name for batch in ripe for name in batch.ids}
    records = list(session.log.since(0))
    kinds = [_kind(record) for record in records if record.id in ids]
    erasure.erase(session, "expire", erasure.without(records, ids))
    left = tuple(batch for batch in state.batches if batch not in ripe)
    return replace(state, batches=left), _counted(session, kinds)


def _over(witnessed: float, at: str, limit: Limits, ledger: Ledger) -> bool:
    """Tells whether a time of grace is over by both clocks."""
    passed = ledger.witnessed - witnessed
    return passed >= limit.grace and at <= stamp_of(ledger.wall - limit.grace)


def _set_aside(
    session: Session, state: Aside, limit: Limits, ledger: Ledger
) -> tuple[Aside, Expired]:
    """Adds a batch of what is due now, unless the last look rules that out."""
    nothing = Expired(session.name)
    turns_due = not state.oldest_turn or state.oldest_turn < limit.absolute
    if not turns_due and not state.oldest_talk < limit.idle:
        return state, nothing
    records = list(session.log.since(0))
    times = _known_times(state, records)
    gone = _expired(records, limit, times)
    left = [record for record in records if record.id not in gone]
    used = _used(left, times)
    state = replace(
        state,
        counted=times,
        oldest_turn=min((_time(r, times) for r in left), default=now()),
        oldest_talk=min(used.values(), default=now()),
    )
    fresh = {name: kind for name, kind in gone.items() if name not in state.ids}
    if not fresh:
        return state, nothing
    batch = _batch(records, set(fresh), ledger)
    state = replace(state, batches=(*state.batches, batch))
    return state, _counted(session, list(fresh.values()), aside=True)


def _batch(records: list[Record], ids: set[str], ledger: Ledger) -> Batch:
    """Returns what erasing these records would take out and change."""
    change = erasure.without(records, ids)
    hidden, titles = [], {}
    for record in records:
        changed = change(record)
        if changed is None:
            hidden.append(record.id)
        elif changed.body.get("title") != record.body.get("title"):
            titles[record.id] = str(changed.body["title"])
    return Batch(
        ledger.witnessed, stamp_of(ledger.wall), tuple(ids), tuple(hidden), titles
    )


def _copies(session: Session, state: Aside, limit: Limits, ledger: Ledger) -> Aside:
    """Removes side copies (fragments, drafts) a time of grace after they were due."""
    if state.copies is None:
        return replace(state, copies=(ledger.witnessed, limit.latest))
    witnessed, before = state.copies
    if ledger.witnessed - witnessed < limit.grace:
        return state
    session.purge(lambda written, _: written < before)
    return replace(state, copies=(ledger.witnessed, limit.latest))


def _brought_back(session: Session, state: Aside, limit: Limits) -> Aside:
    """Returns the state without batches that are not due by what the clock says."""
    records = list(session.log.since(0))
    due = _expired(records, limit, _known_times(state, records))
    there = {record.id for record in records}
    left = tuple(
        batch for batch in state.batches if there.intersection(batch.ids) <= due.keys()
    )
    return replace(state, batches=left)


def _expired(
    records: list[Record], limit: Limits, times: Mapping[str, str]
) -> dict[str, str]:
    """Returns the ids of the records that have expired, and their kinds."""
    used = _used(records, times)
    alive: set[str] = set()
    gone: dict[str, str] = {}
    for record in records:
        owner = _owner(record)
        if record.kind == "turn":
            if _time(record, times) < limit.absolute or used[owner] < limit.idle:
                gone[record.id] = _kind(record)
            else:
                alive.add(owner)
    for record in records:
        if record.kind in {"turn", "redaction"}:
            continue
        owner = _owner(record)
        if owner not in alive and used[owner] < limit.latest:
            gone[record.id] = _kind(record)
    return gone


def _used(records: list[Record], times: Mapping[str, str]) -> dict[str, str]:
    """Returns when each conversation was last used."""
    used: dict[str, str] = {}
    for record in records:
        owner = _owner(record)
        used[owner] = max(used.get(owner, ""), _time(record, times))
    return used


def _time(record: Record, times: Mapping[str, str]) -> str:
    """Returns from when a record counts."""
    return times.get(record.id) or turns.written(record)


def _kind(record: Record) -> str:
    if record.kind == "turn" or record.id == _owner(record):
        return record.kind
    return f"{record.kind} detail"


def _owner(record: Record) -> str:
    """Returns the conversation that a record belongs to."""
    return str(record.body.get("conversation") or record.id)
