"""Turns as records, and back.

What a record says beyond what this version knows is kept in the log and ignored
here; what it leaves out has the field's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from ragcli.sessions.records.record_types import (
    Citation,
    CitedQuote,
    Draft,
    Record,
    Turn,
)

WRITTEN = "written"
"""Field of a copied turn: when the original was stored. It does not get younger."""

_OUTSIDE_BODY = frozenset({"id", "seq", "ts", "versions"})
_TURN_FIELDS = tuple(f.name for f in fields(Turn) if f.name not in _OUTSIDE_BODY)
_KEPT = ("conversation", "question", "answer", "status")
_CITATION_FIELDS = {field.name for field in fields(Citation)}


def to_draft(turn: Turn, *, written: str = "") -> Draft:
    """Returns what to append for `turn`; empty fields are left out."""
    body = {name: getattr(turn, name) for name in _TURN_FIELDS}
    body = {name: value for name, value in body.items() if value or name in _KEPT}
    if turn.query == turn.question and _was_searched(body):
        body.pop("query", None)  # an empty one was left out already
    if turn.citations:
        body["citations"] = tuple(map(_body, turn.citations))
    if written:
        body[WRITTEN] = written
    return Draft("turn", body, turn.id)


def from_record(record: Record) -> Turn:
    """Returns the turn that a record of that kind stands for."""
    known = {k: v for k, v in record.body.items() if k in _TURN_FIELDS}
    known["citations"] = tuple(_citation(item) for item in known.get("citations", ()))
    known["retrieved"] = tuple(known.get("retrieved", ()))
    known["pasted"] = tuple(known.get("pasted", ()))
    known["unsupported"] = tuple(known.get("unsupported", ()))
    if "query" not in known and _was_searched(known):
        known["query"] = known["question"]
    return Turn(id=record.id, seq=record.seq, ts=written(record), **known)


def _was_searched(body: Mapping[str, Any]) -> bool:
    """Tells whether documents were searched for a turn.

    What was searched for is stored only where it is not just the question.
    """
    return bool(body.get("snapshot") or body.get("retrieved"))


def written(record: Record) -> str:
    """Returns when a record's content was first stored."""
    return str(record.body.get(WRITTEN) or record.ts)


def _body(citation: Citation) -> dict[str, Any]:
    """Returns a citation as it is stored.

    `quotes` stands there where there are several, `attached`, `copies`, `read` and
    `part` where there is something to tell.
    """
    body = asdict(citation)
    if not citation.attached:
        del body["attached"]
    if not citation.read:
        del body["read"]
    if not citation.part:
        del body["part"]
    if not citation.quotes:
        del body["quotes"]
    if not citation.copies:
        del body["copies"]
    for quote in body.get("quotes", ()):
        if not quote["attached"]:
            del quote["attached"]
    return body


def _citation(item: Mapping[str, Any]) -> Citation:
    known = {k: v for k, v in item.items() if k in _CITATION_FIELDS}
    if known.get("lines"):
        known["lines"] = tuple(known["lines"])
    known["quotes"] = tuple(map(_quote, known.get("quotes", ())))
    return Citation(**known)


def _quote(item: Mapping[str, Any]) -> CitedQuote:
    lines = item.get("lines")
    return CitedQuote(
        text=str(item.get("text", "")),
        lines=(int(lines[0]), int(lines[1])) if lines else None,
        page=item.get("page"),
        attached=bool(item.get("attached")),
    )
