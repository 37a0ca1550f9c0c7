"""What is kept when a profile is left: the answers, the questions, the draft."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ragcli.errors import RagcliError
from ragcli.sessions.records.record_types import Turn
from ragcli.tui.chat.desk import Desk
from ragcli.tui.lifecycle.keeping import joined, keep
from ragcli.tui.messages import NotRecorded
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.workers.answer_worker import AnswerWorker
from ragcli.tui.workers.threads import aside

_PAUSE = 0.5
"""Seconds after a key before the draft is kept."""


class Drafts:
    """Keeps drafts and unsent questions, so that nothing is lost.

    Args:
        desk: Where the user is.
        prompt: Has what is being written.
        in_progress: Returns the answer that is being written.
        waiting: Returns the questions that wait for their turn.
    """

    def __init__(
        self,
        desk: Desk,
        prompt: PromptInput,
        in_progress: Callable[[], AnswerWorker | None] = lambda: None,
        waiting: Callable[[], Sequence[str]] = list,
    ) -> None:
        self._desk = desk
        self._prompt = prompt
        self._in_progress = in_progress
        self._waiting = waiting
        self._draft = ""
        """The text in the prompt, which a thread may not ask for."""
        self._pasted = ""
        """The texts of marks as they are kept beside the draft."""
        self._due = False
        self._is_read = False
        """Whether the draft that was kept is in the prompt, whose text replaces it."""
        self.unrecorded: NotRecorded | None = None
        """An answer that waits for others to release the lock."""
        self.lost: RagcliError | None = None
        """Why something could not be kept when the chat was left."""
        self._one_keeps = threading.Lock()
        """Held while things are kept: what ends the chat may come twice at once."""

    # While the user writes

    async def read(self) -> None:
        """Puts the draft that was kept into the prompt, before what stands there."""
        history = self._desk.profile.history
        draft = await aside(history.draft)
        if draft:
            self._pasted = await aside(history.pastes)
            self._prompt.pastes.restore(self._pasted)
            self._prompt.put(joined(draft, self._prompt.text))
        self._is_read = True

    def edited(self) -> None:
        """Schedules saving the text in the prompt."""
        self._draft = self._prompt.text
        if not self._due:
            self._due = True
            self._desk.screen.set_timer(_PAUSE, self._keep_draft)

    def _keep_draft(self) -> None:
        self._due = False
        self._desk.do("draft", self._put_draft)

    async def _put_draft(self) -> None:
        if self._is_read and not self._desk.is_left:
            await aside(self._put, self.unsent())

    def _put(self, unsent: str) -> None:
        """Keeps a draft, and before it the long texts that its marks stand for."""
        history = self._desk.profile.history
        self._put_pastes(unsent)
        history.put_draft(unsent)

    def _put_pastes(self, unsent: str) -> None:
        pasted = self._prompt.pastes.kept(unsent)
        if pasted != self._pasted:
            self._desk.profile.history.put_pastes(pasted)
            self._pasted = pasted

    def unsent(self) -> str:
        """Returns the queued questions and the text in the prompt."""
        waiting = [*self._waiting(), self._draft]
        return "\n".join(text for text in waiting if text.strip())

    def forget(self) -> None:
        """Starts over, in a profile whose draft has not been read."""
        self._prompt.put("")
        self._draft, self._is_read, self._desk.is_left = "", False, False
        self._pasted = ""

    # At the end

    def record(self, message: NotRecorded) -> Turn:
        """Records an answer after all, in the calling thread; twice does no harm.

        Raises:
            Locked: The lock is still held.
        """
        history = self._desk.profile.history
        stored = history.commit(message.turn, title=message.title)
        self.unrecorded = None
        return stored

    async def keep_all(self) -> None:
        """Stops the answer, records it, and keeps the draft."""
        await aside(self.keep_now)

    def keep_now(self) -> None:
        """Does the same in the calling thread; a second call does nothing.

        Raises:
            RagcliError: It could not be stored; the next call tries again.
        """
        with self._one_keeps:
            if self._desk.is_left:
                return
            self._desk.is_left = True  # from here on nothing else keeps a draft
            try:
                self._keep()
            except RagcliError:
                self._desk.is_left = False
                raise

    def _keep(self) -> None:
        if self.unrecorded is not None:
            self.record(self.unrecorded)
        unsent = self.unsent()
        if not self._is_read:
            unsent = joined(self._desk.profile.history.draft(), unsent)
        asking = self._in_progress()
        self._put_pastes(" ".join((unsent, *(asking.request.pasted if asking else ()))))
        keep(self._desk.profile, asking, unsent)
