"""Reading the conversations of one profile, without a lock and without a scan.

What is asked for most stands at the end of the log and is read from there. The
kept list of conversations says where older ones are.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ragcli.config import Settings
from ragcli.errors import ConversationNotFound
from ragcli.sessions.history import turns, versions
from ragcli.sessions.history.conversations import (
    ConversationList,
    ConversationOutline,
    newest_first,
)
from ragcli.sessions.history.lifetime import aside
from ragcli.sessions.history.lifetime.aside import Aside, Sight, VisibleLog
from ragcli.sessions.history.lifetime.retention import limits
from ragcli.sessions.history.versions import ShownTurns, Versions
from ragcli.sessions.records.identifiers import minted
from ragcli.sessions.records.record_types import (
    Conversation,
    ConversationContext,
    Record,
    Turn,
)

if TYPE_CHECKING:
    from ragcli.sessions.history.transcripts import Transcripts
    from ragcli.sessions.protocols import Log, Session

SHORTEST_PART = 4
"""Characters of an id's start or end that may stand for it, when no other has them."""

_COUNTED = r"-([1-9]\d{0,5})|last(?:-(\d{1,6}))?"
"""What names a conversation by how recently it was used."""

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
        """Returns the turns stored after `seq`, oldest first, all versions of each."""
        turns_since = [*self.stored_since(seq)]
        if not any(turn.replaces for turn in turns_since):
            return turns_since
        threads = self._list.threads()
        known = {
            turn.conversation: threads.get(turn.conversation) for turn in turns_since
        }
        by_turn = {name: versions.by_turn(each) for name, each in known.items()}
        return [
            versions.with_versions(turn, by_turn[turn.conversation].get(turn.id))
            for turn in turns_since
        ]

    def stored_since(self, seq: int) -> Iterator[Turn]:
        """Yields the turns stored after `seq`, oldest first, replaced ones as well.

        None of them knows its versions.
        """
        records = self._log.since(seq)
        return (
            turns.from_record(record) for record in records if record.kind == "turn"
        )

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
        return self._outline(id).as_conversation(id)

    def _outline(self, conversation: str) -> ConversationOutline:
        """Returns what is known of a conversation; raises `ConversationNotFound`."""
        thread = self._list.threads().get(conversation)
        if thread is None:
            raise ConversationNotFound(
                f"no conversation {conversation!r}", "`ragcli history list` shows them"
            )
        return thread

    def resolve(self, reference: str) -> str:
        """Returns the conversation that an id, a unique part of one or a title means.

        `last` and `-1` are the latest, `last-1` and `-2` the one before it.

        Raises:
            ConversationNotFound: None, or several.
        """
        threads = self._list.threads()
        if reference in threads:
            return reference
        back = _places_back(reference)
        if back is not None:
            return _counted_back(newest_first(threads), back)
        names = {name for name, t in threads.items() if t.title == reference}
        names = names or {name for name in threads if _stands_for(reference, name)}
        return _the_only(names, f"no conversation {reference!r}", threads, reference)

    def transcript(
        self, conversation: str, *, before: int | None = None, limit: int | None = None
    ) -> list[Turn]:
        """Returns a conversation's turns, oldest first: of each the version shown.

        Args:
            conversation: Its id.
            before: Only turns before this seq.
            limit: Only the last so many.
        """
        visible = self._visible(conversation, before)
        return list(islice(visible, limit))[::-1]

    def transcript_after(self, conversation: str, seq: int, limit: int) -> list[Turn]:
        """Returns a conversation's first `limit` turns after `seq`, oldest first."""
        threads = self._list.threads()
        if conversation not in threads:
            return []
        later = self._turns_of({conversation: threads[conversation]}, seq)
        return list(islice(later, limit))

    def transcripts(self, conversation: str = "") -> Transcripts:
        """Returns a conversation, or all of them, to be read in one pass.

        Args:
            conversation: Its id; "" for all.

        Raises:
            ConversationNotFound: There is none of this id; it may have been erased
                since it was looked up.
        """
        from ragcli.sessions.history.transcripts import Transcripts

        if conversation:
            threads = {conversation: self._outline(conversation)}
        else:
            threads = self._list.threads()
        ordered = sorted(threads.items(), key=lambda item: item[1].active)
        return Transcripts(
            tuple(thread.as_conversation(name) for name, thread in ordered),
            {name: thread.active for name, thread in ordered},
            self._turns_of(threads),
        )

    def _turns_of(
        self, threads: Mapping[str, ConversationOutline], after: int = 0
    ) -> Iterator[Turn]:
        """Yields the turns of some conversations: of each the version that is shown."""
        first = min((thread.first for thread in threads.values()), default=1)
        last = max((thread.active for thread in threads.values()), default=0)
        versions_of = {
            name: versions.by_turn(thread) for name, thread in threads.items()
        }
        for record in self._log.since(max(first - 1, after)):
            if record.seq > last:
                return
            versions_by_id = versions_of.get(str(record.body.get("conversation", "")))
            if record.kind != "turn" or versions_by_id is None:
                continue
            several = versions_by_id.get(record.id)
            if several is None or several.shown == record.id:
                yield versions.with_versions(turns.from_record(record), several)

    def turn(self, reference: str) -> Turn:
        """Returns the turn of an id or a unique part of one.

        Raises:
            ConversationNotFound: None, or several.
        """
        whole = minted(reference) is not None
        turns_by_id: dict[str, Turn] = {}
        for record in self._log.newest():
            if record.kind == "turn" and _stands_for(reference, record.id):
                turns_by_id[record.id] = turns.from_record(record)
                if whole:
                    break
        turn = turns_by_id[
            _the_only(set(turns_by_id), f"no turn {reference!r}", {}, reference)
        ]
        return versions.with_versions(turn, self._versions_of(turn))

    def is_shown(self, turn: Turn) -> bool:
        """Tells whether of a turn's versions it is the one that is shown."""
        several = self._versions_of(turn)
        return several is None or several.shown == turn.id

    def _versions_of(self, turn: Turn) -> Versions | None:
        """Returns the versions of a turn; None where there is this one alone."""
        thread = self._list.threads().get(turn.conversation)
        return thread.versions_of(turn.id) if thread else None

    def search(self, text: str, *, limit: int = 50) -> list[Turn]:
        """Returns turns whose question or answer holds `text`, newest first."""
        folded = text.casefold()
        matching = (
            turn
            for turn in self.newest_turns()
            if folded in f"{turn.question}\n{turn.answer}".casefold()
        )
        return list(islice(matching, limit))

    def questions(self, limit: int) -> list[str]:
        """Returns the questions of the last turns, newest first, each once.

        Args:
            limit: How many turns are looked at.
        """
        turns = islice(self.newest_turns(), limit)
        return list(dict.fromkeys(turn.question for turn in turns))

    def context(self, conversation: str, limit: int) -> ConversationContext:
        """Returns what a model may read of a conversation; reads only the tail.

        A summary that speaks of a turn of which another version is shown since is
        left out: the model is to read what the user sees.

        Args:
            conversation: Its id.
            limit: How many turns at most.
        """
        summary: Record | None = None
        newest: list[Turn] = []
        touched: set[str] = set()
        seqs: dict[str, int] = {}
        shown = ShownTurns(self._list.threads)
        for record in self._backwards(conversation, None):
            turn, seqs[record.id] = shown.of(record), record.seq
            if record.kind == "summary":
                summary = summary or record
            if summary is None:
                touched |= versions.touched(record)
            if turn and turn.status != "failed" and len(newest) < limit:
                newest.append(turn)
            is_looked_for = summary is None and self._settings.memory == "summary"
            if len(newest) < limit or is_looked_for:
                continue
            read_on = touched - seqs.keys() and record.seq > _covers(summary)
            if summary is None or not read_on:
                break
        turns_kept = tuple(reversed(newest))
        covers = _covers(summary)
        if summary is None or any(seqs.get(name, 0) <= covers for name in touched):
            return ConversationContext("", 0, turns_kept)
        return ConversationContext(str(summary.body["text"]), covers, turns_kept)

    def _visible(self, conversation: str, before: int | None) -> Iterator[Turn]:
        """Yields a conversation's turns backwards: of each the version shown."""
        shown = ShownTurns(self._list.threads, from_head=before is None)
        for record in self._backwards(conversation, before):
            turn = shown.of(record)
            if turn is not None:
                yield turn

    def newest_turns(self) -> Iterator[Turn]:
        """Yields every turn of the profile backwards: of each the version shown."""
        shown = ShownTurns(self._list.threads)
        for record in self._log.newest():
            turn = shown.of(record)
            if turn is not None:
                yield turn

    def _backwards(self, conversation: str, before: int | None) -> Iterator[Record]:
        """Yields a conversation's records backwards, down to its start.

        Where many of other conversations lie between, the list says where to go on.
        """
        strangers, seq = 0, 0
        for record in self._log.newest(before):
            seq = record.seq
            strangers += 1
            if _belongs(record, conversation):
                strangers = 0
                yield record
            if record.id == conversation:
                return
            if strangers >= _PATIENCE:
                break
        if strangers >= _PATIENCE:
            yield from self._further(conversation, seq)

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


