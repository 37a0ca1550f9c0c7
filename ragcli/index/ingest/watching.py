"""Notices that documents change, as soon as they do.

Directories are watched with all that is below them, single files through the
directory that they are in: an editor that saves a file puts another one in its place.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Sequence
from types import TracebackType
from typing import Any, Self

from ragcli.frozen import frozen
from ragcli.index.documents.discover import SKIPPED_DIRECTORIES
from ragcli.index.ingest.planning.roots import is_below

_TURN_MS = 1000
"""Milliseconds that a look at one source of changes lasts while nothing changes."""

_STILL_MS = 500
"""Milliseconds without a change after which changes are told."""

_LONGEST_MS = 5000
"""Milliseconds after which changes are told although there are more."""


@frozen
class WatchedPlaces:
    """What is watched: absolute paths."""

    directories: tuple[str, ...] = ()
    """Directories, with all that is below them."""

    files: tuple[str, ...] = ()
    """Files that are in none of the directories."""


class Watcher:
    """Watches some places from when it is made; to be closed.

    A place that is not there, or cannot be watched, is none of its sources: whoever
    waits looks from time to time as well.

    Args:
        places: What is watched.
        ignored: Directories whose changes are nobody's documents.
    """

    def __init__(self, places: WatchedPlaces, ignored: Sequence[str] = ()) -> None:
        self.failures: list[str] = []
        """Why some places cannot be watched, a line each."""
        self._directories = places.directories
        self._above = tuple(sorted({os.path.dirname(path) for path in places.files}))
        # Some systems tell of a change by the path without symbolic links.
        self._inside = {*places.directories, *map(os.path.realpath, self._directories)}
        self._files = {*places.files, *map(_without_links_above, places.files)}
        self._ignored = {*ignored, *map(os.path.realpath, ignored)}
        self._began = self._standing()
        self._sources: list[Generator[set[tuple[Any, str]]]] = []
        for paths, recursive in ((self._directories, True), (self._above, False)):
            there = [path for path in paths if self._began[path]]
            if there:
                self._begin(there, recursive=recursive)

    @property
    def is_current(self) -> bool:
        """Whether the directories it watches are those that are there."""
        return self._began == self._standing()

    def wait(self, longest: float) -> None:
        """Returns once something changed, or `longest` seconds have passed."""
        until = time.monotonic() + longest
        while time.monotonic() < until and self.is_current:
            if any(self._is_told_of(source) for source in list(self._sources)):
                return
            if not self._sources:
                time.sleep(_TURN_MS / 1000)

    def close(self) -> None:
        """Watches no longer."""
        for source in self._sources:
            source.close()
        self._sources.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self, paths: Sequence[str], *, recursive: bool) -> None:
        """Adds a source; the first look at it makes the system tell of changes."""
        import watchfiles

        source = watchfiles.watch(
            *paths,
            watch_filter=None,
            debounce=_LONGEST_MS,
            step=_STILL_MS,
            rust_timeout=_TURN_MS,
            yield_on_timeout=True,
            recursive=recursive,
            ignore_permission_denied=True,
        )
        self._sources.append(source)
        self._is_told_of(source)

    def _is_told_of(self, source: Generator[set[tuple[Any, str]]]) -> bool:
        """Tells whether documents may have changed; takes a turn when none did."""
        try:
            changes = next(source)
        except (OSError, RuntimeError) as error:  # its own is a RuntimeError
            self._sources.remove(source)
            self.failures.append(str(error))
            return True
        return any(self._concerns(path) for _, path in changes)

    def _concerns(self, path: str) -> bool:
        if any(is_below(path, directory) for directory in self._ignored):
            return False
        if path in self._files:
            return True
        inside = (path[len(at) :] for at in self._inside if is_below(path, at))
        return any(
            SKIPPED_DIRECTORIES.keys().isdisjoint(below.split("/")) for below in inside
        )

    def _standing(self) -> dict[str, tuple[int, int] | None]:
        """Returns which directory is at each path, None for none."""
        return {path: _identity(path) for path in (*self._directories, *self._above)}


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _without_links_above(path: str) -> str:
    directory, name = os.path.split(path)
    return os.path.join(os.path.realpath(directory), name)
