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
    values = {k: v for k, v in record.body.items() if k in _TURN_FIELDS}
    values["citations"] = tuple(_citation(item) for item in values.get("citations", ()))
    values["retrieved"] = tuple(values.get("retrieved", ()))
    values["pasted"] = tuple(values.get("pasted", ()))
    values["unsupported"] = tuple(values.get("unsupported", ()))
    if "query" not in values and _was_searched(values):
        values["query"] = values["question"]
    return Turn(id=record.id, seq=record.seq, ts=written(record), **values)


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


def _citation(stored: Mapping[str, Any]) -> Citation:
    values = {k: v for k, v in stored.items() if k in _CITATION_FIELDS}
    if values.get("lines"):
        values["lines"] = tuple(values["lines"])
    values["quotes"] = tuple(map(_quote, values.get("quotes", ())))
    return Citation(**values)


def _quote(stored: Mapping[str, Any]) -> CitedQuote:
    lines = stored.get("lines")
    return CitedQuote(
        text=str(stored.get("text", "")),
        lines=(int(lines[0]), int(lines[1])) if lines else None,
        page=stored.get("page"),
        attached=bool(stored.get("attached")),
    )
