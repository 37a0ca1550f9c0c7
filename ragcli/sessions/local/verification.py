"""Whether a profile is what was written, and what of it can still be kept.

`verify` reads everything and says what is wrong, one line each. `repair` moves
damage to `quarantine/` and keeps everything sound: it never deletes, and what it
cannot mend stays a finding, so that `profile verify` goes on ending with 4. Damage is
what is there and is not what was written. A file of the index that is missing is told,
and nothing is moved because of it: somebody may bring it back.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ragcli.errors import (
    AuditDamaged,
    Damaged,
    ExitCode,
    NotPermitted,
    SnapshotDamaged,
)
from ragcli.sessions.audit import audit_file
from ragcli.sessions.audit.audit_file import FileAudit
from ragcli.sessions.audit.switch import SilentAudit
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.findings import DAMAGE, REPAIRED, Finding
from ragcli.sessions.local import permissions
from ragcli.sessions.local.history import rewriting
from ragcli.sessions.local.history.local_log import FILE, QUARANTINE
from ragcli.sessions.local.history.rewriting import Damage
from ragcli.sessions.local.session import LocalSession
from ragcli.sessions.profile_layout import KEYS
from ragcli.sessions.protocols import AuditLog
from ragcli.sessions.records import ranges
from ragcli.storage.files import Directory
from ragcli.storage.locking.locks import commit_lock

_REPAIR = "`ragcli profile verify --repair` moves it aside and keeps the rest"
_BRING_BACK = (
    "bring it back from a copy, or `ragcli docs rollback` returns to a whole index"
)
_POINTER = "CURRENT"
_INDEX = "index"


class Generations(Protocol):
    """What is used of a profile's snapshots."""

    def current(self) -> str:
        """Returns the live generation; raises `SnapshotDamaged`."""

    def candidates(self) -> Sequence[str]:
        """Returns all generations on disk, newest first."""

    def verify(self, generation: str) -> list[str]:
        """Returns what is wrong with a generation, one line each."""

    def altered(self, generation: str) -> list[str]:
        """Returns which of those problems are alterations, not missing files."""

    def quarantine(self, generation: str) -> Path:
        """Moves a generation out of the index; the newest sound one is next."""

    def select(self, generation: str) -> str:
        """Makes a generation current."""


def verify(session: LocalSession, *, anchor: str = "") -> list[Finding]:
    """Reads a whole profile and returns what is wrong with it.

    Args:
        session: The open profile.
        anchor: An anchor of its audit log that was kept elsewhere, or "".

    Raises:
        NewerFormat: It is not for this ragcli to judge.
        UsageError: Not an anchor.
    """
    looks: list[Callable[[], Iterable[Finding]]] = [
        lambda: permissions.check_profile(session.directory),
        lambda: _keys(session),
        lambda: _history(session),
        lambda: _snapshots(session.snapshots),
        lambda: _audit(session.audit, anchor),
    ]
    findings: dict[tuple[str, str], Finding] = {}  # in order, each once
    for look in looks:
        for finding in _seen(look, session.directory.path):
            closed = finding.code is ExitCode.NOT_PERMITTED
            findings.setdefault(
                (finding.where, "" if closed else finding.what), finding
            )
    return list(findings.values())


def repair(
    session: LocalSession, *, anchor: str = "", before: Sequence[Finding] = ()
) -> list[Finding]:
    """Mends what can be mended; returns that, and then what is still wrong.

    Args:
        session: The open profile.
        anchor: As for `verify`.
        before: What was mended so that it could be opened.

    Raises:
        Locked: Somebody writes to the profile.
        StorageFailed: Nothing was lost.
    """
    done = [
        *before,
        *permissions.fix_profile(session.directory),
        *_mend_keys(session),
        *_mend_history(session),
        *_mend_snapshots(session),
        *_mend_audit(session),
    ]
    mended = [finding for finding in done if finding.severity == REPAIRED]
    if mended:
        session.audit.record("profile.repair", repairs=len(mended))
    return [*mended, *verify(session, anchor=anchor)]


def _seen(look: Callable[[], Iterable[Finding]], where: Path) -> Iterator[Finding]:
    """Yields what `look` finds; a mode that keeps it out is a finding, too."""
    try:
        yield from look()
    except NotPermitted as error:
        path, _, what = error.message.partition(": ")
        if not path.startswith(str(where)):
            path, what = str(where), error.message
        yield Finding(DAMAGE, what, path, error.hint, error.code)


def _history(session: LocalSession) -> Iterator[Finding]:
    """Yields damaged lines, numbers out of order, and gaps nobody accounts for."""
    where = session.directory.path / FILE
    accounted: ranges.Runs = []
    head, damaged = 0, False
    for item in rewriting.scan(session.log):
        if isinstance(item, Damage):
            location = f"{where}:{item.line}"
            yield _damage(item.reason.removeprefix(f"{location}: "), location)
            damaged = True
            continue
        if damaged:  # what stood there is named already
            ranges.add(accounted, head + 1, item.seq - 1)
        damaged = False
        if item.seq <= head:
            yield _damage(f"record {item.seq} comes after record {head}", where)
        head = max(head, item.seq)
        ranges.add(accounted, item.seq, item.seq)
        if item.kind == "redaction":
            accounted += item.body["dropped"]
    head = max(head, _audited_head(session.audit))
    missing = ranges.gaps(accounted, head)
    if missing:
        yield _damage(f"records are missing: {ranges.shown(missing)}", where)


