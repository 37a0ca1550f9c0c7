"""The conversations of one profile, over its log.

A conversation is a line of turns in the order of the log. A turn that `replaces`
another hides it; a fork copies. Nothing here takes a lock: the log does, for the
time of one append.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

from ragcli.errors import ConversationNotFound
from ragcli.sessions.audit.after_the_fact import note
from ragcli.sessions.history import erasure, masking, turns
from ragcli.sessions.history.conversations import Threads
from ragcli.sessions.history.expiry import expire_turns, limits
from ragcli.sessions.history.reader import HistoryReader
from ragcli.sessions.protocols import Expired
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_types import Draft, Record, Turn
from ragcli.sessions.records.rewrite_plan import Change

_DRAFT = "draft"


class History(HistoryReader):
    """One profile's conversations; nothing here takes a lock but the log's own.

    Args:
        session: The open profile; the caller closes it.
        settings: In force for this profile.
    """

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
        stored = turns.from_record(
            self._append(drafts, parent=parent, expect=expect)[-1]
        )
        note(self._session.audit, "turn", seq=stored.seq, id=turn.id)
        return stored

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
        name = title or f"{origin.title}{erasure.FORK_MARK}"
        body = {"title": name, "forked_from": conversation}
        start = Draft("conversation", body, identifier)
        self._append([self._checked(start), *_copies(kept, identifier)])
        return identifier

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
        self._delete(erasure.conversation_gone(conversation))
        return count

    def delete_turn(self, turn: str) -> None:
        """Erases a turn, the ones it replaced, and summaries that speak of it."""
        self._delete(erasure.turn_gone(self._log.since, self.turn(turn)))

    def redact(self, pattern: str) -> int:
        """Masks every match in stored texts; returns how many records it altered.

        Raises:
            UsageError: Not a regular expression.
        """
        expression = masking.compiled(pattern, "--match")
        with self._erased("redact", erasure.masked(expression)) as count:
            self._session.purge(lambda _, data: erasure.holds(expression, data))
        return count

    def compact(self) -> int:
        """Erases what nobody can see any more; returns how many records went."""
        with self._erased("compact", erasure.superseded(self._log.since(0))) as count:
            pass
        return count

    def prune(self, *, dry_run: bool) -> Expired:
        """Erases at once what has expired by `ttl` and `ttl_absolute`; returns it."""
        limit = limits(self._settings)
        expired = expire_turns(self._session, limit, dry_run=dry_run)
        self._look_again()
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
        self._list.appended(stored[0].seq, stored[-1].seq)
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

    def _delete(self, change: Change) -> None:
        """Erases records, and what side copies hold of them."""
        self._list.forget()
        traces = erasure.Traces(self._session)
        with self._erased("delete", traces.of(change)):
            self._session.purge(lambda _, data: traces.are_in(data))

    @contextmanager
    def _erased(self, reason: str, change: Change) -> Iterator[int]:
        """Rewrites the log; yields how many records that dropped or altered.

        The kept list speaks of what goes, so it is the first to go. The new one is
        counted while the log is rewritten, and is stored last.
        """
        self._list.forget()
        left = Threads()
        watch = self._sight.watching(left.count)
        yield erasure.erase(self._session, reason, change, watch)
        self._list.replaced(left)


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
