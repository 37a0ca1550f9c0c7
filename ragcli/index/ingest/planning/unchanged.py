"""Tells in one pass over the disk that nothing changed since it was last looked at.

A sync that found nothing to do leaves a note, and so does a look that found changes:
a hash over names, sizes, times, modes and inodes of all that was looked at, ignore
files and skipped files included. As long as these are the same the outcome is, and
neither documents nor rules are read. As git does for its index, a note is not written
while anything is so young that it could change once more without its time changing.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ragcli import __version__
from ragcli.errors import NotPermitted, StorageFailed
from ragcli.frozen import frozen
from ragcli.index.documents.ignore import RULE_FILES
from ragcli.index.generations.pointer import SYNC_NOTE
from ragcli.index.misreading import MISREAD, are_texts, is_count
from ragcli.index.report import IngestReport
from ragcli.index.segments.catalogue import RACY_NS, READER
from ragcli.storage.file_states import FileStates

if TYPE_CHECKING:
    from ragcli.index.documents.discover import Skipped
    from ragcli.index.generations.manifests import Manifest
    from ragcli.index.ingest.planning.ingest_plan import Plan
    from ragcli.index.ingest.planning.roots import Roots

_LIMIT = 64 << 20
"""Bytes of the largest note that is read."""


class NotePlace(Protocol):
    """Where a note is kept; a `Directory` is one."""

    def read(self, name: str, *, limit: int) -> bytes:
        """Returns what is kept; raises `FileNotFoundError`."""

    def replace(self, name: str, data: bytes, *, durable: bool) -> object:
        """Keeps something, in one step."""


class Remembered:
    """Keeps a note in memory: where the disk is to tell nobody what documents are."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def read(self, name: str, *, limit: int) -> bytes:
        """Returns what is kept; raises `FileNotFoundError`."""
        del limit
        if name not in self._kept:
            raise FileNotFoundError(name)
        return self._kept[name]

    def replace(self, name: str, data: bytes, *, durable: bool) -> None:
        """Keeps something."""
        del durable
        self._kept[name] = data


@frozen
class Note:
    """The outcome of a sync that found nothing to do, or of a look at what is."""

    unchanged: int
    """Documents that were as they had been."""

    skipped: tuple[tuple[str, str], ...]
    """Paths that were left out, and why."""

    apart: tuple[str, ...]
    """Documents outside the directories that are looked through."""

    pages: tuple[str, ...] = ()
    """Pages on the web, which no look at the disk tells anything of."""

    again: bool = False
    """Whether a sync tries again what it could not read: a package may be there by
    then, although nothing on the disk changed."""

    changed: int = 0
    """Files that a look found changed, new or gone; a sync has to read them."""

    @classmethod
    def of(cls, plan: Plan, apart: Iterable[str], pages: Iterable[str] = ()) -> Note:
        """Returns what there is to note about an empty plan."""
        skipped = ((os.fspath(item.path), item.reason) for item in plan.skipped)
        return cls(plan.unchanged, tuple(skipped), tuple(apart), tuple(pages))

    def report(self, generation: str) -> IngestReport:
        """Returns what a sync says that finds nothing to do."""
        skipped = tuple(self._skipped())
        return IngestReport(
            unchanged=self.unchanged, skipped=skipped, generation=generation
        )

    def plan(self) -> Plan:
        """Returns the plan that it is the note of."""
        from ragcli.index.ingest.planning.ingest_plan import Plan

        return Plan(unchanged=self.unchanged, skipped=list(self._skipped()))

    def _skipped(self) -> Iterator[Skipped]:
        from ragcli.index.documents.discover import Skipped

        return (Skipped(Path(path), reason) for path, reason in self.skipped)


@frozen
class Scope:
    """What, beside the disk, decides what a sync finds."""

    generation: str
    """The index that the disk is compared with."""

    roots: Roots
    """The directories that are looked through."""

    max_size: int
    """Bytes of the largest file that is indexed."""

    engine: str = ""
    """What recognizes text in pictures, "" for nothing."""

    @classmethod
    def of(cls, base: Manifest, roots: Roots, max_size: int, engine: str = "") -> Scope:
        """Returns the scope of a sync; no two indexes have the same."""
        identity = [base.name, base.created, *(item.id for item in base.segments)]
        return cls(" ".join(identity), roots, max_size, engine)


def recall(directory: NotePlace, scope: Scope) -> Note | None:
    """Returns the note in `directory`, if it is of this scope and still true.

    Raises:
        NotPermitted: It is not a private file.
    """
    noted = _of_scope(directory, scope)
    if noted is None or noted[0].again or noted[0].changed:
        return None
    return noted[0] if _is_true(*noted, scope) else None


def changed_files(directory: NotePlace, scope: Scope) -> int | None:
    """Returns how many files the last look found changed, if that is still true.

    What a sync could not read does not count. None where nobody has looked at the
    disk as it is now.

    Raises:
        NotPermitted: The note is not a private file.
    """
    noted = _of_scope(directory, scope)
    if noted is None or not _is_true(*noted, scope):
        return None
    return noted[0].changed


