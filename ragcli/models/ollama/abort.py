"""Ends a request from another thread, even while its server is silent.

Closing a generator needs the thread that runs it, and that thread may wait for the
server for minutes. Shutting its socket down wakes it up, and tells the server that
nobody listens any more.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping
from typing import Any

_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


class RequestAbort:
    """Knows the socket of an httpx client's last request.

    `hooks` goes into the client's `event_hooks`; what it asks for is httpx's public
    `trace` extension (https://www.python-httpx.org/advanced/extensions/).
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    @property
    def hooks(self) -> dict[str, list[Callable[[Any], None]]]:
        """Event hooks for a synchronous `httpx.Client`."""
        return {"request": [self._watch]}

    def now(self) -> None:
        """Shuts the socket down, if there is one; the reader gets an error."""
        found, self._socket = self._socket, None
        if found is not None:
            with contextlib.suppress(OSError):  # it is closed already
                found.shutdown(socket.SHUT_RDWR)

    def _watch(self, request: Any) -> None:
        request.extensions["trace"] = self._trace

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event in _CONNECTED:
            self._socket = info["return_value"].get_extra_info("socket")
