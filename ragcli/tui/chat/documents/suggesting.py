"""Questions to ask next, once documents were added."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from ragcli.errors import RagcliError
from ragcli.tui.chat.desk import Desk
from ragcli.tui.lifecycle.keeping import joined
from ragcli.tui.ports import ProfilePort
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.widgets.input.suggestions import Suggestions
from ragcli.tui.workers.threads import aside


class Suggesting:
    """Offers what new documents answer, and the last question where it found nothing.

    Args:
        desk: Where the user is.
        lines: Show what is offered.
        transcript: Has the last question.
        prompt: Takes the question that is chosen.
        keys: Returns the key that asks again, and those of the lines.
    """

    def __init__(
        self,
        desk: Desk,
        lines: Suggestions,
        transcript: Transcript,
        prompt: PromptInput,
        keys: Callable[[], Sequence[str]],
    ) -> None:
        self._desk = desk
        self._lines = lines
        self._transcript = transcript
        self._prompt = prompt
        self._keys = keys

    def documents_came(self, profile: ProfilePort, known: Collection[str]) -> None:
        """Offers what documents answer that are not among the known."""
        self._desk.do("suggest", self._offer, profile, known)

    async def _offer(self, profile: ProfilePort, known: Collection[str]) -> None:
        self._lines.offer((), self._unanswered(), self._keys())
        questions: list[str] = []
        with suppress(RagcliError):  # nobody asked for them
            questions = await aside(profile.suggested_questions, known)
        if profile is self._desk.profile and not self._desk.is_opening:
            self._lines.offer(questions, self._unanswered(), self._keys())

    def _unanswered(self) -> str:
        """Returns the last question if nothing was found for it, else ""."""
        view = self._transcript.last
        if view is None or view.turn.status != "nothing_found":
            return ""
        return view.turn.question

    def has(self, at: int) -> bool:
        """Tells whether there is a question at this place."""
        return at < len(self._lines.questions)

    def take(self, at: int) -> None:
        """Puts a question into the prompt, below what stands there."""
        self._prompt.put(joined(self._prompt.text, self._lines.questions[at]))
        self._prompt.focus()

    def forget(self) -> None:
        """Offers nothing any more."""
        if self._lines.is_attached:
            self._lines.offer(())
