"""Requests over plain `http.client`, within limits of time and size.

The libraries of providers cost 0.2 to 1.3 s to import; this costs 25 ms, and only
where a request is made.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ragcli.models.transport.limits import (
    LARGEST_BODY,
    LONGEST_LINE,
    AnswerOverdueError,
    AnswerTooLargeError,
    SilenceClock,
)

if TYPE_CHECKING:
    import socket
    from http.client import HTTPConnection, HTTPResponse

_PIECE = 1 << 16
"""Bytes that are read at once."""


class PlainConnection:
    """A connection for one request.

    Args:
        host: Name or address, without brackets.
        port: Its port.
        secure: Whether it speaks TLS.
        connect: Seconds that a connection may take.
        silence: Seconds without a byte, and seconds until the headers or a whole body
            have come, after which a request fails; 0 for no limit.
        proxy: Address of a proxy to go through; "" for none.

    Raises:
        TimeoutError: Nobody takes the connection in time.
        OSError: There is none.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        secure: bool,
        connect: float,
        silence: float,
        proxy: str = "",
    ) -> None:
        import http.client

        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        if proxy:
            via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
            connection = kind(via.hostname or "", via.port or 80, timeout=connect)
            connection.set_tunnel(host, port)
        else:
            connection = kind(host, port, timeout=connect)
        connection.connect()
        self._connection: HTTPConnection = connection
        self._socket = _TimedSocket(connection.sock, silence)
        connection.sock = self._socket
        self._response: HTTPResponse | None = None

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> HTTPResponse:
        """Sends a request; returns its answer once the headers are there."""
        content = None if body is None else json.dumps(body).encode()
        self._socket.limit()
        self._connection.request(method, path, content, dict(headers))
        self._response = self._connection.getresponse()
        return self._response

    def body(self, response: HTTPResponse) -> bytes:
        """Returns the whole body of an answer.

        Raises:
            AnswerOverdueError: It does not end in time.
            AnswerTooLargeError: It is larger than any answer.
        """
        self._socket.limit()
        pieces: list[bytes] = []
        size = 0
        while piece := response.read1(_PIECE):
            size += len(piece)
            if size > LARGEST_BODY:
                raise AnswerTooLargeError
            pieces.append(piece)
        _check_end(response)
        return b"".join(pieces)

    def lines(self, response: HTTPResponse) -> Iterator[bytes]:
        """Yields the lines of a stream, and b"" where something came that ends none.

        Raises:
            HTTPException: The stream is cut off.
            AnswerTooLargeError: A line is longer than any.
        """
        self._socket.limit(total=False)
        held = b""
        while piece := response.read1(_PIECE):
            *lines, held = (held + piece).split(b"\n")
            yield from lines or (b"",)
            if len(held) > LONGEST_LINE:
                raise AnswerTooLargeError
        _check_end(response)
        if held:
            yield held

    def close(self) -> None:
        """Hangs up."""
        if self._response is not None:
            # Where nothing comes after it, the connection has left the socket to it.
            self._response.close()
        self._connection.close()


def _check_end(response: HTTPResponse) -> None:
    """Raises `IncompleteRead` where less came than the headers promised."""
    if response.length:
        import http.client

        raise http.client.IncompleteRead(b"", response.length)


class _TimedSocket:
    """Stands before a connected socket, and ends reading in time.

    Args:
        connected: The socket.
        silence: Seconds; 0 for no limit.
    """

    def __init__(self, connected: socket.socket, silence: float) -> None:
        self._socket = connected
        self._silence = silence
        self._clock: SilenceClock | None = None
        self._has_heard = False

    def limit(self, *, total: bool = True) -> None:
        """Bounds what is read next: all of it, or each silence within it."""
        self._clock = SilenceClock(self._silence) if total else None
        self._has_heard = False
        self._socket.settimeout(self._silence or None)

    def read(self, stream: io.RawIOBase, buffer: Any) -> int | None:
        """Reads once from the socket's stream.

        Raises:
            AnswerOverdueError: There is no time left for more.
            TimeoutError: Nothing has come at all.
        """
        if self._clock is not None:
            self._clock.check()
            left = self._clock.left
            self._socket.settimeout(None if math.isinf(left) else max(left, 0.001))
        try:
            size = stream.readinto(buffer)
        except TimeoutError:
            if self._clock is not None and self._has_heard:
                raise AnswerOverdueError from None
            raise
        self._has_heard = True
        return size

    def sendall(self, data: Any) -> None:
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReads(self, self._socket))

    def close(self) -> None:
        self._socket.close()


class _TimedReads(io.RawIOBase):
    """The stream of a socket that reads in time."""

    def __init__(self, timed: _TimedSocket, connected: socket.socket) -> None:
        self._timed = timed
        self._stream = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return self._timed.read(self._stream, buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()
