"""A web server on loopback that says what a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What the server answers for one path."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Site:
    """Pages by path, and what was asked for.

    Args:
        address: Of the server, without a path.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def html(self, path: str, body: str, **headers: str) -> str:
        """Puts a page there; returns its address."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        said = {"Content-Type": "text/html; charset=utf-8", **given}
        self.pages[path] = Page(body.encode(), 200, said)
        return self.address + path


@contextmanager
def serving() -> Iterator[Site]:
    """Yields a site that answers `If-None-Match` as a server does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, dict(self.headers)))
            page = site.pages.get(self.path, Page(b"no such page", 404))
            etag = page.headers.get("ETag")
            if etag and self.headers.get("If-None-Match") == etag:
                page = Page(status=304)
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
