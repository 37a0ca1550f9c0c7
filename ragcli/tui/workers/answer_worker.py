"""Asks one question in a thread of its own.

Tokens are gathered in a buffer and announced once, however many come: the screen
takes what there is when it is ready to draw, so a fast model cannot flood it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from textual.message import Message

from ragcli.chat.events import (
    AskRequest,
    Event,
    Failed,
    Finished,
    Retrieved,
    Thinking,
    Token,
)
from ragcli.errors import RagcliError
from ragcli.models.prompt_messages import messages
from ragcli.sessions.records.record_types import Turn
from ragcli.tui.ports import ProfilePort
from ragcli.tui.workers.threads import failure_of

_TELLING = 0.3
"""Seconds of streaming before a rate means anything."""


@dataclass
class AnswerGrew(Message):
    """Text has come in; `AnswerWorker.take` has it."""

    asking: AnswerWorker


@dataclass
class AnswerEvent(Message):
    """The engine said something other than a token."""

    asking: AnswerWorker
    event: Event


@dataclass
class AnswerEnded(Message):
    """The answer is over: recorded, cancelled or failed."""

    asking: AnswerWorker
    error: RagcliError | None
    crash: BaseException | None
    """A bug of ours, to be raised where it is seen."""


class AnswerWorker:
    """Runs `profile.ask(request)` and posts what happens.

    Args:
        profile: Who answers.
        request: The question; its `cancel` event is set by this object.
        post: Takes messages from any thread; `Screen.post_message`.
    """

    def __init__(
        self,
        profile: ProfilePort,
        request: AskRequest,
        post: Callable[[Message], object],
    ) -> None:
        self.profile = profile
        self._cancel = threading.Event()
        self.request = replace(request, cancel=self._cancel)
        self._post = post
        self._lock = threading.Lock()
        self._fresh: list[str] = []
        self._said: list[str] = []
        self._begun = self._first = self._last = 0.0
        self.turn: Turn | None = None
        """The turn as it was recorded, once it was."""
        self.failed: Failed | None = None
        """The turn as far as it came, once an error ended it."""
        self.retrieved: Retrieved | None = None
        """What was found, once it was."""
        self.context: tuple[int, int] = (0, 0)
        """Tokens of the prompt, and of the model's window; 0 when unknown."""
        self._thread = threading.Thread(target=self._run, name="ask", daemon=True)

    def start(self) -> None:
        """Starts the thread, unless it was cancelled before."""
        with self._lock:
            if not self.cancelled:
                self._begun = time.monotonic()
                self._thread.start()

    @property
    def has_begun(self) -> bool:
        """Whether it was started; a signal may come between asking and that."""
        with self._lock:
            return self._thread.ident is not None

    def waited(self) -> float:
        """Returns the seconds since it began."""
        return time.monotonic() - self._begun if self._begun else 0.0

    def cancel(self) -> None:
        """Stops the answer; what was said is recorded as interrupted."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancel.is_set()

    def join(self, seconds: float) -> bool:
        """Waits for the end; True once it has ended or will never start."""
        if not self.has_begun:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def take(self) -> str:
        """Returns the text that came since the last call."""
        with self._lock:
            text = "".join(self._fresh)
            self._fresh.clear()
        return text

    def answer(self) -> str:
        """Returns the whole answer so far."""
        with self._lock:
            return "".join(self._said)

    def rate(self) -> float:
        """Returns the tokens a second since the first of them; 0 before it can tell."""
        seconds = self._last - self._first
        return (len(self._said) - 1) / seconds if seconds > _TELLING else 0.0

    def _run(self) -> None:
        error, crash = failure_of(self._listen)
        self._post(AnswerEnded(self, error, crash))

    def _listen(self) -> None:
        for event in self.profile.ask(self.request):
            self._take_note(event)

    def _take_note(self, event: Event) -> None:
        if isinstance(event, Token):
            self._hear(event.text)
            return
        if isinstance(event, Failed):
            self.failed = event
            return
        if isinstance(event, Thinking):  # the turn has all of it at the end
            return
        if isinstance(event, Retrieved):
            self.retrieved = event
            self._measure(event)
        elif isinstance(event, Finished):
            self.turn = event.turn
        self._post(AnswerEvent(self, event))

    def _measure(self, event: Retrieved) -> None:
        """Counts how much of the model's window the prompt takes."""
        model = self.profile.choose_model().model
        window = model.window()
        if not window:
            return
        sent = "\n".join(message.text for message in messages(event.prompt))
        self.context = (model.count_tokens(sent), window)

    def _hear(self, text: str) -> None:
        with self._lock:
            first = not self._fresh
            self._fresh.append(text)
            self._said.append(text)
            self._last = time.monotonic()
            self._first = self._first or self._last
        if first:
            self._post(AnswerGrew(self))
