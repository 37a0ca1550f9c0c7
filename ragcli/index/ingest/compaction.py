"""Giving back what was removed: afterwards no file of an index holds it.

A removal marks chunks dead and leaves older generations to go back to. This writes
what is live anew, as one more generation, and drops all others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.index.fulltext import text_workspace
from ragcli.index.generations.generation_files import WorkspaceFiles
from ragcli.index.generations.manifests import Manifest, read
from ragcli.index.segments import merging

if TYPE_CHECKING:
    from pathlib import Path

    from ragcli.index.protocols import Snapshots


@frozen
class Compaction:
    """What a compaction did."""

    generation: str = ""
    """The only one that is left, "" where there is none."""
    freed: int = 0
    """Bytes that all generations together take less."""


def compact(snapshots: Snapshots, wait: float) -> Compaction:
    """Drops for good what was removed from an index, and every older generation.

    Raises:
        Locked: Others were changing it for `wait` seconds.
        StorageFailed: Nothing changed.
    """
    with snapshots.lock(wait):
        parent = snapshots.current()
        if not parent:
            return Compaction()
        before = snapshots.stored()
        base, name = read(snapshots.directory(parent)), parent
        if _holds_removed(base):
            with snapshots.workspace(parent) as workspace:
                left = _rewritten(snapshots, base, workspace)
                name = snapshots.publish(workspace, parent, left.as_dict())
        snapshots.prune()
        return Compaction(name, max(0, before - snapshots.stored()))


def _holds_removed(base: Manifest) -> bool:
    """Tells whether a generation has dead chunks, or records that do not count."""
    records = sum(item.records for item in base.segments)
    return records != base.documents or any(item.dead for item in base.segments)


def _rewritten(snapshots: Snapshots, base: Manifest, workspace: Path) -> Manifest:
    """Fills a workspace with what is live; returns its manifest."""
    files = WorkspaceFiles(workspace, snapshots.sealer)
    old = list(base.segments)
    new = (
        merging.merge(old, files, base, files.store, oldest=True)
        if base.documents
        else []
    )
    for info in old:
        for name in info.file_names(tokens=base.tokens):
            files.remove(name)
    left = replace(base, segments=tuple(new), change="compact", origin="")
    text_workspace.renew(files, left)
    return left
