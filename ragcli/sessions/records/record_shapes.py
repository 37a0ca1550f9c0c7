"""Whether a record has the fields that its kind needs, of the types that are read.

A sound checksum only says that nobody changed a line by accident. Another program can
write one, and so can whoever makes a bundle: what is no turn must be damage, told in
one line, not an error in the middle of a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from ragcli.errors import HistoryDamaged
from ragcli.sessions.records.record_types import Citation, Record

REPAIR = "run `ragcli profile verify --repair`; it keeps every sound record"
"""What to do about a record that is damaged."""

BATCH = "batch"
"""Field of a record that counts only together with others; see `record_batches`."""

_NEEDED: Mapping[str, Mapping[str, type]] = {
    "turn": {"conversation": str, "question": str},
    "summary": {"conversation": str, "text": str, "covers": int},
    "redaction": {"dropped": list, "altered": list},
}
"""Kind of a record → the fields that every one of it has."""
_CITATION = frozenset(f.name for f in fields(Citation) if f.default is MISSING)
"""Fields that every citation has."""


def expect_shape(record: Record) -> None:
    """Checks the fields of a record; those that this version does not know are free.

    Raises:
        HistoryDamaged: Names the record, and the field that is wrong.
    """
    body = record.body
    for name, kind in _NEEDED.get(record.kind, {}).items():
        if not isinstance(body.get(name), kind):
            raise _damaged(record, name)
    if record.kind == "redaction":
        for name in ("dropped", "altered"):
            if not all(_is_run(run, record.seq) for run in body[name]):
                raise _damaged(record, name)
    if BATCH in body and not _is_part(body[BATCH]):
        raise _damaged(record, BATCH)
    if body.get("citations") and not _are_citations(body["citations"]):
        raise _damaged(record, "citations")


def _is_run(run: Any, seq: int) -> bool:
    """Tells whether `run` is the first and last number of records before `seq`."""
    return _is_pair(run) and 1 <= run[0] <= run[1] < seq


def _is_part(value: Any) -> bool:
    """Tells whether a value says which part of a batch a record is, and of how many."""
    return _is_pair(value) and 1 <= value[0] <= value[1]


def _is_pair(value: Any) -> bool:
    """Tells whether a value is two whole numbers."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(type(number) is int for number in value)
    )


def _are_citations(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(item, Mapping) and item.keys() >= _CITATION for item in value
    )


def _damaged(record: Record, name: str) -> HistoryDamaged:
    return HistoryDamaged(
        f"record {record.seq}: it is no {record.kind} of ours: see its {name!r}",
        REPAIR,
    )
