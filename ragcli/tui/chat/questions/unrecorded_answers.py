"""An answer that could not be recorded: wait, go on without, or fork."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ragcli.errors import Locked
from ragcli.sessions.records.record_types import Turn
from ragcli.tui.chat.desk import Desk
from ragcli.tui.chat.questions.drafts import Drafts
from ragcli.tui.messages import NotRecorded, StateChanged
from ragcli.tui.screens.dialogs import LockDialog
from ragcli.tui.widgets.bars.status import StatusLine
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.workers.threads import aside


class Locking:
    """Asks the user what becomes of a turn while others hold the lock.

    Args:
        desk: Where the user is.
        drafts: Keeps the turn meanwhile, and records it.
        transcript: Shows it.
        status: Says what is waited for.
        fork: Goes on in a copy of the profile.
    """

    def __init__(
        self,
        desk: Desk,
        drafts: Drafts,
        transcript: Transcript,
        status: StatusLine,
        fork: Callable[[], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._drafts = drafts
        self._transcript = transcript
        self._status = status
        self._fork = fork

    def not_recorded(self, message: NotRecorded) -> None:
        """Lets the user choose what becomes of a turn that could not be recorded."""
        self._desk.do("", self._ask, message)

    async def _ask(self, message: NotRecorded) -> None:
        self._drafts.unrecorded, error = message, message.error
        while self._drafts.unrecorded is not None:
            self._status.say(state="locked", kind="error")
            dialog = LockDialog(error.message, error.hint)
            chosen = await self._desk.answer_to(dialog)
            if not await self._go_on(chosen, message):
                return
            try:
                stored = await aside(self._drafts.record, message)
            except Locked as again:
                error = again
                continue
            self._recorded(stored)
            return

    async def _go_on(self, chosen: str | None, message: NotRecorded) -> bool:
        """Does what was chosen; False when the turn is not to be recorded."""
        if chosen == "wait":
            self._status.say(state="waiting for the lock", kind="busy")
            return True
        self._drafts.unrecorded = None
        if chosen != "fork":
            self._desk.read_only = True
            self._desk.post(StateChanged())
            return False
        await self._fork()
        self._drafts.unrecorded = message
        return True

    def _recorded(self, turn: Turn) -> None:
        """Shows that a turn is recorded after all."""
        view = self._transcript.view(turn.id)
        if view is not None:
            view.settle(turn)
        self._desk.conversation = turn.conversation
        self._desk.post(StateChanged())
        self._desk.say("The answer is recorded.")
