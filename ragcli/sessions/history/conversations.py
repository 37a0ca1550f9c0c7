"""The list of a profile's conversations, kept so that it is never counted twice.

A private value beside the log holds the list up to some record; only what came
after is read. It may be lost, late or wrong without harm: a rewrite of the log
leaves a `redaction` record behind, and where one turns up the list is made anew.
Whoever rewrites the log counts what is left while that passes by, and keeps the new
list. Records are counted one by one; none of them is held.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ragcli.errors import NotPermitted, StorageFailed
from ragcli.sessions.history.versions import Versions, chosen
from ragcli.sessions.records.record_types import Conversation, Record

if TYPE_CHECKING:
    from ragcli.sessions.protocols import Log, Session

BLOB = "conversations"
PINNED = "pinned"
"""Key of a `conversation` record that says whether it is kept at the top of lists."""
ORIGIN = "origin"
"""Key of the record that starts a conversation: what began it."""

_FORMAT = 3
_STRIDE = 64
"""Records after which the kept list is written again."""
_OFTEN_ENOUGH = 4 * _STRIDE
"""Records after which it is, even if nobody asks for the list."""


@dataclass(slots=True)
class ConversationOutline:
    """What is known of one conversation without reading it."""

    title: str
    created: str
    updated: str
    turns: int = 0
    forked_from: str = ""
    first: int = 0
    """Seq of its first record."""
    last: int = 0
    """Seq of its last turn or summary, or of its start."""
    active: int = 0
    """Seq of its last turn, or of its start."""
    versions: list[Versions] = field(default_factory=list)
    """The versions of each turn that has several."""
    pinned: bool = False
    """Whether the user keeps it at the top of lists."""
    origin: str = ""
    """What began it; see `Conversation.origin`."""

    def as_conversation(self, identifier: str) -> Conversation:
        """Returns the public value."""
        return Conversation(
            identifier,
            self.title,
            self.created,
            self.updated,
            self.turns,
            self.forked_from,
            self.pinned,
            self.origin,
        )

    def versions_of(self, turn: str) -> Versions | None:
        """Returns the versions of a turn; None where there is this one alone."""
        newest_first = reversed(self.versions)
        return next((each for each in newest_first if turn in each.turns), None)


class Threads:
    """Conversations as they are counted, record by record, oldest first.

    Args:
        threads: Those that are counted already, by id.
        seq: The last record that is.
    """

    def __init__(
        self, threads: dict[str, ConversationOutline] | None = None, seq: int = 0
    ) -> None:
        self.threads = threads or {}
        self.seq = seq
        """The last record that is counted in."""
        self._titled: dict[str, str] = {}
        """Conversations, and the record that gave each its title."""

    def count(self, record: Record) -> None:
        """Counts a record in; one that is not the next begins the list anew."""
        if record.seq <= self.seq:
            self.threads, self._titled = {}, {}
        if record.kind == "turn":
            self._count_turn(record)
        elif record.kind == "conversation":
            self._count_start(record)
        elif record.kind == "summary":
            self._count_summary(record)
        self.seq = record.seq

    def retitle(self, titles: Mapping[str, str]) -> None:
        """Takes other titles for those that counted records gave, by record."""
        for name, record in self._titled.items():
            if record in titles:
                self.threads[name].title = titles[record]

    def _count_start(self, record: Record) -> None:
        """A `conversation` record starts one, or tells of the one that it names."""
        title = str(record.body.get("title", ""))
        named = record.body.get("conversation")
        if named:
            if named in self.threads:
                self.threads[named].title = title
                self._titled[named] = record.id
                pinned = record.body.get(PINNED, self.threads[named].pinned)
                self.threads[named].pinned = bool(pinned)
                self._count_choice(self.threads[named], record)
            return
        self._titled[record.id] = record.id
        self.threads[record.id] = ConversationOutline(
            title,
            record.ts,
            record.ts,
            forked_from=str(record.body.get("forked_from", "")),
            first=record.seq,
            last=record.seq,
            active=record.seq,
            origin=str(record.body.get(ORIGIN, "")),
        )

    def _count_choice(self, thread: ConversationOutline, record: Record) -> None:
        shown = chosen(record)
        versions = thread.versions_of(shown) if shown else None
        if versions:
            versions.choose(shown, record.seq)

    def _count_summary(self, record: Record) -> None:
        thread = self.threads.get(str(record.body["conversation"]))
        if thread is not None:
            thread.last = record.seq

    def _count_turn(self, record: Record) -> None:
        name = str(record.body["conversation"])
        thread = self.threads.get(name)
        if thread is None:  # its start was erased while this turn was on its way
            title = " ".join(str(record.body.get("question", "")).split())[:60]
            thread = ConversationOutline(title, record.ts, record.ts, first=record.seq)
            self.threads[name] = thread
        thread.turns += 1
        thread.updated, thread.last = record.ts, record.seq
        thread.active = record.seq
        replaces = str(record.body.get("replaces", ""))
        if replaces:
            versions = thread.versions_of(replaces)
            if versions is None:
                versions = Versions([replaces], replaces, seqs=[0])
                thread.versions.append(versions)
            versions.add(record.id, record.seq)
            thread.turns -= 1


def keep(session: Session, counted: Threads, view: str) -> None:
    """Stores a list beside the log, for whoever asks for it next.

    Args:
        session: The open profile.
        counted: The list.
        view: Names what was hidden when it was counted.
    """
    threads = {name: asdict(thread) for name, thread in counted.threads.items()}
    value = {"v": _FORMAT, "seq": counted.seq, "view": view, "threads": threads}
    with suppress(StorageFailed, NotPermitted):  # a full disk loses nothing here
        session.put_blob(BLOB, json.dumps(value).encode())


class ConversationList:
    """All conversations of one profile.

    Args:
        session: The open profile.
        log: Its records, without what nobody shall see.
        view: Names what that is.
    """

    def __init__(self, session: Session, log: Log, view: str = "") -> None:
        self._session = session
        self._log = log
        self._view = view
        self._counted = Threads()
        self._kept = -1
        """The last record that the stored list counts in; -1 before it was read."""

    def threads(self) -> dict[str, ConversationOutline]:
        """Returns every conversation by id, up to date."""
        if self._kept < 0:
            self._load()
        while not self._caught_up():
            known = self._counted.seq
            self._load()  # who rewrote the log has left a new list
            if self._counted.seq == known:
                self._counted, self._kept = Threads(), 0
        if self._counted.seq - self._kept >= _STRIDE:
            self._store()
        return self._counted.threads

    def _caught_up(self) -> bool:
        """Counts in what came since; False if the log was rewritten meanwhile."""
        known = self._counted.seq or self._log.head()
        for record in self._log.since(self._counted.seq):
            if record.kind == "redaction" and record.seq > known:
                return False
            self._counted.count(record)
        return True

    def replaced(self, counted: Threads) -> None:
        """Takes the list that was counted while the log was rewritten, and keeps it."""
        self._counted = counted
        self._store()

    def appended(self, first: int, last: int) -> None:
        """Takes note of an append; keeps the stored list nearly up to date.

        Of many writers only the one that passes a mark brings the list up to date.
        """
        if first // _OFTEN_ENOUGH < (last + 1) // _OFTEN_ENOUGH:
            self._load()  # another process stored it meanwhile
            self.threads()

    def forget(self) -> None:
        """Starts anew, in memory and in store: something was erased."""
        self._counted, self._kept = Threads(), 0
        self._session.put_blob(BLOB, None)

    def _load(self) -> None:
        """Reads the stored list, unless it counts in less than this one does."""
        self._kept = max(self._kept, 0)
        stored = self._session.blob(BLOB)
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            value = json.loads(stored or b"")
            seq = int(value["seq"])
            same = value["v"] == _FORMAT and value.get("view", "") == self._view
            if same and self._counted.seq <= seq <= self._log.head():
                threads = {k: _outline(v) for k, v in value["threads"].items()}
                self._counted, self._kept = Threads(threads, seq), seq

    def _store(self) -> None:
        keep(self._session, self._counted, self._view)
        self._kept = self._counted.seq


def _outline(value: dict[str, Any]) -> ConversationOutline:
    """Returns an outline of the kept list."""
    versions = [Versions(**each) for each in value.pop("versions")]
    return ConversationOutline(**value, versions=versions)


def newest_first(threads: dict[str, ConversationOutline]) -> list[Conversation]:
    """Returns the conversations by their last activity."""
    ordered = sorted(threads.items(), key=lambda item: item[1].active, reverse=True)
    return [thread.as_conversation(name) for name, thread in ordered]
