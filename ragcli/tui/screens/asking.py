"""Asking: the queue of questions, the answer that streams, and how it ends."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from textual import on

from ragcli.chat.events import AskRequest, Finished, Notice, Retrieved
from ragcli.errors import Locked, RagcliError
from ragcli.sessions.records import Turn
from ragcli.text import safe_line
from ragcli.tui.asking import AnswerEnded, AnswerEvent, AnswerGrew, Asking
from ragcli.tui.attachments import attached
from ragcli.tui.keeping import TITLE, keep
from ragcli.tui.screens.base import ChatBase
from ragcli.tui.screens.dialogs import LockDialog
from ragcli.tui.sources import from_passages
from ragcli.tui.threads import aside
from ragcli.tui.unsaved import unsaved_turn
from ragcli.tui.widgets.turn import TurnView

_FRAME = 0.04
"""Seconds between two redraws of a growing answer."""

_TELL = 0.5
"""Seconds between two statements of the speed."""


class AskingMixin(ChatBase):
    """Sends questions and shows what comes back."""

    _replaced: TurnView | None = None
    """An unrecorded turn that the next question takes the place of."""
    _recorded_here: Turn | None = None
    """The answer in progress, as the history brought it before the engine did."""
    _drawn = 0.0
    _drawing = False
    _told = 0.0
    _asked_in = 0

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
        replaces = self.editing.id if self.editing else ""
        self.editing = None
        self.submit(AskRequest(question, attach_paths=paths, replaces=replaces))

    async def _ask_when_open(self, text: str) -> None:
        while self.is_opening:
            async with self._in_order["open"]:
                await asyncio.sleep(0)
        self.ask(text)

    def submit(self, request: AskRequest) -> None:
        """Hands a question to the engine, in the conversation on the screen."""
        request = replace(
            request,
            conversation=self.conversation,
            new=not self.conversation,
            record=not self.read_only,
        )
        self._recorded_here = None
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
        replaced = self._replaced or self.transcript.view(asking.request.replaces)
        self._replaced = None
        if replaced is not None and replaced.is_attached:
            await replaced.remove()
        self.live = await self.transcript.add(turn)
        self.live.stage("searching …")
        self.selected = self.live
        self.transcript.anchor()
        asking.start()

    async def show_end(self) -> None:
        """Loads the end of the conversation; the conversation actions do it."""
        raise NotImplementedError

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
            self.live.stage(f"{asking.retrieved.model}{speed}")
        self.status.say(rate=rate)

    @on(AnswerEvent)
    async def _event(self, message: AnswerEvent) -> None:
        event = message.event
        if isinstance(event, Notice):
            severity = "warning" if event.kind == "warning" else "information"
            self.say(event.message, severity=severity)
        elif message.asking is not self.asking:
            return
        elif isinstance(event, Retrieved):
            await self._found(message.asking, event)
        elif isinstance(event, Finished):
            await self._finished(message.asking, event)

    async def _found(self, asking: Asking, event: Retrieved) -> None:
        self.status.say(model=event.model, context=asking.context)
        self.show_state()
        if self.live is None:
            return
        many = "" if event.used == 1 else "s"
        self.live.stage(f"{event.model} · reading {event.used} passage{many} …")
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

    def is_here(self, asking: Asking) -> bool:
        """Tells whether an answer belongs to the conversation on the screen."""
        if asking.request.conversation:
            return asking.request.conversation == self.conversation
        return self._asked_in == self.opened

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
        rate = asking.rate()
        speed = f"{rate:.0f} tokens/s" if rate >= 1 else ""
        view.settle(turn, note or speed, stale)
        if self.selected is view:
            await self.sources.show(view.sources, _no_sources(turn))

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
        self.ask_next()

    def ask_next(self) -> None:
        """Asks the next question that waits, unless one is being answered."""
        if self.queue and self.asking is None:
            self.ask(self.queue.popleft())

    async def _failed(self, asking: Asking, error: RagcliError) -> None:
        """Keeps what was said, and says why there is no more."""
        status = "answered" if isinstance(error, Locked) else "failed"
        stored, self._recorded_here = self._recorded_here, None
        turn = stored or unsaved_turn(asking, status)
        await self._settle(asking, turn, note=safe_line(error.message, 80))
        if isinstance(error, Locked):
            self.do("", self._ask_about_lock, turn, error, starts=asking.request.new)
            return
        self.say_error(error)
        if not asking.answer() and not self.prompt.text:
            self.prompt.put(asking.request.question)

    async def _ask_about_lock(self, turn: Turn, error: Locked, *, starts: bool) -> None:
        """Lets the user choose what becomes of a turn that could not be recorded."""
        title = safe_line(turn.question, TITLE) if starts else None
        while True:
            self.status.say(state="locked", kind="error")
            chosen = await self.app.push_screen_wait(
                LockDialog(error.message, error.hint)
            )
            if chosen == "wait":
                self.status.say(state="waiting for the lock", kind="busy")
            elif chosen == "fork":
                await self.fork_profile()
            else:
                self.read_only = True
                self.show_state()
                return
            try:
                stored = await aside(self.profile.history.commit, turn, title=title)
            except Locked as again:
                error = again
                continue
            await self._recorded(stored)
            return

    async def fork_profile(self) -> None:
        """Goes on in a copy of the profile; the profile actions do it."""
        raise NotImplementedError

    async def _recorded(self, turn: Turn) -> None:
        """Shows that a turn is recorded after all."""
        view = next((v for v in self.transcript.turns if v.turn.id == turn.id), None)
        if view is not None:
            view.settle(turn)
        self.conversation = turn.conversation
        self.show_state()
        self.say("The answer is recorded.")

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

    async def keep_all(self) -> None:
        """Stops the answer and sees it recorded, and keeps the draft."""
        await aside(self.keep_now)

    def keep_now(self) -> None:
        """Does the same in the calling thread; a second time does nothing."""
        if not self.is_kept:
            self.is_kept = True
            keep(self.profile, self.asking, self.unsent())

    def unsent(self) -> str:
        """Returns the queued questions and the text in the prompt."""
        waiting = [*self.queue, self.draft]
        return "\n".join(text for text in waiting if text.strip())


def _no_sources(turn: Turn) -> str:
    if turn.status == "nothing_found":
        return "No passage is relevant enough."
    return "This answer has no sources."
