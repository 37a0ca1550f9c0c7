"""Rewriting a local log: redaction, deletion, expiry, repair.

The new file is written beside the old one and takes its name in one rename, so
that readers and a crash see either. Every rewrite ends with a `redaction` record
that names the numbers that are gone or altered; whoever cached what he read finds
it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from ragcli.errors import HistoryDamaged
from ragcli.frozen import frozen
from ragcli.sessions.records import batches, ranges
from ragcli.sessions.records.clock import now
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.line_file import Line, LineFile
from ragcli.sessions.records.lines import LineCodec, salvage, seq_of
from ragcli.sessions.records.records import Record
from ragcli.storage.files import write_all

_BUFFER = 1 << 20
_ACCOUNT = ("dropped", "altered")
"""Fields of a redaction that say which records it touched; the rest is its note."""


class LineLog(Protocol):
    """What rewriting needs of a log in a file; `local_log` has it."""

    codec: LineCodec

    def reading(self) -> AbstractContextManager[LineFile | None]:
        """Yields the file as it is now; None when there is none yet."""

    def writing(self) -> AbstractContextManager[LineFile]:
        """Holds the lock and yields the file."""

    def replacing(self) -> AbstractContextManager[int]:
        """Yields a descriptor whose bytes take the file's place on leaving."""

    def last(self, file: LineFile) -> Record | None:
        """Returns the last whole record."""

    def decode(self, file: LineFile, line: Line) -> tuple[Record, int, int]:
        """Returns a line's record, which part of its batch it is, and of how many."""

    def quarantine(self, name: str, data: bytes) -> None:
        """Keeps bytes that are no records of ours any more."""


@dataclass(slots=True)
class _Plan:
    """What a rewrite will do, by sequence number."""

    lines: dict[int, bytes] = field(default_factory=dict)
    """New lines of those that cannot be copied as they are; empty to drop one."""
    dropped: set[int] = field(default_factory=set)
    altered: set[int] = field(default_factory=set)
    count: int = 0
    """How many records `change` dropped or altered."""


@frozen
class Damage:
    """A line that is not what was written."""

    line: int
    """Its number in the file, from 1."""
    data: bytes
    reason: str


@frozen
class Repaired:
    """What a repair has done besides putting records in order."""

    moved: int
    """Damaged lines that are in quarantine now."""
    lost: int
    """Numbers of records that are gone, those of damaged lines among them."""


def rewrite(
    log: LineLog,
    file: LineFile,
    change: Callable[[Record], Record | None],
    note: Mapping[str, Any],
) -> int:
    """Applies `change` to every record; returns how many it dropped or altered.

    Call it while writing. A redaction with the very same note is folded into the
    new one, so that a yearly expiry leaves one record, not hundreds.
    """
    plan = _Plan()
    for line in file.forwards(0, file.end):
        record, _, of = log.decode(file, line)
        _decide(log, plan, record, change, note)
        if of > 1:  # its batch may lose members; it is complete in any case
            plan.lines.setdefault(record.seq, log.codec.encode(record))
    if plan.count:
        last = log.last(file)
        lines = _copied(file, plan)
        _replace(log, lines, _redaction(plan, note, last))
    return plan.count


def _decide(
    log: LineLog,
    plan: _Plan,
    record: Record,
    change: Callable[[Record], Record | None],
    note: Mapping[str, Any],
) -> None:
    """Enters one record into the plan."""
    if record.kind == "redaction":
        if {k: v for k, v in record.body.items() if k not in _ACCOUNT} == dict(note):
            plan.dropped |= {record.seq, *ranges.unpack(record.body["dropped"])}
            plan.altered |= {*ranges.unpack(record.body["altered"])}
            plan.lines[record.seq] = b""
        return
    changed = change(record)
    if changed == record:
        return
    plan.count += 1
    if changed is None:
        plan.dropped.add(record.seq)
        plan.lines[record.seq] = b""
    else:
        plan.altered.add(record.seq)
        plan.lines[record.seq] = log.codec.encode(changed)


