"""Connections to hosts that may be asked.

A name is looked up once, all its addresses are judged, and the connection goes to one
of these: a name server cannot answer differently in between.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from ragcli.errors import PageUnavailable

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a gateway translates to the IPv4 address at their end."""


def connect(
    host: str, port: int, *, allow_private: bool, timeout: float
) -> socket.socket:
    """Returns a connection to a host.

    Args:
        host: Its name or address.
        port: Of the server.
        allow_private: Whether it may be this machine, or in a network that is not
            public.
        timeout: Seconds that connecting, and every wait on the connection, may take.

    Raises:
        PageUnavailable: It is not known, not public or does not answer.
    """
    reasons = ""
    for address in _looked_up(host, port, allow_private=allow_private):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            reasons = error.strerror or str(error)
    raise PageUnavailable(f"{host} does not answer: {reasons}")


def _looked_up(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Returns a host's addresses.

    Raises:
        PageUnavailable: It has none, or one that is not public where that is wanted.
    """
    try:
        results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise PageUnavailable(f"there is no host {host}") from None
    addresses = list(dict.fromkeys(str(item[4][0]) for item in results))
    for address in addresses:
        if not allow_private and not is_public(address):
            named = address if address == host else f"{host} ({address})"
            raise PageUnavailable(
                f"{named} is not a public address; --allow-private reads it"
            )
    return addresses


def is_public(address: str) -> bool:
    """Tells whether an IP address is one of the public Internet's hosts.

    An IPv4 address in an IPv6 one counts as itself.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(ip) if isinstance(ip, IPv6Address) else None
    if inner is not None:
        ip = inner
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Returns the IPv4 address that an IPv6 one leads to."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
