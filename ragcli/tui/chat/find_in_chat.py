"""Finding words in the conversation and in the whole profile."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual import on

from ragcli.errors import RagcliError
from ragcli.sessions.records.records import Turn
from ragcli.tui.chat.conversations import ConversationsMixin
from ragcli.tui.screens.search import SearchScreen
from ragcli.tui.widgets.find import FindBar
from ragcli.tui.widgets.turn import TurnView
from ragcli.tui.workers.threads import aside

_AROUND = 8
"""Turns that are loaded before and after one that is jumped to."""


class FindInChatMixin(ConversationsMixin):
    """Drives the find bar and the search screen."""

    _pattern: re.Pattern[str] | None = None
    _matches: Sequence[Turn] = ()
    _match = 0

    def command_find(self, text: str = "") -> None:
        """Opens the find bar."""
        self.query_one(FindBar).open(text)

    @on(FindBar.Looked)
    def _looked(self, message: FindBar.Looked) -> None:
        self.do("find", self._look, message.text)

    async def _look(self, text: str) -> None:
        self._pattern = re.compile(re.escape(text), re.IGNORECASE) if text else None
        pattern, self._matches = self._pattern, ()
        self.transcript.find(pattern)
        if pattern and self.conversation:
            turns = await aside(self.profile.history.transcript, self.conversation)
            self._matches = [
                turn
                for turn in turns
                if pattern.search(turn.question) or pattern.search(turn.answer)
            ]
        self._match = len(self._matches)
        await self._step(0)

    @on(FindBar.Stepped)
    def _stepped(self, message: FindBar.Stepped) -> None:
        self.do("find", self._step, message.step)

    async def _step(self, step: int) -> None:
        total = len(self._matches)
        if total:
            self._match = (self._match - 1 + step) % total + 1
            await self.reveal(self._matches[self._match - 1])
        self.query_one(FindBar).count(self._match if total else 0, total)

    async def reveal(self, turn: Turn) -> None:
        """Shows a turn of this conversation, loading what stands around it."""
        view = self.transcript.view(turn.id)
        if view is None:
            before = turn.seq + 1
            turns = await aside(
                self.profile.history.transcript,
                self.conversation,
                before=before,
                limit=_AROUND,
            )
            after = await self._after(turn.seq)
            window = [*turns, *after[:_AROUND]]
            await self.transcript.show(
                window, older=len(turns) == _AROUND, newer=len(after) > _AROUND
            )
            view = self.transcript.view(turn.id)
        if view is not None:
            self._reveal_soon(view)

    def _reveal_soon(self, view: TurnView) -> None:
        self.call_after_refresh(self.transcript.reveal, view, self._pattern)

    @on(FindBar.Closed)
    def _find_closed(self) -> None:
        self._pattern = None
        self.transcript.find(None)
        self.prompt.focus()

    def command_search(self, text: str = "") -> None:
        """Looks for words in all conversations."""
        self.do("", self._search, text)

    async def _search(self, text: str) -> None:
        async def search(words: str) -> Sequence[Turn]:
            try:
                return await aside(self.profile.history.search, words)
            except RagcliError as error:
                self.say_error(error)
                return ()

        found = await self.app.push_screen_wait(SearchScreen(search, text))
        if found is None:
            return
        turn, words = found
        if turn.conversation != self.conversation:
            await self.open_conversation(turn.conversation)
        self._pattern = re.compile(re.escape(words), re.IGNORECASE)
        self.transcript.find(self._pattern)
        await self.reveal(turn)
