"""Turns and their citations as JSON: of an answer just given, and of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ragcli.chat.presentation.passages import path_document, remembered_document

if TYPE_CHECKING:
    from ragcli.sessions.records.record_types import Citation, Turn


def turn_document(turn: Turn, stale: frozenset[int] | None = None) -> dict[str, Any]:
    """Returns the JSON of a turn; citations tell staleness when it is known."""
    return {
        "conversation": turn.conversation,
        "turn": turn.id,
        "question": turn.question,
        "query": turn.query,
        "answer": turn.answer,
        "status": turn.status,
        "model": turn.model,
        **remote_document(turn.remote),
        "snapshot": turn.snapshot,
        "citations": [citation_document(item, stale) for item in turn.citations],
        "unsupported": list(turn.unsupported),
        "passages": [remembered_document(item) for item in turn.retrieved],
        "timings": dict(turn.timings),
        "usage": dict(turn.usage) or None,
        "reasoning": turn.reasoning,
    }


def recorded_document(turn: Turn) -> dict[str, Any]:
    """Returns the JSON of a turn of the history: its number, time and versions too.

    `versions` has their ids, oldest first, and is empty where there is one alone;
    `version` says which of them this is, from 1.
    """
    position = {"seq": turn.seq, "ts": turn.ts}
    several = {"version": turn.version, "versions": list(turn.versions)}
    return {**turn_document(turn), **position, **several}


def remote_document(remote: str) -> dict[str, Any]:
    """Returns whether a prompt left this machine, and for where, as JSON values."""
    return {"remote": bool(remote), "remote_host": remote}


def citation_document(
    citation: Citation, stale: frozenset[int] | None = None
) -> dict[str, Any]:
    """Returns the JSON of one citation."""
    document: dict[str, Any] = {
        "marker": citation.marker,
        **path_document(citation.path, citation.part),
        "page": citation.page,
        "lines": citation.lines,
        "heading": citation.heading,
        "score": citation.score,
        "quote": citation.quote,
        "quotes": [
            {
                "text": quoted_place.text,
                "lines": quoted_place.lines,
                "page": quoted_place.page,
                "attached": quoted_place.attached,
            }
            for quoted_place in citation.places
        ],
        "verified": citation.verified,
        "located": not citation.verified and not citation.attached,
        "attached": citation.attached,
        "copies": citation.copies,
        "source": citation.source,
    }
    if citation.read:
        document["read"] = citation.read
    if stale is not None:
        document["stale"] = citation.marker in stale
    return document
