"""Checks that a server listens, before a library speaks to it."""

from __future__ import annotations

import socket
import ssl
import urllib.request
from urllib.parse import urlsplit

from ragcli.errors import ServerUnreachable
from ragcli.models.transport.error_translation import ErrorTranslation
from ragcli.models.transport.locality import is_here
from ragcli.models.transport.refusals import Endpoint

CONNECT_SECONDS = 5.0
"""How long a server may take to accept a connection, and to agree on TLS."""


def check(url: str, endpoint: Endpoint) -> None:
    """Checks that a server listens at an address, before a library speaks to it.

    Libraries say no more than "connection error", and wait for minutes where a server
    that speaks no TLS is asked for it. Behind a proxy nothing is looked at.

    Args:
        url: The address; "" for an unknown one.
        endpoint: What messages call it.

    Raises:
        ServerUnreachable: Nobody listens, no such host, or not the protocol.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return
    host = parts.hostname or ""
    if not host or not port or (not is_here(host) and _has_proxy(parts.scheme, host)):
        return
    with ErrorTranslation(endpoint):
        try:
            with socket.create_connection((host, port), CONNECT_SECONDS) as connected:
                if parts.scheme == "https":
                    _greet(connected, host)
        except TimeoutError:
            why = "does not answer"
            if parts.scheme == "https":
                why += "; write http:// if it speaks no TLS"
            raise ServerUnreachable(
                f"{endpoint.name} {why}", endpoint.unreachable
            ) from None


def _greet(opened: socket.socket, host: str) -> None:
    """Agrees on TLS, as far as it takes to see that the server speaks it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent; the library does verify
    context.wrap_socket(opened, server_hostname=host).close()


def _has_proxy(scheme: str, host: str) -> bool:
    return bool(urllib.request.getproxies().get(scheme)) and not (
        urllib.request.proxy_bypass(host)
    )
