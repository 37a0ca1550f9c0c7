"""What a rewrite of the log takes out, and what must go with it.

A summary speaks of turns: when one of them is erased or masked, so is the summary.
A turn that replaced an erased one stands for itself from then on. A title that was
taken from an erased question is taken from the oldest that is left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ragcli.sessions.history import masking
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.record_types import Record, Turn
from ragcli.sessions.records.rewrite_plan import Change
from ragcli.text import safe_line

UNTITLED = "untitled"
"""Title of a conversation whose questions were all erased."""

FORK_MARK = " (fork)"
"""End of a title that a fork has from its origin."""

_TITLE_WIDTH = 60
_TELLING = 8
"""Characters of a text that is not found in side copies by chance."""


def erase(session: Session, reason: str, change: Change) -> int:
    """Rewrites the log and says so in the audit log; returns how many changed."""
    count = session.log.rewrite(change, {"reason": reason})
    if count:
        session.audit.record(f"history.{reason}", records=count)
    return count


def remembering(change: Change, gone: list[Record]) -> Change:
    """Returns the same change, which also adds to `gone` what it takes out."""

    def remembered(record: Record) -> Record | None:
        changed = change(record)
        if changed is None:
            gone.append(record)
        return changed

    return remembered


def without(records: Iterable[Record], dropped: set[str]) -> Change:
    """Returns the change that takes out the records of these ids.

    Called oldest first, as a rewrite does.
    """
    holes: dict[str, int] = {}
    titles = _titles_anew([*records], dropped)

    def change(record: Record) -> Record | None:
        if record.id in dropped:
            _note_hole(holes, record)
            return None
        if _speaks_of(record, holes):
            return None
        if record.id in titles:
            return replace(record, body={**record.body, "title": titles[record.id]})
        if record.body.get("replaces") in dropped:
            body = {k: v for k, v in record.body.items() if k != "replaces"}
            return replace(record, body=body)
        return record

    return change


def conversation_gone(conversation: str) -> Change:
    """Returns the change that takes out all records of a conversation."""

    def change(record: Record) -> Record | None:
        names = {record.id, record.body.get("conversation")}
        return None if conversation in names else record

    return change


def turn_gone(records: Iterable[Record], turn: Turn) -> Change:
    """Returns the change that takes out a turn, and those it had replaced.

    Otherwise an answer that was replaced long ago would come back into sight.
    """
    known = [*records]
    replaced = {r.id: str(r.body.get("replaces", "")) for r in known}
    dropped: set[str] = set()
    name = turn.id
    while name and name not in dropped:
        dropped.add(name)
        name = replaced.get(name, "")
    return without(known, dropped)


def masked(expression: re.Pattern[str]) -> Change:
    """Returns the change that masks every match in stored texts."""
    holes: dict[str, int] = {}

    def change(record: Record) -> Record | None:
        if _speaks_of(record, holes):
            return None
        body = masking.masked(expression, record.body)
        if body == _as_json(record.body):
            return record
        _note_hole(holes, record)
        return replace(record, body=body)

    return change


def superseded(records: Iterable[Record]) -> Change:
    """Returns the change that takes out what nobody can see any more.

    Replaced turns, titles and summaries that later ones took the place of, and what
    belongs to conversations that are gone.
    """
    dropped: set[str] = set()
    latest: dict[tuple[str, str], str] = {}
    known: set[str] = set()
    for record in records:
        owner = str(record.body.get("conversation", ""))
        if record.kind == "turn":
            known.add(owner)
            dropped |= {str(record.body.get("replaces", ""))} - {""}
        elif record.kind == "conversation" and not owner:
            known.add(record.id)
        elif record.kind in {"conversation", "summary"}:
            dropped |= {latest.get((record.kind, owner), record.id)} - {record.id}
            latest[record.kind, owner] = record.id
    dropped |= {name for (_, owner), name in latest.items() if owner not in known}

    def change(record: Record) -> Record | None:
        if record.id in dropped:
            return None
        if record.body.get("replaces") in dropped:
            body = {k: v for k, v in record.body.items() if k != "replaces"}
            return replace(record, body=body)
        return record

    return change


def holds(expression: re.Pattern[str], data: bytes) -> bool:
    """Tells whether a side copy holds what is to be gone."""
    return bool(expression.search(data.decode("utf-8", "replace")))


def tells_of(gone: Sequence[Record], data: bytes) -> bool:
    """Tells whether a side copy holds something of records that are gone."""
    text = data.decode("utf-8", "replace")
    return any(needle in text for record in gone for needle in _needles(record))


def _needles(record: Record) -> list[str]:
    """Returns a record's id and texts, as lines of the log have them."""
    texts = [record.body.get(name) for name in ("question", "answer", "title", "text")]
    quoted = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts if text]
    return [record.id, *(text for text in quoted if len(text) >= _TELLING)]


def _titles_anew(records: list[Record], dropped: set[str]) -> dict[str, str]:
    """Returns new titles, by record, for those that quote an erased question."""
    replaced = {record.body.get("replaces") for record in records} - {None, ""}
    erased: dict[str, list[str]] = {}
    left: dict[str, str] = {}
    for record in records:
        if record.kind == "turn":
            owner, asked = str(record.body["conversation"]), record.body["question"]
            if record.id in dropped:
                erased.setdefault(owner, []).append(str(asked))
            elif record.id not in replaced:
                left.setdefault(owner, str(asked))
    titles: dict[str, str] = {}
    for record in records:
        owner = str(record.body.get("conversation") or record.id)
        title = str(record.body.get("title", ""))
        if any(_quotes(title, question) for question in erased.get(owner, ())):
            titles[record.id] = safe_line(left.get(owner, ""), _TITLE_WIDTH) or UNTITLED
    return titles


def _quotes(title: str, question: str) -> bool:
    """Tells whether a title was taken from a question."""
    begun = title
    while begun.endswith(FORK_MARK):
        begun = begun.removesuffix(FORK_MARK)
    begun = begun.removesuffix("…")
    return bool(begun) and safe_line(question).startswith(begun)


def _note_hole(holes: dict[str, int], record: Record) -> None:
    """Remembers the first turn of a conversation that is no longer what it was."""
    if record.kind == "turn":
        holes.setdefault(str(record.body["conversation"]), record.seq)


def _speaks_of(record: Record, holes: dict[str, int]) -> bool:
    """Tells whether a summary covers a turn that is no longer what it was."""
    if record.kind != "summary":
        return False
    hole = holes.get(str(record.body["conversation"]))
    return hole is not None and int(record.body["covers"]) >= hole


def _as_json(body: object) -> object:
    """Returns a body as masking returns it: lists for tuples."""
    if isinstance(body, dict):
        return {name: _as_json(value) for name, value in body.items()}
    if isinstance(body, list | tuple):
        return [_as_json(value) for value in body]
    return body
