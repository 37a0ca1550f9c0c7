"""Downloading a model from inside the chat, with a bar that can be stopped."""

from __future__ import annotations

from ragcli.tui.chat.desk import Desk
from ragcli.tui.widgets.bars.ingest import PullBar
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.workers.pulling import PullEnded, PullStepped, PullWorker


class ModelPulling:
    """Has Ollama download a model beside the chat.

    Args:
        desk: Where the user is.
        bar: Shows how far it is.
        prompt: Takes the command that switches to the model.
    """

    def __init__(self, desk: Desk, bar: PullBar, prompt: PromptInput) -> None:
        self._desk = desk
        self._bar = bar
        self._prompt = prompt
        self._worker: PullWorker | None = None
        self._layer = ""

    @property
    def is_pulling(self) -> bool:
        """Whether a model is on its way."""
        return self._worker is not None

    def command_pull(self, name: str = "") -> None:
        """Has Ollama download a model."""
        if self._worker is not None:
            self._desk.say("A model is on its way already.", severity="warning")
            return
        self._layer = ""
        model = name.removeprefix("ollama:")
        settings = self._desk.profile.settings
        self._worker = PullWorker(settings, model, self._desk.post)
        self._bar.begin(0, f"pulling {model}")
        self._worker.start()

    def stop(self) -> None:
        """Stops the download; what is there is kept by the server."""
        if self._worker is not None:
            self._worker.stop()
            self._bar.stopping()

    def stepped(self, message: PullStepped) -> None:
        """Moves the bar on; each layer has one of its own."""
        if self._worker is None:
            return
        if message.status != self._layer:
            self._layer = message.status
            self._bar.begin(message.total, f"pulling {self._worker.model}")
        size = f" of {_megabytes(message.total)} MB" if message.total else ""
        done = f" · {_megabytes(message.done)}{size}" if size else ""
        self._bar.step(message.done, f"{message.status}{done}")

    def ended(self, message: PullEnded) -> None:
        """Shows the outcome."""
        self._worker = None
        self._bar.finish()
        if message.crash is not None:
            raise message.crash
        if message.stopped:
            self._desk.say(f"Stopped: /pull {message.model} goes on from there.")
        elif message.error is not None:
            self._desk.say_error(message.error)
        else:
            self._desk.say(f"ollama:{message.model} is here.")
            if not self._prompt.text:
                self._prompt.put(f"/model ollama:{message.model}")


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.0f}"
