"""Whether a profile in Redis is what was written: everything is read and checked."""

from __future__ import annotations

from ragcli.sessions import verification
from ragcli.sessions.findings import Finding
from ragcli.sessions.redis.session import RedisSession


def verify(session: RedisSession, *, anchor: str = "") -> list[Finding]:
    """Reads a whole profile; see `sessions.verification.verify`."""
    return verification.verify(session, session.keys.key, anchor=anchor)
