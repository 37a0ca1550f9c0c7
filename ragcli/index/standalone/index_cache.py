"""The index of `--docs`: made for one call, kept privately for the next.

It belongs to no profile. Repeated calls on an unchanged tree reuse it; a cache
that grew past `_KEPT` trees forgets the one unused for longest.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.config import Settings, size
from ragcli.errors import Locked
from ragcli.storage.files import Directory
from ragcli.storage.name_spelling import as_on_disk

if TYPE_CHECKING:
    from ragcli.index.documents.discover import Skipped
    from ragcli.index.protocols import Embedder, Progress
    from ragcli.index.search.index_reader import IndexReader

_KEPT = 20
"""Trees that the cache remembers."""

_WAIT = 60.0
"""Seconds to wait for another call that is indexing the same tree."""


def reader(
    paths: Sequence[Path],
    embedder: Embedder,
    settings: Settings,
    cache: Path | None,
    progress: Progress,
) -> IndexReader | None:
    """Returns an index of `paths`; None when they hold no document.

    Args:
        paths: Files and directories.
        embedder: Makes the vectors.
        settings: Chunking and limits.
        cache: Where indexes are kept; None keeps nothing and writes nothing.
        progress: Told about each file.

    Raises:
        DocumentNotFound: A path is not there.
    """
    locations = sorted({as_on_disk(path) for path in paths})
    if cache is None:
        return _in_memory(
            [Path(directory) for directory in locations], embedder, settings, progress
        )
    from ragcli.index.generations.snapshots import LocalSnapshots
    from ragcli.index.library import Library

    with (
        Directory.open(cache, create=True) as private,
        private.child("docs", create=True) as docs,
    ):
        name = _key(locations, embedder, settings)
        _forget_oldest(docs, name)
        directory = docs.child(name, create=True)
    os.utime(
        directory.descriptor
    )  # its name may be gone: another call makes room as well
    library = Library(LocalSnapshots(directory, None), lambda: embedder, settings)
    targets = [Path(target) for target in locations]
    with suppress(Locked):
        report = library.add(targets, progress, wait=_WAIT)
        _tell(report.skipped, targets, progress)
        library.sync(progress, wait=_WAIT, force=True)
    return library.reader()


def _in_memory(
    paths: Sequence[Path], embedder: Embedder, settings: Settings, progress: Progress
) -> IndexReader | None:
    """Returns an index that never touches the disk."""
    from ragcli.index.documents import discover
    from ragcli.index.ingest.preparation.reading import Chunking, ReadRequest
    from ragcli.index.ingest.preparation.reading_pool import outcomes
    from ragcli.index.standalone import ephemeral

    discovered = list(discover.find(paths, max_size=size(settings.max_file_size)))
    skipped = [item for item in discovered if isinstance(item, discover.Skipped)]
    _tell(skipped, paths, progress)
    wanted = [
        ReadRequest(item.location, item.size)
        for item in discovered
        if isinstance(item, discover.Found)
    ]
    chunking = Chunking.of(settings)
    documents = []
    for outcome in outcomes(wanted, chunking):
        if outcome.prepared:
            documents.append(outcome.prepared)
        elif outcome.failure:
            progress.note(f"{outcome.location}: {outcome.failure}")
    return ephemeral.build(documents, embedder) if documents else None


def _tell(
    skipped: Iterable[Skipped], named: Sequence[Path], progress: Progress
) -> None:
    """Tells what was left out of the files that were named: they were asked for."""
    for item in skipped:
        if item.path in named:
            progress.note(f"{item.path}: {item.reason}")


def _key(locations: list[str], embedder: Embedder, settings: Settings) -> str:
    """Returns the cache's name for these paths, indexed this way."""
    made_by = [
        embedder.id,
        settings.chunk_size,
        settings.chunk_overlap,
        settings.max_file_size,
        settings.ocr,
    ]
    named = json.dumps([locations, made_by]).encode("utf-8", "surrogateescape")
    return hashlib.sha256(named).hexdigest()[:32]


def _last_used(docs: Directory, name: str) -> float:
    """Returns when a cache was last used; 0.0 if another call has removed it."""
    with suppress(FileNotFoundError):
        return os.stat(name, dir_fd=docs.descriptor).st_mtime
    return 0.0


def _forget_oldest(docs: Directory, keep: str) -> None:
    """Removes the caches that were unused for longest."""
    others = [name for name in docs.names() if name != keep]
    others.sort(key=lambda name: _last_used(docs, name))
    for name in others[: max(0, len(others) - _KEPT + 1)]:
        shutil.rmtree(docs.path / name, ignore_errors=True)
