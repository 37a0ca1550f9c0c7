"""Identifiers that sort by the time they were made: UUIDv7 (RFC 9562, 5.7)."""

from __future__ import annotations

import os
import threading
import time
import uuid

_VERSION = 7
_STEP = 1000 * 4096
"""How far the clock may be set back unnoticed, in parts of a millisecond."""
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Returns a UUIDv7; later ones of the same process sort after earlier ones.

    A clock that is set back by more than a second is followed: one id from the
    future must not take all later ones there.

    48 bits of milliseconds, then 12 bits of the fraction of that millisecond
    (RFC 9562, 6.2, method 3), then 62 random bits.
    """
    global _last  # noqa: PLW0603  the last time handed out is the process's own
    with _lock:
        now = time.time_ns() * 4096 // 1_000_000
        if now > _last - _STEP:
            now = max(_last + 1, now)
        _last = now
    stamp, fraction = now >> 12, now & 0xFFF
    high = (stamp << 16) | (_VERSION << 12) | fraction
    random = int.from_bytes(os.urandom(8), "big")  # `secrets` would load OpenSSL
    low = (0b10 << 62) | (random >> 2)
    return str(uuid.UUID(int=(high << 64) | low))


def minted(identifier: str) -> float | None:
    """Returns when a UUIDv7 was made, in seconds since 1970; None for other ids."""
    try:
        parsed = uuid.UUID(identifier)
    except ValueError:
        return None
    return (parsed.int >> 80) / 1000 if parsed.version == _VERSION else None
