"""Runs the worker process, and replaces it when a document kills it."""

from __future__ import annotations

import atexit
import json
import os
import selectors
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO, Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.elements import Document, unpacked
from ragcli.index.documents.loaders.dispatch.bounds import (
    CPU_LIMIT,
    RECOGNITION_WAIT,
    cause_of_death,
    too_long,
)
from ragcli.storage.limits import processors

WALL_LIMIT = 120.0
"""Seconds that a document may take altogether."""

_START = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from ragcli.index.documents.loaders.dispatch.isolated_worker import serve; serve()"
)


class Worker:
    """One process, started when first needed, that reads documents one by one.

    Args:
        cpu_limit: Seconds of processor time a document.
        wall_limit: Seconds a document.
        helpers: How many more processes may read pages of one document; as many as
            there are other processors when it is not said.
    """

    def __init__(
        self,
        *,
        cpu_limit: int = CPU_LIMIT,
        wall_limit: float = WALL_LIMIT,
        helpers: int | None = None,
    ) -> None:
        self.helpers = helpers
        self._cpu_limit = cpu_limit
        self._wall_limit = wall_limit
        self.process: subprocess.Popen[bytes] | None = None
        """The process that reads, while there is one."""
        self._lock = threading.Lock()

    def load(
        self, data: bytes, name: str, format_name: str, *, ocr: bool = False
    ) -> Document:
        """Returns a document as its loader read it.

        Args:
            data: Its bytes.
            name: Its file's name.
            format_name: Its format.
            ocr: Whether text in pictures of pages is to be recognized.

        Raises:
            UnreadableDocument: The document is damaged, hostile or too much work.
        """
        with self._lock:
            answer = self._ask(data, name, format_name, ocr=ocr)
        if "error" in answer:
            raise UnreadableDocument(answer["error"], answer.get("hint", ""))
        return unpacked(answer["document"])

    def close(self) -> None:
        """Ends the process; the next document starts another."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        process.wait()

    def _ask(
        self, data: bytes, name: str, format_name: str, *, ocr: bool
    ) -> dict[str, Any]:
        request = {
            "size": len(data),
            "name": name.encode("utf-8", "replace").decode(),
            "format": format_name,
            "cpu": self._cpu_limit,
            "ocr": ocr,
            "helpers": _others() if self.helpers is None else self.helpers,
        }
        patience = self._wall_limit + (RECOGNITION_WAIT if ocr else 0.0)
        deadline = time.monotonic() + patience
        process = self._running()
        header = json.dumps(request).encode() + b"\n"
        try:
            _write(_descriptor(process.stdin), header + data, deadline)
            return read_answer(_descriptor(process.stdout), deadline)
        except TimeoutError:
            self.close()
            return {"error": too_long(format_name, patience)}
        except (BrokenPipeError, EOFError):
            return {"error": self._cause_of_death(process, format_name)}
        except BaseException:
            # An interrupted exchange leaves half an answer in the pipe.
            self.close()
            raise

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.close()
            self.process = _started()
        return self.process

    def _cause_of_death(
        self, process: subprocess.Popen[bytes], format_name: str
    ) -> str:
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        status = process.returncode
        self.close()
        return cause_of_death(status, format_name, self._cpu_limit)


_FRUGAL = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "4"}
"""Libraries that take address space for each processor would take all there may be."""


def _started() -> subprocess.Popen[bytes]:
    """Starts the process in a session of its own, so that Ctrl-C is ours alone."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-c", _START, *filter(None, sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | _FRUGAL,
        bufsize=0,
    )
    for pipe in (process.stdin, process.stdout):
        if pipe:
            os.set_blocking(pipe.fileno(), False)
    return process


_MOST_HELPERS = 3
"""More would wait for the one that puts together what they read."""


def _others() -> int:
    """Returns how many processors there are beside the one of the worker."""
    return min(_MOST_HELPERS, processors.count() - 1)


def _descriptor(pipe: IO[bytes] | None) -> int:
    return pipe.fileno() if pipe else -1


def _wait(pipe: int, event: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError


def _write(pipe: int, data: bytes, deadline: float) -> None:
    view = memoryview(data)
    while view:
        _wait(pipe, selectors.EVENT_WRITE, deadline)
        with suppress(BlockingIOError):
            view = view[os.write(pipe, view[: 1 << 20]) :]


def read_answer(pipe: int, deadline: float) -> dict[str, Any]:
    """Returns what a worker says, read from its pipe before the deadline."""
    received = bytearray()
    while (end := received.find(b"\n")) < 0:
        _read_some(pipe, received, deadline)
    size = int(received[:end]) + end + 1
    while len(received) < size:
        _read_some(pipe, received, deadline)
    answer: dict[str, Any] = json.loads(received[end + 1 :])
    return answer


def _read_some(pipe: int, received: bytearray, deadline: float) -> None:
    _wait(pipe, selectors.EVENT_READ, deadline)
    piece = os.read(pipe, 1 << 20)
    if not piece:
        raise EOFError
    received += piece


shared = Worker()
"""The worker of this process; its child starts with the first heavy document."""

atexit.register(shared.close)
