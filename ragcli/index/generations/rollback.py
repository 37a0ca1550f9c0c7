"""The kept states of an index, and the one to go back to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ragcli.errors import SnapshotDamaged, SnapshotNotFound
from ragcli.index.generations.manifests import generation_number, read
from ragcli.index.report import GenerationInfo

if TYPE_CHECKING:
    from ragcli.index.protocols import Snapshots


def kept(snapshots: Snapshots) -> list[GenerationInfo]:
    """Returns the kept states, oldest first; damaged ones say what they have."""
    live = snapshots.current()
    states = []
    for name in snapshots.generations():
        with suppress(SnapshotNotFound):  # collected while we looked
            states.append(_described(snapshots, name, live))
    return states


def previous(snapshots: Snapshots) -> str:
    """Returns the newest sound state before what the current one shows.

    Raises:
        SnapshotNotFound: There is none.
    """
    states = kept(snapshots)
    shown = generation_number(states[-1].name) if states else 0
    for state in reversed(states):
        if state is states[-1] and not state.damaged:
            current = read(snapshots.directory(state.name))
            shown = generation_number(current.origin or state.name)
        elif generation_number(state.name) < shown and not state.damaged:
            return state.name
    raise SnapshotNotFound(
        "there is no earlier index to go back to",
        "`ragcli docs rollback --list` shows those that are kept",
    )


def _described(snapshots: Snapshots, name: str, live: str) -> GenerationInfo:
    try:
        manifest = read(snapshots.directory(name))
    except SnapshotDamaged as error:
        return GenerationInfo(name, "", "", 0, 0, name == live, error.message)
    counts = (manifest.documents, manifest.chunks)
    return GenerationInfo(
        name, manifest.created, manifest.change, *counts, name == live
    )
