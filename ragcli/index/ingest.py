"""Indexing files: read, split, embed, stage, publish, in batches."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.errors import UnreadableDocument
from ragcli.index import loaders, splitter, text_workspace
from ragcli.index.catalogue import Record
from ragcli.index.discover import Found, Skipped
from ragcli.index.generation_files import WorkspaceFiles
from ragcli.index.manifest import Manifest
from ragcli.index.plan import Failure, Plan
from ragcli.index.revision import Change, mismatch, publish
from ragcli.index.staging import Prepared, Stager, has_tokens, prepared
from ragcli.index.text_index import TextWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragcli.config import Settings
    from ragcli.index.protocols import Embedder, Progress, Snapshots


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did."""

    added: int = 0
    """Documents that were not there before."""

    changed: int = 0
    """Documents whose content is another one now."""

    unchanged: int = 0
    """Files that are as they were."""

    removed: int = 0
    """Documents that are no longer there."""

    failed: tuple[Failure, ...] = ()
    """Files that could not be indexed; an older content of theirs stays."""

    skipped: tuple[Skipped, ...] = ()
    """What was left out on purpose."""

    chunks: int = 0
    """Chunks that were made."""

    generation: str = ""
    """The index that has it all."""

    seconds: float = 0.0
    """How long it took."""


@dataclass(slots=True)
class Tally:
    """What became of the files of a plan."""

    added: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    touched: list[Record] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    chunks: int = 0

    @property
    def stored(self) -> frozenset[str]:
        """Paths with new chunks."""
        return frozenset(self.added | self.changed)


