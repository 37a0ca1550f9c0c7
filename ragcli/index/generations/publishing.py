"""From a workspace to a generation, in the order that survives every crash.

Each file is synced, then the directories that name them, then the workspace is
renamed, then its new name is synced, and only then `CURRENT` moves. Leaving out
any of these steps loses an acknowledged snapshot in some crash.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ragcli.errors import SnapshotDamaged
from ragcli.index.generations import manifests
from ragcli.index.generations.generation_checks import hash_file, listing, open_in
from ragcli.index.generations.generation_files import TEXT
from ragcli.storage.contracts import Sealer
from ragcli.storage.files import (
    FILE_MODE,
    Directory,
    disk_errors,
    sync_data,
    write_all,
)

WAIT = 30.0
"""Seconds to wait for others who swap `CURRENT`; each takes milliseconds."""

_NO_LINKS = {
    *(errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS),
    errno.EACCES,  # Android's SELinux lets no program link
}

Facts = dict[str, dict[str, Any]]
"""Relative name → size and SHA-256."""


def link_files(parent: Path, workspace: Path, files: Mapping[str, Any]) -> None:
    """Gives the workspace every file of its parent, without copying where possible.

    Raises:
        FileNotFoundError: The parent was collected meanwhile.
        StorageFailed: No space.
    """
    if any(name.startswith(f"{TEXT}/") for name in files):
        os.mkdir(workspace / TEXT, 0o700)
    for name in files:
        with disk_errors(workspace / name):
            link_or_copy(parent / name, workspace / name)


def link_or_copy(source: Path, target: Path) -> None:
    """Makes `target` the same file as `source`, or a private copy of it."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        import shutil  # 5 ms: it loads every kind of compression

        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        # The source first: where it is gone, nothing is made, and nothing stays open.
        with (
            open(source, "rb") as original,
            open(os.open(target, flags, FILE_MODE), "wb") as copy,
        ):
            shutil.copyfileobj(original, copy, 1 << 20)


def sync_files(workspace: Path, parent: Path | None, known: Facts) -> Facts:
    """Makes the files of a workspace private and durable, and hashes them.

    What is still the parent's own file was synced and hashed when that was made.

    Args:
        workspace: The directory to be published.
        parent: The directory of the generation it was made from.
        known: What the parent's manifest says about its files.

    Returns:
        Size and SHA-256 of every file.

    Raises:
        StorageFailed: The disk is full, or a sync failed.
        SnapshotDamaged: A copy of a parent's file is not what the parent had.
    """
    facts: Facts = {}
    with Directory.open(workspace) as directory:
        for name in sorted(listing(directory)):
            if parent and name in known and _is_same(workspace / name, parent / name):
                facts[name] = known[name]
                continue
            facts[name] = _sync_file(directory, name)
        if directory.has(TEXT):
            with directory.child(TEXT) as text:
                text.sync()
    return facts


def _is_same(one: Path, other: Path) -> bool:
    """Tells whether two names are one file."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.lstat(one), os.lstat(other))
    return False


def _sync_file(directory: Directory, name: str) -> dict[str, Any]:
    path = directory.path / name
    with disk_errors(path):
        os.chmod(path, FILE_MODE, follow_symlinks=True)
    descriptor = open_in(directory, name)
    try:
        with disk_errors(path):
            digest = hash_file(descriptor)
            sync_data(descriptor)
            return {"size": os.fstat(descriptor).st_size, "sha256": digest}
    finally:
        os.close(descriptor)


def finish(workspace: Path, manifest: bytes) -> None:
    """Writes the manifest and makes the workspace's names durable."""
    with Directory.open(workspace) as directory:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = directory.open_file(manifests.NAME, flags)
        with disk_errors(workspace / manifests.NAME):
            try:
                write_all(descriptor, manifest)
                sync_data(descriptor)
            finally:
                os.close(descriptor)
        directory.sync()


def rename_into_place(index: Directory, workspace: str, generation: str) -> None:
    """Gives the finished workspace its name, durably."""
    with disk_errors(index.path / generation):
        index.rename(workspace, generation)
    index.sync()


def expect_same(expected: Facts, actual: Facts) -> None:
    """Checks that what was linked or copied is what it was.

    Raises:
        SnapshotDamaged: It is not.
    """
    for name in sorted(set(expected) | set(actual)):
        if expected.get(name) != actual.get(name):
            raise SnapshotDamaged(
                f"{name} changed while it was copied", "run `ragcli profile verify`"
            )


def seal_manifest(sealer: Sealer, manifest: Mapping[str, Any]) -> str:
    """Returns the proof that a holder of the key wrote this manifest."""
    digest = manifests.body_digest(manifest).encode()
    return sealer.seal(f"manifest {manifest['name']}", digest).hex()


def check_seal(sealer: Sealer, manifest: Mapping[str, Any]) -> None:
    """Checks that proof.

    Raises:
        SnapshotDamaged: Somebody without the key wrote or altered it.
    """
    name = str(manifest["name"])
    try:
        proof = bytes.fromhex(str(manifest["seal"]))
    except ValueError:
        raise manifests.damaged(name, "its seal is none") from None
    proven = sealer.unseal(f"manifest {name}", proof)
    if proven != manifests.body_digest(manifest).encode():
        raise manifests.damaged(name, "its manifest was altered")
