"""Which ids a log already holds, without reading all of it.

An id tells when it was made (UUIDv7), and a record is appended after its id was
made. So the records to look through are the ones since then, a handful; they are
remembered, and the next look reads only what came after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from ragcli.errors import HistoryDamaged
from ragcli.sessions.identifiers import minted
from ragcli.sessions.line_file import Line, LineFile
from ragcli.sessions.records import Record

_CLOCK_STEP = 120.0
"""Seconds by which the clock may be set back between making an id and using it."""
_ALWAYS = 16
"""Records that are looked through whatever their time."""
_MARK = 32
"""Bytes before a known offset that must not have changed; they hold a checksum."""


class RecentIds:
    """The ids of the newest records of one log.

    Args:
        decode: Reads a line, placing an error in the file.
    """

    def __init__(self, decode: Callable[[LineFile, Line], Record]) -> None:
        self._decode = decode
        self.forget()

    def forget(self) -> None:
        """Starts anew: the log was rewritten."""
        self._identity: tuple[int, int] | None = None
        self._start = self._end = 0
        self._mark = b""
        self._ids: dict[str, tuple[int, int]] = {}
        self._oldest = float("inf")

    def find(self, file: LineFile, wanted: Iterable[str]) -> dict[str, Record]:
        """Returns those records of `file` that have a wanted id."""
        wanted = list(wanted)
        if not self._continues(file):
            self.forget()
            self._identity = file.identity
            self._start = self._end = file.end
        for line in file.forwards(self._end, file.end):
            self._note(file, line)
        self._end = file.end
        self._mark = file.read(max(0, file.end - _MARK), file.end)
        self._reach_back(file, wanted)
        found = {name: self._ids[name] for name in wanted if name in self._ids}
        return {
            name: self._decode(file, Line(start, file.read(start, end)))
            for name, (start, end) in found.items()
        }

    def _continues(self, file: LineFile) -> bool:
        """Tells whether what is known still stands at the start of `file`."""
        if file.identity != self._identity or file.end < self._end:
            return False
        return file.read(max(0, self._end - _MARK), self._end) == self._mark

    def _reach_back(self, file: LineFile, wanted: Iterable[str]) -> None:
        """Looks at older records until none of them can have a wanted id."""
        times = [minted(name) for name in wanted if name not in self._ids]
        since = min((0.0 if t is None else t - _CLOCK_STEP for t in times), default=0)
        older = file.backwards(self._start) if times else iter(())
        while self._oldest >= since or len(self._ids) < _ALWAYS:
            line = next(older, None)
            if line is None:
                return
            self._note(file, line)
            self._start = line.start

    def _note(self, file: LineFile, line: Line) -> None:
        try:
            record = self._decode(file, line)
        except HistoryDamaged:
            return  # no reason to refuse an append; whoever reads it says so
        self._ids[record.id] = (line.start, line.end)
        written = datetime.fromisoformat(record.ts).timestamp()
        self._oldest = min(self._oldest, written)
