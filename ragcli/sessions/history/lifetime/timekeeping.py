"""Whether the clock can be believed: it is compared with one that nobody can set.

A ledger beside what can expire holds the last sighting of both clocks, and how
many seconds have certainly passed since the first. Where the clock jumped, or
says less than the newest thing that was written, it is doubted until it has
agreed for a day. Nothing is set aside or destroyed on the word of a doubted clock.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ragcli.frozen import frozen

if TYPE_CHECKING:
    from ragcli.sessions.records.clock import Sighting

TOLERANCE = 600.0
"""Seconds by which clocks may differ before one of them is doubted."""
SETTLING = 86_400.0
"""Seconds for which a clock must agree after it was doubted."""


@frozen
class Ledger:
    """What is known of time in one place."""

    wall: float
    """The clock at the last sighting, in seconds since 1970."""
    boot: str
    running: float
    """The clock that nobody sets, at the same moment; see `Sighting`."""
    witnessed: float = 0.0
    """Seconds that have certainly passed since the first sighting."""
    settled: float = 0.0
    """What `witnessed` must reach before the clock is believed."""
    newest: float = 0.0
    """The newest time of what was written, at the last sighting."""

    @property
    def doubtful(self) -> bool:
        """Tells whether the clock is not to be believed now."""
        return self.witnessed < self.settled

    def encoded(self) -> bytes:
        """Returns the ledger as it is stored."""
        return json.dumps(asdict(self)).encode()


def decoded(data: bytes | None) -> Ledger | None:
    """Returns a stored ledger; None when there is none that can be read."""
    try:
        return Ledger(**json.loads(data or b""))
    except (ValueError, TypeError):
        return None


def seen(known: Ledger | None, now: Sighting, newest: float) -> tuple[Ledger, str]:
    """Returns the ledger after one more sighting, and one line if the clock jumped.

    Args:
        known: The ledger so far; None at the first sighting.
        now: What the clocks say.
        newest: The newest time of anything that was written here.
    """
    passed = jump = 0.0
    if known is not None:
        passed, jump = _compared(known, now)
    if (known is None or newest > known.newest) and newest - now.wall > TOLERANCE:
        jump = min(jump, now.wall - newest)
    witnessed = (known.witnessed if known else 0.0) + passed
    settled = known.settled if known else 0.0
    notice = ""
    if abs(jump) > TOLERANCE:
        settled = witnessed + SETTLING
        way = "forward" if jump > 0 else "back"
        notice = (
            f"the clock went {way} by {shown_span(abs(jump))}: nothing expires until "
            "it has agreed for a day"
        )
    ledger = Ledger(now.wall, now.boot, now.running, witnessed, settled, newest)
    return ledger, notice


def _compared(known: Ledger, now: Sighting) -> tuple[float, float]:
    """Returns the seconds that certainly passed, and by how much the clock jumped."""
    walked = now.wall - known.wall
    if known.boot == now.boot and now.running >= known.running:
        passed = now.running - known.running
        return passed, walked - passed
    # The machine was started since: it has run for `age`, and was off for a while.
    return max(0.0, min(now.age, walked)), min(0.0, walked)


def shown_span(seconds: float) -> str:
    """Returns a length of time for people, in its largest unit."""
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            number = round(seconds / length)
            return f"{number} {name}" + ("s" if number > 1 else "")
    return "less than a minute"