def _copied(file: LineFile, plan: _Plan) -> Iterator[bytes]:
    """Yields the lines of the new file."""
    for line in file.forwards(0, file.end):
        yield plan.lines.get(seq_of(line.data) or 0, line.data)


def _redaction(plan: _Plan, note: Mapping[str, Any], last: Record | None) -> Record:
    head = max(last.seq if last else 0, max(plan.dropped, default=0))
    body = {
        **note,
        "dropped": ranges.pack(plan.dropped),
        "altered": ranges.pack(plan.altered - plan.dropped),
    }
    return Record(head + 1, new_id(), head, now(), "redaction", body)


def _replace(log: LineLog, lines: Iterator[bytes], end: Record) -> None:
    """Puts a new file in place of the log, durably."""
    with log.replacing() as target:
        pending: list[bytes] = []
        size = 0
        for line in lines:
            pending.append(line)
            size += len(line)
            if size >= _BUFFER:
                write_all(target, b"".join(pending))
                pending, size = [], 0
        write_all(target, b"".join([*pending, log.codec.encode(end)]))


def scan(log: LineLog) -> Iterator[Record | Damage]:
    """Yields every record, and what stands where one should; stops at nothing.

    Raises:
        NewerFormat: That is no damage.
    """
    with log.reading() as file:
        if file is None:
            return
        for number, line in enumerate(file.forwards(0, file.end), 1):
            try:
                yield log.decode(file, line)[0]
            except HistoryDamaged as error:
                yield Damage(number, line.data, error.message)
        if file.end < file.size:
            torn = file.read(file.end, file.size)
            yield Damage(file.line_number(file.end), torn, "an unfinished record")


def repair(log: LineLog, *, head: int = 0) -> Repaired | None:
    """Moves damaged lines to quarantine and keeps every sound record, in order.

    Args:
        log: The log.
        head: The last number that is known to have been given out, or 0.

    Returns:
        What was done; None if all was well. A `redaction` record names what is
        lost from now on.
    """
    with log.writing() as file:
        kept, moved, gone = _sorted_out(log, file, head)
        order = [record.seq for record in kept]
        if not moved and not gone and order == sorted(order):
            return None
        for data in moved:
            log.quarantine("damaged", data)
        kept.sort(key=lambda record: record.seq)
        plan = _Plan(dropped=gone)
        last = kept[-1] if kept else None
        lines = (log.codec.encode(record) for record in kept)
        _replace(log, lines, _redaction(plan, {"reason": "repair"}, last))
    return Repaired(len(moved), len(gone))


def _sorted_out(
    log: LineLog, file: LineFile, head: int
) -> tuple[list[Record], list[bytes], set[int]]:
    """Returns the sound records, the damaged lines, and the numbers that are lost."""
    kept: dict[int, Record] = {}
    moved: list[bytes] = []
    behind = 0
    for line in file.forwards(0, file.end):
        found, whole = _sound_records(log, line.data)
        fresh = {record.seq: record for record in found if record.seq not in kept}
        kept |= fresh
        if not (whole and fresh):
            moved.append(line.data)
        behind = 0 if found else behind + 1
    present = set(kept)
    for record in kept.values():
        if record.kind == "redaction":
            present |= set(ranges.unpack(record.body["dropped"]))
    # Numbers are never given out twice.
    last = max(head, max(present, default=0) + behind)
    return list(kept.values()), moved, set(range(1, last + 1)) - present


def _sound_records(log: LineLog, data: bytes) -> tuple[list[Record], bool]:
    """Returns the records in a line, and whether it is one record and no more."""
    with suppress(HistoryDamaged):
        return [batches.taken(log.codec.decode(data))[0]], True
    found = []
    for candidate in salvage(data):
        with suppress(HistoryDamaged):
            found.append(batches.taken(log.codec.decode(candidate))[0])
    return found, False
