"""What can be done with one turn, and with one of its sources."""

from __future__ import annotations

import subprocess
from pathlib import Path

from textual import on
from textual.app import SuspendNotSupported

from ragcli.chat.events import AskRequest
from ragcli.errors import UsageError
from ragcli.sessions.records.records import Turn
from ragcli.text import safe_name
from ragcli.tui.chat import editor
from ragcli.tui.chat.answering import AnsweringMixin
from ragcli.tui.chat.passage_context import passage_context
from ragcli.tui.screens.dialogs import ConfirmDialog
from ragcli.tui.sources import SourceEntry
from ragcli.tui.widgets.answer import AnswerView
from ragcli.tui.widgets.sources import SourceCard
from ragcli.tui.widgets.turn import TurnView
from ragcli.tui.workers.threads import aside


class TurnsMixin(AnsweringMixin):
    """Does what the keys on a turn or a source ask for."""

    @on(TurnView.Selected)
    async def _select(self, message: TurnView.Selected) -> None:
        view = message.view
        if self.selected is not None and self.selected is not view:
            self.selected.choose(0)
            self.selected.remove_class("-selected")
        self.selected = view
        view.add_class("-selected")
        view.choose(message.marker)
        await self.sources.show(view.sources, "This answer has no sources.")
        if message.marker:
            if not self.sources.display:
                self.toggle_pane("sources")
            self.sources.select(message.marker)

    def move(self, view: TurnView, step: int) -> None:
        """Goes from a turn to the next or previous one."""
        turns = self.transcript.turns
        at = turns.index(view) + step
        if at >= len(turns):
            self.prompt.focus()
        elif at >= 0:
            turns[at].focus()

    def _answered(self) -> TurnView:
        """Returns the turn a command is about; raises when there is none."""
        view = self.target
        if view is None or view.is_live:
            raise UsageError("there is no answer yet", "ask something first")
        return view

    # Asking again

    def command_regenerate(self, _: str = "") -> None:
        """Asks the selected question again; the new answer replaces the old."""
        self._again(self._answered().turn)

    def _again(self, turn: Turn, exclude: frozenset[str] = frozenset()) -> None:
        if self.asking is not None:
            raise UsageError("an answer is being written", "stop it with Esc first")
        replaces = turn.id if turn.seq else ""
        request = AskRequest(turn.question, replaces=replaces, exclude=exclude)
        self.submit(request, self.target)

    def command_edit(self, _: str = "") -> None:
        """Puts the question into the prompt; sending it replaces the turn."""
        turn = self._answered().turn
        self.editing = turn
        self.prompt.put(turn.question)
        self.prompt.focus()
        self.show_state()

    def command_continue(self, _: str = "") -> None:
        """Goes on with an interrupted answer."""
        turn = self._answered().turn
        if turn.status not in {"interrupted", "failed"} or not turn.seq:
            raise UsageError("this answer is complete", "/regenerate asks it again")
        if self.asking is not None:
            raise UsageError("an answer is being written", "stop it with Esc first")
        self.submit(AskRequest(turn.question, continues=turn.id))

    # Copying, forgetting

    def command_copy(self, _: str = "") -> None:
        """Copies the answer as Markdown."""
        self._copy(self._answered().turn.answer, "The answer")

    def command_code(self, number: str = "") -> None:
        """Copies a block of code: the last one, or the one of this number."""
        codes = self._answered().answer.codes()
        if not codes:
            raise UsageError("there is no code in this answer", "c copies the answer")
        if number and not (number.isdecimal() and 0 < int(number) <= len(codes)):
            raise UsageError(
                f"there is no block of code {number!r}", f"1 to {len(codes)}"
            )
        self._copy(codes[int(number) - 1 if number else -1], "The code")

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.say(f"{what} is in the clipboard.")

    @on(AnswerView.CodeClicked)
    def _code_clicked(self, message: AnswerView.CodeClicked) -> None:
        self._copy(message.code, "The code")

    @on(AnswerView.LinkClicked)
    def _link_clicked(self, message: AnswerView.LinkClicked) -> None:
        self.do("", self._open_link, message.href)

    async def _open_link(self, href: str) -> None:
        if not href.startswith(("http://", "https://")):
            raise UsageError(
                f"{href[:80]} is not opened", "only http and https links are"
            )
        dialog = ConfirmDialog("Open this link in the browser?", href, yes="Open")
        if await self.app.push_screen_wait(dialog):
            self.app.open_url(href)

    def command_forget(self, _: str = "") -> None:
        """Deletes the turn, once confirmed."""
        self.do("", self._forget, self._answered())

    async def _forget(self, view: TurnView) -> None:
        dialog = ConfirmDialog(
            "Delete this turn?", view.turn.question, yes="Delete", danger=True
        )
        if not await self.app.push_screen_wait(dialog):
            return
        if view.turn.seq:
            await aside(self.profile.history.delete_turn, view.turn.id)
        await view.remove()
        self.selected = None
        await self.sources.show([])
        self.prompt.focus()

    # Sources

    @on(SourceCard.Selected)
    def _source_selected(self, message: SourceCard.Selected) -> None:
        if self.selected is not None:
            self.selected.choose(message.card.source.marker)
        self.sources.select(message.card.source.marker)

    @on(SourceCard.Requested)
    def _source_key(self, message: SourceCard.Requested) -> None:
        card, what = message.card, message.what
        if what in {"previous", "next"}:
            self._move_card(card, 1 if what == "next" else -1)
        elif what == "copy":
            self._copy(card.source.text, "The passage")
        elif what == "open":
            self.do("", self._open, card.source)
        elif what == "expand":
            self.do("", self._expand, card)
        else:
            self.do("", self._exclude, card.source)

    def _move_card(self, card: SourceCard, step: int) -> None:
        cards = self.sources.cards
        cards[(cards.index(card) + step) % len(cards)].focus()

    async def _open(self, source: SourceEntry) -> None:
        if not source.is_file and source.origin:
            raise UsageError(
                f"its file is not here: it came with {safe_name(source.origin)}",
                "space shows the passage whole",
            )
        if not source.is_file:
            raise UsageError(
                "piped text has no file to open", "space shows what is around it"
            )
        line = source.lines[0] if source.lines else None
        words = editor.command(source.path, line)
        try:
            with self.app.suspend():
                subprocess.run(words, check=False)  # noqa: S603, ASYNC221 - the user's own editor, and the screen is his
        except SuspendNotSupported:
            self.say(f"{source.full_place} cannot be opened from here")
        except OSError as error:
            raise UsageError(f"{words[0]}: {error.strerror}", "set $EDITOR") from error
        self.refresh(layout=True)

    async def _expand(self, card: SourceCard) -> None:
        if card.expanded:
            card.show_around("", "")
            return
        before, after = await aside(
            passage_context, card.source, self.profile.library.document
        )
        card.show_around(before, after)
        card.scroll_visible(animate=False)

    async def _exclude(self, source: SourceEntry) -> None:
        view = self._answered()
        self._again(view.turn, frozenset({source.path}))
        self.say(f"Asking again without {safe_name(Path(source.path).name)}")
