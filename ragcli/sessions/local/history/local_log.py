"""A profile's history on a local disk: one file of lines, only ever appended to.

An append is one write and one sync under a short lock. A write that never ended
leaves a torn tail, which the next writer moves to `quarantine/`; several records
that belong together carry `[part, of]`, so that half of them counts as torn too.
Readers take no lock. A failed sync is never tried again (see `sync_data`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from ragcli.errors import HistoryDamaged, NewerFormat, StorageFailed
from ragcli.sessions.local.history.recent_ids import RecentIds
from ragcli.sessions.profile_layout import HISTORY
from ragcli.sessions.records import record_batches
from ragcli.sessions.records.line_file import LineFile, StoredLine
from ragcli.sessions.records.record_lines import LineCodec, located, misplaced, seq_of
from ragcli.sessions.records.record_types import Draft, Record
from ragcli.storage.files import Directory, disk_errors, sync_data, write_once
from ragcli.storage.locking.locks import commit_lock
from ragcli.storage.os_errors import close_reader

if TYPE_CHECKING:
    from ragcli.sessions.records.rewrite_plan import Change, Watch

FILE = HISTORY
LOCK = "history.lock"
QUARANTINE = "quarantine"
_POLL = 0.1
"""Seconds between looks at the file's size while waiting."""


