"""One page, asked for over HTTP within limits of size, time and type."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

from ragcli import __version__
from ragcli.errors import PageGone, PageUnavailable, UsageError
from ragcli.frozen import frozen
from ragcli.index.ingest.web.connecting import connect
from ragcli.index.ingest.web.page_addresses import host_and_port, redirected
from ragcli.index.ingest.web.page_requests import PageRequest

MOST_REDIRECTS = 5

SILENCE = 15.0
"""Seconds in which a server has to say something."""

DEADLINE = 60.0
"""Seconds that one answer may take altogether."""

_PIECE = 1 << 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})

_FORMATS = {
    "text/html": "web",
    "application/xhtml+xml": "web",
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/csv": "csv",
    "application/json": "json",
    "application/pdf": "pdf",
}
"""Media type → the format in which it is read."""


@frozen
class FetchedPage:
    """A page as it came."""

    data: bytes
    """Its content; text in UTF-8 unless it says otherwise itself."""

    format: str
    """The format in which it is read."""

    etag: str = ""
    modified: str = ""


def fetch(wanted: PageRequest) -> FetchedPage | None:
    """Returns a page; None when it is as it was.

    Redirects are followed, and each host on the way is judged.

    Raises:
        PageUnavailable: The server is away, not public, or refuses; or what it sends
            is too large, too slow or of a type that is not read.
        PageGone: The server says that there is no such page.
    """
    address = wanted.address
    for _ in range(MOST_REDIRECTS + 1):
        with _asked(address, wanted) as response:
            if response.status not in _REDIRECTS:
                return _answer(response, wanted)
            location = response.getheader("Location", "")
        try:
            address = redirected(address, location)
        except UsageError as error:
            raise PageUnavailable(f"it redirects to {error.message}") from None
    raise PageUnavailable(f"it redirects more than {MOST_REDIRECTS} times")


@contextmanager
def _asked(address: str, wanted: PageRequest) -> Iterator[http.client.HTTPResponse]:
    """Yields a server's answer; all that is read of it falls under the deadline."""
    host, port = host_and_port(address)
    parts = urlsplit(address)
    connection = _Connection(host, port, allow_private=wanted.allow_private)
    connection.secure = parts.scheme == "https"
    headers = {
        "User-Agent": f"ragcli/{__version__}",
        "Accept": ", ".join(_FORMATS),
        "Accept-Encoding": "identity",
        "Connection": "close",
        "If-None-Match": wanted.etag,
        "If-Modified-Since": wanted.modified,
    }
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    try:
        connection.request(
            "GET",
            target,
            headers={name: value for name, value in headers.items() if value},
        )
        with closing(connection.getresponse()) as response:
            yield response
    except (OSError, http.client.HTTPException, ValueError) as error:
        if connection.is_late:
            raise PageUnavailable(f"it takes longer than {DEADLINE:g} s") from None
        raise PageUnavailable(f"{host}: {_reason(error)}") from None
    finally:
        connection.close()


def _reason(error: Exception) -> str:
    """Returns in a few words why a server's answer could not be had."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return f"no answer within {SILENCE:g} s"
    if isinstance(error, OSError):
        return error.strerror or "the connection broke off"
    return f"its answer is no HTTP ({type(error).__name__})"


class _Connection(http.client.HTTPConnection):
    """A connection to a host that was judged, ended when its time is over."""

    def __init__(self, host: str, port: int, *, allow_private: bool) -> None:
        super().__init__(host, port)
        self.secure = False
        self.is_late = False
        self._allow_private = allow_private
        self._opened: socket.socket | None = None
        self._timer = threading.Timer(DEADLINE, self._end)
        self._timer.daemon = True

    def connect(self) -> None:
        """Connects, and encrypts where that is wanted."""
        self._opened = connect(
            self.host, self.port, allow_private=self._allow_private, timeout=SILENCE
        )
        self._timer.start()
        self.sock = self._opened
        if self.secure:
            self.sock = _trust().wrap_socket(self._opened, server_hostname=self.host)
            self._opened = self.sock

    def _end(self) -> None:
        self.is_late = True
        if self._opened is not None:
            with suppress(OSError):
                self._opened.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends the connection."""
        self._timer.cancel()
        super().close()
        if self._opened is not None:
            self._opened.close()


def _trust() -> ssl.SSLContext:
    """Returns whom to trust: the system's authorities, and those of certifi."""
    import certifi  # pythons from python.org know no authorities on a Mac

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _answer(
    response: http.client.HTTPResponse, wanted: PageRequest
) -> FetchedPage | None:
    status = response.status
    if status == http.client.NOT_MODIFIED and (wanted.etag or wanted.modified):
        return None
    if status in _GONE:
        raise PageGone(f"the server has no such page ({status})")
    if status != http.client.OK:
        raise PageUnavailable(
            f"the server says {status} {response.reason[:60]}".strip()
        )
    media = (
        response.headers.get_content_type()
        if response.getheader("Content-Type")
        else ""
    )
    if media not in _FORMATS:
        raise PageUnavailable(f"it is {media or 'of no type'}, which is not read")
    data = _body(response, wanted.largest)
    charset = response.headers.get_content_charset("utf-8")
    return FetchedPage(
        _in_utf_8(data, charset) if media != "application/pdf" else data,
        _FORMATS[media],
        response.getheader("ETag", "")[:500],
        response.getheader("Last-Modified", "")[:100],
    )


def _body(response: http.client.HTTPResponse, largest: int) -> bytes:
    """Returns what a server sends, unpacked if it is packed unasked.

    Raises:
        PageUnavailable: It is too large, cut, or packed in another way than gzip's.
    """
    packing = response.getheader("Content-Encoding", "identity").strip().lower()
    if packing not in {"identity", "gzip", "x-gzip", ""}:
        raise PageUnavailable(f"it is packed with {packing[:40]}, which is not read")
    unpacker = zlib.decompressobj(31) if "gzip" in packing else None
    data = bytearray()
    while piece := response.read(_PIECE):
        try:
            data += unpacker.decompress(piece, largest + 1) if unpacker else piece
        except zlib.error:
            raise PageUnavailable("what it sends is damaged") from None
        if len(data) > largest:
            raise PageUnavailable(f"it is larger than {largest / (1 << 20):.4g} MB")
    # A server that goes away in the middle leaves bytes to come, or no end of the pack.
    if response.length or (unpacker and not unpacker.eof):
        raise PageUnavailable("the connection broke off before all of it was there")
    return bytes(data)


def _in_utf_8(data: bytes, charset: str) -> bytes:
    """Returns a text in UTF-8, where the server says what it is in."""
    if charset in {"utf-8", "us-ascii"}:
        return data
    try:
        return data.decode(charset, "replace").encode()
    except (LookupError, UnicodeError):
        return data
