"""Which store an address means: the one module that knows every store by name.

A new store is a package beside these that satisfies `protocols`, and a line in
`STORES`; nobody else looks at an address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ragcli.errors import ConfigError

if TYPE_CHECKING:
    from ragcli.sessions.base_store import StoreParts
    from ragcli.sessions.protocols import SessionStore

LOCAL = ""
"""The address of the store on this machine's disk."""


def _local(address: str, parts: StoreParts) -> SessionStore:
    from ragcli.sessions.local.store import LocalStore

    return LocalStore.at(address, parts)


def _redis(address: str, parts: StoreParts) -> SessionStore:
    from ragcli.sessions.redis.store import RedisStore

    return RedisStore.at(address, parts)


def _memory(address: str, parts: StoreParts) -> SessionStore:
    from ragcli.sessions.memory.store import MemoryStore

    return MemoryStore(address, parts)


_REDIS = ("redis", "rediss", "redis+sentinel", "unix", "redis+unix")

STORES: Mapping[str, Callable[[str, StoreParts], SessionStore]] = {
    LOCAL: _local,
    **dict.fromkeys(_REDIS, _redis),
    "memory": _memory,
}
"""How an address begins, before `://` → what makes its store."""
_UNTOLD = {LOCAL, "memory"}
"""Schemes that no message offers: gone with the process, they are for tests."""
EXTRAS = {"redis": ("redis", "sessions in Redis")}
"""Extra of a store → a module it brings, and what that is for."""


def open_store(address: str, parts: StoreParts) -> SessionStore:
    """Returns the store at an address; nothing is connected to yet.

    Raises:
        ConfigError: No store has such an address; the message does not repeat it.
        ProviderMissing: A package that the store needs is not installed.
    """
    scheme = address.partition("://")[0] if "://" in address else address
    make = STORES.get(scheme)
    if make is None:
        known = ", ".join(f"{scheme}://" for scheme in STORES if scheme not in _UNTOLD)
        raise ConfigError(
            f"store: not an address: it begins with none of {known}",
            "leave it empty for this disk",
        )
    return make(address, parts)
