"""What fake servers of models share: a port, a life, chunks, a client that leaves."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Generic, Self, TypeVar

from tests.fakes.ollama_protocol import Message, pieces_of, quote_first_passage

FaultT = TypeVar("FaultT")


class ClientHungUpError(Exception):
    """The client went away."""


class QuietHTTPServer(ThreadingHTTPServer):
    """A server that says nothing of clients that hang up: they are meant to."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Stays quiet."""


class FakeModelServer(Generic[FaultT]):
    """A server in a thread of its own, from `start` to `stop`, and what it is to say.

    Args:
        handler: What answers; it finds this object as its attribute `fake`.
        port: 0 for a free one.
        rate: Tokens a second; 0 for at once.
    """

    def __init__(
        self, handler: type[ModelHandler], port: int, *, rate: float = 0.0
    ) -> None:
        self.rate = rate
        self.answer: Callable[[Sequence[Message]], str] = quote_first_passage
        """Gives the text of an answer where `replies` is empty."""
        self.replies: deque[str | Sequence[str]] = deque()
        """Texts (or ready pieces) of the next answers, first in, first out."""
        self.faults: deque[FaultT] = deque()
        """What goes wrong with the next requests that can fail."""
        self.always: FaultT | None = None
        """What goes wrong with every such request."""
        bound = type("Handler", (handler,), {"fake": self})
        self._http = QuietHTTPServer(("127.0.0.1", port), bound)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), daemon=True
        )

    def next_fault(self) -> FaultT | None:
        return self.faults.popleft() if self.faults else self.always

    def next_pieces(self, messages: Sequence[Message]) -> list[str]:
        reply = self.replies.popleft() if self.replies else self.answer(messages)
        return pieces_of(reply) if isinstance(reply, str) else list(reply)

    def serve(self) -> None:
        """Says where it is, and serves until Ctrl-C."""
        with self:
            print(self.url, flush=True)
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                return

    @property
    def url(self) -> str:
        """Where clients find it."""
        raise NotImplementedError

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Refuses connections from here on."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self.stop()


class ModelHandler(BaseHTTPRequestHandler):
    """One connection to such a server."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stays quiet."""

    def _wait(self, seconds: float) -> None:
        """Waits, but notices at once when the client hangs up."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            waiting = select.poll()
            waiting.register(self.connection, select.POLLIN)
            ready = waiting.poll(min(left, 0.05) * 1000)
            if ready and not self.connection.recv(1, socket.MSG_PEEK):
                raise ClientHungUpError

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _send(
        self,
        code: int,
        body: bytes,
        content_type: str,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
