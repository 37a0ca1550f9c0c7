"""Plans an ingest: which files are new, changed, unchanged or gone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ragcli.errors import DocumentNotFound, NotPermitted
from ragcli.index.documents import discover
from ragcli.index.documents.discover import Found, Skipped, Wanted
from ragcli.index.documents.ignore import Globs
from ragcli.index.ingest.planning.roots import Roots
from ragcli.index.ingest.web.page_requests import PageRequest, about
from ragcli.index.report import Failure
from ragcli.index.segments import catalogue
from ragcli.index.segments.catalogue import Record


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

    outdated: list[tuple[Found, Record]] = field(default_factory=list)
    """Unchanged files to read again: an older reader read them, or their pictures of
    text are to be read otherwise; `sort` fills it when `rereads`."""

    pages: list[tuple[PageRequest, Record | None]] = field(default_factory=list)
    """Pages on the web to ask for, each with the record it has so far."""

    forgets_gone: bool = False
    """Whether pages go whose servers say that there are none."""

    rereads: bool = False
    """Whether what an older reader made is to be read again."""

    engine: str = ""
    """What recognizes text in pictures, "" for nothing."""

    budget: float = 0
    """Seconds after which no further document is begun; 0 for no end."""

    @property
    def is_empty(self) -> bool:
        """Whether all files are as they were, and nothing hid that."""
        return not (self.to_read or self.removed or self.failed or self.outdated)

    @property
    def changed(self) -> int:
        """How many files to read are new, or have another size or time.

        The others changed just before they were indexed, so that a sync looks again.
        """
        return sum(_is_other(file, record) for file, record in self.to_read)

    def hurry(self, budget: float) -> None:
        """Leaves out what can wait.

        Args:
            budget: Seconds after which no further document is begun.
        """
        self.budget = budget
        self.to_read = [item for item in self.to_read if _is_other(*item)]

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to read, to ask for or to take out."""
        return not (self.to_read or self.removed or self.pages)

    def ask(
        self,
        addresses: Iterable[str],
        known: Mapping[str, Record],
        largest: int,
        *,
        allow_private: bool,
    ) -> None:
        """Takes pages into this plan.

        Args:
            addresses: Of the pages, normalised.
            known: The records of those that are documents already.
            largest: Bytes that a page may have.
            allow_private: Whether their servers may be others than public ones.
        """
        for address in addresses:
            record = known.get(address)
            asked = about(address, record, largest, allow_private=allow_private)
            self.pages.append((asked, record))

    def batches(self, size: int) -> Iterator[Plan]:
        """Yields plans that read the outdated files again, so many at a time."""
        for start in range(0, len(self.outdated), size):
            batch = self.outdated[start : start + size]
            yield Plan([(file, {**record, "digest": ""}) for file, record in batch])

    def sort(
        self, items: Iterable[Found | Skipped], known: Mapping[str, Record]
    ) -> None:
        """Sorts what discovery yields into this plan."""
        for item in items:
            if isinstance(item, Skipped):
                self.skipped.append(item)
                continue
            record = known.get(item.location)
            is_due = record is not None and self._is_due(record)
            if record and catalogue.is_unchanged(record, item.size, item.mtime_ns):
                if is_due and self.rereads:
                    self.outdated.append((item, record))
                elif is_due:
                    self.to_read.append((item, {**record, "digest": ""}))
                else:
                    self.unchanged += 1
            elif record and is_due:
                self.to_read.append((item, {**record, "digest": ""}))
            else:
                self.to_read.append((item, record))

    def _is_due(self, record: Record) -> bool:
        """Tells whether a file is to be read again whether or not it changed."""
        if self.rereads and catalogue.is_outdated(record):
            return True
        return catalogue.recognizes_otherwise(record, self.engine)


class _LookedAt(Mapping[str, tuple[int, int]]):
    """Size and mtime of known files: discovery does not open them again."""

    def __init__(self, known: Mapping[str, Record]) -> None:
        self._known = known

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __getitem__(self, path: str) -> tuple[int, int]:
        record = self._known[path]
        return record["size"], record["mtime_ns"]


def of_paths(
    paths: Sequence[Path],
    known: Mapping[str, Record],
    max_size: int,
    engine: str = "",
    below: str = "",
    wanted: Wanted | None = None,
) -> Plan:
    """Returns the plan for adding `paths`.

    Args:
        paths: Files and directories.
        known: The records of the index.
        max_size: Bytes of the largest file that is indexed.
        engine: What recognizes text in pictures, "" for nothing.
        below: A directory that no symbolic link leads out of; "" follows those named.
        wanted: Which files are wanted of them; None for all that are no secrets.

    Raises:
        DocumentNotFound: One of them is not there.
        NotPermitted: One of them cannot be read.
    """
    plan = Plan(engine=engine)
    items = discover.find(
        paths, max_size=max_size, known=_LookedAt(known), below=below, wanted=wanted
    )
    plan.sort(items, known)
    return plan


