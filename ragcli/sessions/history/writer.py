"""The conversations of one profile, over its log.

A conversation is a line of turns in the order of the log. A turn that `replaces`
another is a version of it, of which one is shown (`versions`); a fork copies. Nothing
here takes a lock: the log does, for the time of one append.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from ragcli.errors import Conflict, ConversationNotFound
from ragcli.sessions.history import turns, versions
from ragcli.sessions.history.conversations import ORIGIN, PINNED, Threads
from ragcli.sessions.history.lifetime.retention import limits
from ragcli.sessions.history.reader import HistoryReader
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_types import Draft, Record, Turn

if TYPE_CHECKING:
    from ragcli.sessions.protocols import Expired
    from ragcli.sessions.records.rewrite_plan import Change

_DRAFT = "draft"
_PASTES = "pastes"


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
        origin: str = "",
        parent: int = 0,
        expect: int | None = None,
    ) -> Turn:
        """Stores a turn durably, and returns it with its seq and time.

        A turn that takes the place of another replaces its newest version, whichever
        of them was shown: so they are one chain, of which older programs see the end.

        Args:
            turn: What was asked and answered; the same id is stored once.
            title: Starts the conversation, with this title, in the same append.
            origin: What starts it; see `Conversation.origin`.
            parent: The head when the question was asked.
            expect: Refuse unless the head is exactly this.

        Raises:
            Conflict, Locked, StorageFailed: Nothing was stored.
        """
        if turn.replaces:
            newest = self._newest_version(turn.conversation, turn.replaces)
            turn = replace(turn, replaces=newest)
        drafts = [self._checked(turns.to_draft(turn))]
        if title is not None:
            body = {"title": title, **({ORIGIN: origin} if origin else {})}
            start = Draft("conversation", body, turn.conversation)
            drafts.insert(0, self._checked(start))
        stored = turns.from_record(
            self._append(drafts, parent=parent, expect=expect)[-1]
        )
        from ragcli.sessions.audit.after_the_fact import note

        note(self._session.audit, "turn", seq=stored.seq, id=turn.id)
        if not stored.replaces:
            return stored
        return versions.with_versions(stored, self._versions_of(stored))

    def _newest_version(self, conversation: str, turn: str) -> str:
        thread = self._list.threads().get(conversation)
        several = thread.versions_of(turn) if thread else None
        return several.turns[-1] if several else turn

    def show_version(self, turn: str) -> Turn:
        """Has a version of a turn shown, and read by models, in place of the other.

        Stored at once, as a record of its own, after which all readers go; what
        others write at the same time is kept.

        Args:
            turn: Id of a turn, or a unique part of one.

        Returns:
            The turn of that version.

        Raises:
            ConversationNotFound: There is no such turn.
            Locked, StorageFailed, StoreUnavailable: Nothing was stored.
        """
        version = self.turn(turn)
        while True:
            head = self._log.head()
            thread = self._list.threads().get(version.conversation)
            several = thread.versions_of(version.id) if thread else None
            if thread is None or several is None or several.shown == version.id:
                return version
            body = versions.choice(
                version.conversation, thread.title, version.id, several.shown
            )
            try:
                draft = self._checked(Draft("conversation", body, new_id()))
                self._append([draft], expect=head)
            except Conflict:
                continue  # somebody wrote: perhaps another title, or another version
            return versions.with_versions(version, several)

    def rename(self, conversation: str, title: str) -> None:
        """Gives a conversation another title; raises `ConversationNotFound`."""
        self.conversation(conversation)
        body = {"conversation": conversation, "title": title}
        self._append([self._checked(Draft("conversation", body, new_id()))])

    def pin(self, conversation: str, *, pinned: bool) -> None:
        """Keeps a conversation at the top of lists, or lets it go.

        The record repeats the title, so that older programs understand it.

        Raises:
            ConversationNotFound: There is none of this id.
            Locked, StorageFailed, StoreUnavailable: Nothing was stored.
        """
        while True:
            head = self._log.head()
            listed = self.conversation(conversation)
            if listed.pinned == pinned:
                return
            body = {"conversation": conversation, "title": listed.title, PINNED: pinned}
            try:
                draft = self._checked(Draft("conversation", body, new_id()))
                self._append([draft], expect=head)
            except Conflict:
                continue  # somebody wrote: perhaps another title
            return

    def fork(self, conversation: str, *, at: str = "", title: str = "") -> str:
        """Copies a conversation up to and including turn `at`; returns the new id.

        Raises:
            ConversationNotFound: No such conversation, or no such turn in it.
        """
        origin = self.conversation(conversation)
        copied = self.transcript(conversation)
        if at:
            matches = [number for number, turn in enumerate(copied, 1) if turn.id == at]
            if not matches:
                raise ConversationNotFound(
                    f"no turn {at!r} in this conversation",
                    "`ragcli history show` names them",
                )
            copied = copied[: matches[0]]
        from ragcli.sessions.history.erasure import FORK_MARK

        identifier = self.new_conversation_id()
        name = title or f"{origin.title}{FORK_MARK}"
        body = {"title": name, "forked_from": conversation}
        start = Draft("conversation", body, identifier)
        self._append([self._checked(start), *_copies(copied, identifier)])
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
        from ragcli.sessions.history import erasure

        count = self.conversation(conversation).turns
        self._delete(erasure.conversation_gone(conversation))
        return count

    def delete_turn(self, turn: str, *, alone: bool = False) -> None:
        """Erases a turn with all its versions, and summaries that speak of it.

        Args:
            turn: Id of the version that is shown. Of one that is not, this alone goes.
            alone: Erase the version that is shown alone as well; then the one is
                shown that was before it.
        """
        from ragcli.sessions.history import erasure

        deleted = self.turn(turn)
        whole = not alone and self.is_shown(deleted)
        records = self._session.log.since  # also of what is set aside
        self._delete(erasure.turn_gone(records, deleted, whole=whole))

    def redact(self, pattern: str) -> int:
        """Masks every match in stored texts; returns how many records it altered.

        Raises:
            UsageError: Not a regular expression.
        """
        from ragcli.sessions.history import erasure, masking

        expression = masking.compiled(pattern, "--match")
        with self._erased("redact", erasure.masked(expression)) as count:
            self._session.purge(lambda _, data: erasure.holds(expression, data))
        return count

    def compact(self) -> int:
        """Erases what nobody can see any more; returns how many records went."""
        from ragcli.sessions.history import erasure

        with self._erased("compact", erasure.superseded(self._log.since(0))) as count:
            pass
        return count

    def prune(self, *, dry_run: bool) -> Expired:
        """Erases at once what has expired by `ttl` and `ttl_absolute`; returns it."""
        from ragcli.sessions.history.lifetime.expiry import expire_turns

        limit = limits(self._settings)
        expired = expire_turns(self._session, limit, dry_run=dry_run)
        self._look_again()
        return expired

    def draft(self) -> str:
        """Returns the question that was being typed, or ""."""
        return self._kept_text(_DRAFT)

    def put_draft(self, text: str) -> None:
        """Keeps the question that is being typed; "" forgets it."""
        self._keep_text(_DRAFT, text)

    def pastes(self) -> str:
        """Returns the long texts that marks in the draft stand for, or ""."""
        return self._kept_text(_PASTES)

    def put_pastes(self, text: str) -> None:
        """Keeps the long texts that marks in the draft stand for; "" forgets them."""
        self._keep_text(_PASTES, text)

    def _kept_text(self, name: str) -> str:
        stored = self._session.blob(name)
        return stored.decode("utf-8", "surrogatepass") if stored else ""

    def _keep_text(self, name: str, text: str) -> None:
        value = text.encode("utf-8", "surrogatepass") if text else None
        self._session.put_blob(name, value)

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
        from ragcli.sessions.history import masking

        return replace(draft, body=masking.masked(self._mask, draft.body))

    @cached_property
    def _mask(self) -> re.Pattern[str] | None:
        if not self._settings.redact:
            return None
        from ragcli.sessions.history import masking

        return masking.compiled(self._settings.redact, "redact")

    def _delete(self, change: Change) -> None:
        """Erases records, and what side copies hold of them."""
        from ragcli.sessions.history import erasure

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
        from ragcli.sessions.history import erasure

        self._list.forget()
        threads = Threads()
        watch = self._sight.watching(threads.count)
        yield erasure.erase(self._session, reason, change, watch)
        self._list.replaced(threads)


def _copies(copied: list[Turn], conversation: str) -> Iterator[Draft]:
    """Yields drafts of turns under new ids, in another conversation."""
    renamed: dict[str, str] = {}
    for turn in copied:
        renamed[turn.id] = new_id()
        copy = replace(
            turn,
            id=renamed[turn.id],
            conversation=conversation,
            replaces="",
            continues=renamed.get(turn.continues, ""),
        )
        yield turns.to_draft(copy, written=turn.ts)
