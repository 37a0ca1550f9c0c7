"""Generations that were fetched from elsewhere: where they lie, and how many stay.

    <cache>/remote/<hash of the profile's id>[-<incarnation>]/index/gen-00000007/

Nothing in here is needed: it can all be fetched again. The least recently used
generations go when there is more than `LIMIT`; one that is being read stays.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ragcli.index.generations import collection, generation_checks
from ragcli.storage.durable import OPEN_DIRECTORY
from ragcli.storage.locking import directory_locks

PLACE = "remote"
LIMIT = 4 << 30
"""Bytes of fetched generations on this machine; shared files count for each."""


def directory_of(cache: Path, profile: str) -> Path:
    """Returns the directory of one profile's fetched generations.

    Args:
        cache: The cache directory.
        profile: The profile's id, and `/` and its incarnation if it has one.
    """
    return cache / PLACE / _name(profile)


def retire(cache: Path, profile: str) -> None:
    """Removes what other incarnations of a profile have left, unless it is in use.

    They were fetched before the profile was encrypted or decrypted.
    """
    mine = _name(profile)
    for other in (cache / PLACE).glob(f"{mine.partition('-')[0]}*"):
        if other.name == mine:
            continue
        for generation in other.glob("index/gen-*"):
            if _removed(generation):
                name = generation_checks.stamp_name(generation.name)
                generation.with_name(name).unlink(missing_ok=True)


def unless_cached(cache: Path, profile: str) -> Path | None:
    """Returns a passing directory; None when the cache has one for the profile."""
    return None if directory_of(cache, profile).is_dir() else passing()


def passing() -> Path:
    """Returns a private directory that is gone when this process ends."""
    directory = tempfile.mkdtemp(prefix="ragcli-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return Path(directory)


def _name(profile: str) -> str:
    identity, _, incarnation = profile.partition("/")
    parts = filter(None, (identity, incarnation))
    return "-".join(hashlib.sha256(part.encode()).hexdigest()[:32] for part in parts)


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
    cached = []
    for generation in (cache / PLACE).glob("*/index/gen-*"):
        with suppress(OSError):
            size = sum(f.stat().st_size for f in generation.rglob("*") if f.is_file())
            cached.append((generation.stat().st_mtime_ns, size, generation))
    total = sum(size for _, size, _ in cached)
    for _, size, generation in sorted(cached):
        if total <= limit:
            return
        if generation != keep and _removed(generation):
            (generation.parent / generation_checks.stamp_name(generation.name)).unlink(
                missing_ok=True
            )
            total -= size


def _removed(generation: Path) -> bool:
    """Removes a generation unless somebody uses it; tells whether it is gone."""
    try:
        index = os.open(generation.parent, OPEN_DIRECTORY)
    except FileNotFoundError:
        return True
    try:
        return directory_locks.remove_unused(
            index, generation.name, collection.WORKSPACE
        )
    finally:
        os.close(index)
