"""A profile's history in memory: lines by number, as a file would hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ragcli.errors import HistoryDamaged
from ragcli.sessions.memory.shelf import MemoryProfile
from ragcli.sessions.records import record_batches
from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Draft, Record
from ragcli.sessions.records.rewrite_plan import Change, RewritePlan, Watch


class MemoryLog:
    """The `Log` of a profile in memory.

    Args:
        profile: The profile.
        codec: How records are written.
    """

    def __init__(self, profile: MemoryProfile, codec: LineCodec) -> None:
        self._profile = profile
        self.codec = codec

    def append(
        self, drafts: Sequence[Draft], *, parent: int = 0, expect: int | None = None
    ) -> list[Record]:
        """Appends all of `drafts`, or none; see `Log.append`."""
        profile = self._profile
        with profile.changing():
            fresh = {d.id: d for d in drafts if d.id not in profile.ids}
            head = profile.head
            if fresh and expect is not None and head != expect:
                raise record_batches.conflict(head, expect)
            placed = record_batches.numbered(fresh.values(), head, parent)
            lines = [self.codec.encode(record) for record in placed]
            for record, line in zip(placed, lines, strict=True):
                profile.lines[record.seq] = line
                profile.ids[record.id] = record.seq
            return [self._record(profile.ids[draft.id]) for draft in drafts]

    def head(self) -> int:
        """Returns the last record's seq; 0 for an empty log."""
        return self._profile.head

    def newest(self, before: int | None = None) -> Iterator[Record]:
        """Yields records from the last one (before `before`) backwards."""
        lines = dict(self._profile.lines)
        for seq in sorted(lines, reverse=True):
            if before is None or seq < before:
                yield self.codec.decode(lines[seq])

    def since(self, seq: int = 0) -> Iterator[Record]:
        """Yields the records after `seq`, oldest first; see `Log.since`."""
        lines = dict(self._profile.lines)
        for number in sorted(lines):
            if number > seq:
                yield self.codec.decode(lines[number])

    def entries(self) -> Iterator[tuple[int, Record | HistoryDamaged]]:
        """Yields every entry's number, and its record or what is wrong with it."""
        for number, line in dict(self._profile.lines).items():
            try:
                yield number, self.codec.decode(line)
            except HistoryDamaged as error:
                yield number, error

    def rewrite(
        self, change: Change, note: Mapping[str, Any], watch: Watch | None = None
    ) -> int:
        """Replaces every record by `change(record)`; see `Log.rewrite`."""
        profile, plan = self._profile, RewritePlan(change, note, watch)
        with profile.changing():
            decided = [plan.decide(record) for record in self.since()]
            if plan.count:
                end = plan.end()
                remaining = [record for record in decided if record is not None] + [end]
                profile.lines = {r.seq: self.codec.encode(r) for r in remaining}
                profile.ids = {record.id: record.seq for record in remaining}
                plan.done(end)
        return plan.count

    def wait(self, seq: int, timeout: float) -> bool:
        """Waits for a record after `seq`; tells if one came."""
        profile = self._profile
        with profile.changed:
            return profile.changed.wait_for(lambda: profile.head > seq, timeout)

    def _record(self, seq: int) -> Record:
        return self.codec.decode(self._profile.lines[seq])
