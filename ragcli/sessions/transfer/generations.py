"""A generation of an index on its way: its files into a workspace, then published."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ragcli.errors import SnapshotDamaged
from ragcli.sessions.protocols import Snapshots
from ragcli.storage.contracts import Sealer
from ragcli.storage.files import Directory, disk_errors, write_all

MANIFEST = "manifest.json"
_GIVEN_ANEW = {"name", "parent", "created", "files", "seal", "check", "format"}
"""Fields of a manifest that publishing fills in."""
_MANIFEST_BYTES = 64 << 20
_PIECE = 1 << 20

Recode = Callable[[str, bytes], bytes]
"""Turns the bytes of a named file into those that are stored."""


def copy_generation(
    directory: Directory,
    target: Snapshots,
    *,
    parent: str = "",
    recode: Recode | None = None,
    **facts: Any,
) -> str:
    """Publishes the generation in a directory as the next one of `target`.

    Args:
        directory: The generation, verified; it stays while we read.
        target: Where to.
        parent: Its live generation.
        recode: Seals or opens each file; None to take it as it is.
        facts: What the manifest shall say besides.

    Returns:
        Its name there.
    """
    manifest = read_manifest(directory)
    with target.workspace("") as workspace:
        for name in manifest["files"]:
            _copy_file(directory, name, workspace, recode)
        kept = {k: v for k, v in manifest.items() if k not in _GIVEN_ANEW}
        return target.publish(workspace, parent, kept | facts)


def resealing(old: Sealer | None, new: Sealer | None) -> Recode:
    """Returns what opens a file with one key and seals it with another."""

    def recode(name: str, data: bytes) -> bytes:
        plain = old.unseal(name, data) if old else data
        return new.seal(name, plain) if new else plain

    return recode


def read_manifest(directory: Directory) -> dict[str, Any]:
    """Returns a generation's manifest; `ValueError` for what is none."""
    return dict(json.loads(directory.read(MANIFEST, limit=_MANIFEST_BYTES)))


def names(directory: Directory, prefix: str = "") -> Iterator[str]:
    """Yields the relative names of all files below a directory."""
    for name in directory.names():
        status = os.lstat(name, dir_fd=directory.descriptor)
        if stat.S_ISDIR(status.st_mode):
            with directory.child(name) as inside:
                yield from names(inside, f"{prefix}{name}/")
        else:
            yield prefix + name


def pieces(top: Directory, name: str) -> Iterator[bytes]:
    """Yields the bytes of a file of a generation.

    Raises:
        SnapshotDamaged: It is gone.
        NotPermitted: A link or special file.
    """
    with _parent(top, name) as (directory, last):
        try:
            descriptor = directory.open_file(last, linked=True)
        except FileNotFoundError:
            raise SnapshotDamaged(f"{name} is gone", "export it again") from None
        with open(descriptor, "rb") as file, disk_errors(directory.path / last):
            while piece := file.read(_PIECE):
                yield piece


def _copy_file(
    source: Directory, name: str, workspace: Path, recode: Recode | None
) -> None:
    """Writes a new file of a workspace; publishing syncs it."""
    data = pieces(source, name)
    if recode:
        data = iter([recode(name, b"".join(data))])
    with Directory.open(workspace) as target, new_file(target, name) as write:
        for piece in data:
            write(piece)


@contextmanager
def new_file(target: Directory, name: str) -> Iterator[Callable[[bytes], None]]:
    """Yields what writes to a new file below a directory, by its relative name."""
    with _parent(target, name, create=True) as (directory, last):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = directory.open_file(last, flags)
        try:
            with disk_errors(directory.path / last):
                yield lambda data: write_all(descriptor, data)
        finally:
            os.close(descriptor)


@contextmanager
def _parent(
    top: Directory, name: str, *, create: bool = False
) -> Iterator[tuple[Directory, str]]:
    """Yields the directory that holds a file, and its name there."""
    *parents, last = name.split("/")
    with ExitStack() as stack:
        directory = top
        for parent in parents:
            directory = stack.enter_context(directory.child(parent, create=create))
        yield directory, last
