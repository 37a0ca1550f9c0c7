"""How many files this process may have open, and what to say when they are too few."""

from __future__ import annotations

import resource
from contextlib import suppress

_WANTED = 10_240
"""Descriptors: the most that macOS gives a process (OPEN_MAX), of 256 by default."""


def allow_more() -> None:
    """Raises the soft limit to the hard one, as far as this program could use it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):  # a limit that only the system knows of
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def hint() -> str:
    """Says what to do when no file could be opened any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return "close other programs: the system has no more open files to give"
    way = "`ulimit -n 1024`"
    if hard != resource.RLIM_INFINITY and hard < 1024:
        way = "who set the limit can (`ulimit -Hn`)"
    return f"{soft:,} may be open at once; close other programs, or allow more: {way}"
