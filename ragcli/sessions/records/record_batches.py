"""Drafts become records, and those that are appended together count only together.

Each of these carries `[part, of]`, so that a reader knows half a batch for what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ragcli.errors import Conflict
from ragcli.sessions.records.clock import now
from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_shapes import BATCH
from ragcli.sessions.records.record_types import Draft, Record


def numbered(drafts: Iterable[Draft], head: int, parent: int) -> list[Record]:
    """Returns drafts as the records after `head`; all of them have one time.

    Args:
        drafts: What is appended.
        head: The last record's seq; 0 for an empty log.
        parent: The head that their writer had seen.
    """
    stamp = now()  # the order is that of the numbers, whatever the clock says
    return [
        Record(seq, draft.id, parent, stamp, draft.kind, draft.body)
        for seq, draft in enumerate(drafts, head + 1)
    ]


def conflict(head: int, expected: int | None) -> Conflict:
    """Returns the error for a log that others have appended to."""
    return Conflict(
        f"the history is at {head}, not at {expected}",
        "read what was added and ask again",
    )


def lines(codec: LineCodec, records: Sequence[Record]) -> list[bytes]:
    """Returns the lines of records that count only together."""
    if len(records) == 1:
        return [codec.encode(records[0])]
    return [
        codec.encode(replace(record, body={**record.body, BATCH: [part, len(records)]}))
        for part, record in enumerate(records, 1)
    ]


def taken(record: Record) -> tuple[Record, int, int]:
    """Returns a record as it was appended, its part of a batch, and of how many."""
    if BATCH not in record.body:
        return record, 1, 1
    body = dict(record.body)
    part, of = body.pop(BATCH)
    return replace(record, body=body), part, of
