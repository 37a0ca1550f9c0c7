"""One change to an index: staged segments joined to a generation, and published.

Whatever happened to the index since the change was staged, joining it means
linking files, marking replaced chunks dead and listing segments: when somebody
else published first, it is simply done again on top of that.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.errors import Conflict, SnapshotNotFound
from ragcli.frozen import frozen
from ragcli.index.fulltext import text_workspace
from ragcli.index.generations.generation_files import WorkspaceFiles
from ragcli.index.generations.manifests import Manifest, SegmentInfo, mismatch, read
from ragcli.index.generations.publishing import link_or_copy
from ragcli.index.ingest.planning import roots
from ragcli.index.report import Choice
from ragcli.index.segments import catalogue, merging
from ragcli.index.segments.catalogue_view import CatalogueView
from ragcli.index.segments.segment import Segment
from ragcli.index.segments.segment_writer import SegmentWriter, new_id
from ragcli.index.segments.vector_moments import Moments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.protocols import Snapshots

_ATTEMPTS = 50
LATE_SUM = 256
"""Dead chunks that may be left in a stored sum before it is made again."""


@frozen
class Change:
    """What an ingest wants of an index."""

    kind: str
    """`add`, `sync`, `remove`."""

    staged: Path
    """Workspace with the files of `segments` and their text index."""

    segments: tuple[SegmentInfo, ...]
    """Segments to add, oldest first."""

    text: Path | None
    """Directory of the staged text index; None when there is nothing in it."""

    replaced: AbstractSet[str]
    """Paths whose chunks are replaced by those in `segments`, if there are any."""

    removed: AbstractSet[str] = frozenset()
    """Paths that go."""

    touched: tuple[catalogue.Record, ...] = ()
    """New records of documents whose files changed in nothing but their times."""

    chosen: tuple[Choice, ...] = ()
    """Which files of some directories are wanted."""

    secrets: tuple[str, ...] = ()
    """Files that look like secrets and are added all the same."""

    add_roots: tuple[str, ...] = ()
    """Directories that were named."""

    leave_out: tuple[str, ...] = ()
    """Paths that were removed by hand."""

    drop_roots: tuple[str, ...] = ()
    """Directories that are gone."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    """Embedder, dimension, chunking, for the manifest."""


def publish(snapshots: Snapshots, change: Change, wait: float) -> str:
    """Joins a change to the current generation; returns the new one's name.

    Raises:
        Locked: Others were joining theirs for `wait` seconds.
        Conflict: Others keep publishing without the lock.
        StorageFailed: Nothing changed.
    """
    with snapshots.lock(wait):
        for attempt in range(_ATTEMPTS):
            parent = snapshots.current()
            try:
                with snapshots.workspace(parent) as workspace:
                    manifest = _joined(snapshots, change, parent, workspace)
                    return snapshots.publish(workspace, parent, manifest.as_dict())
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
            except (SnapshotNotFound, FileNotFoundError):
                # Others went back to an earlier state so often that it was collected.
                if attempt == _ATTEMPTS - 1 or snapshots.current() == parent:
                    raise
    raise AssertionError("the loop returns or raises")


def _joined(
    snapshots: Snapshots, change: Change, parent: str, workspace: Path
) -> Manifest:
    """Fills the workspace and returns its manifest."""
    files = WorkspaceFiles(workspace, snapshots.sealer)
    base = read(snapshots.directory(parent)) if parent else Manifest()
    _check_embedder(base, change)
    index = _Joining(files, replace(base, **change.facts))
    affected = index.remove(change)
    if index.is_empty and not change.segments:
        text_workspace.renew(files, Manifest())
    else:
        text_workspace.update(files, base, affected, change.text)
    index.add(change)
    index.merge()
    index.write_roots(change)
    return replace(index.manifest(), change=change.kind, origin="")


class _Joining:
    """The segments of a workspace while they change."""

    def __init__(self, files: WorkspaceFiles, base: Manifest) -> None:
        self._files = files
        self._base = base
        self._segments = list(base.segments)
        self._documents = base.documents

    @property
    def is_empty(self) -> bool:
        """Tells whether no document is left, and no segment."""
        return not self._documents and not self._segments

    def remove(self, change: Change) -> Sequence[int]:
        """Marks the chunks of documents dead; returns the keys of their documents.

        Also writes the records that say what became of documents; where none is left
        there is nobody to tell it to, and no segment is needed.
        """
        known = CatalogueView(self._base, self._files)
        rows, keys, gone = array("q"), array("q"), []
        # By path: neighbours are often near each other in the files, too.
        for path in chain(sorted(change.removed), sorted(change.replaced)):
            if not (item := known.find(path)):
                continue
            self._documents -= 1
            if item["chunks"]:
                rows.extend(range(item["row"], item["row"] + item["chunks"]))
                keys.append(catalogue.key(path))
            if path in change.removed:
                gone.append(path)
        if not self._documents:
            self._drop(self._segments)
            self._segments = []
            return keys
        if rows:
            self._kill(rows)
        self._tell(gone, filter(known.still_holds, change.touched))
        return keys

    def _tell(self, gone: Iterable[str], touched: Iterable[catalogue.Record]) -> None:
        """Adds a segment of records without chunks of their own, if there are any.

        Args:
            gone: Paths of documents that were removed.
            touched: New records of documents that stay as they are.
        """
        writer = SegmentWriter(self._base.dimension, tokens=self._base.tokens)
        for path in gone:
            writer.add_record({"path": path, "gone": True})
        for item in touched:
            writer.add_record(item)
        if not writer.is_empty():
            self._segments.append(writer.write(self._files.store))

    def _drop(self, infos: Iterable[SegmentInfo]) -> None:
        """Removes the files of segments."""
        for info in infos:
            for name in info.file_names(tokens=self._base.tokens):
                self._files.remove(name)

    def _kill(self, rows: array[int]) -> None:
        import numpy as np

        wanted = np.sort(np.array(rows, np.int64))
        for number, info in enumerate(self._segments):
            if info.live:
                segment = Segment(info, self._files, self._base)
                here, positions = segment.positions(wanted)
                fresh = positions[~segment.dead[positions]] if here.any() else positions
                if len(fresh):
                    self._segments[number] = self._with_dead(segment, fresh)

    def _with_dead(self, segment: Segment, fresh: NDArray[np.int64]) -> SegmentInfo:
        """Writes the positions of a segment's dead chunks, and its sums if needed."""
        import numpy as np

        info = segment.info
        order = np.concatenate([segment.dead_order, fresh])
        name = f"dead-{info.id}-{new_id()}.bin"
        self._files.write(name, order.astype("<u4").tobytes())
        if info.dead_file:
            self._files.remove(info.dead_file)
        changed = replace(info, dead_file=name, dead=len(order))
        if info.moments_file and len(order) - info.summed_dead > LATE_SUM:
            changed = self._with_sums(segment, changed, order[info.summed_dead :])
        return changed

    def _with_sums(
        self, segment: Segment, info: SegmentInfo, uncounted: NDArray[np.int64]
    ) -> SegmentInfo:
        """Takes dead vectors out of a segment's stored sums."""
        sums = Moments.empty(self._base.dimension)
        if info.live:
            stored = self._files.buffer(info.moments_file)
            sums.merge(Moments.decode(stored, self._base.dimension))
            sums.add(segment.vectors.vectors(uncounted), -1)
        name = f"moments-{info.id}-{new_id()}.bin"
        self._files.write(name, sums.encode())
        self._files.remove(info.moments_file)
        return replace(info, moments_file=name, summed_dead=info.dead)

    def add(self, change: Change) -> None:
        """Takes over the staged segments."""
        for info in change.segments:
            for name in info.file_names(tokens=self._base.tokens):
                link_or_copy(change.staged / name, self._files.directory / name)
            self._segments.append(info)
        self._documents += len(change.replaced)

    def merge(self) -> None:
        """Merges neighbours where that is due."""
        for start, end in reversed(merging.runs(self._segments)):
            old = self._segments[start:end]
            oldest = start == 0
            new = merging.merge(
                old, self._files, self._base, self._files.store, oldest=oldest
            )
            self._drop(old)
            self._segments[start:end] = new

    def write_roots(self, change: Change) -> None:
        """Writes what `docs sync` looks through, if the change alters it."""
        stored = roots.FILE in self._base.files
        known = roots.read(self._files) if stored else roots.Roots()
        wanted = known.readmitted(change.replaced).changed(
            added=change.add_roots,
            dropped=change.drop_roots,
            left_out=change.leave_out,
            chosen=change.chosen,
            secrets=change.secrets,
        )
        if wanted != known:
            if stored:
                self._files.remove(roots.FILE)
            self._files.write(roots.FILE, roots.encode(wanted))

    def manifest(self) -> Manifest:
        """Returns the manifest of what the workspace holds now."""
        return replace(
            self._base,
            segments=tuple(self._segments),
            documents=self._documents,
            chunks=sum(item.live for item in self._segments),
        )


def _check_embedder(base: Manifest, change: Change) -> None:
    """Refuses vectors of two embedders in one index.

    Raises:
        EmbedderMismatch: Somebody else's came first.
    """
    wanted = change.facts.get("embedder", base.embedder)
    if base.chunks and base.embedder != wanted:
        raise mismatch(base.embedder, wanted)
