"""New vectors for stored texts: another embedder takes over an index.

The new segments are made beside the old ones, from the stored passages alone, and
take their place at once. The text index does not change.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ragcli.errors import Conflict
from ragcli.index import stored_passages
from ragcli.index.generations.generation_files import WorkspaceFiles, generation_files
from ragcli.index.generations.holding import hold_current
from ragcli.index.generations.manifests import NAME, Manifest, SegmentInfo, parse
from ragcli.index.generations.publishing import link_or_copy
from ragcli.index.ingest.preparation import embedding
from ragcli.index.report import IngestReport
from ragcli.index.segments import catalogue, merging
from ragcli.index.segments.segment_writer import Columns, SegmentWriter
from ragcli.storage.files import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

    from ragcli.index.generations.generation_files import GenerationFiles
    from ragcli.index.protocols import Embedder, Progress, Snapshots

_ATTEMPTS = 50


def reembed(
    snapshots: Snapshots, embedder: Embedder, progress: Progress
) -> IngestReport:
    """Makes the vectors of an index anew.

    Args:
        snapshots: Where the index lives.
        embedder: Makes the new vectors.
        progress: Told about each document.

    Raises:
        ModelUnavailable: The embedder failed; nothing changed.
        Conflict: Others kept publishing; nothing changed.
        StorageFailed: Nothing changed.
    """
    start = time.monotonic()
    parent = snapshots.current()
    if not parent:
        return IngestReport()
    with disk_errors("index"), snapshots.workspace("") as workspace:
        work = _Reembedding(snapshots, embedder, progress, workspace)
        generation, manifest = work.publish()
    return IngestReport(
        changed=manifest.documents,
        chunks=manifest.chunks,
        generation=generation,
        seconds=time.monotonic() - start,
    )


class _NewVectors:
    """Embeds stored passages again; satisfies `merging.Conversion`."""

    def __init__(self, embedder: Embedder, progress: Progress) -> None:
        self._embedder = embedder
        self._progress = progress
        if not embedder.dimension:
            embedder.embed(["dimension"])  # some models tell only by doing

    def writer(self) -> SegmentWriter:
        """Returns a writer for the new vectors."""
        tokens = embedding.has_tokens(self._embedder)
        return SegmentWriter(self._embedder.dimension, tokens=tokens)

    def columns(self, record: catalogue.Record, stored: Columns) -> Columns:
        """Returns the chunks of a document with new vectors."""
        texts = [
            stored_passages.searched_text(record["title"], stored_passages.decode(line))
            for line in stored.passages
        ]
        embedded = embedding.embed(self._embedder, texts)
        self._progress.step(record["path"])
        vectors = [embedded.matrix()]
        return Columns(
            stored.rows, stored.passages, embedded.tokens, vectors, stored.languages
        )


class _Reembedding:
    """The segments made so far, by the segment that each replaces."""

    def __init__(
        self,
        snapshots: Snapshots,
        embedder: Embedder,
        progress: Progress,
        directory: Path,
    ) -> None:
        self._snapshots = snapshots
        self._embedder = embedder
        self._progress = progress
        self._conversion = _NewVectors(embedder, progress)
        self._staged = WorkspaceFiles(directory, snapshots.sealer)
        self._made: dict[tuple[str, int], list[SegmentInfo]] = {}

    def publish(self) -> tuple[str, Manifest]:
        """Embeds what the current generation gained; again if another published.

        Returns:
            The name of the new generation, and what its manifest counts.
        """
        for attempt in range(_ATTEMPTS):
            held = hold_current(self._snapshots)
            if held is None:
                break
            files = generation_files(held.directory, self._snapshots.sealer, held.lease)
            base = parse(files.raw(NAME), held.name)
            if not attempt:
                self._progress.start(base.documents, "embedding")
            self._make_missing(files, base)
            with suppress(Conflict):
                return self._replace(held.name, base)
        raise Conflict(
            "others kept changing the index",
            "nothing changed; run `ragcli docs reembed` again when they are done",
        )

    def _make_missing(self, files: GenerationFiles, base: Manifest) -> None:
        for info in base.segments:
            if (info.id, info.dead) not in self._made:
                self._made[info.id, info.dead] = merging.merge(
                    [info],
                    files,
                    base,
                    self._staged.store,
                    oldest=False,
                    conversion=self._conversion,
                )

    def _replace(self, parent: str, base: Manifest) -> tuple[str, Manifest]:
        """Publishes a generation with the new segments in place of the old."""
        with self._snapshots.workspace(parent) as workspace:
            files = WorkspaceFiles(workspace, self._snapshots.sealer)
            tokens = embedding.has_tokens(self._embedder)
            segments: list[SegmentInfo] = []
            for info in base.segments:
                for name in info.file_names(tokens=base.tokens):
                    files.remove(name)
                for new in self._made[info.id, info.dead]:
                    for name in new.file_names(tokens=tokens):
                        link_or_copy(self._staged.directory / name, workspace / name)
                    segments.append(new)
            manifest = replace(
                base,
                change="reembed",
                origin="",
                embedder=self._embedder.id,
                dimension=self._embedder.dimension,
                tokens=tokens,
                segments=tuple(segments),
            )
            return self._snapshots.publish(
                workspace, parent, manifest.as_dict()
            ), manifest
