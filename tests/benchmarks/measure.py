"""Whole processes, timed side by side.

Machines are noisy, so a figure is a median of several runs, and every claim is a
ratio between two commands that ran in turn, A B A B …, in the same minutes. On a
machine that others use, processor time can be counted instead of the clock's.
"""

from __future__ import annotations

import os
import resource
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
ROOT = Path(__file__).parents[2]
RUNS = 5
MEBI = 1 << 20


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process, with its children."""

    wall: float
    """Seconds by the clock."""
    processor: float
    """Seconds of processor time, of user and system."""
    anonymous: int
    """Most bytes of memory that was its own: pages mapped from files are aside."""
    allocated: int
    """Most bytes that it had asked for, used or not: what `ulimit -d` limits."""
    virtual: int
    """Most bytes of address space, mapped files included: what `ulimit -v` limits."""
    written: int
    """Bytes that it had the kernel write to disk."""
    stdout: bytes


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

    @property
    def ratio(self) -> float:
        """Returns ours / baseline."""
        if self.base:
            return self.ours / self.base
        return float("inf") if self.ours else 1.0

    @property
    def met(self) -> bool:
        """Tells whether the target is met."""
        good = self.ratio >= self.target if self.at_least else self.ratio <= self.target
        return bool(good)


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Returns a process's environment: bytecode is kept, as an installation does."""
    kept = {**os.environ, **(changes or {})}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def run(
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    codes: Sequence[int] = (0,),
    until_first_byte: bool = False,
) -> Run:
    """Runs a command to its end and returns what it cost.

    Args:
        command: Program and arguments.
        stdin: What it reads.
        environ: Variables to add to this process's.
        cwd: Its working directory; the repository's root by default.
        codes: Exit codes that are a success.
        until_first_byte: Take the times when the first byte comes out of it.

    Raises:
        SystemExit: It ended with a code that is not in `codes`; its stderr is shown.
    """
    before = _of_children()
    started = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(environ),
        cwd=cwd or ROOT,
    )
    watch = _Watch(process.pid)
    watch.start()
    first: tuple[float, float] | None = None
    head = b""
    if until_first_byte and process.stdout and process.stdin:
        process.stdin.close()
        process.stdin = None
        head = os.read(process.stdout.fileno(), 1)
        first = (time.perf_counter() - started, processor_time(process.pid))
    stdout, stderr = process.communicate(stdin if first is None else None)
    wall = time.perf_counter() - started
    watch.stop()
    if process.returncode not in codes:
        told = stderr.decode(errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{told}")
    spent = _of_children() - before
    wall, spent = first or (wall, spent)
    found = watch.most
    return Run(
        wall,
        spent,
        found["RssAnon"],
        found["VmData"],
        found["VmPeak"],
        found["write_bytes"],
        head + stdout,
    )


def _of_children() -> float:
    """Returns the processor time of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def processor_time(pid: int) -> float:
    """Returns the processor time that a running process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Watch(threading.Thread):
    """Watches what a process uses, every few milliseconds."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._files = [Path(f"/proc/{pid}/{name}") for name in ("status", "io")]
        self._done = threading.Event()
        self.most = dict.fromkeys(("RssAnon", "VmData", "VmPeak", "write_bytes"), 0)

    def run(self) -> None:
        """Keeps the largest value of each figure."""
        while not self._done.wait(0.002):
            for file in self._files:
                try:
                    lines = file.read_text().splitlines()
                except OSError:
                    return
                for line in lines:
                    self._see(line)

    def _see(self, line: str) -> None:
        name, _, rest = line.partition(":")
        if name in self.most and rest:
            value = int(rest.split(None, 1)[0]) * (1024 if "kB" in rest else 1)
            self.most[name] = max(self.most[name], value)

    def stop(self) -> None:
        """Ends the watch."""
        self._done.set()
        self.join()


def in_turn(
    first: Callable[[], Run],
    second: Callable[[], Run],
    runs: int = RUNS,
    *,
    warm: bool = False,
) -> tuple[Run, Run]:
    """Runs both in turn, after one warm-up each unless `warm`; returns the medians."""
    if not warm:
        first(), second()
    pairs = [(first(), second()) for _ in range(runs)]
    return median([a for a, _ in pairs]), median([b for _, b in pairs])


def median(runs: Sequence[Run]) -> Run:
    """Returns the median of each figure."""
    return Run(
        statistics.median(run.wall for run in runs),
        statistics.median(run.processor for run in runs),
        int(statistics.median(run.anonymous for run in runs)),
        int(statistics.median(run.allocated for run in runs)),
        int(statistics.median(run.virtual for run in runs)),
        int(statistics.median(run.written for run in runs)),
        runs[-1].stdout,
    )
