"""Whether a profile in Redis is what was written: everything is read and checked."""

from __future__ import annotations

from collections.abc import Iterator

from ragcli.errors import AuditDamaged, HistoryDamaged, NotPermitted
from ragcli.sessions.audit.file import FILE
from ragcli.sessions.encryption.keys import KeyRing
from ragcli.sessions.findings import DAMAGE, Finding
from ragcli.sessions.records import ranges
from ragcli.sessions.redis.session import RedisSession

_HINT = "`ragcli profile verify --repair` sets it aside and keeps the rest"


def verify(session: RedisSession, *, anchor: str = "") -> list[Finding]:
    """Reads a whole profile and returns what is wrong with it.

    Args:
        session: The open profile.
        anchor: An anchor of its audit log that was kept elsewhere, or "".

    Raises:
        NewerFormat: It is not for this ragcli to judge.
        UsageError: Not an anchor.
    """
    return [
        *_keys(session),
        *_history(session),
        *_snapshots(session),
        *_audit(session, anchor),
    ]


def _keys(session: RedisSession) -> Iterator[Finding]:
    if session.encrypted:
        for name in KeyRing(session.directory).damaged():
            yield _damage("not a key slot that can be read", f"keys {name}")


def _history(session: RedisSession) -> Iterator[Finding]:
    """Yields damaged records and gaps that no redaction accounts for."""
    where = session.keys.key("log")
    accounted: set[int] = set()
    for seq, record in session.log.entries():
        accounted.add(seq)
        if isinstance(record, HistoryDamaged):
            yield _damage(record.message, where)
        elif record.kind == "redaction":
            accounted.update(ranges.unpack(record.body["dropped"]))
    missing = set(range(1, session.log.head() + 1)) - accounted
    if missing:
        yield _damage(f"records are missing: {ranges.shown(missing)}", where)


def _snapshots(session: RedisSession) -> Iterator[Finding]:
    live, names = session.snapshots.current(), session.snapshots.candidates()
    if live and live not in names:
        yield _damage(f"the current index, {live}, is gone", session.keys.key("gens"))
    for name in names:
        for wrong in session.snapshots.verify(name):
            yield _damage(wrong, f"index {name}")


def _audit(session: RedisSession, anchor: str) -> Iterator[Finding]:
    try:
        session.audit.verify(anchor)
    except (AuditDamaged, NotPermitted) as error:
        where = session.keys.key("audit")
        what = error.message.removeprefix(f"{FILE}: ")
        yield Finding(DAMAGE, what, where, _HINT, error.code)


def _damage(what: str, where: str) -> Finding:
    return Finding(DAMAGE, what, where, _HINT)
