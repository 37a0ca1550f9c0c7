"""Removing what nobody needs: old generations, abandoned workspaces."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from ragcli.index import leases, pointer, verification
from ragcli.index.manifest import NAME as MANIFEST
from ragcli.index.manifest import generation_number
from ragcli.storage.files import Directory

WORKSPACE = "tmp-"


def all_generations(index: Directory) -> list[str]:
    """Returns every generation's name on disk, oldest first."""
    names = [name for name in index.names() if generation_number(name)]
    return sorted(names, key=generation_number)


def collect(index: Directory, current: str, *, keep: int, grace: float) -> None:
    """Removes generations that are neither recent nor read, and dead workspaces.

    A generation newer than the current one was never acknowledged: its process
    died between renaming it and moving `CURRENT`.

    Args:
        index: The directory of the generations; its lock is held.
        current: The live generation.
        keep: How many of the newest stay, the live one included.
        grace: Seconds for which a younger one stays in any case.
    """
    newest = generation_number(current)
    present = all_generations(index)
    valid = [name for name in present if generation_number(name) <= newest]
    recent = set(valid[-keep:]) | set(_young(index, valid, grace))
    for name in present:
        if name not in recent and leases.remove_unused(index.path / name, WORKSPACE):
            index.remove(verification.stamp_name(name))
    index.sweep(pointer.NAME)
    for name in index.names():
        if name.startswith(WORKSPACE):
            leases.remove_unused(index.path / name, WORKSPACE)


def _young(index: Directory, names: Sequence[str], grace: float) -> list[str]:
    """Returns the generations that were published less than `grace` seconds ago."""
    limit = time.time() - grace
    found = []
    for name in names:
        manifest = index.path / name / MANIFEST
        if manifest.exists() and os.lstat(manifest).st_mtime > limit:
            found.append(name)
    return found
