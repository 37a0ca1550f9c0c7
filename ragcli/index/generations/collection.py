"""Removing what nobody needs: old generations, abandoned workspaces."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ragcli.errors import NotPermitted, StorageFailed
from ragcli.index.generations import generation_checks, manifests, pointer
from ragcli.index.generations.manifests import generation_number
from ragcli.storage.files import Directory, disk_errors
from ragcli.storage.locking import directory_locks

WORKSPACE = "tmp-"
_QUARANTINE = "quarantine"


def all_generations(index: Directory) -> list[str]:
    """Returns every generation's name on disk, oldest first."""
    names = [name for name in index.names() if generation_number(name)]
    return sorted(names, key=generation_number)


def collect(index: Directory, current: str, *, keep: int, grace: float) -> None:
    """Removes generations that are neither recent nor read, and dead workspaces.

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
        if name not in recent and _removed(index, name):
            index.remove(generation_checks.stamp_name(name))
    index.remove(pointer.SYNC_NOTE)  # it names what may have been forgotten
    for name in (pointer.NAME, pointer.SYNC_NOTE):
        index.sweep(name)
    sweep_workspaces(index)


def sweep_workspaces(index: Directory) -> None:
    """Removes the workspaces that killed processes left; failing is no failure."""
    for name in index.names():
        if name.startswith(WORKSPACE):
            with suppress(StorageFailed, NotPermitted):
                _removed(index, name)


def discard_unpublished(index: Directory, current: str) -> None:
    """Removes generations newer than the live one: nobody was told of them.

    Their processes died between renaming them and moving `CURRENT`.

    Args:
        index: The directory of the generations; its lock is held.
        current: The live generation; with none, nothing is known to be newer.
    """
    newest = generation_number(current)
    for name in all_generations(index) if newest else ():
        if generation_number(name) > newest:
            _removed(index, name)


def set_aside(index: Directory, profile: Directory, generation: str) -> Path:
    """Moves a generation into the profile's quarantine; returns where it is now."""
    with profile.child(_QUARANTINE, create=True) as aside:
        target = aside.path / f"{generation}-{os.urandom(4).hex()}"
        with disk_errors(target):
            os.rename(
                generation,
                target.name,
                src_dir_fd=index.descriptor,
                dst_dir_fd=aside.descriptor,
            )
        aside.sync()
    index.remove(generation_checks.stamp_name(generation))
    index.sync()
    return target


def _removed(index: Directory, name: str) -> bool:
    """Removes a directory unless somebody uses it; tells whether it is gone."""
    return directory_locks.remove_unused(index.descriptor, name, WORKSPACE)


def _young(index: Directory, names: Sequence[str], grace: float) -> list[str]:
    """Returns the generations that were published less than `grace` seconds ago."""
    limit = time.time() - grace
    young = []
    for name in names:
        with suppress(FileNotFoundError):
            manifest = os.stat(
                f"{name}/{manifests.NAME}",
                dir_fd=index.descriptor,
                follow_symlinks=False,
            )
            if manifest.st_mtime > limit:
                young.append(name)
    return young
