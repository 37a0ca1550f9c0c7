"""Ending a question at any of its stages, also while a server is silent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, TypeVar, cast

from ragcli.models.transport.connections import Connections, RequestStopped

T = TypeVar("T")

_POLL = 0.05
"""Seconds between two looks at the cancel event while nothing comes."""

_END = object()


class Cancelled(Exception):
    """The request's cancel event was set."""


class Interruption:
    """Runs the stages of one question so that each can be ended while it waits.

    Without an event a stage runs in the calling thread, where Ctrl-C reaches it. With
    one it runs in a thread of its own: when the event is set, or the generator is
    closed, the caller goes on at once, the connections of that thread are shut down,
    and it opens no more.

    Args:
        cancel: Set from another thread to end the question; None for never.
        connections: What the stages' requests are sent over.
    """

    def __init__(
        self, cancel: threading.Event | None, connections: Connections
    ) -> None:
        self._cancel = cancel
        self._connections = connections

    def check(self) -> None:
        """Raises `Cancelled` where the event is set."""
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled

    def call(self, step: Callable[[], T]) -> T:
        """Returns what `step` returns.

        Raises:
            Cancelled: The event was set before it did.
        """
        if self._cancel is None:
            return step()
        with closing(self.stream(lambda: _only(step))) as results:
            return next(results)

    def stream(self, make: Callable[[], Iterable[T]]) -> Generator[T, None, None]:
        """Yields what the iterable of `make` does.

        Raises:
            Cancelled: The event was set before its end.
        """
        if self._cancel is None:
            yield from make()
            return
        pieces: queue.SimpleQueue[object] = queue.SimpleQueue()
        stop = threading.Event()
        pump = threading.Thread(
            target=self._pump, args=(make, pieces, stop), name="model", daemon=True
        )
        pump.start()
        is_over = False
        try:
            while True:
                self.check()
                try:
                    piece = pieces.get(timeout=_POLL)
                except queue.Empty:
                    continue
                if piece is _END:
                    is_over = True
                    return
                if isinstance(piece, BaseException):
                    is_over = True
                    raise piece
                yield cast("T", piece)
        finally:
            stop.set()
            if not is_over:
                self._connections.shut()

    def _pump(
        self,
        make: Callable[[], Iterable[Any]],
        pieces: queue.SimpleQueue[object],
        stop: threading.Event,
    ) -> None:
        """Moves pieces into the queue; errors travel the same way."""
        try:
            with self._connections.watched(stop):
                iterator = iter(make())
                for piece in iterator:
                    if stop.is_set():
                        close = getattr(iterator, "close", None)
                        if close:
                            close()
                        return
                    pieces.put(piece)
            pieces.put(_END)
        except RequestStopped:
            return
        except BaseException as error:  # noqa: BLE001 - re-raised in the consumer
            pieces.put(error)


def _only(step: Callable[[], T]) -> Iterator[T]:
    yield step()
