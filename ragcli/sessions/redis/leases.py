"""Locks between machines: a lease with a fencing token and its holder's name.

A lease ends by itself when its holder stops. A holder that was only slow does not
know that; so every lease has a number, each write says the number it was made
under, and the server refuses one that is not the newest.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ragcli.errors import Locked, RagcliError
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.script import ACQUIRE, RELEASE
from ragcli.storage.locking import holders

LEASE = 30.0
"""Seconds after which a lease ends unless it is prolonged."""
_LONGEST_PAUSE = 0.5


@contextmanager
def lease(
    keys: ProfileKeys, name: str, *, wait: float, seconds: float = LEASE
) -> Iterator[str]:
    """Holds a lock and yields its fencing token; writes of `keys` carry it.

    Args:
        keys: The profile's.
        name: The lock: `profile` or `ingest`.
        wait: Seconds to wait for it.
        seconds: How long the lease lasts; it is prolonged while it is held.

    Raises:
        Locked: Names the holder.
    """
    nonce = secrets.token_hex(16)
    token = _acquired(keys, name, nonce, wait=wait, seconds=seconds)
    before = keys.tokens.get(name)
    keys.tokens[name] = token
    done = threading.Event()
    keeper = threading.Thread(
        target=_prolong, args=(keys, name, nonce, seconds, done), daemon=True
    )
    keeper.start()
    try:
        yield token
    finally:
        done.set()
        if before is None:
            keys.tokens.pop(name, None)
        else:
            keys.tokens[name] = before
        with suppress(RagcliError):  # the lease ends by itself
            _release(keys, name, nonce, 0)


@contextmanager
def alone(keys: ProfileKeys, *, wait: float) -> Iterator[None]:
    """Holds both locks of a profile: nobody else indexes or changes it.

    Raises:
        Locked: Names the holder.
    """
    with lease(keys, "ingest", wait=wait), lease(keys, "profile", wait=wait):
        yield


def _acquired(
    keys: ProfileKeys, name: str, nonce: str, *, wait: float, seconds: float
) -> str:
    deadline = time.monotonic() + wait
    pause = 0.02
    while True:
        milliseconds = int(seconds * 1000)
        reply = keys.call(ACQUIRE, nonce, milliseconds, holders.describe(), lock=name)
        if reply[0] == "ok":
            return reply_values.text(reply[1], keys.key(f"lock:{name}"))
        left = deadline - time.monotonic()
        if left <= 0:
            raise _locked(keys, name, reply[1], wait)
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


def _prolong(
    keys: ProfileKeys, name: str, nonce: str, seconds: float, done: threading.Event
) -> None:
    """Prolongs a lease until it is given back or lost."""
    while not done.wait(seconds / 3):
        with suppress(RagcliError):
            if not _release(keys, name, nonce, int(seconds * 1000)):
                return


def _release(keys: ProfileKeys, name: str, nonce: str, milliseconds: int) -> bool:
    return bool(keys.call(RELEASE, nonce, milliseconds, lock=name)[0] == "ok")


def _locked(keys: ProfileKeys, name: str, record: bytes, wait: float) -> Locked:
    by = holders.parse(record)
    waited = f" after {wait:g} s" if wait else ""
    return Locked(
        f"{keys.name}: {name} is still locked{waited} by "
        f"{holders.shown(by) if by else 'a process that left no name'}",
        "wait longer with `--wait SECONDS`; reading needs no lock; or go on in a "
        "copy with `ragcli history fork`",
    )
