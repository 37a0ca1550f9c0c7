"""Opens a generation for reading, whoever publishes or collects meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.dependency_patches.numpy import load_lean
from ragcli.errors import Conflict, SnapshotDamaged, SnapshotNotFound
from ragcli.index.fulltext.text_search import TextSearch
from ragcli.index.generations import manifests
from ragcli.index.generations.generation_files import (
    TEXT,
    MappedFiles,
    SealedFiles,
    generation_files,
)
from ragcli.index.search.index_reader import IndexReader
from ragcli.storage.temporary.memory_directories import has_memory, memory_directory

if TYPE_CHECKING:
    from pathlib import Path

    from ragcli.index.generations.manifests import Manifest
    from ragcli.index.protocols import Snapshots
    from ragcli.storage.contracts import Sealer

_ATTEMPTS = 20
"""Times that a generation may be collected while it is being opened."""


def open_current(snapshots: Snapshots) -> IndexReader | None:
    """Returns a reader of the live generation; None when there is none.

    A damaged generation is left for the newest sound one before it; the reader's
    `notice` says so.

    Raises:
        SnapshotDamaged: No generation is sound.
        ProfileNotFound: It was removed meanwhile, with all its generations.
        Conflict: Others publish faster than it can be opened.
        StorageFailed: The system did not let it be read: nothing is said about it.
    """
    try:
        return _open_live(snapshots)
    except SnapshotDamaged as damage:
        reader = _open_sound(snapshots)
        if reader is None:
            raise
        reader.notice = f"{damage.message}; searching {reader.generation} instead"
        return reader


def _open_live(snapshots: Snapshots) -> IndexReader | None:
    for _ in range(_ATTEMPTS):
        generation = snapshots.current()
        if not generation:
            return None
        try:
            return open_generation(snapshots, generation)
        except (FileNotFoundError, SnapshotNotFound):
            if snapshots.current() == generation and not snapshots.is_whole(generation):
                missing = f"index {generation} is damaged: files are missing"
                raise SnapshotDamaged(
                    missing, "`ragcli docs rollback` returns to the last whole one"
                ) from None
    raise Conflict("the index changes faster than it can be opened", "try again")


def _open_sound(snapshots: Snapshots) -> IndexReader | None:
    """Returns a reader of the newest generation that is whole, if there is one."""
    for generation in reversed(snapshots.generations()):
        try:
            return open_generation(snapshots, generation)
        except (SnapshotDamaged, SnapshotNotFound, FileNotFoundError):
            continue
    return None


def open_generation(snapshots: Snapshots, generation: str) -> IndexReader:
    """Returns a reader of one generation.

    Raises:
        SnapshotNotFound, FileNotFoundError: It was collected meanwhile.
        SnapshotDamaged: It is not what was published.
    """
    directory = snapshots.directory(generation)
    return open_directory(directory, snapshots.sealer, snapshots.share(generation))


def open_directory(directory: Path, sealer: Sealer | None, lock_fd: int) -> IndexReader:
    """Returns a reader of a verified generation's directory.

    Args:
        directory: The directory.
        sealer: Opens its files, when they are sealed.
        lock_fd: A descriptor of it, which is closed when nothing needs it any more.
    """
    load_lean()  # all that is read computes with NumPy
    files = generation_files(directory, sealer, lock_fd)
    manifest = manifests.parse(files.raw(manifests.NAME), directory.name)
    return IndexReader(manifest, files, opened_text(files, manifest))


def opened_text(files: MappedFiles | SealedFiles, manifest: Manifest) -> TextSearch:
    """Opens the text index: mapped, from memory, or made again from the passages."""
    stored = any(name.startswith(f"{TEXT}/") for name in manifest.files)
    if stored and isinstance(files, MappedFiles):
        reach = files.reach
        search = TextSearch.open(reach / TEXT)
        if reach != files.reach:
            # the path leads to another file by now: see `storage.descriptor_paths`
            raise FileNotFoundError(reach)
        return search
    from ragcli.index.fulltext import text_workspace

    if stored and has_memory():
        with memory_directory() as directory:
            text_workspace.unpack(files, manifest, directory)
            return TextSearch.open(directory)
    from ragcli.index.fulltext.text_index import TextWriter

    writer = TextWriter(None)
    text_workspace.rebuild(writer, files, manifest)
    return TextSearch(writer.index)