def _of_scope(directory: NotePlace, scope: Scope) -> tuple[Note, str] | None:
    """Returns the note of this scope, and the hash of what was on the disk."""
    try:
        table = json.loads(directory.read(SYNC_NOTE, limit=_LIMIT))
        note = Note(
            table["unchanged"],
            tuple((path, reason) for path, reason in table["skipped"]),
            tuple(table["apart"]),
            tuple(table["pages"]),
            bool(table["again"]),
            table.get("changed", 0),
        )
        texts = [*sum(note.skipped, ()), *note.apart, *note.pages]
        is_sound = are_texts(texts) and is_count(note.unchanged)
        if not (
            is_sound and is_count(note.changed) and table["scope"] == _as_table(scope)
        ):
            return None
        return note, table["seen"]
    except (OSError, *MISREAD):
        return None


def _is_true(note: Note, digest: str, scope: Scope) -> bool:
    """Tells whether what is on the disk is what a note was made of."""
    try:
        return _Seen(scope.roots, note).digest == digest
    except (OSError, ValueError):
        return False


def keep(directory: NotePlace, note: Note, scope: Scope, since_ns: int) -> None:
    """Writes what `recall` reads, unless it could not be relied on yet.

    It saves time only: failing to write it is no failure.

    Args:
        directory: The directory of the generations, or this process's memory.
        note: The outcome.
        scope: What it is the outcome of.
        since_ns: When the sync began to look, in nanoseconds since 1970.
    """
    try:
        seen = _Seen(scope.roots, note, timed=True)
    except OSError:
        return
    if seen.newest + RACY_NS > since_ns:
        return
    table = {
        "scope": _as_table(scope),
        "seen": seen.digest,
        "unchanged": note.unchanged,
        "skipped": note.skipped,
        "apart": note.apart,
        "pages": note.pages,
        "again": note.again,
        "changed": note.changed,
    }
    with suppress(StorageFailed, NotPermitted):
        directory.replace(SYNC_NOTE, json.dumps(table).encode(), durable=False)


def _as_table(scope: Scope) -> dict[str, Any]:
    roots = scope.roots
    return {
        "version": __version__,
        "reader": READER,
        "generation": scope.generation,
        "directories": list(roots.directories),
        "left_out": list(roots.left_out),
        "chosen": repr(roots.chosen),
        "secrets": list(roots.secrets),
        "max_size": scope.max_size,
        "engine": scope.engine,
    }


class _Seen:
    """What is on the disk now.

    Args:
        roots: The directories to look through.
        note: What is left out of them, and what is looked at beside them.
        timed: Whether `newest` is wanted.

    Raises:
        OSError: Something cannot be looked at.
    """

    def __init__(self, roots: Roots, note: Note, *, timed: bool = False) -> None:
        self._newest = 0
        self._timed = timed
        self._hasher = hashlib.blake2b(digest_size=32)
        self._states = FileStates(self._hasher.update, timed=timed)
        left_out = frozenset(path for path, _ in note.skipped)
        for root in roots.directories:
            self._add_above(root)
            self._add_tree(root, left_out)
        self._add_links(note.apart)
        self._states.finish()
        self.digest = self._hasher.hexdigest()

    @property
    def newest(self) -> int:
        """When something last changed, in nanoseconds since 1970."""
        return max(self._newest, self._states.newest)

    def _add_above(self, root: str) -> None:
        """Adds the rule files above a directory, and where its work tree begins."""
        for directory in Path(root).parents:
            rules = [os.path.join(directory, name) for name in RULE_FILES]
            self._add_links([path for path in rules if os.path.exists(path)])
            self._hash(os.path.exists(directory / ".git"))

    def _add_tree(self, root: str, left_out: frozenset[str]) -> None:
        pending = [root]
        while pending:
            directory = pending.pop()
            # Looking at files through a descriptor is faster than by path.
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                if self._timed:
                    self._note_times(os.fstat(descriptor))
                names = os.listdir(descriptor)
                below = self._states.add(descriptor, names)
            finally:
                os.close(descriptor)
            for name in _RULES.intersection(names):
                rules = os.path.join(directory, name)
                if os.path.islink(rules):
                    self._add_links([rules])
            # What is in a directory is looked at itself; one that is left out, as
            # `.git` is, may change all the time.
            paths = [os.path.join(directory, name) for name in below]
            pending += [path for path in paths if path not in left_out]

    def _add_links(self, paths: Sequence[str]) -> None:
        """Adds files, links followed."""
        states = [os.stat(path) for path in paths]
        self._hash([*paths, *map(_STATE, states)])
        self._note_times(*states)

    def _hash(self, value: Any) -> None:
        # Version 2 has no references: equal values become equal bytes.
        self._hasher.update(marshal.dumps(value, 2))

    def _note_times(self, *states: os.stat_result) -> None:
        times = (max(item.st_mtime_ns, item.st_ctime_ns) for item in states)
        self._newest = max(self._newest, *times, 0)


_RULES = frozenset(RULE_FILES)

_STATE = attrgetter("st_mode", "st_ino", "st_size", "st_mtime_ns")
"""Returns what changes of a file when it does."""
