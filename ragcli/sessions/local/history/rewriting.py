"""Rewriting a local log: redaction, deletion, expiry, repair.

The new file is written beside the old one and takes its name in one rename, so
that readers and a crash see either. What a rewrite does is in `records.plan`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol

from ragcli.errors import HistoryDamaged
from ragcli.frozen import frozen
from ragcli.sessions.records import ranges, record_batches
from ragcli.sessions.records.line_file import LineFile, StoredLine
from ragcli.sessions.records.lines import LineCodec, salvage, seq_of
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.records.rewrite_plan import Change, RewritePlan, redaction
from ragcli.storage.files import write_all

_BUFFER = 1 << 20


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

    def decode(self, file: LineFile, line: StoredLine) -> tuple[Record, int, int]:
        """Returns a line's record, which part of its batch it is, and of how many."""

    def quarantine(self, name: str, data: bytes) -> None:
        """Keeps a copy of bytes that cannot be read as records."""


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
    """Damaged lines that were moved to quarantine."""
    lost: int
    """Numbers of lost records, those of damaged lines included."""


def rewrite(
    log: LineLog, file: LineFile, change: Change, note: Mapping[str, Any]
) -> int:
    """Carries a rewrite out; returns how many records it dropped or altered.

    Call it while writing.
    """
    plan = RewritePlan(change, note)
    lines: dict[int, bytes] = {}
    for line in file.forwards(0, file.end):
        record, _, of = log.decode(file, line)
        kept = plan.decide(record)
        if kept is None:
            lines[record.seq] = b""
        elif kept is not record or of > 1:
            # A batch may lose members; it is complete in any case.
            lines[record.seq] = log.codec.encode(kept)
    if plan.count:
        every = file.forwards(0, file.end)
        _replace(log, (_copied(line, lines) for line in every), plan.end())
    return plan.count


def _copied(line: StoredLine, lines: Mapping[int, bytes]) -> bytes:
    """Returns what stands for a line in the new file."""
    return lines.get(seq_of(line.data) or 0, line.data)


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
    """Yields every record, and the damage where one should be; never stops early.

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
        last = max([*gone, *(record.seq for record in kept[-1:])], default=0)
        lines = (log.codec.encode(record) for record in kept)
        _replace(log, lines, redaction({"reason": "repair"}, last, gone))
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
        return [record_batches.taken(log.codec.decode(data))[0]], True
    found = []
    for candidate in salvage(data):
        with suppress(HistoryDamaged):
            found.append(record_batches.taken(log.codec.decode(candidate))[0])
    return found, False
