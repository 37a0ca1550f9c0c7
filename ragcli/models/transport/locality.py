"""Whether what is sent to an address leaves this machine."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

_ADDRESSES = (
    "base_url", "openai_api_base", "anthropic_api_url", "azure_endpoint", "endpoint",
    "endpoint_url", "api_base",
)  # fmt: skip
"""Attributes in which LangChain's classes, and the clients in them, keep an address."""
_CLIENTS = (
    "root_client", "_client", "client", "_api_client", "_http_options", "_httpx_client",
)  # fmt: skip
"""Attributes in which they keep the client that sends."""


def is_here(host: str) -> bool:
    """Tells whether a host's name or address means this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def elsewhere(url: str) -> str:
    """Returns `url` without credentials and query; "" when it means this machine."""
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
    except ValueError:  # no address at all: nobody knows where it leads
        return url
    host = parts.hostname or ""
    if is_here(host):
        return ""
    target = parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")
    return f"{parts.scheme}://{target}" if parts.scheme else target


def address_of(client: Any) -> str:
    """Returns the URL that an object of LangChain's sends to; "" if it tells none.

    Args:
        client: A chat model or an embedder, its own client already made.
    """
    for holder in [*_inside(client, 3), client]:
        for name in _ADDRESSES:
            address = str(getattr(holder, name, None) or "")
            if address.startswith(("http://", "https://")):
                return address
    return ""


def _inside(client: Any, depth: int) -> Iterator[Any]:
    """Yields the clients inside `client`, a provider's own before those inside it.

    They know what is really in force; the transport inside them may be another's,
    which a library shares.
    """
    if not depth:
        return
    for name in _CLIENTS:
        inner = getattr(client, name, None)
        if inner is not None and not isinstance(inner, str | dict):
            yield inner
            yield from _inside(inner, depth - 1)