def _audited_head(log: AuditLog) -> int:
    """Returns the highest record that the audit log has seen; 0 if it saw none."""
    highest = 0
    try:
        for entry in log.entries():
            seq = entry["facts"].get("seq") if entry["event"] == "turn" else None
            highest = max(highest, seq) if isinstance(seq, int) else highest
    except (Damaged, KeyError, AttributeError):
        return highest  # the audit log has a finding of its own
    return highest


def _mend_history(session: LocalSession) -> Iterator[Finding]:
    done = rewriting.repair(session.log, head=_audited_head(session.audit))
    if done is None:
        return
    what = f"damaged lines moved to {QUARANTINE}/: {done.moved}; "
    what += f"records lost: {done.lost}"
    in_order = "records put back in order"
    where = session.directory.path / FILE
    yield _mended(what if done.moved or done.lost else in_order, where)


def _snapshots(snapshots: Generations) -> Iterator[Finding]:
    """Yields what is wrong with the pointer and with every generation."""
    where = f"{_INDEX}/{_POINTER}"
    try:
        live, names = _live_and_kept(snapshots)
    except SnapshotDamaged as error:
        yield _damage(error.message, where)
        names = list(snapshots.candidates())
    else:
        if live and live not in names:
            yield _damage(f"it names {live}, which is gone", where)
        if names and not live:
            yield _damage("it is missing", where)
    for name in names:
        altered = snapshots.altered(name)
        for wrong in snapshots.verify(name):
            hint = _REPAIR if altered else _BRING_BACK
            yield Finding(DAMAGE, wrong, f"{_INDEX}/{name}", hint)


def _live_and_kept(snapshots: Generations) -> tuple[str, list[str]]:
    """Returns the live generation and all that are kept, as they were at one moment.

    A publisher may come between the two looks, and take the live one away as well.
    """
    live = snapshots.current()
    while True:
        names = list(snapshots.candidates())
        still = snapshots.current()
        if still == live:
            return live, names
        live = still


def _mend_snapshots(session: LocalSession) -> Iterator[Finding]:
    """Moves damaged generations away; the newest sound one becomes current."""
    snapshots = session.snapshots
    if not any(True for _ in _snapshots(snapshots)):
        return
    yield from _mend_pointer(session)
    for name in list(snapshots.candidates()):
        if snapshots.altered(name):
            moved_to = snapshots.quarantine(name)
            yield _mended(f"moved to {QUARANTINE}/{moved_to.name}", f"{_INDEX}/{name}")


def _mend_pointer(session: LocalSession) -> Iterator[Finding]:
    """Points at the newest sound generation if the pointer cannot be read."""
    try:
        live, names = _live_and_kept(session.snapshots)
        if live in names or not names:
            return
    except SnapshotDamaged:
        names = session.snapshots.candidates()
    with session.directory.child(_INDEX) as index:
        if index.has(_POINTER):
            _set_aside(session.directory, index, _POINTER)
    for name in names:
        if not session.snapshots.verify(name):
            selected = session.snapshots.select(name)
            where = f"{_INDEX}/{_POINTER}"
            yield _mended(f"{selected}, a copy of {name}, is current now", where)
            return


def _audit(log: AuditLog, anchor: str) -> Iterator[Finding]:
    try:
        log.verify(anchor)
    except (AuditDamaged, NotPermitted) as error:
        what = error.message.removeprefix(f"{audit_file.FILE}: ")
        yield Finding(DAMAGE, what, audit_file.FILE, error.hint, error.code)


def _mend_audit(session: LocalSession) -> Iterator[Finding]:
    """Keeps a copy of a damaged audit log, and of the log its sound beginning."""
    with commit_lock(session.directory, audit_file.LOCK, wait=audit_file.LOCK_WAIT):
        log = session.audit
        log = log.kept if isinstance(log, SilentAudit) else log
        sound = log.sound_lines() if isinstance(log, FileAudit) else None
        if sound is None:
            return
        data = session.directory.read(audit_file.FILE)
        name = f"audit-{secrets.token_hex(6)}.damaged"
        with session.directory.child(QUARANTINE, create=True) as quarantine:
            quarantine.replace(name, data)
        session.directory.replace(audit_file.FILE, b"".join(sound))
    session.audit.record(
        "audit.repair",
        kept=len(sound),
        quarantined=name,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    yield _mended(
        f"{len(sound)} sound entries kept, the whole log is in {QUARANTINE}/{name}",
        audit_file.FILE,
    )


def _keys(session: LocalSession) -> Iterator[Finding]:
    if session.encrypted:
        for name in KeyRing(session.directory).damaged():
            yield _damage("not a key slot that can be read", f"{KEYS}/{name}")


def _mend_keys(session: LocalSession) -> Iterator[Finding]:
    for finding in _keys(session):
        with session.directory.child(KEYS) as keys:
            _set_aside(session.directory, keys, Path(finding.where).name)
        yield _mended(f"moved to {QUARANTINE}/", finding.where)


def _set_aside(profile: Directory, directory: Directory, name: str) -> None:
    """Moves a file to quarantine under a name of its own."""
    with profile.child(QUARANTINE, create=True) as quarantine:
        quarantine.replace(f"{name}-{secrets.token_hex(6)}", directory.read(name))
    directory.remove(name)
    directory.sync()


def _damage(what: str, where: Path | str) -> Finding:
    return Finding(DAMAGE, what, str(where), _REPAIR)


def _mended(what: str, where: Path | str) -> Finding:
    return Finding(REPAIRED, what, str(where))
