"""Asking: the queue of questions, the answer that streams, and how it ends."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from textual.timer import Timer
from textual.widgets import Static

from ragcli.chat.answers.state import BROKEN_OFF
from ragcli.chat.events import (
    AskRequest,
    Failed,
    Finished,
    Notice,
    Retrieved,
    Stage,
)
from ragcli.chat.presentation.lines import stage_line
from ragcli.errors import Locked, RagcliError, UsageError
from ragcli.index.document_filter import DocumentFilter
from ragcli.sessions.records.record_types import Turn
from ragcli.text import counted, labelled, safe_line, safe_name
from ragcli.tui.attachments.mentions import attached, filter_of
from ragcli.tui.chat.desk import Desk
from ragcli.tui.chat.selection import NONE, Selection
from ragcli.tui.lifecycle.keeping import joined
from ragcli.tui.messages import DocumentsChanged, NotRecorded, QuestionAsked
from ragcli.tui.turns.source_entries import from_passages
from ragcli.tui.widgets.bars.status import StatusLine
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.workers.answer_worker import (
    AnswerEnded,
    AnswerEvent,
    AnswerGrew,
    AnswerWorker,
)

_FRAME = 0.04
"""Seconds between two redraws of a growing answer."""

_TELL = 0.5
"""Seconds between two updates of the speed."""

_TICK = 0.2
"""Seconds between two signs of life while an answer is waited for."""

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

_QUEUED = 3
"""Waiting questions that are shown."""


async def _nothing_newer() -> None:
    """Stands for a conversation that is always shown to its end."""


class Answering:
    """Sends questions and shows what comes back.

    Args:
        desk: Where the user is.
        transcript: Gets the turns.
        selection: Follows the answer in progress.
        status: Says how far it is.
        prompt: Gets back what could not be asked.
        waiting: Shows the questions that wait.
        show_end: Loads the end of the conversation, where it is not in sight.
    """

    def __init__(
        self,
        desk: Desk,
        transcript: Transcript,
        selection: Selection,
        status: StatusLine,
        prompt: PromptInput,
        waiting: Static,
    ) -> None:
        self._desk = desk
        self._transcript = transcript
        self._selection = selection
        self._status = status
        self._prompt = prompt
        self._waiting = waiting
        self.show_end: Callable[[], Awaitable[None]] = _nothing_newer
        """Loads the end of the conversation, where it is not in sight."""
        self.asking: AnswerWorker | None = None
        """The question that is being answered."""
        self._where: DocumentFilter | None = None
        """Which documents the next questions search; None for all."""
        self._came_with: dict[str, tuple[str, tuple[str, ...]]] = {}
        """Turn → pasted text and paths that came with its question, to ask it again."""
        self.queue: deque[str] = deque()
        """Questions that wait for their turn."""
        self._live: TurnView | None = None
        self._editing: Turn | None = None
        self._replaced: TurnView | None = None
        """The turn that the question in progress takes the place of, once answered."""
        self._asked_in = 0
        """What was open when the question in progress was asked; see `Desk.opened`."""
        self._stage = ""
        self._ticker: Timer | None = None
        self._drawn = 0.0
        self._drawing = False
        self._told = 0.0
        self._syncs = False

    @property
    def live(self) -> TurnView | None:
        """The widget of the answer in progress, while it is on the screen."""
        return self._live

    # From prompt to engine

    def ask(self, text: str) -> None:
        """Asks at once, or as soon as the answers before it are done.

        A question sent right after `/new` belongs to the conversation that opens.
        """
        if self._desk.is_opening:
            self._desk.do("", self._ask_when_open, text)
            return
        if self.asking is not None:
            self.queue.append(text)
            self.show_state()
            return
        try:
            question, pasted = self._prompt.pastes.taken_out(text)
            question, paths = attached(question)
        except RagcliError as error:
            self._desk.say_error(error)
            self._prompt.put(joined(text, self._prompt.text))
            self.show_state()
            return
        edited, self._editing = self._editing, None
        replaces = edited.id if edited and edited.seq else ""
        view = self._transcript.view(edited.id) if edited else None
        request = AskRequest(
            question,
            attachment=pasted,
            pasted=self._prompt.pastes.marks(text),
            attach_paths=paths,
            replaces=replaces,
            where=self._where,
        )
        self._submit(request, view)

    def command_in(self, argument: str = "") -> None:
        """Has the next questions search only some documents; without one, all."""
        self._where = filter_of(argument)
        self._status.say(within=argument)
        if self._where is None:
            self._desk.say("All documents are searched.")

    async def _ask_when_open(self, text: str) -> None:
        await self._desk.when_open()
        self.ask(text)

    def submit(self, request: AskRequest, replaced: TurnView | None = None) -> None:
        """Hands a question about a turn to the engine.

        Args:
            request: The question.
            replaced: The turn that goes once this one is answered.

        Raises:
            UsageError: An answer is being written, or what was pasted with the
                question is gone.
        """
        if self.asking is not None:
            raise UsageError("an answer is being written", "stop it with Esc first")
        self._submit(request, replaced)

    def _submit(self, request: AskRequest, replaced: TurnView | None) -> None:
        desk = self._desk
        came_with = self._came_with.get(replaced.turn.id) if replaced else None
        if came_with and not (request.attachment or request.attach_paths):
            text, paths = came_with
            request = replace(request, attachment=text, attach_paths=paths)
        if request.pasted and not request.attachment:
            pasted = " ".join(request.pasted)
            raise UsageError(
                f"the text of {pasted} is gone", "paste it with the question"
            )
        self._replaced = replaced
        request = replace(
            request,
            conversation=desk.conversation,
            new=not desk.conversation,
            record=not desk.read_only,
        )
        self._asked_in = desk.opened
        self.asking = AnswerWorker(desk.profile, request, desk.post)
        self.show_state()
        desk.post(QuestionAsked())
        desk.do("", self._begin, self.asking)

    async def _begin(self, asking: AnswerWorker) -> None:
        """Shows the question, then lets the engine start."""
        turn = _provisional(asking, self._desk.conversation)
        if self._transcript.has_newer:
            await self.show_end()
        self._live = await self._transcript.add(turn)
        self._wait_for("searching")
        self._selection.take(self._live)
        self._transcript.anchor()
        asking.start()

    def _wait_for(self, stage: str) -> None:
        """Says what is waited for, and for how long, until the answer begins."""
        self._stage = stage
        self._tick()
        if self._ticker is None:
            self._ticker = self._desk.screen.set_interval(_TICK, self._tick)

    def _tick(self) -> None:
        asking = self.asking
        if self._live is None or asking is None or asking.answer():
            if self._ticker is not None:
                self._ticker.stop()
                self._ticker = None
            return
        waited = asking.waited()
        sign = _SPINNER[int(waited / _TICK) % len(_SPINNER)]
        seconds = f" · {waited:.0f} s" if waited >= 1 else ""
        self._live.stage(f"{sign} {self._stage}{seconds}")

    def edit(self, turn: Turn | None) -> None:
        """Lets the next question replace a turn; None for no turn."""
        self._editing = turn
        self.show_state()

    # While it streams

    def grew(self, message: AnswerGrew) -> None:
        """Schedules a redraw of the text that came in."""
        if message.asking is self.asking and not self._drawing:
            self._drawing = True
            pause = _FRAME - (time.monotonic() - self._drawn)
            self._desk.screen.set_timer(max(0.001, pause), self._draw)

    def _draw(self) -> None:
        self._drawing = False
        if self.asking is None:
            return
        self._drawn = time.monotonic()
        text = self.asking.take()
        if text and self._live is not None:
            self._live.answer.append(text)
            self._tell_rate(self.asking)

    def _tell_rate(self, asking: AnswerWorker) -> None:
        if self._drawn - self._told < _TELL:
            return
        self._told = self._drawn
        rate = asking.rate()
        if self._live is not None and asking.retrieved is not None:
            speed = f" · {rate:.0f} tokens/s" if rate else ""
            retrieved = asking.retrieved
            self._live.stage(f"{labelled(retrieved.model, retrieved.remote)}{speed}")
        self._status.say(rate=rate)

    async def event(self, message: AnswerEvent) -> None:
        """Shows what the engine says beside the answer itself."""
        event = message.event
        if isinstance(event, Notice):
            warns = event.kind == "warning"
            if event.kind == "outdated":
                self._desk.say("documents changed since they were indexed: /sync")
                return
            self._desk.say(
                event.message, severity="warning" if warns else "information"
            )
        elif message.asking is not self.asking:
            return
        elif isinstance(event, Stage):
            self._tell_stage(message.asking, event)
        elif isinstance(event, Retrieved):
            await self._found(message.asking, event)
        elif isinstance(event, Finished):
            await self._finished(message.asking, event)

    def _tell_stage(self, asking: AnswerWorker, stage: Stage) -> None:
        """Says what is waited for; how much is read of what, as far as it is known."""
        retrieved = asking.retrieved
        if stage.name == "syncing":
            self._syncs = True
        if retrieved is None:
            self._wait_for(stage_line(stage))
        elif stage.name == "thinking" or stage.total:
            line = stage_line(stage).removeprefix("the model ")
            self._wait_for(f"{labelled(retrieved.model, retrieved.remote)} {line}")

    async def _found(self, asking: AnswerWorker, event: Retrieved) -> None:
        if self._syncs:
            self._syncs = False
            self._desk.post(DocumentsChanged(asking.profile))
        model = labelled(event.model, event.remote)
        self._status.say(model=model, context=asking.context)
        self.show_state()
        if self._live is None:
            return
        reads = f"reads {counted(event.used, 'passage')}"
        if tokens := asking.context[0]:
            reads = f"{reads}, {counted(tokens, 'token')}"
        self._wait_for(f"{model} {reads}")
        self._live.sources = from_passages(event.passages, event.used)
        await self._selection.follow(self._live)

    async def _finished(self, asking: AnswerWorker, event: Finished) -> None:
        self._take_place(asking, event.turn)
        asked = asking.request
        if asked.attachment or asked.attach_paths:
            self._came_with[event.turn.id] = (asked.attachment, asked.attach_paths)
        removed = event.removed
        note = f"{counted(removed, 'citation')} removed" if removed else ""
        await self._settle(asking, event.turn, event.stale, note)

    def _take_place(self, asking: AnswerWorker, turn: Turn) -> None:
        """Has the next question go on in the conversation that this turn began."""
        if asking.request.record and turn.seq and self.is_here(asking):
            self._desk.conversation = turn.conversation

    async def _settle(
        self,
        asking: AnswerWorker,
        turn: Turn,
        stale: frozenset[int] = frozenset(),
        note: str = "",
    ) -> None:
        """Shows the turn as it was recorded."""
        view, self._live = self._live, None
        if view is None:
            return
        replaced = self._taken_place_of(asking, turn)
        if replaced is not None and replaced is not view:
            if turn.status not in BROKEN_OFF:
                await self._transcript.take_off(replaced, instead=view)
            elif _says_nothing_new(turn, replaced.turn):
                await self._give_back(view, replaced)
                return
        rate = asking.rate()
        speed = f"{rate:.0f} tokens/s" if rate >= 1 else ""
        if turn.status == "nothing_found" and self._status.status.documents == 0:
            view.settle(turn, note, nothing=_no_documents(Path.cwd()))
            if not self._prompt.text:
                self._prompt.offer("/add .")
        else:
            view.settle(turn, note or speed, stale)
        await self._selection.follow(view, _no_sources(turn))

    def _taken_place_of(self, asking: AnswerWorker, turn: Turn) -> TurnView | None:
        """Returns the turn on the screen that an answer takes the place of.

        The user may have gone to another of its versions meanwhile.
        """
        replaced, self._replaced = self._replaced, None
        wanted = asking.request.replaces
        if wanted:
            shown = (view for view in self._transcript.turns if not view.is_live)
            of_it = {wanted, *turn.versions}
            return next(
                (
                    v
                    for v in shown
                    if not of_it.isdisjoint({v.turn.id, *v.turn.versions})
                ),
                None,
            )
        return replaced if replaced is not None and replaced.is_attached else None

    async def _give_back(self, view: TurnView, replaced: TurnView) -> None:
        """Shows the old answer alone: of the new one not a word was said."""
        if self._selection.view is view:
            await self._selection.show(replaced)
        await self._transcript.take_off(view, instead=replaced)

    # For the conversation that it stands in

    def is_here(self, asking: AnswerWorker) -> bool:
        """Tells whether an answer belongs to the conversation on the screen."""
        if asking.request.conversation:
            return asking.request.conversation == self._desk.conversation
        return self._asked_in == self._desk.opened

    def is_ours(self, turn: Turn) -> bool:
        """Tells whether a turn is the answer in progress, just recorded."""
        asking = self.asking
        return asking is not None and (
            asking.turn is None or asking.turn.id == turn.id
        ) and asking.request.question == turn.question  # fmt: skip

    async def show_live(self) -> None:
        """Brings back the answer in progress, when this is its conversation."""
        asking, self._live = self.asking, None
        if asking is None or not self.is_here(asking):
            return
        turn = _provisional(asking, self._desk.conversation)
        self._live = await self._transcript.add(turn)
        asking.take()
        self._live.answer.replace(asking.answer())
        self._live.stage("writing …")

    # How it ends

    async def ended(self, message: AnswerEnded) -> None:
        """Shows how an answer ended, and asks the next question."""
        if message.crash is not None:
            raise message.crash
        asking, error = message.asking, message.error
        if error is not None and asking.turn is None:
            await self._failed(asking, error)
        elif error is not None:
            self._desk.say_error(error)
        if asking is self.asking:
            self.asking = None
            self._live = None
        self.show_state()
        self._ask_next()

    def _ask_next(self) -> None:
        """Asks the next question that waits, unless one is being answered.

        One that was kept with the draft, because the profile is left, is not asked;
        one that cannot be asked goes back to the prompt, and the next has its turn.
        """
        while self.queue and self.asking is None and not self._desk.is_left:
            if self._desk.is_opening:
                self._desk.do("", self._ask_when_open, self.queue.popleft())
                return
            self.ask(self.queue.popleft())

    async def _failed(self, asking: AnswerWorker, error: RagcliError) -> None:
        """Keeps what was said, and says why there is no more."""
        failed = asking.failed or self._never_begun(asking)
        if asking is self.asking:
            self._take_place(asking, failed.turn)
        await self._settle(asking, failed.turn, note=safe_line(error.message, 80))
        if isinstance(error, Locked) and not failed.turn.seq:
            self._desk.post(NotRecorded(failed.turn, error, failed.title))
            return
        self._desk.say_error(error)
        if not asking.answer() and not self._prompt.text:
            self._prompt.put(asking.request.question)

    def _never_begun(self, asking: AnswerWorker) -> Failed:
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
        elif self.queue:
            self._prompt.put("\n".join(self.queue))
            self.queue.clear()
        elif self._editing is not None:
            self._editing = None
            self._prompt.put("")
        self.show_state()
        self._prompt.focus()

    def forget(self) -> None:
        """Drops the answer and questions of a profile that was left."""
        self.asking = self._live = None
        self.queue.clear()
        self._where = None
        self._status.say(within="")

    # The status line

    def show_state(self) -> None:
        """Shows the current state, and which questions wait."""
        asking, state, kind = self.asking, "ready", ""
        if asking is not None and asking.cancelled:
            state, kind = "stopping", "busy"
        elif asking is not None:
            writing = asking.retrieved is not None
            state, kind = "writing" if writing else "searching", "busy"
        elif self._editing is not None:
            state, kind = "editing the question, Esc to leave", "warning"
        elif self._desk.read_only:
            state, kind = "read-only", "warning"
        self._status.say(profile=self._desk.profile.name, state=state, kind=kind)
        if self._waiting.is_attached:
            lines = [f"next: {safe_line(text, 70)}" for text in self.queue]
            self._waiting.update("\n".join(lines[-_QUEUED:]))
            self._waiting.display = bool(lines)


def _provisional(asking: AnswerWorker, conversation: str) -> Turn:
    """Returns the turn to show of a question that is being answered."""
    request = asking.request
    return Turn("", conversation, request.question, pasted=request.pasted)


def _says_nothing_new(turn: Turn, old: Turn) -> bool:
    """Tells whether a turn that broke off adds nothing to the one it was to replace."""
    return not turn.answer and not turn.seq and turn.question == old.question


def _no_documents(here: Path) -> str:
    """Returns what a question is answered with where there are no documents."""
    name = safe_name(str(here)).replace("`", "'")
    return (
        "There are no documents to answer from yet.\n\n"
        f"- Enter adds the working directory, `{name}`: `/add .` stands below.\n"
        "- `/add PATH` adds another file or folder.\n"
        "- `@PATH` in a question reads a file for that question alone."
    )


def _no_sources(turn: Turn) -> str:
    if turn.status == "nothing_found":
        return "No passage is relevant enough."
    return NONE
