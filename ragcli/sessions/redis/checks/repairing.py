"""Mending a profile on a server: damage is set aside there, and what is sound stays.

Nothing is deleted: damaged records, audit entries, key slots and manifests move to the
stream `quarantine` of the profile. An index is made whole from what this machine has
fetched of it before, if it can be; else the newest sound generation becomes current.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ragcli.errors import Conflict, HistoryDamaged
from ragcli.sessions.audit import chain
from ragcli.sessions.audit.switch import SilentAudit
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.findings import REPAIRED, Finding
from ragcli.sessions.records import ranges
from ragcli.sessions.records.clock import now
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.audit import RedisAudit
from ragcli.sessions.redis.keyspace import id_hash
from ragcli.sessions.redis.leases import alone
from ragcli.sessions.redis.scripts.repair import MEND_AUDIT, MEND_LOG, SET_ASIDE
from ragcli.sessions.redis.session import RedisSession
from ragcli.sessions.side_copies import QUARANTINE
from ragcli.sessions.verification import verify

_WAIT = 10.0
"""Seconds to wait for each lock."""
_BUSY = Conflict("the profile is being changed by others", "try again")


def repair(session: RedisSession, *, anchor: str = "") -> list[Finding]:
    """Mends what can be mended; returns that, and then what is still wrong.

    Args:
        session: The open profile.
        anchor: An anchor of its audit log that was kept elsewhere, or "".

    Raises:
        Locked, Conflict: Somebody writes to the profile.
    """
    keys = session.keys
    with alone(keys, wait=_WAIT):
        done = [
            *_mend_keys(session),
            *_mend_history(session),
            *_mend_snapshots(session),
            *_mend_audit(session),
        ]
    if done:
        session.audit.record("profile.repair", repairs=len(done))
    return [*done, *verify(session, session.keys.key, anchor=anchor)]


def _mend_keys(session: RedisSession) -> Iterator[Finding]:
    if session.encrypted:
        for name in KeyRing(session.directory).damaged():
            session.keys.call(SET_ASIDE, "keys", name)
            yield _mended(f"moved to {QUARANTINE}", f"keys {name}")
        session.directory.refresh()


def _mend_history(session: RedisSession) -> Iterator[Finding]:
    """Sets damaged entries aside; a redaction names the numbers that are lost."""
    meta = session.keys.key("meta")
    tip = session.keys.read(lambda r: r.hmget(meta, "head", "epoch", "ts"))
    head, epoch = reply_values.number(tip[0], meta), tip[1] or b"0"
    last = reply_values.text(tip[2], meta)
    bad: list[tuple[str, int]] = []
    end = head
    accounted: ranges.Runs = []
    for entry, seq, record in session.log.entries_by_id():
        if isinstance(record, HistoryDamaged):
            bad.append((entry, seq))
            continue
        end = max(end, seq)
        ranges.add(accounted, seq, seq)
        last = max(last, record.ts)
        if record.kind == "redaction":
            accounted += record.body["dropped"]
    missing = ranges.gaps(accounted, end)
    if not bad and not missing and end == head:
        return
    body = {"reason": "repair", "dropped": missing, "altered": []}
    stamp = max(now(), last)
    note = Record(end + 1, new_id(), end, stamp, "redaction", body)
    reply = session.keys.call(
        MEND_LOG,
        head,
        epoch,
        note.seq,
        id_hash(note.id),
        stamp,
        session.log.codec.encode(note),
        *_known(session, bad, missing),
    )
    if reply[0] != "ok":
        raise _BUSY
    lost = ranges.count(missing)
    what = f"{len(bad)} damaged records moved to {QUARANTINE}, {lost} lost in all"
    yield _mended(what, session.keys.key("log"))


def _known(
    session: RedisSession, bad: Iterable[tuple[str, int]], missing: ranges.Runs
) -> Iterator[str | bytes]:
    """Yields the entries that go and what stands for their ids, then lost ids."""
    key = session.keys.key("ids")
    ids = {
        reply_values.number(seq, key): i
        for i, seq in session.keys.read(lambda r: r.hgetall(key)).items()
    }
    lost = {seq: i for seq, i in ids.items() if ranges.contains(missing, seq)}
    for entry, seq in bad:
        yield entry
        yield lost.pop(seq, b"")
    for seq, identifier in lost.items():
        yield f"{seq}-0"
        yield identifier


def _mend_snapshots(session: RedisSession) -> Iterator[Finding]:
    """Makes generations whole from the cache, or sets them aside."""
    snapshots = session.snapshots
    for name in list(snapshots.candidates()):
        if not snapshots.verify(name):
            continue
        if snapshots.mend(name):
            yield _mended("made whole from what this machine had", f"index {name}")
        else:
            session.keys.call(SET_ASIDE, "gens", f"m:{name}", f"b:{name}")
            yield _mended(f"moved to {QUARANTINE}", f"index {name}")
    names = snapshots.candidates()
    if names and snapshots.current() not in names:
        selected = snapshots.select(names[0])
        where = session.keys.key("gens")
        yield _mended(f"{selected}, a copy of {names[0]}, is current now", where)


def _mend_audit(session: RedisSession) -> Iterator[Finding]:
    """Keeps the sound beginning of the log, and the rest in quarantine."""
    log = session.audit
    log = log.kept if isinstance(log, SilentAudit) else log
    sound = log.sound_lines() if isinstance(log, RedisAudit) else None
    if sound is None or not isinstance(log, RedisAudit):
        return
    count, mac = len(sound), chain.mac_of(sound[-1]) if sound else ""
    if session.keys.call(MEND_AUDIT, *log.stored_tail(), count, mac)[0] != "ok":
        raise _BUSY
    session.audit.record("audit.repair", kept=count)
    where = session.keys.key("audit")
    yield _mended(f"{count} sound entries kept, the rest is in {QUARANTINE}", where)


def _mended(what: str, where: str) -> Finding:
    return Finding(REPAIRED, what, where)
