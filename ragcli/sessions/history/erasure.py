"""What a rewrite of the log takes out, and what must go with it.

A summary speaks of turns: when one of them is erased or masked, so is the summary.
Versions of a turn stay versions of one another when one between them is erased; the
last that is left stands for itself. A title that was taken from an erased question is
taken from the oldest that is left.

A log is read as often as it takes, record by record; what is held of it is ids, times
and titles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace

from ragcli.sessions.history import masking, versions
from ragcli.sessions.history.conversations import Threads
from ragcli.sessions.protocols import Session
from ragcli.sessions.records.record_types import Record, Turn
from ragcli.sessions.records.rewrite_plan import Change, Watch
from ragcli.sessions.side_copies import opened
from ragcli.text import safe_line

UNTITLED = "untitled"
"""Title of a conversation whose questions were all erased."""

FORK_MARK = " (fork)"
"""End of a title that a fork has from its origin."""

_TITLE_WIDTH = 60
_QUOTED = 240
"""Characters of an erased question that titles are compared with."""
_TELLING = 8
"""Characters of a text that is not found in side copies by chance."""


Records = Callable[[], Iterable[Record]]
"""Yields the records of a log from the first one, each time it is called."""


def erase(
    session: Session, reason: str, change: Change, watch: Watch | None = None
) -> int:
    """Rewrites the log and says so in the audit log; returns how many changed."""
    count = session.log.rewrite(change, {"reason": reason}, watch)
    if count:
        session.audit.record(f"history.{reason}", records=count)
    return count


class Traces:
    """Finds the side copies that hold something of records that are taken out.

    Args:
        session: The open profile.
    """

    def __init__(self, session: Session) -> None:
        stored = (opened(session, copy) or b"" for copy in session.copies())
        self._copies = {data: data.decode("utf-8", "replace") for data in stored}
        self._telling: set[bytes] = set()

    def of(self, change: Change) -> Change:
        """Returns the same change, which also looks for what it takes out."""

        def looking(record: Record) -> Record | None:
            changed = change(record)
            if changed is None and self._copies:
                self._look_for(_needles(record))
            return changed

        return looking

    def _look_for(self, needles: list[str]) -> None:
        for data, text in self._copies.items():
            if any(needle in text for needle in needles):
                self._telling.add(data)

    def are_in(self, data: bytes) -> bool:
        """Tells whether a side copy with these bytes is one of them."""
        return data in self._telling


def without(records: Records, dropped: Mapping[str, str]) -> Change:
    """Returns the change that takes out some records.

    Args:
        records: All that the log has.
        dropped: Ids of those that go, and the conversation of each.
    """
    titles = Titles(dropped)
    for record in records():
        titles.note(record)
    return taking_out(dropped, titles.anew())


def taking_out(dropped: Container[str], titles: Mapping[str, str]) -> Change:
    """Returns the change that takes out the records of these ids.

    Called oldest first, as a rewrite does.

    Args:
        dropped: The ids.
        titles: New titles, by record; see `Titles`.
    """
    holes: dict[str, int] = {}
    chain = _Chain(dropped)

    def change(record: Record) -> Record | None:
        if record.id in dropped:
            _note_hole(holes, record)
            chain.lose(record)
            return None
        if _speaks_of(record, holes):
            return None
        if record.id in titles:
            record = replace(record, body={**record.body, "title": titles[record.id]})
        return chain.mended(versions.without(record, dropped))

    return change


class _Chain:
    """Versions that replace each other, while some of them are taken out.

    Told of a log's records oldest first.
    """

    def __init__(self, dropped: Container[str]) -> None:
        self._dropped = dropped
        self._before: dict[str, str] = {}
        """What stands for each version that is gone: one before it, or the next."""

    def lose(self, record: Record) -> None:
        """Takes note of a record that is taken out."""
        replaces = str(record.body.get("replaces", ""))
        self._before[record.id] = self._before.get(replaces, replaces)

    def mended(self, record: Record) -> Record:
        """Returns a record that stays, as a version of another one that does."""
        replaces = record.body.get("replaces")
        if not replaces or replaces not in self._dropped:
            return record
        before = self._before.get(replaces, "")
        if not before:
            self._before[replaces] = record.id
            return versions.bare(record, "replaces")
        return replace(record, body={**record.body, "replaces": before})


def conversation_gone(conversation: str) -> Change:
    """Returns the change that takes out all records of a conversation."""

    def change(record: Record) -> Record | None:
        names = {record.id, record.body.get("conversation")}
        return None if conversation in names else record

    return change


def turn_gone(records: Records, turn: Turn, *, whole: bool) -> Change:
    """Returns the change that takes out a turn.

    Args:
        records: All that the log has.
        turn: The turn.
        whole: Whether all its versions go. Otherwise an answer that was replaced long
            ago would come back into sight.
    """
    dropped = {turn.id: turn.conversation}
    if whole:
        listed = Threads()
        for record in records():
            listed.count(record)
        thread = listed.threads.get(turn.conversation)
        several = thread.versions_of(turn.id) if thread else None
        dropped |= dict.fromkeys(several.turns if several else (), turn.conversation)
    return without(records, dropped)


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
    """Returns the change that takes out what is not shown.

    Versions of turns that others are shown in place of, titles and summaries that
    later ones took the place of, and what belongs to conversations that are gone.
    """
    replaced = _Superseded()
    for record in records:
        replaced.note(record)
    dropped = replaced.ids()

    def change(record: Record) -> Record | None:
        if record.id in dropped:
            return None
        if record.body.get("replaces") in dropped:
            return versions.bare(record, "replaces")
        return versions.bare(record, versions.CHOICE)

    return change


class _Superseded:
    """Finds the records that later ones took the place of, told oldest first."""

    def __init__(self) -> None:
        self._listed = Threads()
        self._seqs: dict[str, int] = {}
        """Of all turns."""
        self._latest: dict[tuple[str, str], Record] = {}
        """The last title and summary of each conversation."""
        self._known: set[str] = set()
        """Conversations that have a start or a turn."""
        self._dropped: set[str] = set()

    def note(self, record: Record) -> None:
        """Takes a record in."""
        self._listed.count(record)
        owner = str(record.body.get("conversation", ""))
        if record.kind == "turn":
            self._known.add(owner)
            self._seqs[record.id] = record.seq
        elif record.kind == "conversation" and not owner:
            self._known.add(record.id)
        elif record.kind in {"conversation", "summary"}:
            before = self._latest.get((record.kind, owner))
            self._dropped |= {before.id} if before else set()
            self._latest[record.kind, owner] = record
        self._note_choice(owner, record)

    def _note_choice(self, owner: str, record: Record) -> None:
        """Drops a summary that speaks of what others are shown in place of since."""
        summary = self._latest.get(("summary", owner))
        if summary is not None:
            covers = int(summary.body["covers"])
            names = versions.touched(record)
            if any(self._seqs.get(name, 0) <= covers for name in names):
                self._dropped.add(summary.id)

    def ids(self) -> set[str]:
        """Returns the ids of what is not shown any more."""
        lost = {r.id for (_, o), r in self._latest.items() if o not in self._known}
        unseen = versions.hidden(self._listed.threads.values())
        return self._dropped | lost | unseen


def holds(expression: re.Pattern[str], data: bytes) -> bool:
    """Tells whether a side copy holds what is to be gone."""
    return bool(expression.search(data.decode("utf-8", "replace")))


def _needles(record: Record) -> list[str]:
    """Returns a record's id and texts, as lines of the log have them."""
    texts = [record.body.get(name) for name in ("question", "answer", "title", "text")]
    quoted = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts if text]
    return [record.id, *(text for text in quoted if len(text) >= _TELLING)]


