"""What can be done with one turn."""

from __future__ import annotations

from collections.abc import Callable

from ragcli.chat.events import AskRequest
from ragcli.errors import UsageError
from ragcli.index.document_filter import recorded
from ragcli.sessions.records.record_types import Turn
from ragcli.tui import clipboard
from ragcli.tui.chat.desk import Desk
from ragcli.tui.chat.selection import Selection
from ragcli.tui.screens.dialogs import ConfirmDialog, PickDialog, PickerEntry
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.workers.threads import aside

_ONE = "Delete this version?"
_ALL = "Delete this turn with all its versions?"

Submit = Callable[[AskRequest, TurnView | None], None]
"""Asks a question that is about a turn, which goes once it is answered."""


class TurnActions:
    """Does what the keys on a turn ask for.

    Args:
        desk: Where the user is.
        transcript: The turns.
        selection: Which of them it is about.
        prompt: Takes a question that is edited.
        submit: Asks again.
        edit: Has the next question take the place of a turn.
    """

    def __init__(
        self,
        desk: Desk,
        transcript: Transcript,
        selection: Selection,
        prompt: PromptInput,
        submit: Submit,
        edit: Callable[[Turn | None], None],
    ) -> None:
        self._desk = desk
        self._transcript = transcript
        self._selection = selection
        self._prompt = prompt
        self._submit = submit
        self._edit = edit

    def move(self, view: TurnView, step: int) -> None:
        """Goes from a turn to the next or previous one."""
        turns = self._transcript.turns
        at = turns.index(view) + step
        if at >= len(turns):
            self._prompt.focus()
        elif at >= 0:
            turns[at].focus()

    # Asking again

    def command_regenerate(self, _: str = "") -> None:
        """Asks the selected question again; the new answer replaces the old."""
        self.again()

    def again(self, exclude: frozenset[str] = frozenset()) -> None:
        """Asks the selected question again, without some documents."""
        view = self._selection.answered()
        replaces = view.turn.id if view.turn.seq else ""
        request = AskRequest(
            view.turn.question,
            pasted=view.turn.pasted,
            replaces=replaces,
            exclude=exclude,
            where=recorded(view.turn.where),
        )
        self._submit(request, view)

    def command_edit(self, _: str = "") -> None:
        """Puts the question into the prompt; sending it replaces the turn."""
        turn = self._selection.answered().turn
        self._prompt.put(turn.asked)
        self._prompt.focus()
        self._edit(turn)

    def command_continue(self, _: str = "") -> None:
        """Goes on with an interrupted answer."""
        turn = self._selection.answered().turn
        if turn.status not in {"interrupted", "failed"} or not turn.seq:
            raise UsageError("this answer is complete", "/regenerate asks it again")
        where = recorded(turn.where)
        request = AskRequest(turn.question, continues=turn.id, where=where)
        self._submit(request, None)

    # Copying, forgetting

    def command_copy(self, _: str = "") -> None:
        """Copies the answer as Markdown."""
        self.copy(self._selection.answered().turn.answer, "The answer")

    def command_code(self, number: str = "") -> None:
        """Copies a block of code: the last one, or the one of this number."""
        codes = self._selection.answered().answer.codes()
        if not codes:
            raise UsageError("there is no code in this answer", "c copies the answer")
        if number and not (number.isdecimal() and 0 < int(number) <= len(codes)):
            raise UsageError(
                f"there is no block of code {number!r}", f"1 to {len(codes)}"
            )
        self.copy(codes[int(number) - 1 if number else -1], "The code")

    def copy(self, text: str, what: str) -> None:
        """Puts text into the clipboard; says so only when it is known to be there."""
        self._desk.screen.app.copy_to_clipboard(text)
        if clipboard.system.has_it:
            self._desk.say(f"{what} is in the clipboard.")
        else:
            self._desk.say(f"{what} was sent to the terminal, for its clipboard.")

    def open_link(self, href: str) -> None:
        """Opens a link of an answer in the browser, once confirmed."""
        self._desk.do("", self._open_link, href)

    async def _open_link(self, href: str) -> None:
        if not href.startswith(("http://", "https://")):
            raise UsageError(
                f"{href[:80]} is not opened", "only http and https links are"
            )
        dialog = ConfirmDialog("Open this link in the browser?", href, yes="Open")
        if await self._desk.answer_to(dialog):
            self._desk.screen.app.open_url(href)

    def command_forget(self, _: str = "") -> None:
        """Deletes the turn, once confirmed."""
        self._desk.do("", self._forget, self._selection.answered())

    async def _forget(self, view: TurnView) -> None:
        what = await self._what_goes(view.turn)
        if not what:
            return
        dialog = ConfirmDialog(what, view.turn.question, yes="Delete", danger=True)
        if not await self._desk.answer_to(dialog):
            return
        turn, alone = view.turn, what == _ONE
        if turn.seq:
            history = self._desk.profile.history
            await aside(history.delete_turn, turn.id, alone=alone)
        if not alone:  # of what is left one is shown in its place, with its sources
            await self._transcript.take_off(view)
            await self._selection.clear()
            last = self._transcript.last
            if last is not None:
                await self._selection.show_sources(last)
        self._prompt.focus()

    async def _what_goes(self, turn: Turn) -> str:
        """Returns what is deleted of a turn that has versions, as a question."""
        count = len(turn.versions)
        if count < 2:
            return "Delete this turn?"
        choices = [
            PickerEntry(_ONE, f"Version {turn.version} of {count}", "the others stay"),
            PickerEntry(_ALL, f"All {count} versions", "the whole turn"),
        ]
        picked = await self._desk.answer_to(PickDialog("Delete", choices))
        return picked or ""