def _covers(summary: Record | None) -> int:
    return int(summary.body["covers"]) if summary else 0


def _belongs(record: Record, conversation: str) -> bool:
    return conversation in {record.id, record.body.get("conversation")}


def _places_back(reference: str) -> int | None:
    """Returns how many conversations come after the one that is meant, if counted."""
    counted = re.fullmatch(_COUNTED, reference)
    if counted is None:
        return None
    return int(counted[1]) - 1 if counted[1] else int(counted[2] or 0)


def _counted_back(conversations: Sequence[Conversation], back: int) -> str:
    """Returns the id of the conversation after which `back` others were used."""
    if back < len(conversations):
        return conversations[back].id
    if not conversations:
        raise ConversationNotFound(
            "there is no conversation yet", 'start one: ragcli ask "How …?"'
        )
    total = (
        "one conversation"
        if len(conversations) == 1
        else f"{len(conversations)} conversations"
    )
    raise ConversationNotFound(
        f"the profile has only {total}", "`ragcli history list` shows them"
    )


def _stands_for(reference: str, name: str) -> bool:
    """Tells whether `reference` is the start or the end of an id, dashes or not.

    The start of a UUIDv7 is its time, which neighbours share; the end is random.
    """
    part, whole = (text.replace("-", "").lower() for text in (reference, name))
    return len(part) >= SHORTEST_PART and (
        whole.startswith(part) or whole.endswith(part)
    )


def _the_only(
    candidates: set[str],
    missing: str,
    threads: Mapping[str, ConversationOutline],
    reference: str,
) -> str:
    """Returns the single one of `candidates`; raises `ConversationNotFound`."""
    if len(candidates) == 1:
        return candidates.pop()
    if candidates:
        raise ConversationNotFound(
            f"{reference!r} stands for {len(candidates)} of them",
            "write more of the id",
        )
    titles = [thread.title for thread in threads.values()]
    near = difflib.get_close_matches(reference, titles, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else "`ragcli history list` shows them"
    raise ConversationNotFound(missing, hint)
