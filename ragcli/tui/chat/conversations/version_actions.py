"""Going through the versions of an answer; the one that is shown goes on being it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ragcli.sessions.records.record_types import Turn
from ragcli.tui.chat.desk import Desk
from ragcli.tui.chat.selection import Selection
from ragcli.tui.turns import turn_versions
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.workers.threads import aside


class VersionActions:
    """Stores which version of a turn is shown, then shows it.

    What is stored is what the next question goes on from, also where an answer is
    being written: that one was begun with what was shown then.

    Args:
        desk: Where the user is.
        selection: The turn that a command is about.
        show: Shows another version of a turn.
    """

    def __init__(
        self,
        desk: Desk,
        selection: Selection,
        show: Callable[[TurnView, Turn], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._selection = selection
        self._show = show

    def browse(self, view: TurnView, step: int) -> None:
        """Goes to the version of a turn before or after the one that is shown."""
        self._desk.do("version", self._browse, view, step)

    async def _browse(self, view: TurnView, step: int) -> None:
        # Which one is shown is asked only now: several keys may have been pressed.
        await self._go_to(view, view.turn.version + step)

    def command_version(self, number: str = "") -> None:
        """Goes to the version of a number; alone, to the one before, or the last."""
        view = self._selection.answered()
        wanted = turn_versions.wanted(view.turn, number)
        self._desk.do("version", self._go_to, view, wanted)

    async def _go_to(self, view: TurnView, number: int) -> None:
        """Stores and shows a version; does nothing beyond the first and the last."""
        versions = view.turn.versions
        if 0 < number <= len(versions) and number != view.turn.version:
            history = self._desk.profile.history
            turn = await aside(history.show_version, versions[number - 1])
            await self._show(view, turn)
