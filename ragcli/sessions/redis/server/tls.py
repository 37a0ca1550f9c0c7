"""TLS on the way to Redis: what is asked of it, and what its failures mean.

The server's certificate and its name are always checked: against the system's
authorities, or against those in the file that the address names.
"""

from __future__ import annotations

import ssl
from typing import Any

from ragcli.errors import ConfigError, NotPermitted, RagcliError, StoreUnavailable
from ragcli.paths import expanded
from ragcli.sessions.redis.server.addresses import TLS_FILES, RedisAddress

_WANTS_OURS = ("certificate required", "handshake failure", "bad certificate")
_UNKNOWN_PEER = ("unknown ca", "certificate unknown")


def options(address: RedisAddress) -> dict[str, Any]:
    """Returns the library's options for an encrypted connection.

    Raises:
        ConfigError: A file of the address is not there, or not what it should be.
    """
    files = {
        name: str(expanded(address.options[name]))
        for name in TLS_FILES
        if name in address.options
    }
    _check(files)
    named = {f"ssl_{name}": path for name, path in files.items()}
    return {"ssl": True, "ssl_check_hostname": True, **named}


def _check(files: dict[str, str]) -> None:
    """Reads the files once, so that one that is missing is not the server's fault."""
    context = ssl.create_default_context()
    path = ""
    try:
        if path := files.get("ca_certs", ""):
            context.load_verify_locations(path)
        if path := files.get("certfile", ""):
            context.load_cert_chain(path, files.get("keyfile"))
    except (ssl.SSLError, ValueError) as error:
        raise _wrong(path, "not a certificate or key in PEM") from error
    except OSError as error:
        raise _wrong(path, error.strerror) from error


def _wrong(path: str, why: str | None) -> ConfigError:
    return ConfigError(
        f"store: {path}: {why}",
        "ssl_ca_certs, ssl_certfile and ssl_keyfile name files in PEM",
    )


def translated(error: BaseException, where: str) -> RagcliError | None:
    """Returns what an error of a connection means, when TLS is its cause.

    Args:
        error: Of the library; the cause may be further down.
        where: The address, without secrets.
    """
    text = _text(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.partition("verify failed: ")[2].partition(" (_ssl")[0]
        return NotPermitted(
            f"{where}: its certificate is not trusted: {reason or 'no reason given'}",
            "name the authority's file: rediss://…?ssl_ca_certs=FILE",
        )
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text.lower():
        return StoreUnavailable(
            f"{where} does not speak TLS on this port",
            "use the server's tls-port, or redis:// for one without TLS",
        )
    lower = text.lower().replace("_", " ")
    if "alert" in lower and any(sign in lower for sign in _WANTS_OURS + _UNKNOWN_PEER):
        return NotPermitted(
            f"{where} wants a client's certificate that it trusts",
            "name yours: rediss://…?ssl_certfile=FILE&ssl_keyfile=FILE",
        )
    if "Timeout connecting" in text or "timed out" in text:
        return StoreUnavailable(
            f"{where} does not answer in TLS",
            "it is away, or this port is the one without TLS: see its tls-port",
        )
    if "EOF occurred in violation" in text or "reset by peer" in text:
        return StoreUnavailable(
            f"{where} ended the connection while TLS was being agreed on",
            "it starts or stops, or it wants a client's certificate: "
            "ssl_certfile=FILE&ssl_keyfile=FILE",
        )
    return None


def _text(error: BaseException) -> str:
    """Returns the text of an error and of what it came from."""
    messages: list[str] = []
    at: BaseException | None = error
    while at is not None:
        messages.append(str(at))
        at = at.__cause__ or at.__context__
    return " ".join(" ".join(messages).split())