class Titles:
    """Finds the titles that quote an erased question, and what they are then.

    Args:
        dropped: Ids of the records that go, and the conversation of each.
    """

    def __init__(self, dropped: Mapping[str, str]) -> None:
        self._dropped = dropped
        self._owners = frozenset(dropped.values())
        self._erased: dict[str, list[str]] = {}
        """Erased questions by conversation, as titles quote them."""
        self._left: dict[str, dict[str, str]] = {}
        """Titles that the turns that stay would give, by conversation and turn."""
        self._titles: dict[str, tuple[str, str]] = {}
        """Conversation and title of each record that gives one."""

    def note(self, record: Record) -> None:
        """Takes a record in; all of them, oldest first."""
        owner = str(record.body.get("conversation") or record.id)
        if owner not in self._owners:
            return
        if record.kind == "turn":
            self._note_turn(owner, record)
        elif record.body.get("title"):
            self._titles[record.id] = owner, str(record.body["title"])

    def _note_turn(self, owner: str, record: Record) -> None:
        asked = str(record.body["question"])
        left = self._left.setdefault(owner, {})
        left.pop(str(record.body.get("replaces", "")), None)
        if record.id in self._dropped:
            title = safe_line(asked, _QUOTED)
            self._erased.setdefault(owner, []).append(title)
        else:
            left[record.id] = safe_line(asked, _TITLE_WIDTH)

    def anew(self) -> dict[str, str]:
        """Returns the new titles, by record."""
        titles: dict[str, str] = {}
        for name, (owner, title) in self._titles.items():
            if any(_quotes(title, asked) for asked in self._erased.get(owner, ())):
                left = self._left.get(owner, {}).values()
                titles[name] = next(iter(left), "") or UNTITLED
        return titles


def _quotes(title: str, question: str) -> bool:
    """Tells whether a title was taken from a question, of which it has the start."""
    begun = title
    while begun.endswith(FORK_MARK):
        begun = begun.removesuffix(FORK_MARK)
    begun = begun.removesuffix("…")[: _QUOTED - 1]
    return bool(begun) and question.startswith(begun)


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
