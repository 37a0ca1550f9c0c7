"""Whether the files of a generation are those that were published.

All of them are hashed once on this machine. What was seen then (size, mtime and
inode) is noted in a stamp beside the generation, and comparing it is enough from
then on; the stamp proves nothing and protects from nobody but the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ragcli.errors import NotPermitted, StorageFailed
from ragcli.frozen import frozen
from ragcli.index.generations import manifests
from ragcli.index.generations.generation_files import TEXT
from ragcli.index.misreading import MISREAD
from ragcli.storage.files import Directory, disk_errors

_BLOCK = 1 << 20


def stamp_name(generation: str) -> str:
    """Returns the name of a generation's stamp."""
    return f"verified-{generation}.json"


def hash_file(descriptor: int) -> str:
    """Returns the SHA-256 of an open file, in hex."""
    hasher = hashlib.sha256()
    while block := os.read(descriptor, _BLOCK):
        hasher.update(block)
    return hasher.hexdigest()


def open_in(generation: Directory, name: str) -> int:
    """Opens a file of a generation by its relative name, following no link.

    Raises:
        FileNotFoundError: It is not there.
        NotPermitted: A link, a special file, or one that others may read.
    """
    if name.startswith(f"{TEXT}/"):
        with generation.child(TEXT) as text:
            return text.open_file(name.removeprefix(f"{TEXT}/"), linked=True)
    return generation.open_file(name, linked=True)


@frozen
class Difference:
    """One thing that is not as a manifest says."""

    what: str
    """One line."""

    altered: bool
    """Whether something is there that was not written; else something is missing."""


def missing(name: str) -> Difference:
    """Returns the difference of what is not there."""
    return Difference(f"{name} is missing", altered=False)


def differences(
    generation: Directory, manifest: manifests.Manifest
) -> list[Difference]:
    """Reads every file; returns what is not as the manifest says.

    Raises:
        StorageFailed: A file cannot be read now: that says nothing about it.
    """
    discrepancies = []
    for name, facts in sorted(manifest.files.items()):
        try:
            descriptor = open_in(generation, name)
        except FileNotFoundError:
            discrepancies.append(missing(name))
            continue
        except NotPermitted as error:
            discrepancies.append(Difference(error.message, altered=True))
            continue
        try:
            with disk_errors(generation.path / name):
                size = os.fstat(descriptor).st_size
                if size != facts["size"]:
                    what = f"{name} has {size} bytes, not {facts['size']}"
                    discrepancies.append(Difference(what, altered=True))
                elif hash_file(descriptor) != facts["sha256"]:
                    what = f"{name} has another content"
                    discrepancies.append(Difference(what, altered=True))
        finally:
            os.close(descriptor)
    expected = set(manifest.files) | {manifests.NAME}
    discrepancies += [
        Difference(f"{name} does not belong", altered=True)
        for name in sorted(listing(generation) - expected)
    ]
    return discrepancies


def listing(generation: Directory) -> set[str]:
    """Returns the relative names of the files of a generation."""
    names = set(generation.names())
    if TEXT in names:
        names.discard(TEXT)
        with generation.child(TEXT) as text:
            names |= {f"{TEXT}/{name}" for name in text.names()}
    return names


def observed(generation: Directory, names: Mapping[str, Any]) -> dict[str, list[int]]:
    """Returns size, mtime (ns) and inode of the files as they are now.

    Raises:
        FileNotFoundError: One is missing.
    """
    states = {}
    for name in names:
        status = os.stat(name, dir_fd=generation.descriptor, follow_symlinks=False)
        regular = stat.S_ISREG(status.st_mode)
        kind = status.st_ino if regular else -1
        states[name] = [status.st_size, status.st_mtime_ns, kind]
    return states


def is_as_verified(
    index: Directory, generation: Directory, name: str, digest: str
) -> dict[str, list[int]] | None:
    """Returns what the stamp of a generation noted, if all is still so; else None."""
    try:
        stamp = json.loads(index.read(stamp_name(name), limit=manifests.LIMIT))
        noted: dict[str, list[int]] = stamp["files"]
        if stamp["manifest"] != digest or observed(generation, noted) != noted:
            return None
    except (OSError, StorageFailed, NotPermitted, *MISREAD):
        return None
    return noted


def note(index: Directory, generation: Directory, name: str, data: bytes) -> None:
    """Writes the stamp of a generation that was just verified.

    It saves time only: failing to write it is no failure.

    Args:
        index: The directory of the generations.
        generation: The verified one.
        name: Its name.
        data: The bytes of its manifest.
    """
    files = json.loads(data)["files"]
    with suppress(StorageFailed, NotPermitted, FileNotFoundError):
        seen = observed(generation, files)
        stamp = {"manifest": manifests.digest(data), "files": seen}
        index.replace(
            stamp_name(name),
            json.dumps(stamp, separators=(",", ":")).encode(),
            durable=False,
        )
