"""Indexing files: read, split, embed, stage, publish, in batches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.errors import PageGone, PageUnavailable
from ragcli.index.documents.discover import Skipped
from ragcli.index.documents.loaders.dispatch.parse import NO_TEXT
from ragcli.index.fulltext import text_workspace
from ragcli.index.fulltext.text_index import TextWriter
from ragcli.index.generations.generation_files import WorkspaceFiles
from ragcli.index.generations.manifests import Manifest, mismatch, other_length
from ragcli.index.ingest.planning.ingest_plan import Plan
from ragcli.index.ingest.preparation.embedding import factory, has_tokens
from ragcli.index.ingest.preparation.reading import Chunking, Outcome, ReadRequest
from ragcli.index.ingest.preparation.reading_pool import one_by_one, outcomes
from ragcli.index.ingest.revision import Change, publish
from ragcli.index.ingest.staging import Stager
from ragcli.index.report import Failure, IngestReport, Request
from ragcli.index.segments.catalogue import Record
from ragcli.storage.files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragcli.config import Settings
    from ragcli.index.ingest.web.fetching import FetchedPage
    from ragcli.index.protocols import Embedder, Progress, Snapshots


@dataclass(slots=True)
class Tally:
    """Counts of what happened to the files of a plan."""

    added: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    touched: list[Record] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notices: list[Failure] = field(default_factory=list)
    """Parts of documents that could not be read."""
    emptied: set[str] = field(default_factory=set)
    """Documents in whose files there is nothing left to index."""
    chunks: int = 0
    left: int = 0
    """Files that there was no time for."""
    same: int = 0
    """Pages that are as they were, as their servers say."""

    @property
    def stored(self) -> frozenset[str]:
        """Paths with new chunks."""
        return frozenset(self.added | self.changed)


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
        self._progress.start(len(plan.to_read) + len(plan.pages), "indexing")
        generation = self._run(plan, request, base, tally, wait) or base.name
        return IngestReport(
            added=len(tally.added),
            changed=len(tally.changed),
            unchanged=plan.unchanged + len(tally.touched) + tally.same,
            removed=len(plan.removed) + len(tally.emptied),
            failed=(*plan.failed, *tally.failed),
            notices=tuple(tally.notices),
            skipped=(*plan.skipped, *tally.skipped),
            chunks=tally.chunks,
            left=tally.left,
            generation=generation,
            seconds=time.monotonic() - start,
        )

    def _run(
        self, plan: Plan, request: Request, base: Manifest, tally: Tally, wait: float
    ) -> str:
        """Returns the name of the new generation, "" if none was needed."""
        with disk_errors("index"), self._staged() as (files, text):
            stager = self._read_all(plan, base, tally, files, text)
            removed = plan.removed | tally.emptied if tally.emptied else plan.removed
            nothing = not (tally.stored or removed or request.is_needed)
            if nothing and len(tally.touched) < _TOUCHED_WORTHWHILE:
                return ""
            change = Change(
                kind=request.kind,
                staged=files.directory,
                segments=tuple(stager.segments) if stager else (),
                text=text if stager and stager.chunks else None,
                replaced=tally.stored,
                removed=removed,
                touched=tuple(tally.touched),
                chosen=request.chosen,
                secrets=request.secrets,
                add_roots=request.add_roots,
                leave_out=request.leave_out,
                drop_roots=request.drop_roots,
                facts=self._facts(stager) if stager else {},
            )
            return publish(self._snapshots, change, wait)

    @contextmanager
    def _staged(self) -> Iterator[tuple[WorkspaceFiles, Path | None]]:
        """Yields a workspace that no generation will become, and room for its text."""
        with self._snapshots.workspace("") as workspace:
            files = WorkspaceFiles(workspace, self._snapshots.sealer)
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
        known = {file.location: record for file, record in plan.to_read}
        wanted = [
            ReadRequest(
                file.location,
                file.size,
                record["digest"] if record else "",
                below=file.below,
            )
            for file, record in plan.to_read
        ]
        fetched = self._pages(plan, tally, known)
        read = outcomes(wanted, self._chunking, self._factory)
        until = time.monotonic() + plan.budget if plan.budget else math.inf
        for done, outcome in enumerate(chain(read, fetched), 1):
            if outcome.prepared:
                if stager is None:
                    embedder = self._checked_embedder(base)
                    stager = Stager(embedder, TextWriter(text), files.store)
                stager.add(outcome.prepared)
            self._count(outcome, known[outcome.location], tally)
            if time.monotonic() > until:
                tally.left = len(plan.to_read) + len(plan.pages) - done
                read.close()
                break
        if stager:
            stager.finish()
            tally.chunks = stager.chunks
            if base.chunks and stager.chunks and stager.dimension != base.dimension:
                raise other_length(base.dimension, stager.dimension)
        return stager

    def _pages(
        self, plan: Plan, tally: Tally, known: dict[str, Record | None]
    ) -> Iterator[Outcome]:
        """Yields what became of each page that came, one after the other."""
        if not plan.pages:
            return
        from ragcli.index.ingest.web import pages

        came: dict[str, FetchedPage] = {}
        for outcome in one_by_one(
            self._asked(plan, tally, known, came), self._chunking
        ):
            yield pages.completed(outcome, came.pop(outcome.location))

    def _asked(
        self,
        plan: Plan,
        tally: Tally,
        known: dict[str, Record | None],
        came: dict[str, FetchedPage],
    ) -> Iterator[ReadRequest]:
        """Yields the pages that came, to be read; counts the others."""
        from ragcli.index.ingest.web import pages

        for wanted, record in plan.pages:
            address = wanted.address
            known[address] = record
            try:
                answer = pages.asked(wanted)
            except PageUnavailable as error:
                if record and plan.forgets_gone and isinstance(error, PageGone):
                    tally.emptied.add(address)
                    self._progress.step(address)
                else:
                    reason = pages.reason(error, record)
                    self._count(Outcome(address, failure=reason), record, tally)
                continue
            if answer is None:
                tally.same += 1
                self._progress.step(address)
            else:
                came[address] = answer
                yield pages.read_request(wanted, answer, record)

    def _count(self, outcome: Outcome, record: Record | None, tally: Tally) -> None:
        """Enters what became of a file."""
        if record and self._was_recognized(outcome, record):
            tally.emptied.add(outcome.location)
            tally.notices.append(Failure(outcome.location, outcome.failure))
            self._progress.note(f"{outcome.location}: {outcome.failure}")
        elif outcome.failure:
            tally.failed.append(Failure(outcome.location, outcome.failure))
            self._progress.note(f"{outcome.location}: {outcome.failure}")
        elif outcome.skipped:
            tally.skipped.append(Skipped(Path(outcome.location), outcome.skipped))
            if record:
                tally.emptied.add(outcome.location)
        elif outcome.touched and record:
            tally.touched.append({**record, **outcome.touched})
        else:
            (tally.changed if record else tally.added).add(outcome.location)
            self._tell_notices(outcome, tally)
        self._progress.step(outcome.location)

    def _was_recognized(self, outcome: Outcome, record: Record) -> bool:
        """Tells whether all that is stored was read from pictures, now unwanted."""
        has_no_text = outcome.failure.startswith(NO_TEXT)
        is_recognized = bool(record.get("facts", {}).get("ocr"))
        return has_no_text and is_recognized and not self._settings.ocr

    def _tell_notices(self, outcome: Outcome, tally: Tally) -> None:
        """Says what of a document was not read: pages that are pictures, say."""
        facts = outcome.prepared.record.get("facts", {}) if outcome.prepared else {}
        for notice in facts.get("notices", ()):
            tally.notices.append(Failure(outcome.location, notice))
            self._progress.note(f"{outcome.location}: {notice}")

    def _factory(self) -> str:
        return factory(self._embedder())

    @property
    def _chunking(self) -> Chunking:
        return Chunking.of(self._settings)

    def _checked_embedder(self, base: Manifest) -> Embedder:
        embedder = self._embedder()
        if base.chunks and base.embedder != embedder.id:
            raise mismatch(base.embedder, embedder.id)
        return embedder

    def _facts(self, stager: Stager) -> Mapping[str, object]:
        embedder = self._embedder()
        return {
            "embedder": embedder.id,
            "dimension": stager.dimension,
            "tokens": has_tokens(embedder),
            "chunking": {
                "size": self._settings.chunk_size,
                "overlap": self._settings.chunk_overlap,
            },
        }


_TOUCHED_WORTHWHILE = 64
"""Documents with nothing new but their times for which the index is published."""
