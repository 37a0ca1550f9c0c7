"""A line with a sound checksum that is no record of its kind is damage, not a crash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ragcli.errors import HistoryDamaged
from ragcli.sessions.records.record_lines import PlainLines, checksummed

TURN = {"conversation": "c", "question": "q", "answer": "a", "status": "answered"}
SUMMARY = {"conversation": "c", "text": "t", "covers": 1}
CITED = {
    "marker": 1,
    "path": "a.md",
    "page": None,
    "lines": [1, 2],
    "heading": "",
    "score": 0.5,
    "quote": "it waits",
    "verified": True,
}


def line(kind: str, body: Mapping[str, Any]) -> bytes:
    place = {"v": 1, "seq": 9, "id": "i", "parent": 8, "ts": "t", "kind": kind}
    return checksummed({**place, **body})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("turn", TURN),
        ("turn", {**TURN, "citations": [CITED], "batch": [2, 2]}),
        ("summary", SUMMARY),
        ("redaction", {"dropped": [[1, 4], [8, 8]], "altered": []}),
        ("conversation", {}),
        ("of a later version", {"anything": None}),
    ],
)
def test_what_has_the_fields_of_its_kind_is_read(
    kind: str, body: dict[str, object]
) -> None:
    assert PlainLines().decode(line(kind, body)).body == body


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("turn", {k: v for k, v in TURN.items() if k != "conversation"}),
        ("turn", {**TURN, "question": None}),
        ("turn", {**TURN, "citations": [{"marker": 1}]}),
        ("turn", {**TURN, "citations": "none"}),
        ("turn", {**TURN, "batch": 5}),
        ("turn", {**TURN, "batch": [3, 2]}),
        ("summary", {**SUMMARY, "covers": "1"}),
        ("redaction", {"altered": []}),
        ("redaction", {"dropped": [[1, 9]], "altered": []}),
        ("redaction", {"dropped": [[1, 10**15]], "altered": []}),
        ("redaction", {"dropped": [5], "altered": []}),
    ],
)
def test_what_lacks_them_is_damage(kind: str, body: dict[str, object]) -> None:
    with pytest.raises(HistoryDamaged, match=f"record 9: it is no {kind} of ours"):
        PlainLines().decode(line(kind, body))
