"""What an ingest has to do: which files are new, changed, as they were, or gone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ragcli.errors import NotPermitted
from ragcli.index import catalogue, discover
from ragcli.index.catalogue import Record
from ragcli.index.discover import Found, Skipped
from ragcli.index.revision import Roots, is_below


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be indexed."""

    path: str
    """Its absolute path."""

    reason: str
    """Why, in one line."""


@dataclass(slots=True)
class Plan:
    """The work of one ingest."""

    to_read: list[tuple[Found, Record | None]] = field(default_factory=list)
    """Files to read, each with the record it has so far."""

    unchanged: int = 0
    """Files whose size and time are as they were."""

    removed: set[str] = field(default_factory=set)
    """Documents whose files are gone."""

    skipped: list[Skipped] = field(default_factory=list)
    """What discovery left out."""

    failed: list[Failure] = field(default_factory=list)
    """What could not even be looked at."""

    def sort(
        self, items: Iterable[Found | Skipped], known: Mapping[str, Record]
    ) -> None:
        """Sorts what discovery yields into this plan."""
        for item in items:
            if isinstance(item, Skipped):
                self.skipped.append(item)
                continue
            record = known.get(item.location)
            if record and catalogue.is_unchanged(record, item.size, item.mtime_ns):
                self.unchanged += 1
            else:
                self.to_read.append((item, record))


def looked_at(known: Mapping[str, Record]) -> dict[str, tuple[int, int]]:
    """Returns size and mtime of known files: discovery does not open them again."""
    return {path: (item["size"], item["mtime_ns"]) for path, item in known.items()}


def of_paths(paths: Sequence[Path], known: Mapping[str, Record], max_size: int) -> Plan:
    """Returns the plan for adding `paths`.

    Raises:
        DocumentNotFound: One of them is not there.
        NotPermitted: One of them cannot be read.
    """
    plan = Plan()
    items = discover.find(paths, max_size=max_size, known=looked_at(known))
    plan.sort(items, known)
    return plan


def of_sync(roots: Roots, known: Mapping[str, Record], max_size: int) -> Plan:
    """Returns the plan for bringing an index up to date with the disk."""
    plan = Plan()
    apart = [path for path in known if not _below_any(path, roots.directories)]
    present = [path for path in apart if os.path.lexists(path)]
    seen = looked_at(known)
    found: list[Found] = []
    for place in [*roots.directories, *present]:
        try:
            items = list(
                discover.find([Path(place)], max_size=max_size, known=seen)
                if os.path.lexists(place)
                else ()
            )
        except NotPermitted as error:
            plan.failed.append(Failure(place, error.message))
            continue
        found += [item for item in items if isinstance(item, Found)]
        plan.skipped += [item for item in items if isinstance(item, Skipped)]
    unique = {item.location: item for item in found}
    wanted = [
        item
        for path, item in unique.items()
        if path in known or not _below_any(path, roots.left_out)
    ]
    plan.sort(wanted, known)
    plan.removed = {path for path in known.keys() - unique.keys() if not _hidden(path)}
    return plan


def _below_any(path: str, directories: Sequence[str]) -> bool:
    return any(is_below(path, directory) for directory in directories)


def _hidden(path: str) -> bool:
    """Tells whether a file may still be there, behind a directory without access."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return False
