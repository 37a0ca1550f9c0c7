"""The documents of one profile: what users do with them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.config import Settings, seconds, size
from ragcli.errors import DocumentNotFound, SnapshotDamaged
from ragcli.index.generations.generation_files import generation_files
from ragcli.index.generations.holding import hold_current
from ragcli.index.generations.manifests import NAME, Manifest, mismatch, parse
from ragcli.index.segments import catalogue
from ragcli.index.segments.catalogue import DocumentInfo
from ragcli.index.segments.catalogue_view import CatalogueView
from ragcli.paths import is_address

if TYPE_CHECKING:
    from ragcli.index.generations.generation_files import GenerationFiles
    from ragcli.index.ingest.planning.ingest_plan import Plan
    from ragcli.index.ingest.planning.roots import Roots
    from ragcli.index.ingest.planning.unchanged import (
        Note,
        NotePlace,
        Remembered,
        Scope,
    )
    from ragcli.index.ingest.watching import WatchedPlaces
    from ragcli.index.passages import Passage
    from ragcli.index.protocols import Embedder, Progress, Snapshots
    from ragcli.index.report import FileChoice, GenerationInfo, IngestReport, Request
    from ragcli.index.search.index_reader import IndexReader

__all__ = ["DocumentInfo", "DocumentList", "Library"]


BATCH_READ_AGAIN = 256
"""Documents that are read again before the index is published."""


class DocumentList:
    """The documents of one state of an index, by path.

    Each is read from the disk when its turn comes, so that a list of any length takes
    little memory. It can be gone through again.

    Args:
        records: Of the documents.
    """

    def __init__(self, records: catalogue.Records) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[DocumentInfo]:
        return map(catalogue.info, self._records.in_order())

    def __contains__(self, document: object) -> bool:
        return any(document == item for item in self)


class Library:
    """The documents of one profile.

    Args:
        snapshots: Where the generations of its index live.
        embedder: Gives the embedder; called only when it is needed.
        settings: Chunking, limits, how long to wait for others.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        embedder: Callable[[], Embedder],
        settings: Settings,
    ) -> None:
        self._snapshots = snapshots
        self._embedder = embedder
        self._settings = settings
        self._reader: IndexReader | None = None

    def add(
        self,
        paths: Sequence[Path | str],
        progress: Progress,
        *,
        wait: float = 0,
        allow_private: bool = False,
        below: str = "",
        choice: FileChoice | None = None,
    ) -> IngestReport:
        """Indexes files, directories and pages; what is unchanged costs nothing.

        Args:
            paths: Files, directories to look through, and addresses of pages (`str`:
                a path knows no double slash).
            progress: Told about each file.
            wait: Seconds to wait for others who publish, `lock_wait` at least.
            allow_private: Whether pages may be on servers that are not public.
            below: A directory that all paths are below, without symbolic links on the
                way; "" follows those that are named.
            choice: What is wanted of the paths; None for what was wanted before.

        Raises:
            DocumentNotFound: A path is not there.
            UsageError: An address is none.
            EmbedderMismatch: The index has vectors of another embedder.
            Locked: Others published for too long; nothing changed.
            StorageFailed: Nothing changed.
        """
        from ragcli.index.ingest.planning import ingest_plan
        from ragcli.index.ingest.planning.naming import known_paths
        from ragcli.index.report import Choice, FileChoice, Request

        since = time.time_ns()
        choice = choice or FileChoice()
        base, files = self._base()
        known_roots = self._roots(base, files)
        locations = known_paths(paths, known_roots)
        directories = [location for location in locations if os.path.isdir(location)]
        chosen = [
            Choice(location, choice.include, choice.exclude)
            for location in directories
            if choice.include or choice.exclude
        ]
        allowed = set(known_paths(choice.secrets, known_roots)) - set(directories)
        wanted = known_roots.changed(
            added=directories, dropped=(), left_out=(), chosen=chosen, secrets=allowed
        )
        view = CatalogueView(base, files)
        known = view.records() if directories else view.some(locations)
        named = [Path(location) for location in locations if not is_address(location)]
        work = ingest_plan.of_paths(
            named,
            known,
            self._max_size(),
            self._engine(),
            below,
            ingest_plan.wanted_of(wanted),
        )
        pages = filter(is_address, locations)
        work.ask(pages, known, self._max_size(), allow_private=allow_private)
        fresh = tuple(sorted(set(directories) - set(known_roots.directories)))
        request = Request(
            "add",
            add_roots=fresh,
            chosen=tuple(item for item in chosen if item not in known_roots.chosen),
            secrets=tuple(sorted(allowed - set(known_roots.secrets))),
        )
        before = self._in_step(base, known_roots) if directories else None
        report = self._carry_out(work, request, base, progress, wait)
        if before:
            self._note_in_step(work, report, since, before.skipped)
        return report

    def sync(
        self,
        progress: Progress,
        *,
        wait: float = 0,
        force: bool = False,
        allow_private: bool = False,
        asks_servers: bool = True,
        budget: float = 0,
    ) -> IngestReport:
        """Brings the index up to date: changed, new and vanished files, and pages.

        Servers are asked for what changed; a page whose server is away, or has it no
        more, stays as it was read, and it is among what failed.

        Args:
            progress: Told about each file.
            wait: Seconds to wait for others who publish, `lock_wait` at least.
            force: Forget also the documents of a directory that is gone, or that lost
                more than half of them; else they stay, and it is among what failed.
                Also pages that are gone.
            allow_private: Whether pages may be on servers that are not public.
            asks_servers: Whether pages are asked for; else they stay as they are.
            budget: Seconds after which no further document is begun; 0 for no end.
                What an older reader made is then not read again.

        Raises:
            As `add`, but nothing for a path that is gone.
        """
        from ragcli.index.ingest.planning import unchanged

        since = time.time_ns()
        base, files = self._base()
        scope = self._scope(base, self._roots(base, files))
        notes = self._notes
        note = unchanged.recall(notes, scope)
        if note and not (note.pages and asks_servers):
            progress.start(0, "indexing")
            return note.report(base.name)
        from ragcli.index.ingest.planning import ingest_plan
        from ragcli.index.report import Request

        view = CatalogueView(base, files)
        if note:
            work, pages = note.plan(), view.some(note.pages)
        else:
            on_disk = view.records()
            pages = _taken_out(on_disk)
            work = ingest_plan.of_sync(
                scope.roots, on_disk, scope.max_size, scope.engine, force=force
            )
            if work.is_empty:
                apart = ingest_plan.apart(scope.roots, on_disk)
                note = unchanged.Note.of(work, apart, pages)
                unchanged.keep(notes, note, scope, since)
        work.forgets_gone = force
        if budget:
            work.hurry(budget)
        asked = sorted(pages) if asks_servers else ()
        work.ask(asked, pages, scope.max_size, allow_private=allow_private)
        report = self._carry_out(work, Request("sync"), base, progress, wait)
        if not budget:
            report = self._read_again(work, report, progress, wait)
        if report.generation != base.name or not work.is_empty:
            self._note_in_step(work, report, since)
        return report

    def changed_files(self) -> int:
        """Returns how many files changed since they were indexed, or are new, or gone.

        What could not be read and is as it was does not count. Looking takes
        milliseconds where nothing changed since an earlier look; else it compares all
        documents with the disk.
        """
        from ragcli.index.ingest.planning import unchanged

        since = time.time_ns()
        base, files = self._base()
        roots = self._roots(base, files)
        if not base.documents and not roots.directories:
            return 0
        notes, scope = self._notes, self._scope(base, roots)
        known = unchanged.changed_files(notes, scope)
        if known is not None:
            return known
        from ragcli.index.ingest.planning import ingest_plan

        on_disk = CatalogueView(base, files).records()
        pages = _taken_out(on_disk)
        work = ingest_plan.of_sync(scope.roots, on_disk, scope.max_size, scope.engine)
        changed = work.changed + len(work.removed) + len(work.failed)
        alone = ingest_plan.apart(scope.roots, on_disk)
        # No note can tell that what cannot be looked at now is there again.
        if not work.failed and work.removed.isdisjoint(alone):
            note = unchanged.Note.of(work, alone, pages)
            note = replace(note, again=not work.is_empty, changed=changed)
            unchanged.keep(notes, note, scope, since)
        return changed

    @cached_property
    def _memory(self) -> Remembered:
        from ragcli.index.ingest.planning.unchanged import Remembered

        return Remembered()

    @property
    def _notes(self) -> NotePlace:
        """Where it is noted that all is in step: on the disk, or in memory."""
        return self._snapshots.notes or self._memory

    def _in_step(self, base: Manifest, roots: Roots) -> Note | None:
        """Returns the note that nothing is to be synced; None if it may be."""
        from ragcli.index.ingest.planning import unchanged

        if not base.documents and not roots.directories:
            return unchanged.Note(0, (), ())
        return unchanged.recall(self._notes, self._scope(base, roots))

    def _note_in_step(
        self,
        work: Plan,
        report: IngestReport,
        since_ns: int,
        skipped: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Notes that an ingest left nothing to do for a sync, if that is so.

        Args:
            work: What it was to do, after a look at all that was not in step.
            report: What it did.
            since_ns: When it began to look, in nanoseconds since 1970.
            skipped: What is left out where it did not look, with the reasons.
        """
        from ragcli.index.ingest.planning import ingest_plan, unchanged

        base, files = self._base()
        if report.left or base.name != report.generation:
            return
        on_disk = CatalogueView(base, files).records()
        pages = _taken_out(on_disk)
        scope = self._scope(base, self._roots(base, files))
        left_out = dict(skipped)
        left_out |= {os.fspath(item.path): item.reason for item in work.skipped}
        note = unchanged.Note(
            len(on_disk),
            tuple(left_out.items()),
            tuple(ingest_plan.apart(scope.roots, on_disk)),
            tuple(pages),
            again=bool(work.budget or report.failed)
            or len(report.skipped) != len(work.skipped),
        )
        unchanged.keep(self._notes, note, scope, since_ns)

    def _scope(self, base: Manifest, roots: Roots) -> Scope:
        """Returns what, beside the disk, decides what a sync finds."""
        from ragcli.index.ingest.planning.unchanged import Scope

        return Scope.of(base, roots, self._max_size(), self._engine())

    def _read_again(
        self, work: Plan, report: IngestReport, progress: Progress, wait: float
    ) -> IngestReport:
        """Reads again what can be read better, in batches that stay."""
        from ragcli.index.report import Request

        if work.outdated:
            progress.note(
                f"reading {len(work.outdated):,} documents again that an older version "
                "read, or whose scanned pages are to be read otherwise; stop at any "
                "time, what is done stays"
            )
        for batch in work.batches(BATCH_READ_AGAIN):
            base, _ = self._base()
            part = self._carry_out(batch, Request("sync"), base, progress, wait)
            report = replace(
                report,
                reread=report.reread + part.changed,
                removed=report.removed + part.removed,
                failed=(*report.failed, *part.failed),
                notices=(*report.notices, *part.notices),
                skipped=(*report.skipped, *part.skipped),
                chunks=report.chunks + part.chunks,
                generation=part.generation,
                seconds=report.seconds + part.seconds,
            )
        return report

    def compact(self, *, wait: float = 0) -> IngestReport:
        """Drops for good what was removed, and every state to go back to.

        Raises:
            Locked: Others published for too long; nothing changed.
            StorageFailed: Nothing changed.
        """
        from ragcli.index.ingest.compaction import compact
        from ragcli.index.report import IngestReport

        start = time.monotonic()
        patience = max(wait, seconds(self._settings.lock_wait))
        done = compact(self._snapshots, patience)
        return IngestReport(
            generation=done.generation,
            freed=done.freed,
            seconds=time.monotonic() - start,
        )

    def remove(
        self, paths: Sequence[Path | str], *, wait: float = 0, forget: bool = False
    ) -> IngestReport:
        """Forgets documents, or all below a directory; the files stay on disk.

        Args:
            paths: Documents and directories; an address that is none of a document
                stands for the pages below it.
            wait: Seconds to wait for others who publish, `lock_wait` at least.
            forget: Drop at once what is removed, and every state to go back to.

        Raises:
            DocumentNotFound: A path names no document.
        """
        report = self._remove(paths, wait)  # it holds the generation before, we do not
        if not forget:
            return report
        self._reader = None
        done = self.compact(wait=wait)
        took = report.seconds + done.seconds
        return replace(
            report, generation=done.generation, freed=done.freed, seconds=took
        )

    def _remove(self, paths: Sequence[Path | str], wait: float) -> IngestReport:
        from ragcli.index.report import NoProgress

        base, work, request = self._removal(paths)
        return self._carry_out(work, request, base, NoProgress(), wait)

    def _removal(self, paths: Sequence[Path | str]) -> tuple[Manifest, Plan, Request]:
        """Returns the index as it is, and what to do with it."""
        from ragcli.index.ingest.planning.ingest_plan import Plan
        from ragcli.index.ingest.planning.naming import known_paths
        from ragcli.index.ingest.planning.roots import is_below
        from ragcli.index.report import Request

        base, files = self._base()
        known = CatalogueView(base, files).records()
        known_roots = self._roots(base, files)

        def is_known(location: str) -> bool:
            return location in known_roots.directories or any(
                is_below(path, location) for path in known
            )

        locations = known_paths(paths, known_roots, is_known)
        work = Plan()
        for location in locations:
            alone = is_address(location) and location in known
            gone = [
                p
                for p in known
                if p == location or (not alone and is_below(p, location))
            ]
            if not gone and location not in known_roots.directories:
                raise _no_document(location, known)
            work.removed.update(gone)
        dropped = [
            item
            for item in known_roots.directories
            if any(is_below(item, location) for location in locations)
        ]
        request = Request(
            "remove", leave_out=tuple(locations), drop_roots=tuple(sorted(dropped))
        )
        return base, work, request

    def documents(self) -> DocumentList:
        """Returns all documents, by path."""
        return DocumentList(CatalogueView(*self._base()).records())

    def places(self) -> WatchedPlaces:
        """Returns the directories and files that a sync looks at."""
        from ragcli.index.ingest.planning.ingest_plan import apart
        from ragcli.index.ingest.watching import WatchedPlaces

        base, files = self._base()
        roots = self._roots(base, files)
        alone = apart(roots, CatalogueView(base, files).records())
        on_disk = sorted(path for path in alone if not is_address(path))
        return WatchedPlaces(roots.directories, tuple(on_disk))

    def count(self) -> int:
        """Returns the number of documents."""
        return self._base()[0].documents

    def document(self, path: Path | str) -> tuple[DocumentInfo, list[Passage]]:
        """Returns a document and all its passages, in reading order.

        Raises:
            DocumentNotFound: It is not indexed.
        """
        from ragcli.index.ingest.planning.naming import known_paths

        base, files = self._base()
        view = CatalogueView(base, files)
        roots = self._roots(base, files)
        [location] = known_paths(
            [path], roots, lambda typed: view.find(typed) is not None
        )
        record = view.find(location)
        reader = self._opened() if record and record["chunks"] else None
        if reader and reader.generation != base.name:
            # Another process published meanwhile: rows are those of what is read.
            view = reader.catalogue
            record = view.find(location)
        if record is None:
            raise _no_document(location, view.records())
        rows = range(record["row"], record["row"] + record["chunks"])
        passages = reader.passages(list(rows)) if reader else []
        return catalogue.info(record), passages

    def path_of(self, name: str) -> str:
        """Returns the document that a name stands for.

        Args:
            name: Its address, or its path, absolute or from the working directory, or
                the end of it (`docs/locks.md`) where only one document ends so.

        Raises:
            DocumentNotFound: None or several end so; those are named.
        """
        from ragcli.index.ingest.web.page_addresses import normalised

        base, files = self._base()
        view = CatalogueView(base, files)
        location = normalised(name) if is_address(name) else os.path.abspath(name)
        if view.find(location):
            return location
        known = view.records()
        ending = f"/{name.lstrip('/')}"
        paths = (
            [] if name.startswith("./") else [p for p in known if p.endswith(ending)]
        )
        if len(paths) == 1:
            return paths[0]
        if paths:
            raise DocumentNotFound(
                f"{name}: {len(paths)} documents end so",
                f"say more of the path: {', '.join(sorted(paths)[:3])}",
            )
        raise _no_document(location, known)

    def generations(self) -> list[GenerationInfo]:
        """Returns the kept states of the index, oldest first."""
        from ragcli.index.generations import rollback

        return rollback.kept(self._snapshots)

    def rollback(self, generation: str = "") -> str:
        """Makes an earlier state current again, as a new one; returns its name.

        Args:
            generation: The state; "" is the one before the last change. Going back
                again goes back further.

        Raises:
            SnapshotNotFound: It is not kept, or there is none to go back to.
            SnapshotDamaged: It cannot be returned to.
        """
        from ragcli.index.generations import rollback

        wanted = generation or rollback.previous(self._snapshots)
        return self._snapshots.select(wanted)

    def reembed(self, progress: Progress) -> IngestReport:
        """Makes all vectors anew with the embedder in force; texts are kept.

        Raises:
            ModelUnavailable: The embedder cannot be reached; nothing changed.
        """
        from ragcli.index.ingest.reembedding import reembed

        return reembed(self._snapshots, self._embedder(), progress)

    def reader(self) -> IndexReader | None:
        """Returns the current state, opened; None when there are no documents.

        Opened once, and again when the index changed. When the current generation is
        damaged, the newest sound one is returned, and its `notice` says so.

        Raises:
            EmbedderMismatch: Its vectors are another embedder's.
            SnapshotDamaged: No generation is sound.
        """
        reader = self._opened()
        if reader is None or not reader.chunk_count:
            return None
        embedder = self._embedder()
        if reader.embedder_id != embedder.id:
            raise mismatch(reader.embedder_id, embedder.id)
        return reader

    def _opened(self) -> IndexReader | None:
        from ragcli.index.search.opening import open_current

        reader = self._reader
        if reader is None or reader.generation != self._live_name():
            self._reader = reader = open_current(self._snapshots)
        return reader

    def _live_name(self) -> str:
        try:
            return self._snapshots.current()
        except SnapshotDamaged:
            return ""

    def _base(self) -> tuple[Manifest, GenerationFiles]:
        """Returns the current generation, which may be none."""
        held = hold_current(self._snapshots)
        if held is None:
            return Manifest(), generation_files(Path(), None)
        files = generation_files(held.directory, self._snapshots.sealer, held.lease)
        return parse(files.raw(NAME), held.name), files

    @staticmethod
    def _roots(base: Manifest, files: GenerationFiles) -> Roots:
        from ragcli.index.ingest.planning import roots

        return roots.read(files) if roots.FILE in base.files else roots.Roots()

    def _carry_out(
        self,
        work: Plan,
        request: Request,
        base: Manifest,
        progress: Progress,
        wait: float,
    ) -> IngestReport:
        """Does the work of a plan; imports what that takes only if there is some."""
        from ragcli.index.report import IngestReport

        for failure in work.failed:
            progress.note(f"{failure.path}: {failure.reason}")
        if work.is_idle and not request.is_needed:
            progress.start(0, "indexing")
            return IngestReport(
                unchanged=work.unchanged,
                failed=tuple(work.failed),
                skipped=tuple(work.skipped),
                generation=base.name,
            )
        from ragcli.index.ingest.indexing import Ingest

        ingest = Ingest(self._snapshots, self._embedder, self._settings, progress)
        patience = max(wait, seconds(self._settings.lock_wait))
        return ingest.run(work, request, base, patience)

    def _engine(self) -> str:
        """Returns what recognizes text in pictures; "" where that is not wanted."""
        if not self._settings.ocr:
            return ""
        from ragcli.index.documents.loaders.pdf import recognition

        return recognition.engine() or catalogue.MISSING

    def _max_size(self) -> int:
        return size(self._settings.max_file_size)


def _taken_out(records: catalogue.Records) -> dict[str, catalogue.Record]:
    """Takes the pages on the web out of all documents, and returns them."""
    pages = {path: records[path] for path in records if is_address(path)}
    for path in pages:
        records.take_out(path)
    return pages


def _no_document(location: str, known: Iterable[str]) -> DocumentNotFound:
    import difflib
    from os.path import basename

    # A path is long, and most of it is the same for all: its name has to be near.
    by_name: dict[str, list[str]] = {}
    for path in known:
        by_name.setdefault(basename(path), []).append(path)
    names = difflib.get_close_matches(basename(location), by_name, 1, 0.75)
    paths = by_name[names[0]] if names else []
    near = difflib.get_close_matches(location, paths, 1, 0)
    hint = f"did you mean {near[0]}?" if near else "`ragcli docs list` lists them"
    return DocumentNotFound(f"{location}: not one of the documents", hint)
