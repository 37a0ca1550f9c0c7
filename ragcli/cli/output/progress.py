"""Long work, drawn: a bar on a terminal, plain lines for a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from ragcli.cli.output.writer import Output
from ragcli.text import safe_line

if TYPE_CHECKING:
    from rich.progress import TaskID

_LINE_EVERY = 5.0
"""Seconds between two lines of a log."""

_NAME_WIDTH = 40


class ProgressDisplay(Protocol):
    """What the index reports to, to be opened and closed around the work."""

    def start(self, total: int, what: str) -> None:
        """Work of `total` steps begins."""

    def step(self, name: str, count: int = 1) -> None:
        """`count` steps are done, the last of them `name`."""

    def note(self, message: str) -> None:
        """Something a user should read."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def for_output(output: Output) -> ProgressDisplay:
    """Returns a bar when a person watches stderr, lines otherwise."""
    if output.quiet:
        return QuietProgress(output)
    if output.notes_to_terminal and not output.plain:
        return Bar(output)
    return Lines(output)


class QuietProgress:
    """`--quiet`: only what goes wrong is told.

    Args:
        output: Where it is told.
    """

    def __init__(self, output: Output) -> None:
        self._output = output

    def start(self, total: int, what: str) -> None:
        """Tells nothing."""

    def step(self, name: str, count: int = 1) -> None:
        """Tells nothing."""

    def note(self, message: str) -> None:
        """Warns."""
        self._output.warn(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Ends the drawing."""


class Lines(QuietProgress):
    """A line every few seconds, with the rate and the time left.

    Args:
        output: Where the lines go.
    """

    def __init__(self, output: Output) -> None:
        super().__init__(output)
        self._what = ""
        self._total = self._done = 0
        self._started = self._told = 0.0

    def start(self, total: int, what: str) -> None:
        """Begins the count."""
        self._what, self._total, self._done = what, total, 0
        self._started = self._told = time.monotonic()

    def step(self, name: str, count: int = 1) -> None:  # noqa: ARG002 - the bar's
        """Counts; tells when the last line is some seconds old."""
        self._done += count
        now = time.monotonic()
        if now - self._told >= _LINE_EVERY:
            self._told = now
            self._output.note(self._line(now - self._started))

    def _line(self, seconds: float) -> str:
        rate = self._done / seconds if seconds else 0.0
        left = (self._total - self._done) / rate if rate else 0.0
        return (
            f"{self._what}: {self._done} of {self._total}, "
            f"{rate:.0f}/s, {clock(left)} left"
        )


class Bar(QuietProgress):
    """A bar with the rate and the time left.

    Args:
        output: Its notes are printed above the bar.
    """

    def __init__(self, output: Output) -> None:
        super().__init__(output)
        self._bar: Any = None
        self._task: TaskID | None = None

    def start(self, total: int, what: str) -> None:
        """Draws an empty bar, or starts the next one."""
        if self._bar is None:
            self._bar = _rich_bar()
            self._bar.start()
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=total, name="")

    def step(self, name: str, count: int = 1) -> None:
        """Moves the bar on."""
        if self._task is not None:
            shown = safe_line(name, _NAME_WIDTH)
            self._bar.update(self._task, advance=count, name=shown)

    def note(self, message: str) -> None:
        """Warns above the bar."""
        if self._bar is None:
            self._output.warn(message)
        else:
            self._bar.console.print(
                f"ragcli: warning: {safe_line(message)}", markup=False, highlight=False
            )

    def finish(self) -> None:
        """Removes the bar."""
        if self._bar is not None:
            self._bar.stop()


def clock(seconds: float) -> str:
    """Returns a time span for people: `0:07`, `12:30`, `1:02:03`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _rich_bar() -> Any:
    from rich import progress
    from rich.console import Console
    from rich.text import Text

    class Rate(progress.ProgressColumn):
        """Steps a second."""

        def render(self, task: progress.Task) -> Text:
            return Text(f"{task.speed or 0:.0f}/s", style="dim")

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        Rate(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[name]}", markup=False, style="dim"),
        console=Console(file=sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
