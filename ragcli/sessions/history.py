"""The conversations of one profile, over its log.

A conversation is a line of turns in the order of the log. A turn that `replaces`
another hides it; a fork copies. Nothing here takes a lock: the log does, for the
time of one append.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import islice

from ragcli.config import Settings
from ragcli.errors import ConversationNotFound
from ragcli.sessions import erasure, masking, turns
from ragcli.sessions.context import Context
from ragcli.sessions.conversations import ConversationList, Thread, newest_first
from ragcli.sessions.expiry import Expired, expire_turns, limits
from ragcli.sessions.identifiers import minted, new_id
from ragcli.sessions.protocols import Session
from ragcli.sessions.records import Conversation, Draft, Record, Turn

SHORTEST_PART = 4
"""Characters of an id's start or end that may stand for it, when no other has them."""

_PATIENCE = 200
"""Records of other conversations in a row before the list is asked where to look."""
_DRAFT = "draft"


class History:
    """One profile's conversations.

    Args:
        session: The open profile; the caller closes it.
        settings: In force for this profile.
    """

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._log = session.log
        self._settings = settings
        self._list = ConversationList(session)

    def head(self) -> int:
        """Returns the last record's seq; 0 for an empty history."""
        return self._log.head()

    def since(self, seq: int) -> list[Turn]:
        """Returns the turns stored after `seq`, oldest first."""
        found = self._log.since(seq)
        return [turns.from_record(record) for record in found if record.kind == "turn"]

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

    def new_conversation_id(self) -> str:
        """Returns an id for a conversation that is about to start (UUIDv7)."""
        return new_id()

    def new_turn_id(self) -> str:
        """Returns an id for a turn that is about to be asked (UUIDv7)."""
        return new_id()

    def commit(
        self,
        turn: Turn,
        *,
        title: str | None = None,
        parent: int = 0,
        expect: int | None = None,
    ) -> Turn:
        """Stores a turn durably, and returns it with its seq and time.

        Args:
            turn: What was asked and answered; the same id is stored once.
            title: Starts the conversation, with this title, in the same append.
            parent: The head when the question was asked.
            expect: Refuse unless the head is exactly this.

        Raises:
            Conflict, Locked, StorageFailed: Nothing was stored.
        """
        drafts = [self._checked(turns.to_draft(turn))]
        if title is not None:
            start = Draft("conversation", {"title": title}, turn.conversation)
            drafts.insert(0, self._checked(start))
        stored = self._append(drafts, parent=parent, expect=expect)
        return turns.from_record(stored[-1])

    def rename(self, conversation: str, title: str) -> None:
        """Gives a conversation another title; raises `ConversationNotFound`."""
        self.conversation(conversation)
        body = {"conversation": conversation, "title": title}
        self._append([self._checked(Draft("conversation", body, new_id()))])

    def fork(self, conversation: str, *, at: str = "", title: str = "") -> str:
        """Copies a conversation up to and including turn `at`; returns the new id.

        Raises:
            ConversationNotFound: No such conversation, or no such turn in it.
        """
        origin = self.conversation(conversation)
        kept = self.transcript(conversation)
        if at:
            places = [number for number, turn in enumerate(kept, 1) if turn.id == at]
            if not places:
                raise ConversationNotFound(
                    f"no turn {at!r} in this conversation",
                    "`ragcli history show` names them",
                )
            kept = kept[: places[0]]
        identifier = self.new_conversation_id()
        name = title or f"{origin.title} (fork)"
        body = {"title": name, "forked_from": conversation}
        start = Draft("conversation", body, identifier)
        self._append([self._checked(start), *_copies(kept, identifier)])
        return identifier

    def search(self, text: str, *, limit: int = 50) -> list[Turn]:
        """Returns turns whose question or answer holds `text`, newest first."""
        wanted = text.casefold()
        found = (
            turn
            for turn in self._all_visible()
            if wanted in f"{turn.question}\n{turn.answer}".casefold()
        )
        return list(islice(found, limit))

    def context(self, conversation: str, limit: int) -> Context:
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
        return Context(summary, covers, tuple(reversed(shown)))

    def add_summary(
        self, conversation: str, text: str, *, covers: int, model: str
    ) -> None:
        """Stores what a model wrote about the turns up to seq `covers`."""
        body = {
            "conversation": conversation,
            "text": text,
            "covers": covers,
            "model": model,
        }
        self._append([self._checked(Draft("summary", body, new_id()))])

    def delete_conversation(self, conversation: str) -> int:
        """Erases a conversation; returns how many turns went with it."""
        count = self.conversation(conversation).turns
        self._erase("delete", erasure.conversation_gone(conversation))
        return count

    def delete_turn(self, turn: str) -> None:
        """Erases a turn, the ones it replaced, and summaries that speak of it."""
        self._erase("delete", erasure.turn_gone(self._log.since(0), self.turn(turn)))

    def redact(self, pattern: str) -> int:
        """Masks every match in stored texts; returns how many records it altered.

        Raises:
            UsageError: Not a regular expression.
        """
        expression = masking.compiled(pattern, "--match")
        count = self._erase("redact", erasure.masked(expression))
        self._session.purge(lambda _, data: erasure.holds(expression, data))
        return count

    def compact(self) -> int:
        """Erases what nobody can see any more; returns how many records went."""
        return self._erase("compact", erasure.superseded(self._log.since(0)))

    def prune(self, *, dry_run: bool) -> Expired:
        """Erases what has expired by `ttl` and `ttl_absolute`; returns what it was."""
        limit = limits(self._settings)
        expired = expire_turns(self._session, limit, dry_run=dry_run)
        self._list = ConversationList(self._session)
        return expired

    def draft(self) -> str:
        """Returns the question that was being typed, or ""."""
        stored = self._session.blob(_DRAFT)
        return stored.decode("utf-8", "surrogatepass") if stored else ""

    def put_draft(self, text: str) -> None:
        """Keeps the question that is being typed; "" forgets it."""
        value = text.encode("utf-8", "surrogatepass") if text else None
        self._session.put_blob(_DRAFT, value)

    def _append(
        self, drafts: list[Draft], *, parent: int = 0, expect: int | None = None
    ) -> list[Record]:
        stored = self._log.append(drafts, parent=parent, expect=expect)
        self._list.appended(stored[-1].seq)
        return stored

    def _checked(self, draft: Draft) -> Draft:
        """Returns what may be stored: the `redact` setting applied."""
        if self._mask is None:
            return draft
        return replace(draft, body=masking.masked(self._mask, draft.body))

    @cached_property
    def _mask(self) -> re.Pattern[str] | None:
        pattern = self._settings.redact
        return masking.compiled(pattern, "redact") if pattern else None

    def _erase(self, reason: str, change: erasure.Change) -> int:
        count = erasure.erase(self._session, reason, change)
        self._list.forget()
        return count

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

    def _all_visible(self) -> Iterator[Turn]:
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
        strangers, place = 0, before
        for record in self._log.newest(before):
            place = record.seq
            if _belongs(record, conversation):
                strangers = 0
                yield record
                if record.id == conversation:
                    return
            else:
                strangers += 1
            if strangers >= _PATIENCE:
                break
        else:
            return
        thread = self._list.threads().get(conversation)
        if thread is None:
            return
        for record in self._log.newest(min(place or 0, thread.last + 1)):
            if record.seq < thread.first:
                return
            if _belongs(record, conversation):
                yield record


def _belongs(record: Record, conversation: str) -> bool:
    return conversation in {record.id, record.body.get("conversation")}


def _copies(kept: list[Turn], conversation: str) -> Iterator[Draft]:
    """Yields drafts of turns under new ids, in another conversation."""
    renamed: dict[str, str] = {}
    for turn in kept:
        renamed[turn.id] = new_id()
        copy = replace(
            turn,
            id=renamed[turn.id],
            conversation=conversation,
            replaces="",
            continues=renamed.get(turn.continues, ""),
        )
        yield turns.to_draft(copy, written=turn.ts)


def _stands_for(reference: str, name: str) -> bool:
    """Tells whether `reference` is the start or the end of an id, dashes or not.

    The start of a UUIDv7 is its time, which neighbours share; the end is random.
    """
    part, whole = (text.replace("-", "").lower() for text in (reference, name))
    return len(part) >= SHORTEST_PART and (
        whole.startswith(part) or whole.endswith(part)
    )


def _the_only(
    found: set[str], missing: str, threads: Mapping[str, Thread], reference: str
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
