"""Reads many documents in processes of their own, in parallel with embedding."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO

from ragcli.index.documents.discover import Found
from ragcli.index.ingest.reading import Chunking, Outcome, read
from ragcli.index.ingest.transfer import unpack

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
"""Bytes of answers that a process need not wait for anybody to take."""

_START = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from ragcli.index.ingest.reading_worker import serve; serve(sys.argv[1])"
)

Wanted = tuple[Found, str]
"""A file, and the digest of the content of it that is indexed already."""


def outcomes(
    wanted: Sequence[Wanted], chunking: Chunking, factory: Callable[[], str] = str
) -> Iterator[Outcome]:
    """Yields what became of each file, in order.

    Args:
        wanted: What to read.
        chunking: How to split it.
        factory: Gives the name of what makes the embedder in another process, ""
            when only this one can embed; asked when other processes are started.
    """
    if sum(found.size for found, _ in wanted) < WORTHWHILE or len(wanted) < 2:
        for found, digest in wanted:
            yield read(found.location, digest, chunking)
        return
    count = min(len(wanted), os.cpu_count() or 1, _MOST)
    pool = ReadingPool(count, chunking, factory())
    try:
        yield from pool.outcomes(iter(wanted))
    finally:
        pool.close()


class ReadingPool:
    """Some processes that read documents.

    Args:
        count: How many.
        chunking: How documents are split.
        factory: Makes their embedder, `module:name`; "" leaves embedding to others.
    """

    def __init__(self, count: int, chunking: Chunking, factory: str = "") -> None:
        self._workers: list[_Worker] = []
        try:
            for _ in range(count):
                self._workers.append(_Worker(chunking, factory))
        except BaseException:
            self.close()  # a system that gives no more processes must not keep some
            raise

    def outcomes(self, waiting: Iterator[Wanted]) -> Iterator[Outcome]:
        """Yields what became of each file, in the order in which they wait.

        A file whose reading kills the process is named, the others are read.
        """
        groups = _groups(waiting)
        asked: deque[_Worker] = deque()
        while True:
            self._ask_ahead(groups, asked)
            if not asked:
                return
            yield from asked.popleft().answer()

    def _ask_ahead(self, groups: Iterator[list[Wanted]], asked: deque[_Worker]) -> None:
        while True:
            worker = min(self._workers, key=lambda item: len(item.ahead))
            group = next(groups, None) if len(worker.ahead) < _DEPTH else None
            if group is None:
                return
            worker.ask(group)
            asked.append(worker)

    def close(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            worker.stop()


def _groups(waiting: Iterator[Wanted]) -> Iterator[list[Wanted]]:
    """Yields files that are small enough to go together."""
    group: list[Wanted] = []
    size = 0
    for wanted in waiting:
        group.append(wanted)
        size += wanted[0].size
        if size >= _GROUP or len(group) == _MOST_IN_GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


class _Worker:
    """One process that reads; replaced when a document kills it."""

    def __init__(self, chunking: Chunking, factory: str) -> None:
        self.ahead: deque[list[Wanted]] = deque()
        self._chunking = chunking
        self._factory = factory
        self._start()

    def _start(self) -> None:
        # A session of its own: Ctrl-C is for the process that the user started.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
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
        _widen(self._process.stdout)
        for group in self.ahead:
            self._send(group)

    def ask(self, group: list[Wanted]) -> None:
        """Asks for some more documents."""
        self.ahead.append(group)
        self._send(group)

    def _send(self, group: list[Wanted]) -> None:
        request = {
            "wanted": [(found.location, digest) for found, digest in group],
            "size": self._chunking.size,
            "overlap": self._chunking.overlap,
        }
        if self._process.stdin:
            with suppress(BrokenPipeError):  # it shows when the answer is due
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()

    def answer(self) -> list[Outcome]:
        """Returns what became of the documents that were asked for first.

        When the process dies over several, each is tried alone.
        """
        group = self.ahead.popleft()
        found = self._answered(group)
        rest = group[len(found) :]
        if not rest:
            return found
        self.stop()
        status = self._process.returncode
        alone = rest if len(rest) > 1 else []
        self.ahead.extendleft([wanted] for wanted in reversed(alone))
        self._start()
        if not alone:
            reason = f"the process that read it died (status {status})"
            found.append(Outcome(rest[0][0].location, failure=reason))
        return found + [outcome for _ in alone for outcome in self.answer()]

    def _answered(self, group: list[Wanted]) -> list[Outcome]:
        """Returns the outcomes that come in, fewer when the process dies."""
        found: list[Outcome] = []
        while len(found) < len(group):
            size = int.from_bytes(self._read(8), "little")
            data = self._read(size) if size else b""
            if not size or len(data) < size:
                break
            found.append(unpack(data))
        return found

    def _read(self, size: int) -> bytes:
        return self._process.stdout.read(size) if self._process.stdout else b""

    def stop(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()


def _widen(pipe: IO[bytes] | None) -> None:
    """Gives a pipe more room than the 64 KiB of most, where the system lets it."""
    if pipe and hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
