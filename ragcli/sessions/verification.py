"""Whether an opened profile is what was written: everything is read and checked.

For stores whose log knows entries, not lines of a file (`local.verification`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from ragcli.errors import AuditDamaged, HistoryDamaged, NotPermitted
from ragcli.sessions.audit.audit_file import FILE
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.findings import DAMAGE, Finding
from ragcli.sessions.protocols import AuditLog, Snapshots
from ragcli.sessions.records import ranges
from ragcli.sessions.records.record_types import Record
from ragcli.storage.files import Directory

_HINT = "`ragcli profile verify --repair` sets it aside and keeps the rest"


class EntryLog(Protocol):
    """A log whose entries can be looked at one by one, damaged or not."""

    def entries(self) -> Iterator[tuple[int, Record | HistoryDamaged]]:
        """Yields every entry's number, and its record or what is wrong with it."""

    def head(self) -> int:
        """Returns the last record's number."""


class Verifiable(Protocol):
    """An opened profile, as far as it is verified here."""

    encrypted: bool

    @property
    def directory(self) -> Directory:
        """Holds the key slots."""

    @property
    def log(self) -> EntryLog:
        """The profile's history."""

    @property
    def snapshots(self) -> Snapshots:
        """The profile's index."""

    @property
    def audit(self) -> AuditLog:
        """The profile's audit log."""


Where = Callable[[str], str]
"""Returns what a part of the profile (`log`, `gens`, `audit`) is called there."""


def verify(session: Verifiable, where: Where, *, anchor: str = "") -> list[Finding]:
    """Reads a whole profile and returns what is wrong with it.

    Args:
        session: The open profile.
        where: Names its parts.
        anchor: An anchor of its audit log that was kept elsewhere, or "".

    Raises:
        NewerFormat: It is not for this ragcli to judge.
        UsageError: Not an anchor.
    """
    return [
        *_keys(session),
        *_history(session.log, where("log")),
        *_snapshots(session.snapshots, where("gens")),
        *_audit(session.audit, anchor, where("audit")),
    ]


def _keys(session: Verifiable) -> Iterator[Finding]:
    if session.encrypted:
        for name in KeyRing(session.directory).damaged():
            yield _damage("not a key slot that can be read", f"keys {name}")


def _history(log: EntryLog, where: str) -> Iterator[Finding]:
    """Yields damaged records and gaps that no redaction accounts for."""
    accounted: ranges.Runs = []
    for seq, record in log.entries():
        ranges.add(accounted, seq, seq)
        if isinstance(record, HistoryDamaged):
            yield _damage(record.message, where)
        elif record.kind == "redaction":
            accounted += record.body["dropped"]
    missing = ranges.gaps(accounted, log.head())
    if missing:
        yield _damage(f"records are missing: {ranges.shown(missing)}", where)


def _snapshots(snapshots: Snapshots, where: str) -> Iterator[Finding]:
    live, names = snapshots.current(), snapshots.candidates()
    if live and live not in names:
        yield _damage(f"the current index, {live}, is gone", where)
    for name in names:
        for wrong in snapshots.verify(name):
            yield _damage(wrong, f"index {name}")


def _audit(log: AuditLog, anchor: str, where: str) -> Iterator[Finding]:
    try:
        log.verify(anchor)
    except (AuditDamaged, NotPermitted) as error:
        what = error.message.removeprefix(f"{FILE}: ")
        yield Finding(DAMAGE, what, where, _HINT, error.code)


def _damage(what: str, where: str) -> Finding:
    return Finding(DAMAGE, what, where, _HINT)
