"""Generations on their way from a store into a directory of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ragcli.errors import NewerFormat, SnapshotDamaged
from ragcli.index.generations import collection, manifests, publishing
from ragcli.index.generations.generation_files import TEXT
from ragcli.index.generations.manifests import Manifest
from ragcli.index.generations.remote import block_files
from ragcli.index.generations.remote.block_files import Blocks
from ragcli.storage.contracts import GenerationStore
from ragcli.storage.files import DIRECTORY_MODE, Directory

Known = Mapping[tuple[str, str], Path]
"""Files that are here by name and SHA-256."""


def known(index: Directory) -> Known:
    """Returns the files of the generations in a directory."""
    paths = {}
    for name in collection.all_generations(index):
        generation = index.path / name
        try:
            data = (generation / manifests.NAME).read_bytes()
            files = manifests.parse(data, name).files
        except (OSError, NewerFormat, SnapshotDamaged):
            continue
        for file, facts in files.items():
            status = (
                (generation / file).stat() if (generation / file).exists() else None
            )
            if status and status.st_size == facts["size"]:
                paths[file, facts["sha256"]] = generation / file
    return paths


def fill(
    store: GenerationStore,
    directory: Path,
    manifest: Manifest,
    blocks: Blocks,
    here: Known,
) -> None:
    """Writes the files of a generation, linked where this machine has them.

    Raises:
        SnapshotDamaged: A file has another content than its manifest says.
        SnapshotNotFound: A block is gone.
    """
    if any(name.startswith(f"{TEXT}/") for name in manifest.files):
        os.mkdir(directory / TEXT, DIRECTORY_MODE)
    for name, facts in manifest.files.items():
        source = here.get((name, facts["sha256"]))
        if source is not None:
            publishing.link_or_copy(source, directory / name)
            continue
        digest = block_files.write(store, directory / name, blocks.get(name, []))
        if digest != facts["sha256"]:
            raise manifests.damaged(manifest.name, f"{name} has another content")


def put_in_place(index: Directory, directory: Path, generation: str) -> None:
    """Gives a fetched generation its name, unless another process was faster."""
    if not (index.path / generation).exists():
        publishing.rename_into_place(index, directory.name, generation)
