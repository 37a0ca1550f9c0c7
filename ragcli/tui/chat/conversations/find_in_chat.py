"""Finding words in the conversation and in the whole profile."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragcli.errors import RagcliError
from ragcli.sessions.records.record_types import Turn
from ragcli.tui.chat.desk import Desk
from ragcli.tui.messages import TurnWanted
from ragcli.tui.screens.search import SearchScreen
from ragcli.tui.widgets.bars.find import FindBar
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.workers.threads import aside


class FindInChat:
    """Drives the find bar and the search screen; says which turn is wanted.

    Args:
        desk: Where the user is.
        transcript: Marks what was found.
        bar: Where the words are typed.
    """

    def __init__(self, desk: Desk, transcript: Transcript, bar: FindBar) -> None:
        self._desk = desk
        self._transcript = transcript
        self._bar = bar
        self._pattern: re.Pattern[str] | None = None
        self._matches: Sequence[Turn] = ()
        self._match = 0

    def command_find(self, text: str = "") -> None:
        """Opens the find bar."""
        self._bar.open(text)

    def looked(self, text: str) -> None:
        """Finds the words that stand in the bar."""
        self._desk.do("find", self._look, text)

    async def _look(self, text: str) -> None:
        self._pattern = re.compile(re.escape(text), re.IGNORECASE) if text else None
        pattern, self._matches = self._pattern, ()
        self._transcript.find(pattern)
        if pattern and self._desk.conversation:
            history = self._desk.profile.history
            turns = await aside(history.transcript, self._desk.conversation)
            self._matches = [
                turn
                for turn in turns
                if pattern.search(turn.question) or pattern.search(turn.answer)
            ]
        self._match = len(self._matches)
        self.stepped(0)

    def stepped(self, step: int) -> None:
        """Goes to another match."""
        total = len(self._matches)
        if total:
            self._match = (self._match - 1 + step) % total + 1
            self._desk.post(TurnWanted(self._matches[self._match - 1], self._pattern))
        self._bar.count(self._match if total else 0, total)

    def closed(self) -> None:
        """Removes all marks."""
        self._pattern = None
        self._transcript.find(None)

    def command_search(self, text: str = "") -> None:
        """Looks for words in all conversations."""
        self._desk.do("", self._search, text)

    async def _search(self, text: str) -> None:
        async def search(words: str) -> Sequence[Turn]:
            try:
                return await aside(self._desk.profile.history.search, words)
            except RagcliError as error:
                self._desk.say_error(error)
                return ()

        chosen = await self._desk.answer_to(SearchScreen(search, text))
        if chosen is None:
            return
        turn, words = chosen
        self._pattern = re.compile(re.escape(words), re.IGNORECASE)
        self._transcript.find(self._pattern)
        self._desk.post(TurnWanted(turn, self._pattern))
