"""Questions asked before: found by their words, or gone through with Up."""

from __future__ import annotations

from ragcli.tui.chat.desk import Desk
from ragcli.tui.screens.recall import RecallDialog
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.workers.threads import aside

_FOUND = 1000
"""Turns, the newest, whose questions can be found."""

_UP = 100
"""Turns of the profile whose questions Up goes on through."""


class QuestionRecall:
    """Puts a question of any conversation into the prompt again.

    Args:
        desk: Where the user is.
        prompt: What is filled.
    """

    def __init__(self, desk: Desk, prompt: PromptInput) -> None:
        self._desk = desk
        self._prompt = prompt

    def remember(self, questions: list[str]) -> None:
        """Has Up go through a conversation's questions, then through all others."""
        self._prompt.remember(questions)
        self._desk.do("remember", self._remember, questions)

    async def _remember(self, questions: list[str]) -> None:
        asked = await aside(self._desk.profile.history.questions, _UP)
        here = set(questions)
        others = [question for question in reversed(asked) if question not in here]
        self._prompt.remember([*others, *questions])

    def command_recall(self, _: str = "") -> None:
        """Finds a question of any conversation, and puts it into the prompt."""
        self._desk.do("", self._recall)

    async def _recall(self) -> None:
        asked = await aside(self._desk.profile.history.questions, _FOUND)
        begun = self._prompt.text if "\n" not in self._prompt.text else ""
        chosen = await self._desk.answer_to(RecallDialog(asked, begun))
        if chosen is not None:
            self._prompt.put(chosen)
        self._prompt.focus()
