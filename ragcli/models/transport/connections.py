"""Ends requests from another thread, whatever library sends them.

Closing a generator needs the thread that runs it, and that thread may wait for a server
for minutes. Shutting its sockets down wakes it up, and tells the server that nobody
listens any more. Which sockets those are, Python itself tells: it raises the audit
event `socket.connect` in the thread that connects, so no client needs to know of it.
What was stopped connects no more, however often a library tries again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket


class RequestStopped(BaseException):
    """The request of this thread was stopped; no `except Exception` catches it."""


class Connections:
    """The connections that the threads of one owner opened.

    Libraries keep them open between requests, so they outlive the thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, int] = {}

    @contextlib.contextmanager
    def watched(self, stop: threading.Event) -> Iterator[None]:
        """Has what this thread connects in the block belong to the owner.

        Args:
            stop: Once set, connecting and waiting here raise `RequestStopped`.
        """
        _install()
        before = getattr(_thread, "watch", None)
        _thread.watch = (self, stop)
        try:
            yield
        finally:
            _thread.watch = before

    def shut(self) -> None:
        """Shuts every connection down; who reads from one meets its end."""
        with self._lock:
            known, self._open = self._open, {}
        for descriptor, inode in known.items():
            _shut(descriptor, inode)

    def add(self, opened: socket.socket) -> None:
        """Remembers a socket that is about to connect."""
        with contextlib.suppress(OSError):
            descriptor = opened.fileno()
            with self._lock:
                self._open[descriptor] = os.fstat(descriptor).st_ino


_thread = threading.local()
_installing = threading.Lock()
_installed: list[bool] = []


def pause(seconds: float) -> None:
    """Waits, but no longer than until the request of this thread is stopped.

    Raises:
        RequestStopped: It was.
    """
    watch = getattr(_thread, "watch", None)
    if watch is None:
        time.sleep(seconds)
    elif watch[1].wait(seconds):
        raise RequestStopped


def _install() -> None:
    """Has Python tell of connections, from the first request of this process on."""
    with _installing:
        if not _installed:
            _installed.append(True)
            sys.addaudithook(_hear)


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    watch = getattr(_thread, "watch", None)
    if watch is None:
        return
    owner, stop = watch
    if stop.is_set():
        raise RequestStopped
    owner.add(args[0])


def _shut(descriptor: int, inode: int) -> None:
    """Shuts a socket down, if the descriptor still is that very socket.

    TLS moves it into another object; the descriptor stays.
    """
    try:
        copy = os.dup(descriptor)
    except OSError:  # it was closed
        return
    if os.fstat(copy).st_ino != inode:
        os.close(copy)
        return
    import socket  # few requests are stopped; a built-in answer makes none

    with socket.socket(fileno=copy) as connected, contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
