"""`CURRENT`: the one file that says which generation is live."""

from __future__ import annotations

import re

from ragcli.index.generations import manifests
from ragcli.storage.files import Directory

NAME = "CURRENT"
SYNC_NOTE = "unchanged.json"
"""Beside it: the outcome of a sync that found nothing to do (`unchanged`)."""

_LINE = re.compile(r"(gen-\d{8,12}) ([0-9a-f]{64})\n")


def read(index: Directory | None) -> tuple[str, str]:
    """Returns the live generation and its manifest's hash; two "" when there is none.

    Raises:
        SnapshotDamaged: The file is not what was written.
    """
    if index is None:
        return "", ""
    try:
        data = index.read(NAME, limit=4096)
    except FileNotFoundError:
        return "", ""
    match = _LINE.fullmatch(data.decode("ascii", "replace"))
    if not match:
        raise manifests.damaged("", "it does not name a generation")
    return match[1], match[2]


def restore(index: Directory, generation: str) -> None:
    """Makes a generation that is there already the live one; "" does nothing."""
    if generation:
        with index.child(generation) as opened:
            data = opened.read(manifests.NAME, limit=manifests.LIMIT)
        write(index, generation, data)


def write(index: Directory, generation: str, manifest: bytes) -> None:
    """Makes `generation` the live one, durably.

    Args:
        index: The directory of the generations.
        generation: Its name.
        manifest: The bytes of its manifest.
    """
    line = f"{generation} {manifests.digest(manifest)}\n"
    index.replace(NAME, line.encode())
