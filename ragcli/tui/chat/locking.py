"""An answer that could not be recorded: wait, go on without, or fork."""

from __future__ import annotations

from textual import on

from ragcli.errors import Locked
from ragcli.sessions.records.records import Turn
from ragcli.tui.chat.profiles import ProfilesMixin
from ragcli.tui.messages import NotRecorded
from ragcli.tui.screens.dialogs import LockDialog
from ragcli.tui.workers.threads import aside


class LockingMixin(ProfilesMixin):
    """Asks the user what becomes of a turn while others hold the lock."""

    @on(NotRecorded)
    def _not_recorded(self, message: NotRecorded) -> None:
        self.do("", self._ask_about_lock, message)

    async def _ask_about_lock(self, message: NotRecorded) -> None:
        """Lets the user choose what becomes of a turn that could not be recorded."""
        self.unrecorded, error = message, message.error
        while self.unrecorded is not None:
            self.status.say(state="locked", kind="error")
            dialog = LockDialog(error.message, error.hint)
            chosen = await self.app.push_screen_wait(dialog)
            if not await self._go_on(chosen, message):
                return
            try:
                stored = await aside(self.record, message)
            except Locked as again:
                error = again
                continue
            await self._recorded(stored)
            return

    async def _go_on(self, chosen: str | None, message: NotRecorded) -> bool:
        """Does what was chosen; False when the turn is not to be recorded."""
        if chosen == "wait":
            self.status.say(state="waiting for the lock", kind="busy")
            return True
        self.unrecorded = None
        if chosen != "fork":
            self.read_only = True
            self.show_state()
            return False
        await self.fork_profile()
        self.unrecorded = message
        return True

    async def _recorded(self, turn: Turn) -> None:
        """Shows that a turn is recorded after all."""
        view = next((v for v in self.transcript.turns if v.turn.id == turn.id), None)
        if view is not None:
            view.settle(turn)
        self.conversation = turn.conversation
        self.show_state()
        self.say("The answer is recorded.")
