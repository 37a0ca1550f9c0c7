"""Rewriting a local log: redaction, deletion, expiry, repair.

The new file is written beside the old one and takes its name in one rename, so
that readers and a crash see either. What a rewrite does is in `records.rewrite_plan`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Any, Protocol

from ragcli.errors import HistoryDamaged
from ragcli.frozen import frozen
from ragcli.sessions.records import ranges, record_batches
from ragcli.sessions.records.line_file import LineFile, StoredLine
from ragcli.sessions.records.record_lines import LineCodec, salvage
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.records.rewrite_plan import Change, RewritePlan, Watch, redaction
from ragcli.storage.files import write_all

BUFFER = 1 << 20
"""Bytes that are copied at once."""


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
    log: LineLog,
    file: LineFile,
    change: Change,
    note: Mapping[str, Any],
    watch: Watch | None = None,
) -> int:
    """Carries a rewrite out; returns how many records it dropped or altered.

    Call it while writing. One record is held at a time, however many there are.
    """
    plan = RewritePlan(change, note, watch)
    with ExitStack() as stack:
        new = _NewFile(log, file)
        for line in file.forwards(0, file.end):
            record, part, of = log.decode(file, line)
            if part == 1:
                new.batch = line.start
            kept = plan.decide(record)
            if plan.count and not new.begun:
                new.begin(stack.enter_context(log.replacing()), line.start)
            if kept is record and (of == 1 or not new.begun):
                new.copy(line)
            elif kept is not None:
                # A batch may lose members; it is complete in any case.
                new.write(log.codec.encode(kept))
        if not plan.count:
            return 0
        end = plan.end()
        new.write(log.codec.encode(end))
        new.flush()
    plan.done(end)
    return plan.count


class _NewFile:
    """What takes a log's place: begun where the first record changes.

    Until then it is told in spans of the old file, so that a rewrite that finds
    nothing writes nothing.

    Args:
        log: The log.
        file: Its file.
    """

    def __init__(self, log: LineLog, file: LineFile) -> None:
        self._log = log
        self._file = file
        self._target = -1
        self._spans: list[tuple[int, int]] = []
        self._pending: list[bytes] = []
        self._size = 0
        self.batch = 0
        """Where the batch of the last line begins."""

    @property
    def begun(self) -> bool:
        """Tells whether anything is written."""
        return self._target >= 0

    def begin(self, target: int, end: int) -> None:
        """Writes what stays of the old file before the offset `end`.

        The batch that ends there is told anew, record by record.
        """
        self._target = target
        for start, stop in self._spans:
            for at in range(start, min(stop, self.batch), BUFFER):
                self.write(self._file.read(at, min(at + BUFFER, stop, self.batch)))
        for line in self._file.forwards(self.batch, end):
            self.write(self._log.codec.encode(self._log.decode(self._file, line)[0]))

    def copy(self, line: StoredLine) -> None:
        """Takes a line over as it is."""
        if self.begun:
            self.write(line.data)
        elif self._spans and self._spans[-1][1] == line.start:
            self._spans[-1] = (self._spans[-1][0], line.end)
        else:
            self._spans.append((line.start, line.end))

    def write(self, data: bytes) -> None:
        """Writes whole lines, some at a time."""
        self._pending.append(data)
        self._size += len(data)
        if self._size >= BUFFER:
            self.flush()

    def flush(self) -> None:
        """Writes what waits."""
        write_all(self._target, b"".join(self._pending))
        self._pending, self._size = [], 0


def _replace(log: LineLog, records: Iterable[Record], file: LineFile) -> None:
    """Puts these records in place of the log, durably."""
    with log.replacing() as target:
        new = _NewFile(log, file)
        new.begin(target, 0)
        for record in records:
            new.write(log.codec.encode(record))
        new.flush()


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
        sound, moved, lost = _sorted_out(log, file, head)
        order = [record.seq for record in sound]
        if not moved and not lost and order == sorted(order):
            return None
        for data in moved:
            log.quarantine("damaged", data)
        sound.sort(key=lambda record: record.seq)
        ends = [*(run[1] for run in lost), *(record.seq for record in sound[-1:])]
        last = max(ends, default=0)
        _replace(log, [*sound, redaction({"reason": "repair"}, last, lost)], file)
    return Repaired(len(moved), ranges.count(lost))


def _sorted_out(
    log: LineLog, file: LineFile, head: int
) -> tuple[list[Record], list[bytes], ranges.Runs]:
    """Returns the sound records, the damaged lines, and the numbers that are lost."""
    sound: dict[int, Record] = {}
    moved: list[bytes] = []
    behind = 0
    for line in file.forwards(0, file.end):
        records, is_one_record = _sound_records(log, line.data)
        fresh = {record.seq: record for record in records if record.seq not in sound}
        sound |= fresh
        if not (is_one_record and fresh):
            moved.append(line.data)
        behind = 0 if records else behind + 1
    present: ranges.Runs = []
    for record in sound.values():
        ranges.add(present, record.seq, record.seq)
        if record.kind == "redaction":
            present += record.body["dropped"]
    # Numbers are never given out twice.
    last = max(head, max((run[1] for run in present), default=0) + behind)
    return list(sound.values()), moved, ranges.gaps(present, last)


def _sound_records(log: LineLog, data: bytes) -> tuple[list[Record], bool]:
    """Returns the records in a line, and whether it is one record and no more."""
    with suppress(HistoryDamaged):
        return [record_batches.taken(log.codec.decode(data))[0]], True
    records = []
    for candidate in salvage(data):
        with suppress(HistoryDamaged):
            records.append(record_batches.taken(log.codec.decode(candidate))[0])
    return records, False
