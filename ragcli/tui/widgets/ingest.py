"""How far the reading of documents is."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import ProgressBar, Static

from ragcli.text import safe_line, safe_name


class IngestBar(Horizontal):
    """A progress bar and the file in hand; hidden while nothing is read."""

    def compose(self) -> ComposeResult:
        """Yields label, bar and file."""
        yield Static("", markup=False, classes="what")
        yield ProgressBar(show_eta=False)
        yield Static("", markup=False, classes="file")

    def begin(self, total: int, what: str) -> None:
        """Starts over with `total` steps."""
        self.display = True
        self.query_one(".what", Static).update(Content(safe_line(what)))
        self.query_one(ProgressBar).update(total=total or None, progress=0)

    def step(self, done: int, name: str) -> None:
        """Shows that `done` steps are behind, the last of them `name`."""
        self.query_one(ProgressBar).update(progress=done)
        self.query_one(".file", Static).update(Content(safe_name(name)))

    def finish(self) -> None:
        """Goes away."""
        self.display = False
