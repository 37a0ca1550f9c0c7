"""The conversation on the screen: loading it, and what others append to it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on

from ragcli.sessions.records.records import Conversation, Turn
from ragcli.tui.chat.base import ChatBase
from ragcli.tui.messages import HistoryFailed, HistoryMoved
from ragcli.tui.sources import from_turn
from ragcli.tui.widgets.prompt import Prompt
from ragcli.tui.widgets.transcript import Transcript
from ragcli.tui.widgets.welcome import Welcome
from ragcli.tui.workers.answering import Asking
from ragcli.tui.workers.history_watcher import HistoryWatcher
from ragcli.tui.workers.threads import aside

_FIRST = 8
"""Turns that are loaded when a conversation opens."""

_PAGE = 16
"""Turns that are loaded when the user scrolls on."""


class ConversationsMixin(ChatBase):
    """Shows one conversation, and keeps up with the profile's history."""

    _watcher: HistoryWatcher | None = None
    _conversations: Sequence[Conversation] = ()
    _missed: list[Turn] | None = None
    """Turns that came while the conversation was being loaded; None otherwise."""
    _asked_in = 0
    """What was open when the question in progress was asked; see `opened`."""
    _draft_due = False

    # Loading

    async def open_conversation(self, conversation: str) -> None:
        """Shows a conversation's end, or the welcome for a new one."""
        await self.sources.show([])
        self.conversation, self.selected, self.editing = conversation, None, None
        self.opened += 1
        await self.show_end()
        self._list()
        self.show_state()
        self.prompt.focus()

    async def show_end(self) -> None:
        """Loads the newest turns of the conversation on the screen."""
        self._missed = []
        try:
            await self._load_end()
        finally:
            missed, self._missed = self._missed, None
        for turn in missed:
            await self._appeared(turn)

    async def _load_end(self) -> None:
        turns: list[Turn] = []
        if self.conversation:
            turns = await aside(
                self.profile.history.transcript, self.conversation, limit=_FIRST
            )
        if turns:
            older = len(turns) == _FIRST
            await self.transcript.show(turns, older=older)
            await self.sources.show(from_turn(turns[-1]))
        else:
            await self._welcome()
        self._remember(turns)
        await self._show_live()

    async def _welcome(self) -> None:
        status = self.status.status
        welcome = Welcome(self.profile.name, status.documents, status.model)
        await self.transcript.show_instead(welcome)

    async def _show_live(self) -> None:
        """Brings back the answer in progress, when this is its conversation."""
        asking, self.live = self.asking, None
        if asking is None or not self.is_here(asking):
            return
        turn = Turn("", self.conversation, asking.request.question)
        self.live = await self.transcript.add(turn)
        asking.take()
        self.live.answer.replace(asking.answer())
        self.live.stage("writing …")

    def is_here(self, asking: Asking) -> bool:
        """Tells whether an answer belongs to the conversation on the screen."""
        if asking.request.conversation:
            return asking.request.conversation == self.conversation
        return self._asked_in == self.opened

    def _remember(self, turns: Sequence[Turn]) -> None:
        self.prompt.remember([turn.question for turn in turns])

    @on(Transcript.OlderWanted)
    def _older(self, message: Transcript.OlderWanted) -> None:
        async def load() -> None:
            turns = await aside(
                self.profile.history.transcript,
                self.conversation,
                before=message.before,
                limit=_PAGE,
            )
            await self.transcript.put_before(turns, more=len(turns) == _PAGE)

        self.do("page", load)

    @on(Transcript.NewerWanted)
    def _newer(self, message: Transcript.NewerWanted) -> None:
        async def load() -> None:
            turns = await self._after(message.after)
            await self.transcript.put_after(turns[:_PAGE], more=len(turns) > _PAGE)

        self.do("page", load)

    async def _after(self, seq: int) -> list[Turn]:
        """Returns this conversation's turns after `seq`, replaced ones left out."""
        turns = await aside(self.profile.history.since, seq)
        replaced = {turn.replaces for turn in turns}
        return [
            turn
            for turn in turns
            if turn.conversation == self.conversation and turn.id not in replaced
        ]

    # Keeping up

    def watch_history(self) -> None:
        """Starts to look for what others append to the open profile."""
        if self._watcher is not None:
            self._watcher.stop()
        self._watcher = HistoryWatcher(self.profile, self.post_message)
        self._watcher.start()

    def unwatch_history(self) -> None:
        """Stops looking."""
        if self._watcher is not None:
            self._watcher.stop()

    @on(HistoryMoved)
    async def _moved(self, message: HistoryMoved) -> None:
        if message.profile is not self.profile:
            return
        self._conversations = message.conversations
        self._list()
        mine = [t for t in message.turns if t.conversation == self.conversation]
        if self._missed is not None:
            self._missed += mine
            return
        for turn in mine:
            await self._appeared(turn)
        if not message.turns:
            self.do("compare", self._compare)

    async def _appeared(self, turn: Turn) -> None:
        """Shows a turn that somebody recorded, unless it is on the screen."""
        transcript = self.transcript
        known = transcript.view(turn.id)
        if known is not None:
            if not known.turn.seq:  # what could not be stored, and is after all
                known.settle(turn, known.note)
            return
        if self._is_ours(turn):
            return
        replaced = transcript.view(turn.replaces) if turn.replaces else None
        if replaced is not None:
            replaced.settle(turn)
        elif not transcript.has_newer:
            await transcript.add(turn, before=self.live)

    def _is_ours(self, turn: Turn) -> bool:
        """Tells whether a turn is the answer in progress, just recorded."""
        asking = self.asking
        return asking is not None and (
            asking.turn is None or asking.turn.id == turn.id
        ) and asking.request.question == turn.question  # fmt: skip

    async def _compare(self) -> None:
        """Takes deleted turns off the screen after records other than turns came."""
        shown = [view for view in self.transcript.turns if view.turn.seq]
        if not shown or not self.conversation:
            return
        before = shown[-1].turn.seq + 1
        turns = await aside(
            self.profile.history.transcript,
            self.conversation,
            before=before,
            limit=len(shown),
        )
        there = {turn.id: turn for turn in turns}
        for view in shown:
            if view.turn.id not in there:
                await view.remove()
            elif there[view.turn.id].answer != view.turn.answer:
                view.settle(there[view.turn.id])
        if not self.transcript.turns:
            await self._welcome()

    @on(HistoryFailed)
    def _history_failed(self, message: HistoryFailed) -> None:
        if message.profile is self.profile:
            self.status.say(state="history unreadable", kind="error")
            self.say_error(message.error)

    def _list(self) -> None:
        self.sidebar.list_conversations(self._conversations, self.conversation)

    # The draft

    @on(Prompt.Edited)
    def _edited(self) -> None:
        self.draft = self.prompt.text
        if not self._draft_due:
            self._draft_due = True
            self.set_timer(0.5, self._keep_draft)

    def _keep_draft(self) -> None:
        self._draft_due = False
        self.do("draft", self._put_draft)

    async def _put_draft(self) -> None:
        if self.has_draft and not self.is_kept:
            await aside(self.profile.history.put_draft, self.unsent())
