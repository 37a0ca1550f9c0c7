"""`ask --batch`: many questions, shared out among processes.

A built-in answer is computed, not waited for, so that every core can take a share.
The processes part by fork(2) before anything that runs threads is loaded; each
then loads its own copy, answers every n-th question and commits those turns itself.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from ragcli.errors import ExitCode
from ragcli.storage.limits import processors

if TYPE_CHECKING:
    from ragcli.chat.events import AskRequest

Answer = Callable[["AskRequest"], dict[str, Any]]
"""Returns the JSON document of a question, of its error if it has none."""

_WORTHWHILE = 32
"""Questions from which another process earns what it costs to start."""


def processes(questions: int) -> int:
    """Returns how many processes to share so many questions among."""
    may_fork = sys.platform == "linux" and threading.active_count() == 1
    if not may_fork or questions < _WORTHWHILE:
        return 1
    return min(processors.count(), questions // (_WORTHWHILE // 2))


def answered(
    requests: Sequence[AskRequest], answer: Answer, apart: Answer, among: int
) -> Iterator[dict[str, Any]]:
    """Yields the document of each question, in the order of the questions.

    Args:
        requests: The questions.
        answer: Answers one in this process.
        apart: Answers one in another process.
        among: How many processes, this one included.

    Raises:
        RuntimeError: A bug: a child ended before it had answered its share.
    """
    with ExitStack() as stack:
        pipes = [
            stack.enter_context(_Child(requests[share::among], apart))
            for share in range(1, among)
        ]
        for number, request in enumerate(requests):
            share = number % among
            yield pipes[share - 1].document() if share else answer(request)


class _Child:
    """A process that answers its share; ends with the block at the latest."""

    def __init__(self, requests: Sequence[AskRequest], answer: Answer) -> None:
        self._requests = requests
        self._answer = answer

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what waits there would be written twice
        self._pid = os.fork()
        if not self._pid:
            os.close(reading)
            self._work(writing)
        os.close(writing)
        self._pipe = open(reading, "rb")
        return self

    def document(self) -> dict[str, Any]:
        """Returns the next document, as soon as it is there."""
        line = self._pipe.readline()
        if not line.endswith(b"\n"):
            raise RuntimeError("a process of the batch ended before it was done")
        document: dict[str, Any] = json.loads(line)
        return document

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)  # it keeps an unfinished turn
        os.waitpid(self._pid, 0)

    def _work(self, writing: int) -> None:
        """Answers the share and ends the process, whatever comes."""
        code = int(ExitCode.BUG)
        try:
            with open(writing, "wb") as pipe:
                _serve(self._requests, self._answer, pipe)
            code = 0
        except (KeyboardInterrupt, SystemExit, BrokenPipeError):
            code = int(ExitCode.INTERRUPTED)
        except BaseException:
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
            raise
        finally:
            os._exit(code)


def _serve(requests: Sequence[AskRequest], answer: Answer, pipe: BinaryIO) -> None:
    for request in requests:
        pipe.write(json.dumps(answer(request), default=list).encode() + b"\n")
        pipe.flush()
