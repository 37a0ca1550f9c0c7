"""Reads documents: many in parallel, and apart from this process what may be too much.

A document may be made to take for ever, or all memory. So only short texts are read
in this process; all else is read in others, which are bounded and may be lost.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import IO

from ragcli.index.documents import formats
from ragcli.index.documents.loaders.dispatch.bounds import (
    CPU_LIMIT,
    RECOGNITION_WAIT,
    cause_of_death,
    too_long,
)
from ragcli.index.ingest.preparation.reading import (
    HERE,
    Chunking,
    Outcome,
    Outgrown,
    ReadRequest,
    is_light,
    read,
)
from ragcli.index.ingest.preparation.transfer import PULSE, unpack
from ragcli.storage.limits import processors

WORTHWHILE = 3 << 20
"""Bytes to read from which starting processes (0.2 s) pays."""

_MOST = 8
"""Processes; embedding does not keep up with more."""

_DEPTH = 4
"""Groups of documents that a process is sent ahead of its answers."""

_GROUP = 128 << 10
_MOST_IN_GROUP = 64
"""Bytes and documents that are read, embedded and answered together."""

_PIPE = 1 << 20
"""Bytes that wait in a pipe, where the system lets them: so neither side waits long."""

WALL_LIMIT = 240.0
"""Seconds that a process may go without a sign of life: a file system can hang.

