"""Records that were appended together, and count only together.

Each carries `[part, of]`, so that a reader knows half a batch for what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_shapes import BATCH
from ragcli.sessions.records.record_types import Record


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
