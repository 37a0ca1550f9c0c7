"""The conversation on the screen: loading it, and what others append to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from ragcli.sessions.records.record_types import Conversation, Turn
from ragcli.tui.chat.desk import Desk
from ragcli.tui.chat.selection import Selection
from ragcli.tui.messages import (
    ConversationLoaded,
    ConversationOpened,
    HistoryFailed,
    HistoryMoved,
)
from ragcli.tui.widgets.bars.status import StatusLine
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.widgets.conversation.welcome import Welcome
from ragcli.tui.widgets.panes.sidebar import Sidebar
from ragcli.tui.workers.history_watcher import HistoryWatcher
from ragcli.tui.workers.threads import aside

_FIRST = 8
"""Turns that are loaded when a conversation opens."""

_PAGE = 16
"""Turns that are loaded when the user scrolls on."""

_AROUND = 8
"""Turns that are loaded before and after one that is jumped to."""


class InProgress(Protocol):
    """The answer that is being written, as far as the conversation must know it."""

    @property
    def live(self) -> TurnView | None:
        """Its widget, while it is on the screen."""

    async def show_live(self) -> None:
        """Shows it again if it belongs to the conversation on the screen."""

    def is_ours(self, turn: Turn) -> bool:
        """Tells whether a turn is this answer, just recorded."""

    def edit(self, turn: Turn | None) -> None:
        """Marks the turn whose question is edited; None when none is."""


class ConversationView:
    """Shows one conversation, and keeps up with the profile's history.

    Args:
        desk: Where the user is.
        transcript: Shows the turns.
        selection: Follows what is shown.
        sidebar: Lists the conversations.
        status: Has what the welcome says of documents and model.
        answer: The answer in progress.
    """

    def __init__(
        self,
        desk: Desk,
        transcript: Transcript,
        selection: Selection,
        sidebar: Sidebar,
        status: StatusLine,
        answer: InProgress,
    ) -> None:
        self._desk = desk
        self._transcript = transcript
        self._selection = selection
        self._sidebar = sidebar
        self._status = status
        self._answer = answer
        self._watcher: HistoryWatcher | None = None
        self.conversations: Sequence[Conversation] = ()
        """All of the profile, newest first, as far as they were read."""
        self._missed: list[Turn] | None = None
        """Turns that came while the conversation was being loaded; None otherwise."""

    # Loading

    async def open(self, conversation: str) -> None:
        """Shows a conversation's end, or the welcome for a new one."""
        await self._selection.clear()
        self._desk.conversation = conversation
        self._answer.edit(None)
        self._desk.opened += 1
        await self.show_end()
        self.list()
        self._desk.post(ConversationOpened())

    async def show_end(self) -> None:
        """Loads the newest turns of the conversation on the screen."""
        self._missed = []
        try:
            await self._load_end()
        finally:
            missed, self._missed = self._missed, None
        for turn in missed or ():  # None where it was loaded twice at once
            await self._appeared(turn)

    async def _load_end(self) -> None:
        turns: list[Turn] = []
        if self._desk.conversation:
            turns = await aside(
                self._desk.profile.history.transcript,
                self._desk.conversation,
                limit=_FIRST,
            )
        if turns:
            await self._transcript.show(turns, older=len(turns) == _FIRST)
            last = self._transcript.last
            if last is not None:
                await self._selection.show_sources(last)
        else:
            await self.welcome()
        self._desk.post(ConversationLoaded([turn.question for turn in turns]))
        await self._answer.show_live()

    async def welcome(self) -> None:
        """Shows what a new conversation begins with."""
        status = self._status.status
        welcome = Welcome(self._desk.profile.name, status.documents, status.model)
        await self._transcript.show_instead(welcome)

    def load_older(self, before: int) -> None:
        """Loads turns before the oldest that is shown."""

        async def load() -> None:
            turns = await aside(
                self._desk.profile.history.transcript,
                self._desk.conversation,
                before=before,
                limit=_PAGE,
            )
            await self._transcript.put_before(turns, more=len(turns) == _PAGE)

        self._desk.do("page", load)

    def load_newer(self, after: int) -> None:
        """Loads turns after the newest that is shown."""

        async def load() -> None:
            turns = await self._after(after, _PAGE + 1)
            await self._transcript.put_after(turns[:_PAGE], more=len(turns) > _PAGE)

        self._desk.do("page", load)

    async def _after(self, seq: int, limit: int) -> list[Turn]:
        """Returns this conversation's first turns after `seq`."""
        history = self._desk.profile.history
        return await aside(
            history.transcript_after, self._desk.conversation, seq, limit
        )

    async def reveal(self, turn: Turn, pattern: re.Pattern[str] | None = None) -> None:
        """Shows a turn, of this conversation or another, with its neighbours."""
        if turn.conversation != self._desk.conversation:
            await self.open(turn.conversation)
        view = self._transcript.view(turn.id)
        if view is None:
            turns = await aside(
                self._desk.profile.history.transcript,
                self._desk.conversation,
                before=turn.seq + 1,
                limit=_AROUND,
            )
            after = await self._after(turn.seq, _AROUND + 1)
            window = [*turns, *after[:_AROUND]]
            await self._transcript.show(
                window, older=len(turns) == _AROUND, newer=len(after) > _AROUND
            )
            view = self._transcript.view(turn.id)
        if view is not None:
            self._desk.screen.call_after_refresh(self._transcript.reveal, view, pattern)

    async def show_version(self, view: TurnView, turn: Turn) -> None:
        """Shows another version of a turn, which is stored as the one to show.

        Args:
            view: Shows the version before.
            turn: The version, as it is stored.
        """
        if turn.conversation != self._desk.conversation:
            return
        if not (view.is_attached and self._transcript.has_place_for(turn)):
            await self.reveal(turn)
            there = self._transcript.view(turn.id)
            if there is not None:
                there.focus()
            return
        moved = self._transcript.swap(view, turn)
        await self._selection.show(view)
        if moved:
            self._desk.screen.call_after_refresh(self._transcript.reveal, view)

    # Keeping up

    def watch(self) -> None:
        """Starts to look for what others append to the open profile."""
        self.unwatch()
        self._watcher = HistoryWatcher(self._desk.profile, self._desk.post)
        self._watcher.start()

    def unwatch(self) -> None:
        """Stops looking."""
        if self._watcher is not None:
            self._watcher.stop()

    def forget(self) -> None:
        """Drops what belongs to a profile that was left."""
        self._desk.conversation, self.conversations = "", ()

    async def moved(self, message: HistoryMoved) -> None:
        """Shows what was appended."""
        if message.profile is not self._desk.profile:
            return
        self.conversations = message.conversations
        self.list()
        here = self._desk.conversation
        mine = [turn for turn in message.turns if turn.conversation == here]
        if self._missed is not None:
            self._missed += mine
            return
        for turn in mine:
            await self._appeared(turn)
        if message.others:
            self._desk.do("compare", self._compare)

    async def _appeared(self, turn: Turn) -> None:
        """Shows a turn that somebody recorded, unless it is on the screen."""
        transcript = self._transcript
        known = transcript.view(turn.id)
        if known is not None:
            if not known.turn.seq:  # what could not be stored, and is after all
                known.settle(turn, known.note)
            return
        if self._answer.is_ours(turn):
            return
        replaced = transcript.version_view({turn.replaces, *turn.versions} - {""})
        if replaced is not None and transcript.has_place_for(turn):
            transcript.swap(replaced, turn)
            await self._selection.follow(replaced)
        elif replaced is not None:
            await transcript.take_off(replaced)
        elif not transcript.has_newer:
            await transcript.add(turn, before=self._answer.live)

    async def _compare(self) -> None:
        """Brings the turns on the screen up to date after other records came.

        Turns may have been deleted or masked, and other versions be shown.
        """
        here, shown = self._desk.opened, self._recorded()
        if not shown or not self._desk.conversation:
            return
        first = shown[0].turn.seq if self._transcript.has_older else 1
        limit = len(shown) + _PAGE
        turns = await self._after(first - 1, limit)
        if here != self._desk.opened:
            return
        if shown != self._recorded():  # others are on the screen by now
            self._desk.do("compare", self._compare)
            return
        if len(turns) == limit:
            shown = [view for view in shown if view.turn.seq <= turns[-1].seq]
        last = shown[-1].turn.seq if shown and self._transcript.has_newer else None
        changed = [view for view in shown if self._bring_up(view, turns)]
        for turn in turns:
            is_there = self._transcript.view(turn.id) or self._answer.is_ours(turn)
            if not is_there and (last is None or turn.seq < last):
                self._transcript.insert(turn, self._answer.live)
        for view in changed:
            await self._selection.follow(view)
        chosen, known = self._selection.view, {turn.id for turn in turns}
        end = self._transcript.view(turns[-1].id) if turns else None
        if chosen in shown and chosen.turn.id not in known and end is not None:
            await self._selection.clear()  # its turn is gone, and so are its sources
            await self._selection.show_sources(end)
        if not turns and not self._answer.live:
            self._desk.do("open", self._show_what_is_left, here)

    async def _show_what_is_left(self, opened: int) -> None:
        if opened == self._desk.opened:
            await self.show_end()

    def _recorded(self) -> list[TurnView]:
        return [view for view in self._transcript.turns if view.turn.seq]

    def _bring_up(self, view: TurnView, turns: Sequence[Turn]) -> bool:
        """Shows what a turn is by now; takes one off that is gone.

        Args:
            view: Shows it.
            turns: The turns of the conversation, as they are stored.

        Returns:
            Whether another turn is shown.
        """
        known = view.turn
        same = next((turn for turn in turns if turn.id == known.id), None)
        other = next((turn for turn in turns if known.id in turn.versions), None)
        if same is not None:
            if (same.question, same.answer) != (known.question, known.answer):
                view.settle(same)
            view.know_versions(same.versions)
            return False
        if other is None or self._transcript.view(other.id):
            self._transcript.take_off(view)
            return False
        self._transcript.swap(view, other)
        return True

    def failed(self, message: HistoryFailed) -> None:
        """Says that the history cannot be read."""
        if message.profile is self._desk.profile:
            self._status.say(state="history unreadable", kind="error")
            self._desk.say_error(message.error)

    def list(self) -> None:
        """Brings the list of conversations up to date."""
        self._sidebar.list_conversations(self.conversations, self._desk.conversation)
