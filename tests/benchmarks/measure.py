"""Whole processes, timed side by side.

Machines are noisy, so a figure is a median of at least five runs, and every claim
is a ratio between two commands that ran in turn, A B A B …, in the same minutes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
RAGCLI = (PYTHON, "-m", "ragcli")
RUNS = 5


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process."""

    seconds: float
    anonymous: int
    """Most bytes of memory that was its own: pages mapped from files are aside."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    name: str
    baseline: str
    base: float
    ours: float
    unit: str
    target: float
    """The largest ratio ours / baseline that is good enough."""
    at_least: bool = False
    """Whether the target is a smallest ratio instead."""
    note: str = ""

    @property
    def ratio(self) -> float:
        """Returns ours / baseline."""
        return self.ours / self.base if self.base else float("inf")

    @property
    def met(self) -> bool:
        """Tells whether the target is met."""
        good = self.ratio >= self.target if self.at_least else self.ratio <= self.target
        return bool(good)


def run(
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    codes: Sequence[int] = (0,),
) -> Run:
    """Runs a command to its end and returns what it cost.

    Raises:
        SystemExit: It ended with a code that is not in `codes`; its stderr is shown.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environ or {})},
        cwd=cwd,
    )
    peak = _Peak(process.pid)
    peak.start()
    _, stderr = process.communicate(stdin)
    seconds = time.perf_counter() - started
    peak.stop()
    if process.returncode not in codes:
        told = stderr.decode(errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{told}")
    return Run(seconds, peak.bytes)


class _Peak(threading.Thread):
    """Watches a process's anonymous memory."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self._done = threading.Event()
        self.bytes = 0

    def run(self) -> None:
        """Reads `RssAnon` every few milliseconds."""
        while not self._done.wait(0.004):
            try:
                text = self._status.read_text()
            except OSError:
                return
            _, found, rest = text.partition("RssAnon:")
            if found:
                self.bytes = max(self.bytes, int(rest.split(None, 1)[0]) * 1024)

    def stop(self) -> None:
        """Ends the watch."""
        self._done.set()
        self.join()


def in_turn(
    first: Callable[[], Run], second: Callable[[], Run], runs: int = RUNS
) -> tuple[Run, Run]:
    """Runs both in turn after one warm-up each; returns the medians."""
    first(), second()
    pairs = [(first(), second()) for _ in range(runs)]
    return median([a for a, _ in pairs]), median([b for _, b in pairs])


def median(runs: Sequence[Run]) -> Run:
    """Returns the median of each figure."""
    return Run(
        statistics.median(run.seconds for run in runs),
        int(statistics.median(run.anonymous for run in runs)),
    )


def clock(work: Callable[[], object]) -> float:
    """Returns the seconds that `work` takes in this process."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
