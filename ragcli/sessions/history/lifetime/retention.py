"""For how long things are kept: the limits in force, and times that can be right.

Every opening of a profile asks for these, most have no limit at all. What is done
where something is due is in `expiry`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from ragcli.config import Settings, seconds
from ragcli.frozen import frozen
from ragcli.sessions.history.lifetime.timekeeping import TOLERANCE
from ragcli.sessions.records.clock import stamp_of

GRACE = 7 * 86_400
"""Seconds of grace at most; a shorter limit has as much grace as it is long."""
BORN = "2025-01-01T00:00:00.000Z"
"""The earliest believable time: before it, this program did not exist."""


@frozen
class Limits:
    """The times before which things have expired, as records write time; or ""."""

    idle: str
    absolute: str
    grace: float = 0.0
    """Seconds between being set aside and being erased."""

    @property
    def any(self) -> bool:
        """Tells whether anything can expire at all."""
        return bool(self.idle or self.absolute)

    @property
    def latest(self) -> str:
        """Returns the time that is safe: what is younger has not expired."""
        return max(self.idle, self.absolute)


def limits(settings: Settings, own: Mapping[str, object] | None = None) -> Limits:
    """Returns the limits in force.

    Args:
        settings: Those of the process.
        own: The profile's, which win.
    """
    values = own or {}
    idle = span_seconds(values.get("ttl", settings.ttl))
    absolute = span_seconds(values.get("ttl_absolute", settings.ttl_absolute))
    spans = [limit for limit in (idle, absolute) if limit]
    return Limits(_before(idle), _before(absolute), min([*spans, GRACE]))


def span_seconds(value: object) -> int:
    """Returns a profile's time span in seconds; 0 for never, and for what is none.

    A profile's own values are as somebody wrote them: nothing expires by one that
    cannot be understood, and whoever opens the profile with its settings is told.
    """
    try:
        return seconds(str(value))
    except ValueError:
        return 0


def _before(limit: int) -> str:
    return stamp_of(time.time() - limit) if limit else ""


def plausible(written: str) -> bool:
    """Tells whether a time can be when something was written."""
    return BORN <= written <= stamp_of(time.time() + TOLERANCE)
