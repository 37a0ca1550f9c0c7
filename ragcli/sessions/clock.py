"""The time as records carry it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Returns the time: UTC, RFC 3339, milliseconds, `Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
