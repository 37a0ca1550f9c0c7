"""Translates errors of the Redis library: the one place where they become ours.

Each is one line that names the server and never a password, with what to do. What
can pass by itself (a lost connection, a server that starts, a failover) may be
tried again: whatever we send can be sent twice.
"""

from __future__ import annotations

from ragcli import packages
from ragcli.errors import (
    NotPermitted,
    ProviderMissing,
    RagcliError,
    StoreUnavailable,
    StoreUnsettled,
)
from ragcli.frozen import frozen

UNSENT = "nothing is lost: what could not be stored is kept here and sent later"


class Unreplicated(Exception):
    """A write that the replicas have not confirmed."""


class NotInCharge(Exception):
    """A server that answers and is not, or not yet, the one that has the sessions."""


@frozen
class Fault:
    """What an error of the library means."""

    error: RagcliError
    """What a user is told."""
    passing: bool
    """Whether trying again can help."""
    moved: tuple[str, int] | None = None
    """The server that has the keys, when another one of the cluster does."""
    stale: bool = False
    """Whether another server may be in charge now."""


def require_library() -> None:
    """Checks that the package redis is installed; raises `ProviderMissing`."""
    from importlib.util import find_spec

    if find_spec("redis") is None:
        raise ProviderMissing(
            "sessions in Redis need the package redis", packages.of_extra("redis")
        )


def classify(error: Exception, where: str, *, failover: bool) -> Fault:
    """Returns what an error means.

    Args:
        error: From the library or a socket.
        where: The address, without secrets.
        failover: Whether sentinels or a cluster may put another server in charge.
    """
    import redis.exceptions as foreign

    if isinstance(error, foreign.MovedError):
        unavailable = StoreUnavailable(
            f"{where}: the cluster is moving keys", "try again"
        )
        return Fault(unavailable, passing=True, moved=(error.host, error.port))
    if isinstance(error, Unreplicated | NotInCharge):
        unavailable = _unsettled(error, where)
        return Fault(unavailable, passing=True, stale=failover)
    if isinstance(error, foreign.AuthenticationError) or _is_credentials(error):
        return Fault(_refused_login(where), passing=False)
    if isinstance(error, foreign.BusyLoadingError):
        unavailable = StoreUnavailable(f"{where} is loading its data", "try again soon")
        return Fault(unavailable, passing=True)
    if isinstance(error, foreign.ConnectionError | foreign.TimeoutError | OSError):
        return _unanswered(error, where)
    return _answered(error, where, failover=failover)


def _unanswered(error: Exception, where: str) -> Fault:
    """Returns what a connection means that failed or broke."""
    if "rediss:" in where or "ssl" in str(error).lower():
        from ragcli.sessions.redis.server import tls

        refused = tls.translated(error, where)
        if refused is not None:
            passing = isinstance(refused, StoreUnavailable)
            return Fault(refused, passing=passing, stale=passing)
    text = _line(error)
    hint = f"{UNSENT}; if it speaks TLS, use rediss://" if _closed(text) else UNSENT
    unavailable = StoreUnavailable(f"{where} does not answer: {text}", hint)
    return Fault(unavailable, passing=True, stale=True)


def _closed(text: str) -> bool:
    """Tells whether the other side hung up, as one does that expects TLS."""
    return "onnection closed" in text or "reset by peer" in text


def _unsettled(error: Exception, where: str) -> StoreUnavailable:
    """Returns the error for a server that may not be in charge, or a lost write."""
    if isinstance(error, Unreplicated):
        return StoreUnavailable(
            f"{where}: {error} confirmed the write, so it does not count as stored",
            "check the replicas, or set durability to `local`",
        )
    return StoreUnsettled(
        f"{where}: it is not clear yet which server is in charge: {error}",
        "try again in a few seconds; `ragcli doctor` shows the state of the server",
    )


def _answered(error: Exception, where: str, *, failover: bool) -> Fault:
    """Returns what an error reply of the server means."""
    text = _line(error)
    passes = _passes(text)
    if not passes and _is_replica(text):
        translated: RagcliError = NotPermitted(
            f"{where} is a read-only replica",
            "use the address of the master, or redis+sentinel://",
        )
        return Fault(translated, passing=failover, stale=failover)
    if "OOM" in text or "maxmemory" in text:
        translated = StoreUnavailable(
            f"{where} is full: its maxmemory is used up",
            f"give it more memory or delete profiles; {UNSENT}",
        )
        return Fault(translated, passing=False)
    if "MISCONF" in text:
        translated = StoreUnavailable(
            f"{where} cannot write to its disk and takes no more writes",
            f"see the server's log; {UNSENT}",
        )
        return Fault(translated, passing=False)
    if _is_denied(text):
        translated = NotPermitted(
            f"{where}: the account may not do this: {text}",
            "README, Beyond one machine, has the rights that an account needs",
        )
        return Fault(translated, passing=False)
    if "WRONGTYPE" in text:
        translated = StoreUnavailable(
            f"{where} holds keys of another program under our prefix, `ragcli:`",
            "use another database number, or another server",
        )
        return Fault(translated, passing=False)
    translated = StoreUnavailable(
        f"{where}: {text}", "see the server's log; `ragcli doctor` checks the server"
    )
    return Fault(translated, passing=passes, stale=failover and passes)


def _is_replica(text: str) -> bool:
    """Tells whether a server refuses because it only follows another one."""
    signs = "READONLY", "read only replica"
    return any(sign in text for sign in signs) or "replica" in text[:40]


def _is_denied(text: str) -> bool:
    """Tells whether the account lacks a right, outside scripts or inside."""
    signs = ("noperm", "no permissions", "executing the script can't")
    return any(sign in text.lower() for sign in signs)


def _passes(text: str) -> bool:
    """Tells whether an error reply is one of a failover or a move of keys."""
    signs = (
        "CLUSTERDOWN",
        "TRYAGAIN",
        "MASTERDOWN",
        "NOREPLICAS",
        "LOADING",
        "UNBLOCK",
    )
    return any(sign in text for sign in signs) or "enough good replicas" in text


def _is_credentials(error: Exception) -> bool:
    text = str(error)
    return any(sign in text for sign in ("WRONGPASS", "NOAUTH", "invalid username"))


def _refused_login(where: str) -> NotPermitted:
    return NotPermitted(
        f"{where} refuses the login",
        "check user and password in the address: redis://user:password@host",
    )


def _line(error: Exception) -> str:
    """Returns an error's text as one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
