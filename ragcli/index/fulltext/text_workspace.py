"""The text index of a workspace: changed in place, or in memory when it is sealed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ragcli.index.file_names import spoken_name
from ragcli.index.fulltext import analysis, text_index
from ragcli.index.fulltext.text_index import TextWriter
from ragcli.index.generations.generation_files import (
    TEXT,
    GenerationFiles,
    WorkspaceFiles,
)
from ragcli.index.generations.manifests import Manifest
from ragcli.index.segments.catalogue import key
from ragcli.index.segments.segment import Segment
from ragcli.index.stored_passages import searched_text
from ragcli.storage.temporary.memory_directories import has_memory, memory_directory

_REWRITTEN = {text_index.META, ".managed.json"}


@contextmanager
def staging(workspace: WorkspaceFiles) -> Iterator[Path | None]:
    """Yields an empty directory for a new text index.

    It is in the workspace, or in memory when the workspace is sealed; None where
    a sealed one has no memory file system: readers then make theirs themselves.
    """
    if workspace.sealer is None:
        directory = workspace.directory / TEXT
        directory.mkdir(mode=0o700)
        yield directory
    elif has_memory():
        with memory_directory() as directory:
            yield directory
    else:
        yield None


def update(
    files: WorkspaceFiles,
    base: Manifest,
    removed: Sequence[int],
    staged: Path | None,
) -> None:
    """Removes documents from a workspace's text index, then adds the staged one.

    Args:
        files: The workspace, with the files of its parent.
        base: The parent's manifest.
        removed: Keys of documents.
        staged: A text index that `staging` made room for, or None.
    """
    if not removed and staged is None:
        return
    if files.sealer is None:
        directory = files.directory / TEXT
        directory.mkdir(mode=0o700, exist_ok=True)
        _change(directory, removed, staged)
        return
    if not has_memory():
        for name in _stored(files):
            files.remove(f"{TEXT}/{name}")
        return
    with memory_directory() as directory:
        unpack(files, base, directory)
        _change(directory, removed, staged)
        _seal_changes(files, directory)


def renew(files: WorkspaceFiles, manifest: Manifest) -> None:
    """Makes the text index of a workspace anew, of what is live in its segments.

    Args:
        files: The workspace.
        manifest: Of what it holds.
    """
    for name in _stored(files):
        files.remove(f"{TEXT}/{name}")
    if not manifest.chunks:
        return
    if files.sealer is None:
        rebuild(TextWriter(files.directory / TEXT), files, manifest)
    elif has_memory():
        with memory_directory() as directory:
            rebuild(TextWriter(directory), files, manifest)
            _seal_changes(files, directory)


def _change(directory: Path, removed: Sequence[int], staged: Path | None) -> None:
    text_index.remove_documents(directory, removed)
    if staged is not None:
        text_index.join(directory, staged)


def _stored(files: WorkspaceFiles) -> list[str]:
    directory = files.directory / TEXT
    return os.listdir(directory) if directory.is_dir() else []


def unpack(files: GenerationFiles, manifest: Manifest, directory: Path) -> None:
    """Puts the plain files of a sealed text index into a directory in memory."""
    names = [name for name in manifest.files if name.startswith(f"{TEXT}/")]
    if not names and manifest.chunks:
        writer = TextWriter(directory)
        rebuild(writer, files, manifest)
    for name in names:
        path = directory / name.removeprefix(f"{TEXT}/")
        path.write_bytes(files.buffer(name))


def rebuild(writer: TextWriter, files: GenerationFiles, manifest: Manifest) -> None:
    """Indexes the stored passages of a generation again."""
    for info in manifest.segments:
        if info.live:
            _rebuild_segment(writer, Segment(info, files, manifest))
    writer.close()


def _rebuild_segment(writer: TextWriter, segment: Segment) -> None:
    for position, row in enumerate(segment.rows.tolist()):
        if not segment.dead[position]:
            document = segment.documents.of_row(row)
            stored = segment.passage(position)
            text = searched_text(document["title"], stored)
            name = spoken_name(document["path"])
            stems = analysis.indexed_stems(f"{name}\n{text}", stored["language"])
            writer.add(row, key(document["path"]), stems)


def _seal_changes(files: WorkspaceFiles, directory: Path) -> None:
    """Makes the sealed text index of a workspace that of `directory`."""
    (files.directory / TEXT).mkdir(mode=0o700, exist_ok=True)
    text_index.tidy(directory)
    wanted, stored = set(os.listdir(directory)), set(_stored(files))
    for name in stored - (wanted - _REWRITTEN):
        files.remove(f"{TEXT}/{name}")
    for name in sorted(wanted - (stored - _REWRITTEN)):
        files.write(f"{TEXT}/{name}", (directory / name).read_bytes())
