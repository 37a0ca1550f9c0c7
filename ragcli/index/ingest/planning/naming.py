"""By which path a named file or directory is indexed: each by one, however typed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from ragcli.index.ingest.planning.roots import Roots
from ragcli.index.ingest.web.page_addresses import normalised
from ragcli.paths import is_address
from ragcli.storage.name_spelling import as_on_disk


def known_paths(
    typed: Iterable[str | os.PathLike[str]],
    roots: Roots,
    is_known: Callable[[str], bool] = lambda _: False,
) -> list[str]:
    """Returns absolute paths, spelled as the disk and the index spell them.

    Addresses of pages are among them, each in the one way that the index has.

    A directory is told by device and inode: one that is looked through already, and
    was reached by a link, a second mount or another spelling, keeps the path that it
    has, and so does all that is in it.

    Args:
        typed: Files, directories and addresses; they need not be there.
        roots: The directories that are looked through.
        is_known: Whether the index has a path as it was typed, which is then meant.
    """
    by_file = {
        key: location for location in roots.directories for key in _identity(location)
    }
    locations = []
    for path in typed:
        if is_address(path):
            locations.append(normalised(os.fspath(path)))
            continue
        location = os.path.abspath(path)
        if not is_known(location):
            location = _under_root(as_on_disk(path), by_file)
        locations.append(location)
    return list(dict.fromkeys(locations))


def _under_root(location: str, by_file: dict[tuple[int, int], str]) -> str:
    below: list[str] = []
    at = location
    while by_file:
        for key in _identity(at):
            if key in by_file:
                return os.path.join(by_file[key], *below)
        above, name = os.path.split(at)
        if above == at:
            break
        below.insert(0, name)
        at = above
    return location


def _identity(path: str) -> Iterator[tuple[int, int]]:
    """Yields device and inode of what is there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return
    yield status.st_dev, status.st_ino
