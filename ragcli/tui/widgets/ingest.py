"""How far the reading of documents is."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import ProgressBar, Static

from ragcli.text import safe_line, safe_name


class IngestBar(Horizontal):
    """A progress bar, the file in hand and a way out; hidden while nothing is read."""

    class Stopped(Message):
        """The user wants no more of it."""

    def compose(self) -> ComposeResult:
        """Yields label, bar, file and the way out."""
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
        """Says that the end is near: the file in hand is still read."""
        self._tell(".stop", "stopping …")

    def finish(self) -> None:
        """Goes away."""
        self.display = False

    def on_click(self, event: events.Click) -> None:
        """Takes a click on the way out."""
        if event.widget is not None and event.widget.has_class("stop"):
            self.post_message(self.Stopped())

    def _tell(self, part: str, text: str) -> None:
        self.query_one(part, Static).update(Content(text))
