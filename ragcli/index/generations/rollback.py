"""The kept states of an index, and the one to go back to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ragcli.errors import SnapshotDamaged, SnapshotNotFound
from ragcli.index.generations.manifests import read
from ragcli.index.report import GenerationInfo

if TYPE_CHECKING:
    from ragcli.index.protocols import Snapshots


def kept(snapshots: Snapshots) -> list[GenerationInfo]:
    """Returns the kept states, oldest first; damaged ones say what they have."""
    live = snapshots.current()
    found = []
    for name in snapshots.generations():
        with suppress(SnapshotNotFound):  # collected while we looked
            found.append(_described(snapshots, name, live))
    return found


def previous(snapshots: Snapshots) -> str:
    """Returns the newest sound state before what the current one shows.

    Raises:
        SnapshotNotFound: There is none.
    """
    names = snapshots.generations()
    shown = names[-1] if names else ""
    for item in reversed(kept(snapshots)):
        if item.name == names[-1] and not item.damaged:
            current = read(snapshots.directory(item.name))
            shown = current.origin or item.name
        elif item.name < shown and not item.damaged:
            return item.name
    raise SnapshotNotFound(
        "there is no earlier index to go back to",
        "`ragcli docs rollback --list` shows those that are kept",
    )


def _described(snapshots: Snapshots, name: str, live: str) -> GenerationInfo:
    try:
        found = read(snapshots.directory(name))
    except SnapshotDamaged as error:
        return GenerationInfo(name, "", "", 0, 0, name == live, error.message)
    counts = (found.documents, found.chunks)
    return GenerationInfo(name, found.created, found.change, *counts, name == live)
