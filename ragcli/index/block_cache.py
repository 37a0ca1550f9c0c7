"""Generations that were fetched from elsewhere: where they lie, and how many stay.

    <cache>/remote/<hash of the profile's id>/index/gen-00000007/

Nothing in here is needed: it can all be fetched again. The least recently used
generations go when there is more than `LIMIT`; one that is being read stays.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from ragcli.index import collection, leases, verification
from ragcli.storage.files import Directory

PLACE = "remote"
LIMIT = 4 << 30
"""Bytes of fetched generations on this machine; shared files count for each."""


def opened(cache: Path, profile: str) -> Directory:
    """Returns the private directory of one profile's fetched generations."""
    name = hashlib.sha256(profile.encode()).hexdigest()[:32]
    return Directory.open(cache / PLACE / name, create=True)


def used(generation: Path) -> None:
    """Notes that a generation is in use now."""
    with suppress(OSError):
        os.utime(generation)


def trim(cache: Path, keep: Path, limit: int = LIMIT) -> None:
    """Removes the least recently used generations until the rest fits.

    Args:
        cache: The cache directory.
        keep: The generation that was asked for; it stays.
        limit: Bytes.
    """
    found = []
    for place in (cache / PLACE).glob("*/index/gen-*"):
        with suppress(OSError):
            size = sum(f.stat().st_size for f in place.rglob("*") if f.is_file())
            found.append((place.stat().st_mtime_ns, size, place))
    total = sum(size for _, size, _ in found)
    for _, size, place in sorted(found):
        if total <= limit:
            return
        if place != keep and leases.remove_unused(place, collection.WORKSPACE):
            (place.parent / verification.stamp_name(place.name)).unlink(missing_ok=True)
            total -= size
