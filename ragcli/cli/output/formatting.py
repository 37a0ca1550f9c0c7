"""Sizes and times as people read them."""

from __future__ import annotations

import math


def size(number: float) -> str:
    """Returns `512 B`, `1.4 kB`, `23 MB` (powers of ten, as `ls --si`)."""
    if number < 1000:
        return f"{number:.0f} B"
    units = ("kB", "MB", "GB", "TB")
    power = min(int(math.log10(number)) // 3, len(units))
    scaled = number / 1000**power
    return f"{scaled:.{1 if scaled < 10 else 0}f} {units[power - 1]}"


def moment(timestamp: str) -> str:
    """Returns a UTC timestamp to the minute, in local time: `2026-05-04 13:37`."""
    from datetime import datetime

    try:
        parsed = datetime.fromisoformat(timestamp)
    except ValueError:
        return timestamp
    return parsed.astimezone().strftime("%Y-%m-%d %H:%M")