class LocalLog:
    """The `Log` in a profile's directory; see `sessions.protocols`.

    Args:
        directory: The profile; it stays open as long as this object is used.
        codec: How records are written.
        wait: Seconds to wait for the lock.
        notice: Told about every repair, in one line.
    """

    def __init__(
        self,
        directory: Directory,
        codec: LineCodec,
        *,
        wait: float,
        notice: Callable[[str], None],
    ) -> None:
        self.directory = directory
        self.codec = codec
        self._wait = wait
        self._notice = notice
        self._recent = RecentIds(codec, lambda file, line: self.decode(file, line)[0])
        self._decoded: tuple[bytes, Record] | None = None
        """The last line that was decoded: an append looks at the end more than once."""
        self._named: tuple[int, int] | None = None
        """The file whose name is known to be on the disk."""
        self._failed = ""

    def append(
        self, drafts: Sequence[Draft], *, parent: int = 0, expect: int | None = None
    ) -> list[Record]:
        """Appends all of `drafts`, or none; see `Log.append`."""
        with self.writing() as file:
            last = self.last(file)
            stored = self._recent.find(file, [draft.id for draft in drafts])
            fresh = {d.id: d for d in drafts if d.id not in stored}
            if fresh:
                head = last.seq if last else 0
                if expect is not None and head != expect:
                    raise record_batches.conflict(head, expect)
                placed = record_batches.numbered(fresh.values(), head, parent)
                self._write(file, b"".join(record_batches.lines(self.codec, placed)))
                stored |= {record.id: record for record in placed}
        return [stored[draft.id] for draft in drafts]

    def head(self) -> int:
        """Returns the last record's seq; 0 for an empty log."""
        return next((record.seq for record in self.newest()), 0)

    def newest(self, before: int | None = None) -> Iterator[Record]:
        """Yields records from the last one (before `before`) backwards."""
        with self.reading() as file:
            if file is None:
                return
            end = self._committed(file)
            if before is not None:
                end = file.find(before, end)
            following = None
            for line in file.backwards(end):
                record = self.decode(file, line)[0]
                if following and record.seq >= following.seq:
                    raise misplaced(self._location(file, line), record.seq)
                yield record
                following = record

    def since(self, seq: int = 0) -> Iterator[Record]:
        """Yields the records after `seq`, oldest first; see `Log.since`."""
        with self.reading() as file:
            if file is None:
                return
            end = self._committed(file)
            start = file.find(seq + 1, end) if seq else 0
            for line in file.forwards(start, end):
                record = self.decode(file, line)[0]
                if record.seq <= seq:
                    raise misplaced(self._location(file, line), record.seq)
                yield record
                seq = record.seq

    def rewrite(
        self, change: Change, note: Mapping[str, Any], watch: Watch | None = None
    ) -> int:
        """Replaces every record by `change(record)`; see `Log.rewrite`."""
        from ragcli.sessions.local.history.rewriting import rewrite

        with self.writing() as file:
            self._recent.forget()
            return rewrite(self, file, change, note, watch)

    def wait(self, seq: int, timeout: float) -> bool:
        """Waits for a record after `seq`; tells if one came."""
        deadline = monotonic() + timeout
        seen: object = None
        while True:
            with self.reading() as file:
                state = (file.identity, file.size) if file else None
            if state != seen and self.head() > seq:
                return True
            seen = state
            remaining = deadline - monotonic()
            if remaining <= 0:
                return False
            sleep(min(_POLL, remaining))

    @contextmanager
    def reading(self) -> Iterator[LineFile | None]:
        """Yields the file as it is now; None when there is none yet."""
        try:
            descriptor = self.directory.open_file(FILE)
        except FileNotFoundError:
            self.directory.expect_standing()
            yield None
            return
        with ExitStack() as stack:
            stack.enter_context(disk_errors(f"{self.directory.path}/{FILE}"))
            stack.callback(close_reader, descriptor)
            yield LineFile(descriptor)

    @contextmanager
    def writing(self) -> Iterator[LineFile]:
        """Holds the lock and yields the file, torn tail mended, its name synced.

        Raises:
            Locked: Others held the lock for too long.
            StorageFailed: A sync failed before, or the file cannot be written.
        """
        if self._failed:
            raise StorageFailed(
                f"{self._failed}; nothing is stored until it is opened again",
                "check the disk, then run it again; what was stored before is whole",
            )
        with ExitStack() as stack:
            stack.enter_context(disk_errors(f"{self.directory.path}/{FILE}"))
            descriptor = -1
            with suppress(FileNotFoundError):  # the lock says why there is none
                # Before the lock, so that others wait less.
                descriptor = self._open(stack)
            stack.enter_context(commit_lock(self.directory, LOCK, wait=self._wait))
            if descriptor < 0 or not os.fstat(descriptor).st_nlink:
                descriptor = self._open(stack)  # it was replaced meanwhile
            file = self._mended(LineFile(descriptor))
            self._sync_name(file)
            yield file

    def _open(self, stack: ExitStack) -> int:
        """Opens the file to be appended to, made if there is none, until it ends."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        descriptor = self.directory.open_file(FILE, flags)
        stack.callback(os.close, descriptor)
        return descriptor

    def last(self, file: LineFile) -> Record | None:
        """Returns the last whole record; one out of place is not taken for it."""
        lines = file.backwards(file.end)
        line = next(lines, None)
        if line is None:
            return None
        record, before = self.decode(file, line)[0], next(lines, None)
        if before and (seq_of(before.data) or 0) >= record.seq:
            raise misplaced(self._location(file, line), record.seq)
        return record

    def decode(self, file: LineFile, line: StoredLine) -> tuple[Record, int, int]:
        """Returns a line's record, which part of its batch it is, and of how many.

        Raises:
            HistoryDamaged, NewerFormat: Names the line.
        """
        if self._decoded and self._decoded[0] == line.data:
            return record_batches.taken(self._decoded[1])
        try:
            record = self.codec.decode(line.data)
        except (HistoryDamaged, NewerFormat) as error:
            raise located(error, self._location(file, line)) from error
        self._decoded = line.data, record
        return record_batches.taken(record)

    def _location(self, file: LineFile, line: StoredLine) -> str:
        return f"{self.directory.path / FILE}:{file.line_number(line.start)}"

    def replacing(self) -> AbstractContextManager[int]:
        """Yields a descriptor whose bytes take the file's place on leaving."""
        return self.directory.replacing(FILE)

    def quarantine(self, name: str, data: bytes) -> None:
        """Keeps a copy of bytes that cannot be read as records."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        with self.directory.child(QUARANTINE, create=True) as directory:
            directory.replace(f"history-{stamp}.{name}", data)
        self._notice(
            f"{len(data)} bytes of the history ({name}) were moved to "
            f"{self.directory.path / QUARANTINE}"
        )

    def _committed(self, file: LineFile) -> int:
        """Returns the offset behind the last record whose batch is complete."""
        line = next(file.backwards(file.end), None)
        if line is None:
            return 0
        with suppress(HistoryDamaged):  # whoever reads as far as this line says so
            _, part, of = self.decode(file, line)
            if part < of:
                return self._batch_start(file, part)
        return file.end

    def _batch_start(self, file: LineFile, part: int) -> int:
        """Returns where a batch begins of which the last line is this part.

        Lines of it may be lost: then it begins where the file does.
        """
        lines = islice(file.backwards(file.end), part)
        return min(line.start for line in lines)

    def _mended(self, file: LineFile) -> LineFile:
        """Moves a torn tail to quarantine; returns the file without it."""
        end = self._committed(file)
        if end == file.size:
            return file
        self.quarantine("torn", file.read(end, file.size))
        os.ftruncate(file.descriptor, end)
        sync_data(file.descriptor)
        return LineFile(file.descriptor)

    def _sync_name(self, file: LineFile) -> None:
        """Makes sure that a power cut cannot take the file's name away.

        Whoever created or replaced the file may have been killed before this; so
        every writer does it for each file that it has not seen before.
        """
        if file.identity == self._named:
            return
        self.directory.sweep(FILE)
        self.directory.sync()
        self._named = file.identity

    def _write(self, file: LineFile, data: bytes) -> None:
        """Writes once and syncs once; on any failure the file is as before."""
        written = False
        try:
            write_once(file.descriptor, data)
            written = True
            sync_data(file.descriptor)
        except BaseException as error:
            if written and isinstance(error, OSError):
                self._failed = f"{self.directory.path / FILE}: {error.strerror}"
            with suppress(OSError):
                os.ftruncate(file.descriptor, file.size)
            raise
