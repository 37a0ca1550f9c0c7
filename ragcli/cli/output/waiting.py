"""One line on a terminal that says what an answer waits for, then disappears."""

from __future__ import annotations

import threading
import time
from typing import Self

from ragcli.chat.events import Stage
from ragcli.chat.presentation.lines import stage_line
from ragcli.cli.output.writer import Output

_PATIENCE = 1.0
"""Seconds before anything is said: most answers come sooner."""
_EVERY = 0.5
"""Seconds between two drawings."""


class WaitingLine:
    """Draws the present stage and its seconds until the answer begins.

    Only people who watch stderr see it; a log and a pipe get nothing.

    Args:
        output: Where it is drawn.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._stage: Stage | None = None
        self._since = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def show(self, stage: Stage) -> None:
        """Shows the next stage; the line appears once a stage takes a while."""
        if self._output.quiet or not self._output.may_redraw:
            return
        with self._lock:
            self._stage = stage
            self._since = time.monotonic() - stage.seconds
        if self._thread is None:
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._draw, args=(self._stop,), name="waiting", daemon=True
            )
            self._thread.start()

    def end(self) -> None:
        """Takes the line away."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stop.set()
            thread.join()
            self._output.clear_status()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _draw(self, stop: threading.Event) -> None:
        pause = _PATIENCE
        while not stop.wait(pause):
            pause = _EVERY
            with self._lock:
                stage, since = self._stage, self._since
            if stage is not None:
                self._output.status(told(stage, time.monotonic() - since))


def told(stage: Stage, seconds: float) -> str:
    """Returns a stage for people: `the model reads · 512 of 2,048 tokens · 7 s`."""
    return f"{stage_line(stage)} · {seconds:.0f} s"