Longer than what the parsers of isolated formats are given.
"""

_DYING = 5.0
"""Seconds in which a process that closed its pipe tells what it died of."""

_START = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from ragcli.index.ingest.preparation.reading_worker import serve; "
    "serve(sys.argv[1])"
)


def outcomes(
    wanted: Sequence[ReadRequest], chunking: Chunking, factory: Callable[[], str] = str
) -> Generator[Outcome, None, None]:
    """Yields what became of each file, in order.

    Args:
        wanted: What to read.
        chunking: How to split it.
        factory: Gives the name of what makes the embedder in another process, ""
            when only this one can embed; asked when several are started.
    """
    if sum(item.size for item in wanted) < WORTHWHILE or len(wanted) < 2:
        yield from one_by_one(wanted, chunking)
        return
    count = min(len(wanted), processors.count(), _MOST)
    pool = ReadingPool(count, chunking, factory())
    try:
        yield from pool.outcomes(iter(wanted))
    finally:
        pool.close()


def one_by_one(wanted: Iterable[ReadRequest], chunking: Chunking) -> Iterator[Outcome]:
    """Yields what became of a few files; what may be much is read by a process.

    The next is asked for when the one before it is read.
    """
    apart: ReadingPool | None = None
    try:
        for item in wanted:
            outcome = _read_here(item, chunking)
            if outcome:
                yield outcome
                continue
            apart = apart or ReadingPool(1, chunking)
            yield from apart.outcomes(iter((item,)))
    finally:
        if apart:
            apart.close()


def _read_here(item: ReadRequest, chunking: Chunking) -> Outcome | None:
    """Returns what became of a short text, None of anything else."""
    if is_light(item):
        with suppress(Outgrown):
            return read(item, chunking, most=HERE)
    return None


class ReadingPool:
    """Some processes that read documents.

    Args:
        count: How many.
        chunking: How documents are split.
        factory: Makes their embedder, `module:name`; "" leaves embedding to others.
        cpu_limit: Seconds of processor time a document.
        wall_limit: Seconds a document, whatever it waits for; more where text in
            pictures is recognized.
    """

    def __init__(
        self,
        count: int,
        chunking: Chunking,
        factory: str = "",
        *,
        cpu_limit: int = CPU_LIMIT,
        wall_limit: float = WALL_LIMIT,
    ) -> None:
        self.workers: list[ReadingProcess] = []
        """The processes; one that dies is started again."""
        try:
            for _ in range(count):
                limits = cpu_limit, wall_limit
                self.workers.append(
                    ReadingProcess(chunking, factory, limits, alone=count == 1)
                )
        except BaseException:
            self.close()  # a system that gives no more processes must not keep some
            raise

    def outcomes(self, waiting: Iterator[ReadRequest]) -> Iterator[Outcome]:
        """Yields what became of each file, in the order in which they wait.

        A file whose reading kills the process is named, the others are read.
        """
        groups = _groups(waiting)
        asked: deque[ReadingProcess] = deque()
        while True:
            self._ask_ahead(groups, asked)
            if not asked:
                return
            yield from asked.popleft().answer()

    def _ask_ahead(
        self, groups: Iterator[list[ReadRequest]], asked: deque[ReadingProcess]
    ) -> None:
        while True:
            worker = min(self.workers, key=lambda item: len(item.ahead))
            group = next(groups, None) if len(worker.ahead) < _DEPTH else None
            if group is None:
                return
            worker.ask(group)
            asked.append(worker)

    def close(self) -> None:
        """Ends the processes."""
        for worker in self.workers:
            worker.stop()


def _groups(waiting: Iterator[ReadRequest]) -> Iterator[list[ReadRequest]]:
    """Yields files that are small enough to go together."""
    group: list[ReadRequest] = []
    size = 0
    for wanted in waiting:
        group.append(wanted)
        size += wanted.size
        if size >= _GROUP or len(group) == _MOST_IN_GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


class ReadingProcess:
    """One process that reads; replaced when a document kills it."""

    def __init__(
        self,
        chunking: Chunking,
        factory: str,
        limits: tuple[int, float],
        *,
        alone: bool,
    ) -> None:
        cpu_limit, wall_limit = limits
        self._alone = alone
        self.ahead: deque[list[ReadRequest]] = deque()
        self._chunking = chunking
        self._factory = factory
        self._cpu_limit = cpu_limit
        self.wall_limit = wall_limit + (RECOGNITION_WAIT if chunking.ocr else 0.0)
        """Seconds without a sign of life after which it is given up."""
        self._hung = False
        self._unsent = bytearray()
        """Requests that its pipe had no room for yet."""
        self.start()

    def start(self) -> None:
        """Starts the process, which waits for documents."""
        # A session of its own: Ctrl-C is for the process that the user started.
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [
                sys.executable,
                "-P",
                "-c",
                _START,
                self._factory,
                *filter(None, sys.path),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._hung = False
        self._unsent.clear()
        for pipe in (self.process.stdin, self.process.stdout):
            _widen(pipe)
        if self.process.stdin:
            os.set_blocking(self.process.stdin.fileno(), False)
        for group in self.ahead:
            self._send(group)

    def ask(self, group: list[ReadRequest]) -> None:
        """Asks for some more documents."""
        self.ahead.append(group)
        self._send(group)

    def _send(self, group: list[ReadRequest]) -> None:
        request = {
            "wanted": group,
            "chunking": asdict(self._chunking),
            "cpu": self._cpu_limit,
            "alone": self._alone,
        }
        self._unsent += json.dumps(request).encode() + b"\n"
        self._push()

    def _push(self) -> None:
        """Sends what the pipe takes of the requests; the rest goes while answers come.

        A process whose answer nobody reads does not read what it is asked: who waits
        for the one with the other in hand waits for ever.
        """
        if not self.process.stdin:
            return
        try:
            while self._unsent:
                piece = bytes(self._unsent[:_PIPE])
                del self._unsent[: os.write(self.process.stdin.fileno(), piece)]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it shows when the answer is due
            self._unsent.clear()

    def answer(self) -> list[Outcome]:
        """Returns what became of the documents that were asked for first.

        When the process dies over several, each is tried alone.
        """
        group = self.ahead.popleft()
        answered = self._answered(group)
        rest = group[len(answered) :]
        if not rest:
            return answered
        if not self._hung:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_DYING)
        self.stop()
        alone = rest if len(rest) > 1 else []
        if not alone:
            answered.append(self._lost(rest[0], self.process.returncode or 0))
        self.ahead.extendleft([wanted] for wanted in reversed(alone))
        self.start()
        return answered + [outcome for _ in alone for outcome in self.answer()]

    def _lost(self, wanted: ReadRequest, status: int) -> Outcome:
        location = wanted.location
        name = wanted.format or formats.format_of(os.path.basename(location))
        if self._hung:
            return Outcome(location, failure=too_long(name, self.wall_limit))
        return Outcome(location, failure=cause_of_death(status, name, self._cpu_limit))

    def _answered(self, group: list[ReadRequest]) -> list[Outcome]:
        """Returns the outcomes that come in, fewer when the process dies or hangs."""
        answered: list[Outcome] = []
        while len(answered) < len(group):
            size = int.from_bytes(self._read(8), "little")
            if size == PULSE:
                continue
            data = self._read(size) if size else b""
            if not size or len(data) < size:
                break
            answered.append(unpack(data))
        return answered

    def _read(self, size: int) -> bytes:
        """Returns so many bytes of answers, fewer where no more come in time."""
        received = bytearray()
        pipe = self.process.stdout.fileno() if self.process.stdout else -1
        requests = self.process.stdin.fileno() if self.process.stdin else -1
        while len(received) < size:
            waiting = select.poll()
            waiting.register(pipe, select.POLLIN)
            if self._unsent:
                waiting.register(requests, select.POLLOUT)
            ready = {
                descriptor for descriptor, _ in waiting.poll(self.wall_limit * 1000)
            }
            if not ready:
                self._hung = True
                break
            if requests in ready:
                self._push()
            if pipe not in ready:
                continue
            piece = os.read(pipe, size - len(received))
            if not piece:
                break
            received += piece
        return bytes(received)

    def stop(self) -> None:
        """Ends the process, whatever it is doing."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):  # its file system lets it not go
            self.process.wait(_DYING)


def _widen(pipe: IO[bytes] | None) -> None:
    """Gives a pipe more room than the 64 KiB of most, where the system lets it."""
    if pipe and hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
