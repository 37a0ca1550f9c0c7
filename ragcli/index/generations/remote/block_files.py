"""Files as blocks that are named by their hash, on their way to a store and back."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragcli.errors import SnapshotNotFound
from ragcli.storage.contracts import GenerationStore
from ragcli.storage.files import FILE_MODE, disk_errors, write_all

BLOCK = 1 << 20
"""Bytes of a block; the last one of a file is shorter."""
_SENT_AT_ONCE = 4

Blocks = dict[str, list[str]]
"""File → the SHA-256 of its blocks, in order."""


def hashed(
    workspace: Path, files: Mapping[str, Any], known: Mapping[str, list[str]]
) -> Blocks:
    """Returns the blocks of each file.

    Args:
        workspace: Where the files are.
        files: Name → size and SHA-256 of each.
        known: The blocks of files that were published before, by their SHA-256.
    """
    blocks_of_files = {}
    for name, facts in files.items():
        blocks = known.get(facts["sha256"])
        if blocks is None:
            pieces = _pieces(workspace / name)
            blocks = [hashlib.sha256(piece).hexdigest() for piece in pieces]
        blocks_of_files[name] = blocks
    return blocks_of_files


def send(store: GenerationStore, workspace: Path, blocks: Blocks) -> None:
    """Sends the blocks that a store lacks, a few at a time."""
    every = list(dict.fromkeys(d for listed in blocks.values() for d in listed))
    wanted = set(store.missing(every))
    batch: dict[str, bytes] = {}
    for name, digests in blocks.items():
        if wanted.isdisjoint(digests):
            continue
        for digest, piece in zip(digests, _pieces(workspace / name), strict=True):
            if digest in wanted:
                batch[digest] = piece
                wanted.discard(digest)
            if len(batch) >= _SENT_AT_ONCE:
                store.put(batch)
                batch = {}
    if batch:
        store.put(batch)


def resend(store: GenerationStore, file: Path, digests: Sequence[str]) -> None:
    """Sends those blocks of a file that are what their name says."""
    for digest, piece in zip(digests, _pieces(file), strict=False):
        if hashlib.sha256(piece).hexdigest() == digest:
            store.put({digest: piece})


def write(store: GenerationStore, path: Path, blocks: Sequence[str]) -> str:
    """Writes a new private file from its blocks; returns the hash of all of it.

    Raises:
        SnapshotNotFound: A block is gone.
    """
    hasher = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    with disk_errors(path):
        descriptor = os.open(path, flags, FILE_MODE)
        try:
            for digest in blocks:
                data = store.block(digest)
                hasher.update(data)
                write_all(descriptor, data)
        finally:
            os.close(descriptor)
    return hasher.hexdigest()


def wrong(
    store: GenerationStore, name: str, expected: str, blocks: Sequence[str]
) -> str:
    """Returns what is wrong with a file in a store, "" when it is whole.

    Args:
        store: Where its blocks are.
        name: The file.
        expected: Its SHA-256.
        blocks: Its blocks.
    """
    hasher = hashlib.sha256()
    try:
        for digest in blocks:
            hasher.update(store.block(digest))
    except SnapshotNotFound as error:
        return f"{name}: {error.message}"
    return "" if hasher.hexdigest() == expected else f"{name} has another content"


def _pieces(path: Path) -> Iterator[bytes]:
    """Yields the blocks of a file."""
    with path.open("rb") as file:
        while piece := file.read(BLOCK):
            yield piece
