"""Where an Ollama server is, and how it wants to be addressed."""

from __future__ import annotations

import base64
import os
from typing import Self
from urllib.parse import unquote, urlsplit

from ragcli.errors import ConfigError
from ragcli.frozen import frozen

DEFAULT_HOST = "127.0.0.1:11434"

_PORTS = {"http": 80, "https": 443}


@frozen
class OllamaAddress:
    """A server's address."""

    host: str
    """Name or IP address, without brackets."""
    port: int
    path: str = ""
    """A prefix of every request's path, for servers behind a gateway."""
    secure: bool = False
    """Whether it speaks TLS."""
    authorization: str = ""
    """Value of the header that carries the address's user and password."""
    others: tuple[tuple[str, str], ...] = ()
    """Headers of every request that the user named."""

    @classmethod
    def parse(cls, text: str = "") -> Self:
        """Reads an address as Ollama's own client does.

        Args:
            text: `host`, `host:port` or a URL; "" for `OLLAMA_HOST`, else the
                server on this machine.

        Raises:
            ConfigError: Not an address.
        """
        text = text or os.environ.get("OLLAMA_HOST", "").strip() or DEFAULT_HOST
        try:
            parts = urlsplit(text if "://" in text else f"//{text}")
            port = parts.port
        except ValueError as error:
            raise _not_an_address(text, str(error)) from None
        if parts.scheme not in {"", "http", "https"}:
            raise _not_an_address(text, f"{parts.scheme} is not http or https")
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=port or _PORTS.get(parts.scheme, 11434),
            path=parts.path.rstrip("/"),
            secure=parts.scheme == "https",
            authorization=_basic(parts.username, parts.password or ""),
        )

    @property
    def url(self) -> str:
        """The address as people see it, without credentials."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{name}:{self.port}{self.path}"

    def headers(self) -> dict[str, str]:
        """Returns the credentials of a request: the address's, or `OLLAMA_API_KEY`."""
        key = os.environ.get("OLLAMA_API_KEY")
        value = self.authorization or (f"Bearer {key}" if key else "")
        return ({"Authorization": value} if value else {}) | dict(self.others)


def _basic(user: str | None, password: str) -> str:
    if not user:
        return ""
    pair = f"{unquote(user)}:{unquote(password)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _not_an_address(text: str, why: str) -> ConfigError:
    return ConfigError(
        f"Ollama's address {text!r} cannot be used: {why}",
        "write host:port or http://host:port",
    )