def wanted_of(roots: Roots) -> Wanted:
    """Returns which files are wanted of some directories."""
    globs = {
        item.directory: Globs(item.directory, item.include, item.exclude)
        for item in roots.chosen
        if item.include or item.exclude
    }
    return Wanted(globs, frozenset(roots.secrets))


def of_sync(
    roots: Roots,
    known: Mapping[str, Record],
    max_size: int,
    engine: str = "",
    *,
    force: bool = False,
) -> Plan:
    """Returns the plan for bringing an index up to date with the disk.

    A directory that is not there, or lost most of what it had, may be a volume that
    is not mounted: its documents stay, and it is among what failed.

    Args:
        roots: The directories to look through.
        known: The records of the index.
        max_size: Bytes of the largest file that is indexed.
        engine: What recognizes text in pictures, "" for nothing.
        force: Whether whatever is gone is meant to be.
    """
    plan = Plan(rereads=True, engine=engine)
    wanted = wanted_of(roots)
    named = [path for path in roots.secrets if path in known]
    locations = dict.fromkeys((*roots.directories, *apart(roots, known), *named))
    left_out = tuple(map(_prefix, roots.left_out))
    seen: set[str] = set()
    looked = _LookedAt(known)
    for location in locations:
        try:
            items = _find(location, max_size, looked, wanted)
        except NotPermitted as error:
            plan.failed.append(Failure(location, error.message))
            continue
        plan.sort(_wanted(items, seen, known, left_out), known)
    plan.removed = {path for path in known.keys() - seen if not _hidden(path)}
    if not force:
        _hold_back(plan, roots, known)
    return plan


def _hold_back(plan: Plan, roots: Roots, known: Mapping[str, Record]) -> None:
    """Takes out of a plan what would go with its directory, or with most of it."""
    alone = {os.path.dirname(path) for path in apart(roots, plan.removed)}
    vanished = {location for location in alone if not os.path.exists(location)}
    for location in sorted({*roots.directories, *vanished}):
        inside = _prefix(location)
        going = {path for path in plan.removed if path.startswith(inside)}
        if not going:
            continue
        had = sum(path.startswith(inside) for path in known)
        if not os.path.exists(location):
            plan.failed.append(
                Failure(location, f"not there: {_stay(len(going), had)}")
            )
        elif 2 * len(going) > had:
            what = f"{len(going):,} of its {had:,} documents are gone"
            plan.failed.append(Failure(location, f"{what}: {_stay(len(going), had)}"))
        else:
            continue
        plan.removed -= going


def _stay(going: int, had: int) -> str:
    """Says that documents stay, and how to let them go."""
    whose = "its" if going == had else "these"
    counted = "document stays" if going == 1 else f"{going:,} documents stay"
    return (
        f"{whose} {counted} indexed, as if a volume were not "
        "mounted; `ragcli docs sync --force` or `ragcli docs remove` forgets them"
    )


def apart(roots: Roots, known: Iterable[str]) -> list[str]:
    """Returns the documents that are in none of the directories."""
    below_roots = tuple(_prefix(path) for path in roots.directories)
    return [path for path in known if not path.startswith(below_roots)]


def _find(
    location: str,
    max_size: int,
    looked: Mapping[str, tuple[int, int]],
    wanted: Wanted,
) -> Iterable[Found | Skipped]:
    """Yields what is at or below `location`; nothing if it is gone."""
    try:
        return discover.find(
            [Path(location)], max_size=max_size, known=looked, wanted=wanted
        )
    except DocumentNotFound:
        return ()


def _wanted(
    items: Iterable[Found | Skipped],
    seen: set[str],
    known: Mapping[str, Record],
    left_out: tuple[str, ...],
) -> Iterator[Found | Skipped]:
    """Yields each file once, without those that were removed by hand."""
    for item in items:
        if isinstance(item, Found):
            location = item.location
            if location in seen:
                continue
            if location not in known and f"{location}/".startswith(left_out):
                continue
            seen.add(location)
        yield item


def _is_other(file: Found, record: Record | None) -> bool:
    """Tells whether a file has another size or time than when it was indexed."""
    recorded = record and (record["size"], record["mtime_ns"])
    return recorded != (file.size, file.mtime_ns)


def _prefix(path: str) -> str:
    """Returns what every path in a directory starts with."""
    return path.rstrip("/") + "/"


def _hidden(path: str) -> bool:
    """Tells whether a file may still be there, behind a directory without access."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return False
