"""Addresses of pages: written in one way each, and without passwords."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from ragcli.errors import UsageError

PORTS = {"http": 80, "https": 443}
"""Schemes that are asked, with the port of each."""

LONGEST = 2000
"""Characters of an address."""

_SAFE = "/%:@!$&'()*+,;=~-._"
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


def normalised(typed: str) -> str:
    """Returns an address as documents are stored under it: each page under one.

    Scheme and host are in lower case, the scheme's own port and the fragment are left
    out, and other characters than ASCII are percent-encoded.

    Raises:
        UsageError: It is no address of a page, or holds a password.
    """
    parts, host, port = _split(typed)
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port == PORTS[parts.scheme] else f"{shown}:{port}"
    path = quote(parts.path or "/", safe=_SAFE)
    query = quote(parts.query, safe=f"{_SAFE}?")
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def redirected(address: str, location: str) -> str:
    """Returns where a redirect leads.

    Args:
        address: Who sent it.
        location: What it says, as HTTP headers are decoded.

    Raises:
        UsageError: It leads to no page.
    """
    target = location.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        return normalised(urljoin(address, target.strip()))
    except ValueError:
        raise _refused(target, "is no address") from None


def host_and_port(address: str) -> tuple[str, int]:
    """Returns the host, without brackets, and the port of a normalised address."""
    _, host, port = _split(address)
    return host, port


def _split(typed: str) -> tuple[SplitResult, str, int]:
    if len(typed) > LONGEST:
        raise _refused(typed, f"is longer than {LONGEST:,} characters")
    if _UNPRINTABLE.search(typed):
        raise _refused(typed, "has spaces or control characters in it")
    try:
        parts = urlsplit(typed)
        port = parts.port
        host = _ascii(parts.hostname or "")
    except ValueError:
        raise _refused(typed, "is no address") from None
    if parts.scheme not in PORTS:
        raise _refused(typed, "is no page: only http and https are read")
    if "@" in parts.netloc:
        raise _refused(typed, "has a name or password in it, which is not kept")
    if not host:
        raise _refused(typed, "names no host")
    return parts, host, port or PORTS[parts.scheme]


def _ascii(host: str) -> str:
    host = host.rstrip(".")
    return host.lower() if host.isascii() else host.encode("idna").decode().lower()


def _refused(typed: str, why: str) -> UsageError:
    # What comes after the host may be a secret.
    scheme, mark, rest = typed.partition("://")
    host = re.split(r"[/?#]", rest)[0].rpartition("@")[2]
    return UsageError(
        f"{scheme[:20]}{mark}{host[:80]}…: the address {why}",
        "type it as a browser shows it",
    )
