"""The time as records carry it, and what tells whether the clock can be believed."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from ragcli.frozen import frozen
from ragcli.storage.locking import machine


@frozen
class Sighting:
    """Two clocks at one moment: the wall clock, and one that nobody can set."""

    wall: float
    """Seconds since 1970, as they may be set."""
    boot: str
    """Names the boot that `running` counts from; "" where the system has no name."""
    running: float
    """Seconds since that boot, time asleep included."""
    age: float
    """Seconds that have certainly passed since that boot; 0 where nobody knows."""


def sighting() -> Sighting:
    """Returns what the clocks of this machine say."""
    boot = machine.boot()
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    running = time.clock_gettime(clock)
    return Sighting(time.time(), boot, running, running if boot else 0.0)


def now() -> str:
    """Returns the time; see `stamp`."""
    return stamp_of(time.time())


def stamp(moment: datetime) -> str:
    """Returns a moment in UTC as RFC 3339 with milliseconds and `Z`.

    Such texts sort as the moments do.
    """
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_of(seconds: float) -> str:
    """Returns seconds since 1970, such as a file's time of writing, as `stamp` does."""
    return stamp(datetime.fromtimestamp(seconds, UTC))


def seconds_of(written: str) -> float:
    """Returns what `stamp_of` was given, to the millisecond."""
    return datetime.fromisoformat(written).timestamp()