@dataclass(frozen=True, slots=True)
class Request:
    """What an ingest is to do beside reading files."""

    kind: str
    """`add`, `sync` or `remove`."""

    add_roots: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    drop_roots: tuple[str, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether there is something to publish even if no file changed."""
        return bool(self.add_roots or self.leave_out or self.drop_roots)


class Ingest:
    """Carries out plans.

    Args:
        snapshots: Where generations live.
        embedder: Gives the embedder; called only when something must be embedded.
        settings: Chunking and limits.
        progress: Told about each file.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        embedder: Callable[[], Embedder],
        settings: Settings,
        progress: Progress,
    ) -> None:
        self._snapshots = snapshots
        self._embedder = embedder
        self._settings = settings
        self._progress = progress

    def run(
        self, plan: Plan, request: Request, base: Manifest, wait: float
    ) -> IngestReport:
        """Reads, stages and publishes.

        Args:
            plan: What to read and what to remove.
            request: What else to change.
            base: Manifest of the generation that the plan was made for.
            wait: Seconds to wait for others who publish.

        Raises:
            EmbedderMismatch: The index has vectors of another embedder.
            Locked: Others published for too long; nothing changed.
            StorageFailed: Nothing changed.
        """
        start = time.monotonic()
        tally = Tally()
        generation = base.name
        self._progress.start(len(plan.to_read), "indexing")
        if plan.to_read or plan.removed or request.is_needed:
            generation = self._run(plan, request, base, tally, wait) or generation
        return IngestReport(
            added=len(tally.added),
            changed=len(tally.changed),
            unchanged=plan.unchanged + len(tally.touched),
            removed=len(plan.removed),
            failed=(*plan.failed, *tally.failed),
            skipped=tuple(plan.skipped),
            chunks=tally.chunks,
            generation=generation,
            seconds=time.monotonic() - start,
        )

    def _run(
        self, plan: Plan, request: Request, base: Manifest, tally: Tally, wait: float
    ) -> str:
        """Returns the name of the new generation, "" if none was needed."""
        with self._staged() as (files, text):
            stager = self._read_all(plan, base, tally, files, text)
            nothing = not (tally.stored or plan.removed or request.is_needed)
            if nothing and len(tally.touched) < _TOUCHED_WORTHWHILE:
                return ""
            change = Change(
                kind=request.kind,
                staged=files.directory,
                segments=tuple(stager.segments) if stager else (),
                text=text if stager and stager.chunks else None,
                replaced=tally.stored,
                removed=frozenset(plan.removed),
                touched=tuple(tally.touched),
                add_roots=request.add_roots,
                leave_out=request.leave_out,
                drop_roots=request.drop_roots,
                facts=self._facts(stager) if stager else {},
            )
            return publish(self._snapshots, change, wait)

    @contextmanager
    def _staged(self) -> Iterator[tuple[WorkspaceFiles, Path | None]]:
        """Yields a workspace that no generation will become, and room for its text."""
        with self._snapshots.workspace("") as place:
            files = WorkspaceFiles(place, self._snapshots.sealer)
            with text_workspace.staging(files) as text:
                yield files, text

    def _read_all(
        self,
        plan: Plan,
        base: Manifest,
        tally: Tally,
        files: WorkspaceFiles,
        text: Path | None,
    ) -> Stager | None:
        """Stages every file that has to be; None when there was none."""
        stager = None
        for found, record in plan.to_read:
            item = self._read(found, record, tally)
            if item is not None:
                if stager is None:
                    embedder = self._checked_embedder(base)
                    stager = Stager(embedder, TextWriter(text), files.write)
                (tally.changed if record else tally.added).add(found.location)
                stager.add(item)
            self._progress.step(found.location)
        if stager:
            stager.finish()
            tally.chunks = stager.chunks
        return stager

    def _read(
        self, found: Found, record: Record | None, tally: Tally
    ) -> Prepared | None:
        """Returns a document to stage; None if it is as it was, or cannot be read."""
        try:
            status, data = _content(found.path)
            told = _told(found, status, data)
            if record and record["digest"] == told["digest"]:
                tally.touched.append({**record, **_times(told)})
                return None
            return self._split(told, data)
        except UnreadableDocument as error:
            reason = error.message.removeprefix(f"{found.location}: ")
            tally.failed.append(Failure(found.location, reason))
            self._progress.note(f"{found.location}: {reason}")
            return None

    def _split(self, told: Record, data: bytes) -> Prepared:
        settings = self._settings
        loaded = loaders.load(Path(told["path"]), data)
        chunks = splitter.split(
            loaded, size=settings.chunk_size, overlap=settings.chunk_overlap
        )
        about = {
            "title": loaded.title,
            "format": loaded.format,
            "language": loaded.language,
        }
        return prepared({**told, **about}, chunks)

    def _checked_embedder(self, base: Manifest) -> Embedder:
        embedder = self._embedder()
        if base.chunks and base.embedder != embedder.id:
            raise mismatch(base.embedder, embedder.id)
        return embedder

    def _facts(self, stager: Stager) -> Mapping[str, object]:
        embedder, settings = self._embedder(), self._settings
        return {
            "embedder": embedder.id,
            "dimension": stager.dimension,
            "tokens": has_tokens(embedder),
            "chunking": {
                "size": settings.chunk_size,
                "overlap": settings.chunk_overlap,
            },
        }


_TOUCHED_WORTHWHILE = 64
"""Documents with nothing new but their times for which the index is published."""


def _content(path: Path) -> tuple[os.stat_result, bytes]:
    """Returns a file's bytes, and its status from before they were read.

    Raises:
        UnreadableDocument: It is gone, forbidden, or no regular file.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with open(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableDocument("not a regular file", "")
            return status, file.read()
    except OSError as error:
        raise UnreadableDocument(
            error.strerror or str(error), "check that it is there and readable"
        ) from None


def _told(found: Found, status: os.stat_result, data: bytes) -> Record:
    return {
        "path": found.location,
        "digest": hashlib.sha256(data).hexdigest(),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "checked_ns": time.time_ns(),
        "added": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _times(told: Record) -> Record:
    return {name: told[name] for name in ("mtime_ns", "checked_ns", "size")}
