"""Asking: the queue of questions, the answer that streams, and how it ends."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from textual import on

from ragcli.chat.answering import BROKEN_OFF
from ragcli.chat.events import AskRequest, Failed, Finished, Notice, Retrieved
from ragcli.errors import Locked, RagcliError
from ragcli.sessions.records.records import Turn
from ragcli.text import labelled, safe_line
from ragcli.tui.attachments import attached
from ragcli.tui.chat.drafts import DraftsMixin
from ragcli.tui.messages import NotRecorded
from ragcli.tui.ports import ProfilePort
from ragcli.tui.sources import from_passages
from ragcli.tui.widgets.turn import TurnView
from ragcli.tui.workers.answering import AnswerEnded, AnswerEvent, AnswerGrew, Asking
from ragcli.tui.workers.threads import aside

_FRAME = 0.04
"""Seconds between two redraws of a growing answer."""

_TELL = 0.5
"""Seconds between two statements of the speed."""


class AnsweringMixin(DraftsMixin):
    """Sends questions and shows what comes back."""

    _replaced: TurnView | None = None
    """The turn that the question in progress takes the place of, once answered."""
    _drawn = 0.0
    _drawing = False
    _told = 0.0

    # From prompt to engine

    def ask(self, text: str) -> None:
        """Asks at once, or as soon as the answers before it are done.

        A question sent right after `/new` belongs to the conversation that opens.
        """
        if self.is_opening:
            self.do("", self._ask_when_open, text)
            return
        if self.asking is not None:
            self.queue.append(text)
            self.show_state()
            return
        try:
            question, paths = attached(text)
        except RagcliError as error:
            self.say_error(error)
            self.prompt.put(text)
            return
        edited, self.editing = self.editing, None
        replaces = edited.id if edited and edited.seq else ""
        view = self.transcript.view(edited.id) if edited else None
        self.submit(AskRequest(question, attach_paths=paths, replaces=replaces), view)

    async def _ask_when_open(self, text: str) -> None:
        while self.is_opening:
            async with self._in_order["open"]:
                await asyncio.sleep(0)
        self.ask(text)

    def submit(self, request: AskRequest, replaced: TurnView | None = None) -> None:
        """Hands a question to the engine, in the conversation on the screen.

        Args:
            request: The question.
            replaced: The turn that goes once this one is answered.
        """
        self._replaced = replaced
        request = replace(
            request,
            conversation=self.conversation,
            new=not self.conversation,
            record=not self.read_only,
        )
        self._asked_in = self.opened
        self.asking = Asking(self.profile, request, self.post_message)
        self.show_state()
        self.do("", self._begin, self.asking)

    async def _begin(self, asking: Asking) -> None:
        """Shows the question, then lets the engine start."""
        turn = Turn(
            id="", conversation=self.conversation, question=asking.request.question
        )
        if self.transcript.has_newer:
            await self.show_end()
        self.live = await self.transcript.add(turn)
        self.live.stage("searching …")
        self.selected = self.live
        self.transcript.anchor()
        asking.start()

    # While it streams

    @on(AnswerGrew)
    def _grew(self, message: AnswerGrew) -> None:
        if message.asking is self.asking and not self._drawing:
            self._drawing = True
            pause = _FRAME - (time.monotonic() - self._drawn)
            self.set_timer(max(0.001, pause), self._draw)

    def _draw(self) -> None:
        self._drawing = False
        if self.asking is None:
            return
        self._drawn = time.monotonic()
        text = self.asking.take()
        if text and self.live is not None:
            self.live.answer.append(text)
            self._tell_rate(self.asking)

    def _tell_rate(self, asking: Asking) -> None:
        if self._drawn - self._told < _TELL:
            return
        self._told = self._drawn
        rate = asking.rate()
        if self.live is not None and asking.retrieved is not None:
            speed = f" · {rate:.0f} tokens/s" if rate else ""
            found = asking.retrieved
            self.live.stage(f"{labelled(found.model, found.remote)}{speed}")
        self.status.say(rate=rate)

    @on(AnswerEvent)
    async def _event(self, message: AnswerEvent) -> None:
        event = message.event
        if isinstance(event, Notice):
            warns = event.kind == "warning"
            self.say(event.message, severity="warning" if warns else "information")
        elif message.asking is not self.asking:
            return
        elif isinstance(event, Retrieved):
            await self._found(message.asking, event)
        elif isinstance(event, Finished):
            await self._finished(message.asking, event)

    async def _found(self, asking: Asking, event: Retrieved) -> None:
        model = labelled(event.model, event.remote)
        self.status.say(model=model, context=asking.context)
        self.show_state()
        if self.live is None:
            return
        many = "" if event.used == 1 else "s"
        self.live.stage(f"{model} · reading {event.used} passage{many} …")
        self.live.sources = from_passages(event.passages, event.used)
        if self.selected is self.live:
            await self.sources.show(self.live.sources)

    async def _finished(self, asking: Asking, event: Finished) -> None:
        if self.is_here(asking) and asking.request.record:
            self.conversation = event.turn.conversation
        await self._settle(asking, event.turn, event.stale)
        if event.unsupported:
            many = "s were" if event.unsupported > 1 else " was"
            self.say(
                f"{event.unsupported} citation{many} removed: no passage bears it out"
            )

    async def _settle(
        self,
        asking: Asking,
        turn: Turn,
        stale: frozenset[int] = frozenset(),
        note: str = "",
    ) -> None:
        """Shows the turn as it was recorded."""
        view, self.live = self.live, None
        if view is None:
            return
        replaced = self._taken_place_of(asking)
        if replaced is not None and replaced is not view:
            if turn.status not in BROKEN_OFF:
                await replaced.remove()
            elif _says_nothing_new(turn, replaced.turn):
                await self._give_back(view, replaced)
                return
        rate = asking.rate()
        speed = f"{rate:.0f} tokens/s" if rate >= 1 else ""
        view.settle(turn, note or speed, stale)
        if self.selected is view:
            await self.sources.show(view.sources, _no_sources(turn))

    def _taken_place_of(self, asking: Asking) -> TurnView | None:
        """Returns the turn on the screen that an answer takes the place of."""
        replaced, self._replaced = self._replaced, None
        if asking.request.replaces:
            return self.transcript.view(asking.request.replaces)
        return replaced if replaced is not None and replaced.is_attached else None

    async def _give_back(self, view: TurnView, replaced: TurnView) -> None:
        """Shows the old answer alone: of the new one not a word was said."""
        if self.selected is view:
            self.selected = replaced
            await self.sources.show(replaced.sources)
        await view.remove()

    # How it ends

    @on(AnswerEnded)
    async def _ended(self, message: AnswerEnded) -> None:
        if message.crash is not None:
            raise message.crash
        asking, error = message.asking, message.error
        if error is not None and asking.turn is None:
            await self._failed(asking, error)
        elif error is not None:
            self.say_error(error)
        if asking is self.asking:
            self.asking = None
            self.live = None
        self.show_state()
        self.do("count", self.count_documents, asking.profile)
        self.ask_next()

    async def count_documents(self, profile: ProfilePort) -> None:
        """Brings the number of documents up to date; others may have added some."""
        count = await aside(profile.library.count)
        if profile is self.profile:
            self.status.say(documents=count)

    def ask_next(self) -> None:
        """Asks the next question that waits, unless one is being answered.

        One that was kept with the draft, because the profile is left, is not asked.
        """
        if self.queue and self.asking is None and not self.is_kept:
            self.ask(self.queue.popleft())

    async def _failed(self, asking: Asking, error: RagcliError) -> None:
        """Keeps what was said, and says why there is no more."""
        failed = asking.failed or self._never_begun(asking)
        await self._settle(asking, failed.turn, note=safe_line(error.message, 80))
        if isinstance(error, Locked) and not failed.turn.seq:
            self.post_message(NotRecorded(failed.turn, error, failed.title))
            return
        self.say_error(error)
        if not asking.answer() and not self.prompt.text:
            self.prompt.put(asking.request.question)

    def _never_begun(self, asking: Asking) -> Failed:
        """Returns a turn to show for a question that the engine refused at once."""
        turn = Turn(
            id=asking.profile.history.new_turn_id(),
            conversation=asking.request.conversation,
            question=asking.request.question,
            status="failed",
        )
        return Failed(turn, None)

    def stop(self) -> None:
        """Stops the answer; with none, gives the queued questions back."""
        if self.asking is not None and not self.asking.cancelled:
            self.asking.cancel()
            self.show_state()
        elif self.queue:
            self.prompt.put("\n".join(self.queue))
            self.queue.clear()
            self.show_state()
        elif self.editing is not None:
            self.editing = None
            self.prompt.put("")
            self.show_state()
        self.prompt.focus()


def _says_nothing_new(turn: Turn, old: Turn) -> bool:
    """Tells whether a turn that broke off adds nothing to the one it was to replace."""
    return not turn.answer and not turn.seq and turn.question == old.question


def _no_sources(turn: Turn) -> str:
    if turn.status == "nothing_found":
        return "No passage is relevant enough."
    return "This answer has no sources."
