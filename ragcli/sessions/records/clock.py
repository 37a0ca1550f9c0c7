"""The time as records carry it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Returns the time; see `stamp`."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """Returns a moment in UTC as RFC 3339 with milliseconds and `Z`.

    Such texts sort as the moments do.
    """
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_of(seconds: float) -> str:
    """Returns seconds since 1970, such as a file's time of writing, as `stamp` does."""
    return stamp(datetime.fromtimestamp(seconds, UTC))
