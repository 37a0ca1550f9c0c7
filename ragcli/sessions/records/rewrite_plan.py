"""What a rewrite of a log does, decided record by record; each log carries it out.

Every rewrite ends with a `redaction` record that names the numbers that are gone or
altered: whoever cached what he read finds it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ragcli.sessions.records import ranges
from ragcli.sessions.records.clock import now
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_types import Record

Change = Callable[[Record], Record | None]
"""Returns what becomes of a record: the same, another one, or None to drop it."""
Watch = Callable[[Record], object]
"""Told of each record that stays and of every redaction, oldest first; anew from the
first one when others were faster and the rewrite begins again."""

_ACCOUNT = ("dropped", "altered")
"""Fields of a redaction that say which records it touched; the rest is its note."""


class RewritePlan:
    """One rewrite of a log, oldest record first.

    Args:
        change: What is wanted.
        note: What the redaction says of it besides. One with the very same note is
            folded into the new one, so that a yearly expiry leaves one record, not
            hundreds.
        watch: Told of what stays.
    """

    def __init__(
        self, change: Change, note: Mapping[str, Any], watch: Watch | None = None
    ) -> None:
        self._change = change
        self._note = dict(note)
        self._watch = watch
        self._dropped: ranges.Runs = []
        self._altered: ranges.Runs = []
        self.head = 0
        """The last record that was decided."""
        self.count = 0
        """How many records were dropped or altered."""

    def decide(self, record: Record) -> Record | None:
        """Returns what becomes of a record: itself, another one, or None for gone."""
        self.head = record.seq
        if record.kind == "redaction":
            self._tell(record)
            return self._folded(record)
        kept = self._changed(record)
        if kept is not None:
            self._tell(kept)
        return kept

    def _changed(self, record: Record) -> Record | None:
        changed = self._change(record)
        if changed == record:
            return record
        self.count += 1
        touched = self._dropped if changed is None else self._altered
        ranges.add(touched, record.seq, record.seq)
        return changed

    def _folded(self, record: Record) -> Record | None:
        body = record.body
        if {k: v for k, v in body.items() if k not in _ACCOUNT} != self._note:
            return record
        self._dropped += [[record.seq, record.seq], *body["dropped"]]
        self._altered += body["altered"]
        return None

    def end(self) -> Record:
        """Returns the redaction that follows the last record that was decided."""
        altered = ranges.without(self._altered, self._dropped)
        return redaction(self._note, self.head, self._dropped, altered)

    def done(self, end: Record) -> None:
        """Is told that the rewrite took place, with the redaction that `end` gave."""
        self._tell(end)

    def _tell(self, record: Record) -> None:
        if self._watch:
            self._watch(record)


def redaction(
    note: Mapping[str, Any],
    head: int,
    dropped: Iterable[Sequence[int]],
    altered: Iterable[Sequence[int]] = (),
) -> Record:
    """Returns the record that says what a rewrite took out of a log.

    Args:
        note: Why.
        head: The last number that was given out.
        dropped: Runs of numbers that are gone.
        altered: Runs of numbers of records that are not what they were.
    """
    account = {"dropped": ranges.merged(dropped), "altered": ranges.merged(altered)}
    return Record(head + 1, new_id(), head, now(), "redaction", {**note, **account})
