"""Programs that the tests start, watch and kill: `python -m … NAME PROFILE …`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from ragcli.config import Settings
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.storage.files import Directory
from tests.unit.index.doubles import KeyedSealer, Watched, WordEmbedder


def snapshots_at(
    profile: str, *, sealed: bool = False, keep: int = 2
) -> LocalSnapshots:
    """Returns the generations of a profile, as a process of its own sees them."""
    directory = Directory.open(profile, create=True)
    sealer = KeyedSealer() if sealed else None
    return LocalSnapshots(directory, sealer, keep=keep, grace=0.0)


def opened(profile: str, *, sealed: bool = False, keep: int = 2) -> Library:
    """Returns the library of a profile, as a process of its own sees it."""
    snapshots = snapshots_at(profile, sealed=sealed, keep=keep)
    embedder = WordEmbedder()
    return Library(snapshots, lambda: embedder, Settings(lock_wait="60s"))


def publish(profile: str, documents: str, sealed: str, first: str) -> None:
    """Rewrites three documents together, over and over; says what is published."""
    library = opened(profile, sealed=sealed == "sealed")
    place = Path(documents)
    for version in range(int(first), 10_000):
        for name in ("one", "two", "three"):
            text = f"Document {name} has reached version{version} by now.\n"
            (place / f"{name}.txt").write_text(text)
        report = library.add([place], Watched())
        print(version, report.generation, flush=True)


def add(profile: str, documents: str) -> None:
    """Adds one folder."""
    report = opened(profile).add([Path(documents)], Watched())
    print(report.added, report.generation, flush=True)


if __name__ == "__main__":
    works: dict[str, Callable[..., None]] = {"publish": publish, "add": add}
    works[sys.argv[1]](*sys.argv[2:])
