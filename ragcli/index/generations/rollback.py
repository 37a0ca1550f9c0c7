"""The kept states of an index, and the one to go back to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ragcli.errors import SnapshotDamaged, SnapshotNotFound
from ragcli.index.generations.manifests import generation_number, read
from ragcli.index.report import GenerationInfo

if TYPE_CHECKING:
    from ragcli.index.protocols import Snapshots


def kept(snapshots: Snapshots) -> list[GenerationInfo]:
    """Returns the kept states, oldest first; damaged ones say what they have."""
    live = ""
    with suppress(SnapshotDamaged):  # what is kept is sound without `CURRENT`
        live = snapshots.current()
    states = []
    for name in snapshots.generations():
        with suppress(SnapshotNotFound):  # collected while we looked
            states.append(_described(snapshots, name, live))
    return states


def previous(snapshots: Snapshots) -> str:
    """Returns the newest sound state before what the current one shows.

    Where the current one is unknown or gone, that is the newest sound one.

    Raises:
        SnapshotNotFound: There is none.
    """
    states = kept(snapshots)
    before = _shown(snapshots, states)
    for state in reversed(states):
        if generation_number(state.name) < before and not state.damaged:
            return state.name
    raise SnapshotNotFound(
        "there is no earlier index to go back to",
        "`ragcli docs rollback --list` shows those that are kept",
    )


def _shown(snapshots: Snapshots, states: Sequence[GenerationInfo]) -> float:
    """Returns the number of the state whose documents the current one shows.

    Infinite where nobody knows, or where that state is gone.
    """
    if not any(state.current for state in states):
        return math.inf
    current = states[-1]
    if current.damaged:
        return generation_number(current.name)
    origin = read(snapshots.directory(current.name)).origin
    return generation_number(origin or current.name)


def _described(snapshots: Snapshots, name: str, live: str) -> GenerationInfo:
    try:
        manifest = read(snapshots.directory(name))
    except SnapshotDamaged as error:
        return GenerationInfo(name, "", "", 0, 0, name == live, error.message)
    counts = (manifest.documents, manifest.chunks)
    return GenerationInfo(
        name, manifest.created, manifest.change, *counts, name == live
    )
