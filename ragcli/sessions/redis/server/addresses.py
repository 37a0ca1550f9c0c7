"""Addresses of Redis servers, as people write them.

    redis://[user:password@]host[:6379][,host2…][/database]
    rediss://…                                  the same over TLS
    redis+sentinel://[user:password@]host[:26379][,host2…]/service[/database]
    unix:///path/of/the/socket[?db=0]

Options after `?`: `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile` (TLS; files in PEM),
`tls=true` (Sentinel), `sentinel_username`, `sentinel_password`, and for a socket `db`.
There is none to go without checking a server's certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from urllib.parse import parse_qsl, unquote, urlsplit

from ragcli.errors import ConfigError
from ragcli.frozen import frozen

PORT = 6379
SENTINEL_PORT = 26379
_LAST_PORT = 65_535
_DIGITS = 5
_SHOWN = 60

_SCHEMES = {"redis", "rediss", "redis+sentinel", "unix", "redis+unix"}
TLS_FILES = ("ca_certs", "certfile", "keyfile")
"""Options that name files: who signed the server's certificate, and our own."""
_OPTIONS = {
    *TLS_FILES,
    "tls",
    "sentinel_username",
    "sentinel_password",
    "db",
}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@frozen
class RedisAddress:
    """Where a store is, and who asks."""

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    """Servers of one cluster, or its sentinels; empty for a socket."""
    path: str = ""
    """Of the socket."""
    service: str = ""
    """What the sentinels call the master."""
    database: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def tls(self) -> bool:
        """Tells whether the connection is encrypted."""
        return self.scheme == "rediss" or self.options.get("tls") in {"true", "1"}

    @property
    def sentinel(self) -> bool:
        """Tells whether the hosts are sentinels, who know where the master is."""
        return self.scheme == "redis+sentinel"

    @property
    def local(self) -> bool:
        """Tells whether nothing leaves this machine."""
        return all(host in _LOOPBACK for host, _ in self.hosts)

    @property
    def shown(self) -> str:
        """Returns the address without any secret, for messages."""
        if not self.hosts:
            return f"unix://{self.path}"
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        tail = "/".join(filter(None, (self.service, str(self.database or ""))))
        return f"{self.scheme}://{hosts}" + (f"/{tail}" if tail else "")


def parse(text: str) -> RedisAddress:
    """Returns the parts of an address.

    Raises:
        ConfigError: It is not one; the message never repeats a password.
    """
    scheme, rest, _ = text.partition("://")
    if not rest or scheme not in _SCHEMES:
        raise _wrong(
            "it does not begin with redis://, rediss://, redis+sentinel:// or unix://"
        )
    try:
        parts = urlsplit(text)
    except ValueError:  # what it says may repeat a password
        raise _wrong("what follows is no host") from None
    given = parse_qsl(parts.query)
    for name, _ in given:
        if name.removeprefix("ssl_") not in _OPTIONS:
            raise _wrong(f"there is no option {name!r}")
    options = {name.removeprefix("ssl_"): value for name, value in given}
    account, _, hosts = parts.netloc.rpartition("@")
    username, _, password = account.partition(":")
    if "unix" in scheme:
        if hosts or not parts.path.strip("/"):
            raise _wrong("after unix:// comes the whole path of a socket")
        return RedisAddress(
            scheme,
            (),
            path=unquote(parts.path),
            database=_number(options.get("db", "")),
            username=unquote(username),
            password=unquote(password),
        )
    service, database = _path(parts.path, sentinel=scheme == "redis+sentinel")
    port = SENTINEL_PORT if service else PORT
    return RedisAddress(
        scheme,
        tuple(_host(host, port) for host in hosts.split(",")),
        service=service,
        database=database,
        username=unquote(username),
        password=unquote(password),
        options=options,
    )


def _path(path: str, *, sentinel: bool) -> tuple[str, int]:
    """Returns the sentinels' name of the master, and the database."""
    parts = [unquote(part) for part in path.strip("/").split("/") if part]
    if not sentinel:
        if len(parts) > 1:
            raise _wrong("after the host comes the number of a database, no more")
        return "", _number(parts[0] if parts else "")
    if not 1 <= len(parts) <= 2:
        raise _wrong("after the sentinels comes the name of the service")
    return parts[0], _number(parts[1] if len(parts) == 2 else "")


def _number(text: str) -> int:
    if text and (not text.isdecimal() or len(text) > _DIGITS):
        raise _wrong(f"{text[:_SHOWN]!r} is not the number of a database")
    return int(text or 0)


def _host(text: str, port: int) -> tuple[str, int]:
    """Returns host and port; IPv6 addresses stand in brackets."""
    host, port_text = text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port_text = rest.removeprefix(":")
    elif ":" in text:
        host, _, port_text = text.rpartition(":")
    if port_text and not (port_text.isdecimal() and len(port_text) <= _DIGITS):
        raise _wrong(f"{port_text[:_SHOWN]!r} is not a port")
    number = int(port_text or port)
    if number > _LAST_PORT:
        raise _wrong(f"{number} is not a port")
    name = unquote(host) or "localhost"
    try:
        name.encode("idna")
    except UnicodeError:
        raise _wrong(f"{name[:_SHOWN]!r} is no host") from None
    return name, number


def _wrong(what: str) -> ConfigError:
    return ConfigError(
        f"store: not an address: {what}",
        "write redis://host:6379/0, redis+sentinel://host1,host2/service/0 or "
        "unix:///path/of/the/socket",
    )
