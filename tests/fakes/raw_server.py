"""A server that answers each path with the very bytes that a test gives it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import ClassVar

from tests.fakes.model_server import ClientHungUpError, FakeModelServer, ModelHandler

Answer = bytes | tuple[bytes, bytes]
"""All that is sent, or what is sent first and what follows it again and again."""
_PAUSE = 0.01
"""Seconds between the pieces of an answer without end."""


def answer(
    body: bytes, kind: str = "application/json", status: int = 200, *headers: str
) -> bytes:
    """Returns an answer of HTTP with its headers."""
    lines = [
        f"HTTP/1.1 {status} -",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def endless(piece: bytes, kind: str = "application/json") -> Answer:
    """Returns an answer of HTTP that never ends."""
    head = f"HTTP/1.1 200 -\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n"
    return head.encode(), piece


class RawServer(FakeModelServer[None]):
    """The server, and what it answers: by the end of the path; 404 for others."""

    def __init__(self, **answers: Answer) -> None:
        super().__init__(_Handler, 0)
        self.answers = dict(answers)
        self.asked: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"


class _Handler(ModelHandler):
    """One connection, which ends with the answer."""

    fake: ClassVar[RawServer]

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.fake.asked.append(self.path)
        sent = self.fake.answers.get(self.path.rpartition("/")[2])
        self.close_connection = True
        try:
            for piece in self._pieces(sent or answer(b"404", "text/plain", 404)):
                self.wfile.write(piece)
                self.wfile.flush()
        except (ClientHungUpError, ConnectionError):
            return

    do_POST = do_GET  # noqa: N815 - as the library calls it

    def _pieces(self, sent: Answer) -> Iterator[bytes]:
        if isinstance(sent, bytes):
            yield sent
            return
        first, again = sent
        rest: Iterable[bytes] = itertools.repeat(again)
        for piece in itertools.chain([first], rest):
            yield piece
            self._wait(_PAUSE)
