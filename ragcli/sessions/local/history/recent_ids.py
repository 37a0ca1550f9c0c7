"""Which ids a log already holds, without reading all of it.

An id tells when it was made (UUIDv7), and a record is appended after its id was
made. So the records to look through are the ones since then, a handful; they are
remembered, and the next look reads only what came after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from time import time

from ragcli.errors import HistoryDamaged
from ragcli.sessions.records.identifiers import minted
from ragcli.sessions.records.line_file import LineFile, StoredLine
from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Record

_CLOCK_STEP = 120.0
"""Seconds by which the clock may be set back between making an id and using it."""
_BLOCK = 64 << 10
"""Bytes that are looked through at least, whatever the time of their records."""
_MARK = 32
"""Bytes before a known offset that must not have changed; they hold a checksum."""


class RecentIds:
    """The ids of the newest records of one log.

    Args:
        codec: Says which ids lines give themselves.
        decode: Reads a line, placing an error in the file.
    """

    def __init__(
        self, codec: LineCodec, decode: Callable[[LineFile, StoredLine], Record]
    ) -> None:
        self._codec = codec
        self._decode = decode
        self.forget()

    def forget(self) -> None:
        """Starts anew: the log was rewritten."""
        self._identity: tuple[int, int] | None = None
        self._start = self._end = 0
        self._mark = b""
        self._ids: set[str] = set()
        self._oldest = float("inf")

    def find(self, file: LineFile, wanted: Iterable[str]) -> dict[str, Record]:
        """Returns those records of `file` that have a wanted id."""
        wanted = list(wanted)
        if not self._continues(file):
            self.forget()
            self._identity = file.identity
            self._start = self._end = file.end
        self._note(file.read(self._end, file.end))
        self._end = file.end
        self._mark = file.read(max(0, file.end - _MARK), file.end)
        self._reach_back(file, wanted)
        possible = self._ids.intersection(wanted)
        return self._records(file, possible) if possible else {}

    def _continues(self, file: LineFile) -> bool:
        """Tells whether what is known still stands at the start of `file`."""
        if file.identity != self._identity or file.end < self._end:
            return False
        return file.read(max(0, self._end - _MARK), self._end) == self._mark

    def _reach_back(self, file: LineFile, wanted: Iterable[str]) -> None:
        """Looks at older records until none of them can have a wanted id."""
        latest = time() + _CLOCK_STEP  # an id from the future tells nothing
        minted_at = (minted(name) for name in wanted if name not in self._ids)
        times = [None if t is None or t > latest else t for t in minted_at]
        since = min((0.0 if t is None else t - _CLOCK_STEP for t in times), default=0)
        while times and self._start and self._oldest >= since:
            end, self._start = self._start, file.line_start(self._start - _BLOCK)
            first = self._note(file.read(self._start, end))
            self._oldest = min(self._oldest, _moment(first))

    def _note(self, lines: bytes) -> str:
        """Remembers the ids of some lines; returns the time of the oldest."""
        ids, first = self._codec.ids(lines)
        self._ids.update(ids)
        return first

    def _records(self, file: LineFile, wanted: set[str]) -> dict[str, Record]:
        """Returns the records that have a wanted id, damaged ones left out."""
        records: dict[str, Record] = {}
        for line in file.forwards(self._start, self._end):
            with suppress(HistoryDamaged):  # whoever reads it says so
                record = self._decode(file, line)
                if record.id in wanted:
                    records[record.id] = record
        return records


def _moment(written: str) -> float:
    """Returns a record's time in seconds since 1970; endless for no time at all."""
    try:
        return datetime.fromisoformat(written).timestamp()
    except ValueError:
        return float("inf")
