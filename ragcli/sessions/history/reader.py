"""Reading the conversations of one profile, without a lock and without a scan.

What is asked for most stands at the end of the log and is read from there. The
kept list of conversations says where older ones are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from itertools import islice

from ragcli.config import Settings
from ragcli.errors import ConversationNotFound
from ragcli.sessions.history import aside, turns
from ragcli.sessions.history.aside import Aside, Sight, VisibleLog
from ragcli.sessions.history.conversations import (
    ConversationList,
    ConversationOutline,
    newest_first,
)
from ragcli.sessions.history.expiry import limits
from ragcli.sessions.history.transcripts import Transcripts
from ragcli.sessions.protocols import Log, Session
from ragcli.sessions.records.identifiers import minted
from ragcli.sessions.records.record_types import (
    Conversation,
    ConversationContext,
    Record,
    Turn,
)

SHORTEST_PART = 4
"""Characters of an id's start or end that may stand for it, when no other has them."""

_PATIENCE = 200
"""Records of other conversations in a row before the list is asked where to look."""


class HistoryReader:
    """What can be read of one profile's history.

    Args:
        session: The open profile; the caller closes it.
        settings: In force for this profile.
    """

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._look_again()

    def _look_again(self) -> None:
        """Forgets what was read: other records may be visible."""
        self._log: Log = self._session.log
        self._sight = Sight(Aside())
        if limits(self._settings).any:
            self._sight = Sight(aside.read(self._session))
            self._log = VisibleLog(self._log, self._sight)
        self._list = ConversationList(self._session, self._log, self._sight.view)

    def head(self) -> int:
        """Returns the last record's seq; 0 for an empty history."""
        return self._log.head()

    def since(self, seq: int) -> list[Turn]:
        """Returns the turns stored after `seq`, oldest first."""
        return [*self.told_since(seq)]

    def told_since(self, seq: int) -> Iterator[Turn]:
        """Yields the turns stored after `seq`, oldest first, replaced ones as well."""
        found = self._log.since(seq)
        return (turns.from_record(record) for record in found if record.kind == "turn")

    def wait(self, seq: int, timeout: float) -> bool:
        """Waits up to `timeout` seconds for a record after `seq`; tells if one came."""
        return self._log.wait(seq, timeout)

    def latest(self) -> str:
        """Returns the newest conversation's id, "" if none; reads only the tail."""
        for record in self._log.newest():
            if record.kind == "turn":
                return str(record.body["conversation"])
            if record.kind == "conversation" and "conversation" not in record.body:
                return record.id
        return ""

    def conversations(self) -> list[Conversation]:
        """Returns all conversations, newest activity first."""
        return newest_first(self._list.threads())

    def conversation(self, id: str) -> Conversation:  # noqa: A002
        """Returns one conversation; raises `ConversationNotFound`."""
        thread = self._list.threads().get(id)
        if thread is None:
            raise ConversationNotFound(
                f"no conversation {id!r}", "`ragcli history list` shows them"
            )
        return thread.as_conversation(id)

    def resolve(self, reference: str) -> str:
        """Returns the conversation that an id, a unique part of one or a title means.

        Raises:
            ConversationNotFound: None, or several.
        """
        threads = self._list.threads()
        if reference in threads:
            return reference
        found = {name for name, t in threads.items() if t.title == reference}
        found = found or {name for name in threads if _stands_for(reference, name)}
        return _the_only(found, f"no conversation {reference!r}", threads, reference)

    def transcript(
        self, conversation: str, *, before: int | None = None, limit: int | None = None
    ) -> list[Turn]:
        """Returns a conversation's turns, oldest first, replaced ones left out.

        Args:
            conversation: Its id.
            before: Only turns before this seq.
            limit: Only the last so many.
        """
        hidden: set[str] = set()
        if before is not None:
            thread = self._list.threads().get(conversation)
            hidden = set(thread.replaced) if thread else set()
        found = self._visible(conversation, before, hidden)
        return list(islice(found, limit))[::-1]

    def transcripts(self, conversation: str = "") -> Transcripts:
        """Returns a conversation, or all of them, to be read in one pass.

        Args:
            conversation: Its id; "" for all.
        """
        threads = self._list.threads()
        if conversation:
            threads = {conversation: threads[conversation]}
        ordered = sorted(threads.items(), key=lambda item: item[1].active)
        return Transcripts(
            tuple(thread.as_conversation(name) for name, thread in ordered),
            {name: thread.active for name, thread in ordered},
            self._turns_of(threads),
        )

    def _turns_of(self, threads: Mapping[str, ConversationOutline]) -> Iterator[Turn]:
        """Yields the turns of some conversations, without replaced ones."""
        first = min((thread.first for thread in threads.values()), default=1)
        last = max((thread.active for thread in threads.values()), default=0)
        for record in self._log.since(first - 1):
            if record.seq > last:
                return
            thread = threads.get(str(record.body.get("conversation", "")))
            if record.kind == "turn" and thread and record.id not in thread.replaced:
                yield turns.from_record(record)

    def turn(self, reference: str) -> Turn:
        """Returns the turn of an id or a unique part of one.

        Raises:
            ConversationNotFound: None, or several.
        """
        whole = minted(reference) is not None
        found: dict[str, Turn] = {}
        for record in self._log.newest():
            if record.kind == "turn" and _stands_for(reference, record.id):
                found[record.id] = turns.from_record(record)
                if whole:
                    break
        return found[_the_only(set(found), f"no turn {reference!r}", {}, reference)]

    def search(self, text: str, *, limit: int = 50) -> list[Turn]:
        """Returns turns whose question or answer holds `text`, newest first."""
        wanted = text.casefold()
        found = (
            turn
            for turn in self.newest_turns()
            if wanted in f"{turn.question}\n{turn.answer}".casefold()
        )
        return list(islice(found, limit))

    def questions(self, limit: int) -> list[str]:
        """Returns the questions of the last turns, newest first, each once.

        Args:
            limit: How many turns are looked at.
        """
        turns = islice(self.newest_turns(), limit)
        return list(dict.fromkeys(turn.question for turn in turns))

    def context(self, conversation: str, limit: int) -> ConversationContext:
        """Returns what a model may read of a conversation; reads only the tail.

        Args:
            conversation: Its id.
            limit: How many turns at most.
        """
        summary, covers = "", 0
        shown: list[Turn] = []
        replaced: set[str] = set()
        for record in self._backwards(conversation, None):
            if record.kind == "summary" and not summary:
                summary = str(record.body["text"])
                covers = int(record.body["covers"])
            if len(shown) < limit and record.kind == "turn":
                turn = turns.from_record(record)
                if turn.id not in replaced and turn.status != "failed":
                    shown.append(turn)
                replaced.add(turn.replaces)
            if len(shown) >= limit and (summary or self._settings.memory != "summary"):
                break
        return ConversationContext(summary, covers, tuple(reversed(shown)))

    def _visible(
        self, conversation: str, before: int | None, hidden: set[str]
    ) -> Iterator[Turn]:
        """Yields a conversation's turns backwards, without those in `hidden`.

        A turn stands behind the one that it replaces, so it is met first.
        """
        for record in self._backwards(conversation, before):
            if record.kind != "turn":
                continue
            turn = turns.from_record(record)
            if turn.id not in hidden:
                yield turn
            hidden.add(turn.replaces)

    def newest_turns(self) -> Iterator[Turn]:
        """Yields every turn of the profile backwards, without replaced ones."""
        hidden: set[str] = set()
        for record in self._log.newest():
            if record.kind == "turn":
                turn = turns.from_record(record)
                if turn.id not in hidden:
                    yield turn
                hidden.add(turn.replaces)

    def _backwards(self, conversation: str, before: int | None) -> Iterator[Record]:
        """Yields a conversation's records backwards, down to its start.

        Where many of other conversations lie between, the list says where to go on.
        """
        strangers, place = 0, 0
        for record in self._log.newest(before):
            place = record.seq
            strangers += 1
            if _belongs(record, conversation):
                strangers = 0
                yield record
            if record.id == conversation:
                return
            if strangers >= _PATIENCE:
                break
        if strangers >= _PATIENCE:
            yield from self._further(conversation, place)

    def _further(self, conversation: str, before: int) -> Iterator[Record]:
        """Yields a conversation's records before a seq, from where the list says."""
        thread = self._list.threads().get(conversation)
        if thread is None:
            return
        for record in self._log.newest(min(before, thread.last + 1)):
            if record.seq < thread.first:
                return
            if _belongs(record, conversation):
                yield record


def _belongs(record: Record, conversation: str) -> bool:
    return conversation in {record.id, record.body.get("conversation")}


def _stands_for(reference: str, name: str) -> bool:
    """Tells whether `reference` is the start or the end of an id, dashes or not.

    The start of a UUIDv7 is its time, which neighbours share; the end is random.
    """
    part, whole = (text.replace("-", "").lower() for text in (reference, name))
    return len(part) >= SHORTEST_PART and (
        whole.startswith(part) or whole.endswith(part)
    )


def _the_only(
    found: set[str],
    missing: str,
    threads: Mapping[str, ConversationOutline],
    reference: str,
) -> str:
    """Returns the single one of `found`; raises `ConversationNotFound`."""
    if len(found) == 1:
        return found.pop()
    if found:
        raise ConversationNotFound(
            f"{reference!r} stands for {len(found)} of them", "write more of the id"
        )
    titles = [thread.title for thread in threads.values()]
    near = difflib.get_close_matches(reference, titles, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else "`ragcli history list` shows them"
    raise ConversationNotFound(missing, hint)
