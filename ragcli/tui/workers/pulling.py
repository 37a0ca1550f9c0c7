"""Downloading a model in a thread, with its progress posted to the screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from ragcli.chat.interruption import Cancelled, Interruption
from ragcli.config import Settings
from ragcli.errors import RagcliError
from ragcli.models.transport.connections import Connections
from ragcli.tui.workers.threads import failure_of

_FRAME = 0.1
"""Seconds between two steps that are posted: a server tells hundreds of them."""


@dataclass
class PullStepped(Message):
    """Some of a model is there."""

    status: str
    """As the server says it: `pulling 6a0746a1ec1a`."""
    done: int
    """Bytes of the present layer that are there."""
    total: int
    """Bytes of the present layer; 0 in steps that are no download."""


@dataclass
class PullEnded(Message):
    """A model is there, or is not."""

    model: str
    error: RagcliError | None
    crash: BaseException | None
    """A bug of ours, to be raised where it is seen."""
    stopped: bool = False
    """Whether the user stopped it."""


class PullWorker:
    """Has Ollama download one model.

    Args:
        settings: Say where Ollama is.
        model: Its name, as Ollama knows it.
        post: Takes messages from any thread.
    """

    def __init__(
        self, settings: Settings, model: str, post: Callable[[Message], object]
    ) -> None:
        self.model = model
        self._settings = settings
        self._post = post
        self._cancel = threading.Event()

    def start(self) -> None:
        """Begins."""
        threading.Thread(target=self._run, name="pull", daemon=True).start()

    def stop(self) -> None:
        """Ends it at once, also while the server is silent."""
        self._cancel.set()

    def _run(self) -> None:
        error, crash = failure_of(self._pull)
        stopped = isinstance(crash, Cancelled)
        crash = None if stopped else crash
        self._post(PullEnded(self.model, error, crash, stopped=stopped))

    def _pull(self) -> None:
        from ragcli.models.ollama.ollama_models import server

        asked = server(self._settings)
        posted, last_status = 0.0, ""
        interruption = Interruption(self._cancel, Connections())
        for step in interruption.stream(lambda: asked.pull(self.model)):
            now = time.monotonic()
            if step.status != last_status or now - posted >= _FRAME:
                posted, last_status = now, step.status
                self._post(PullStepped(step.status, step.completed, step.total))
