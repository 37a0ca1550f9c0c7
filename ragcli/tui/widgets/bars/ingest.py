"""A bar that shows the progress of reading documents."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import ProgressBar, Static

from ragcli.text import safe_line, safe_name


class IngestBar(Horizontal):
    """A progress bar, the current file and a stop button; hidden when idle."""

    class Stopped(Message):
        """The user stopped it."""

    def compose(self) -> ComposeResult:
        """Yields label, bar, file and stop button."""
        yield Static("", markup=False, classes="what")
        yield ProgressBar(show_eta=False)
        yield Static("", markup=False, classes="file")
        yield Static("Esc stops", markup=False, classes="stop")

    def begin(self, total: int, what: str) -> None:
        """Starts over with `total` steps."""
        self.display = True
        self._tell(".stop", "Esc stops")
        self._tell(".what", safe_line(what))
        self.query_one(ProgressBar).update(total=total or None, progress=0)

    def step(self, done: int, name: str) -> None:
        """Shows that `done` steps are behind, the last of them `name`."""
        self.query_one(ProgressBar).update(progress=done)
        self._tell(".file", safe_name(name))

    def stopping(self) -> None:
        """Shows that it stops once the current file is read."""
        self._tell(".stop", "stopping …")

    def finish(self) -> None:
        """Hides the bar."""
        self.display = False

    def on_click(self, event: events.Click) -> None:
        """Handles a click on the stop button."""
        if event.widget is not None and event.widget.has_class("stop"):
            self.post_message(self.Stopped())

    def _tell(self, part: str, text: str) -> None:
        self.query_one(part, Static).update(Content(text))


class PullBar(IngestBar):
    """The same for a model that is on its way."""

    class Stopped(Message):
        """The user stopped it."""
