"""The generations of an index in a profile's directory.

    index/CURRENT           name of the live generation, hash of its manifest
    index/gen-00000007/     immutable
    index/tmp-*             a workspace, or what a killed process left of one
    index/verified-gen-*    what was verified on this machine
    index/unchanged.json    what the disk was like when a sync found nothing to do

A reader never waits. A writer builds its workspace without a lock and holds one
only to compare `CURRENT` with its parent and swap it.

Everything is found through the open directory of the profile, never by its path:
the profile may be renamed at any time, and another one may take its name. Paths that
are handed out (`directory`, `workspace`) go through the descriptor as well, and lead
where they should as long as this object is there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    suppress,
)
from pathlib import Path
from typing import Any

from ragcli.errors import Conflict, RagcliError, SnapshotDamaged
from ragcli.index.generations import (
    collection,
    generation_checks,
    manifests,
    pointer,
    publishing,
)
from ragcli.index.generations.manifests import (
    Manifest,
    generation_name,
    generation_number,
)
from ragcli.index.protocols import OnChange
from ragcli.storage.contracts import Sealer
from ragcli.storage.files import Directory, disk_errors
from ragcli.storage.locking import directory_locks
from ragcli.storage.locking.locks import commit_lock, long_lock, shared_lock
from ragcli.storage.os_errors import close_reader


class LocalSnapshots:
    """Generations on the local disk; satisfies `index.protocols.Snapshots`.

    Args:
        directory: The profile's directory; stays open as long as this object.
        sealer: Encrypts the files; None for a profile in the clear.
        keep: Generations that stay for rollback, the current one included.
        grace: Seconds for which a younger generation stays in any case.
        remember: Whether what was verified may be noted beside the generations.
    """

    def __init__(
        self,
        directory: Directory,
        sealer: Sealer | None,
        *,
        keep: int = 4,
        grace: float = 5.0,
        remember: bool = True,
    ) -> None:
        self.sealer = sealer
        self.on_change: OnChange | None = None
        """Told of every change that is published here."""
        self._profile = directory
        self._keep = keep
        self._grace = grace
        self._remember = remember
        self._opened: Directory | None = None
        self._owned: dict[Path, int] = {}
        self._workspaces = 0
        """How many are being written."""
        self._verified: dict[str, Manifest] = {}

    def current(self) -> str:
        """Returns the live generation, or "" when there is none.

        Raises:
            SnapshotDamaged: `CURRENT` is not what was written.
        """
        return pointer.read(self._index())[0]

    def directory(self, generation: str) -> Path:
        """Returns the directory of a generation, verified; raises as `manifest`."""
        self.manifest(generation)
        return self._directory_of(generation)

    def manifest(self, generation: str) -> Manifest:
        """Returns the manifest of a generation whose files were verified.

        Raises:
            SnapshotNotFound: Collected, or never there.
            SnapshotDamaged: A hash does not match.
        """
        index = self._index()
        if index is None or not generation_number(generation):
            raise manifests.not_found(generation)
        try:
            with index.child(generation) as opened:
                return self._checked(index, opened, generation)
        except FileNotFoundError:
            self._profile.expect_standing()
            if index.has(generation) or generation == self._named():
                raise manifests.damaged(generation, "files are missing") from None
            raise manifests.not_found(generation) from None

    def _checked(self, index: Directory, opened: Directory, name: str) -> Manifest:
        """Returns the manifest; hashes the files unless they are as verified."""
        data = opened.read(manifests.NAME, limit=manifests.LIMIT)
        manifest = self._parsed(data, name)
        if self._verified.get(name) == manifest:
            return manifest
        digest = manifests.digest(data)
        if not generation_checks.is_as_verified(index, opened, name, digest):
            wrong = generation_checks.differences(opened, manifest)
            if wrong:
                if not opened.is_at(index, name):
                    raise FileNotFoundError(name)  # collected while we looked
                self._profile.expect_standing()
                raise manifests.damaged(name, wrong[0].what)
            if self._remember:
                generation_checks.note(index, opened, name, data)
        self._verified[name] = manifest
        return manifest

    def _parsed(self, data: bytes, name: str) -> Manifest:
        """Returns a manifest whose own hash and seal hold."""
        manifest = manifests.parse(data, name)
        live, digest = self._pointed()
        if name == live and manifests.digest(data) != digest:
            raise manifests.damaged(name, "its manifest is not the one in CURRENT")
        if self.sealer:
            publishing.check_seal(self.sealer, json.loads(data))
        return manifest

    def generations(self) -> list[str]:
        """Returns the kept generations, oldest first; the last one is current.

        Where `CURRENT` is damaged, nobody knows which one is: then they are all.
        """
        index = self._index()
        if index is None:
            return []
        present = collection.all_generations(index)
        try:
            newest = generation_number(self.current())
        except SnapshotDamaged:
            return present
        return [name for name in present if generation_number(name) <= newest]

    def candidates(self) -> list[str]:
        """Returns all generations on disk, newest first, whatever `CURRENT` says."""
        index = self._index()
        return collection.all_generations(index)[::-1] if index else []

    def share(self, generation: str) -> int:
        """Returns a descriptor; the generation stays as long as it is open.

        Raises:
            SnapshotNotFound: It was collected.
        """
        index = self._index()
        try:
            if index is not None:
                return directory_locks.share(index.descriptor, generation)
        except FileNotFoundError:
            self._profile.expect_standing()
        raise manifests.not_found(generation)

    def is_whole(self, generation: str) -> bool:
        """Tells whether all files of a generation are there at this moment.

        Raises:
            ProfileNotFound: The profile itself was removed, or is being removed.
        """
        index = self._index()
        try:
            if index is None:
                return False
            with index.child(generation) as opened:
                data = opened.read(manifests.NAME, limit=manifests.LIMIT)
                generation_checks.observed(opened, self._parsed(data, generation).files)
        except FileNotFoundError:
            self._profile.expect_standing()
            return False
        return True

    @contextmanager
    def workspace(self, parent: str) -> Iterator[Path]:
        """Yields a private `tmp-*` directory with the parent's files in it.

        Files are hard-linked, or copied where the file system has no links.

        Raises:
            SnapshotNotFound, SnapshotDamaged: The parent cannot be built upon.
            StorageFailed: Nothing changed.
        """
        files = self.manifest(parent).files if parent else {}
        with self._staying():
            index = self._made_index()
            name, lock_fd = directory_locks.make(index.descriptor, collection.WORKSPACE)
            path = index.reach / name
            self._owned[path] = lock_fd
            try:
                if parent:
                    publishing.link_files(self._directory_of(parent), path, files)
                yield path
            finally:
                if self._owned.pop(path, None) is not None:
                    import shutil  # 5 ms: it loads every kind of compression

                    shutil.rmtree(name, ignore_errors=True, dir_fd=index.descriptor)
                    close_reader(lock_fd)

    @contextmanager
    def _staying(self) -> Iterator[None]:
        """Keeps the profile's directory where it is while a workspace is written.

        tantivy writes by the real path of a directory, whatever path it is given.
        """
        if self._workspaces:
            lock: AbstractContextManager[None] = nullcontext()
        else:
            lock = shared_lock(self._profile, "staging", wait=publishing.WAIT)
        with lock:
            self._workspaces += 1
            try:
                yield
            finally:
                self._workspaces -= 1

    def publish(self, workspace: Path, parent: str, manifest: dict[str, Any]) -> str:
        """Makes `workspace` the next generation and returns its name.

        Raises:
            Conflict: `parent` is no longer current; rebase and publish again.
            StorageFailed: Nothing changed.
            Locked: Others swapped `CURRENT` for too long.
        """
        known = self.manifest(parent).files if parent else {}
        parent_directory = self._directory_of(parent) if parent else None
        files = publishing.sync_files(workspace, parent_directory, known)
        with commit_lock(self._profile, "index.lock", wait=publishing.WAIT):
            live = self.current()
            if live != parent:
                raise Conflict(
                    f"the index moved on to {live or 'nothing'} meanwhile",
                    "run the command again; nothing was lost",
                )
            collection.discard_unpublished(self._made_index(), live)
            name = self._publish(workspace, {**manifest, "parent": parent}, files)
        self._tell_of(str(manifest.get("change") or "change"), name, manifest)
        return name

    def _tell_of(self, change: str, generation: str, facts: Mapping[str, Any]) -> None:
        """Tells of a change that is done, whatever becomes of the telling."""
        if self.on_change:
            self.on_change(change, generation, facts)

    def _publish(
        self, workspace: Path, manifest: dict[str, Any], files: publishing.Facts
    ) -> str:
        """Completes the manifest, renames, swaps, collects; the lock is held."""
        index = self._made_index()
        newest = max(map(generation_number, index.names()), default=0)
        name = generation_name(newest + 1)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        table = {**manifest, "name": name, "created": created, "files": files}
        table |= {"format": manifests.FORMAT, "seal": ""}
        if self.sealer:
            table["seal"] = publishing.seal_manifest(self.sealer, table)
        data = manifests.encode(table)
        publishing.finish(workspace, data)
        close_reader(self._owned.pop(workspace))
        publishing.rename_into_place(index, workspace.name, name)
        pointer.write(index, name, data)
        # It is published: what fails from here on costs time or space, no more.
        with suppress(RagcliError, OSError):
            with index.child(name) as opened:
                generation_checks.note(index, opened, name, data)
            collection.collect(index, name, keep=self._keep, grace=self._grace)
        return name

    def select(self, generation: str) -> str:
        """Makes an older generation current again, as a new one; returns its name.

        Raises:
            SnapshotNotFound, SnapshotDamaged: It cannot be returned to.
        """
        chosen = self.manifest(generation)
        facts = chosen.as_dict()
        facts.update(change="rollback", origin=chosen.origin or generation)
        with disk_errors("index"), self.workspace(generation) as workspace:
            source = self._directory_of(generation)
            files = publishing.sync_files(workspace, source, chosen.files)
            publishing.expect_same(chosen.files, files)
            with commit_lock(self._profile, "index.lock", wait=publishing.WAIT):
                name = self._publish(
                    workspace, {**facts, "parent": self._named()}, files
                )
        self._tell_of("rollback", name, {"origin": generation})
        return name

    def _named(self) -> str:
        """Returns the name in `CURRENT`, "" if it cannot be read."""
        return self._pointed()[0]

    def _pointed(self) -> tuple[str, str]:
        """Returns what `CURRENT` says, two "" if it cannot be read.

        A generation is sound without it: its own hashes hold.
        """
        with suppress(SnapshotDamaged):
            return pointer.read(self._index())
        return "", ""

    def lock(self, wait: float) -> AbstractContextManager[None]:
        """Holds the ingest lock."""
        return long_lock(self._profile, "ingest.lock", wait=wait)

    def stored(self) -> int:
        """Returns the bytes of all generations; what several share counts once."""
        index, sizes = self._index(), dict[int, int]()
        if index is None:
            return 0
        for name in self.generations():
            with suppress(FileNotFoundError), index.child(name) as opened:
                names = dict.fromkeys(generation_checks.listing(opened))
                for size, _, inode in generation_checks.observed(
                    opened, names
                ).values():
                    sizes[inode] = size
        return sum(sizes.values())

    def prune(self) -> None:
        """Removes every generation but the current one, for good.

        Raises:
            Locked: Another process publishes.
        """
        index = self._index()
        if index:
            with commit_lock(self._profile, "index.lock", wait=publishing.WAIT):
                collection.collect(index, self.current(), keep=1, grace=0.0)

    def verify(self, generation: str) -> list[str]:
        """Reads and hashes every file; returns what is wrong, one line each."""
        return [difference.what for difference in self._differences(generation)]

    def altered(self, generation: str) -> list[str]:
        """Returns which files of a generation were altered.

        A file that is missing is not: nothing can be concluded from it about those
        that are there, and somebody may bring it back.
        """
        return [
            difference.what
            for difference in self._differences(generation)
            if difference.altered
        ]

    def _differences(self, generation: str) -> list[generation_checks.Difference]:
        index = self._index()
        try:
            if index is None:
                return [generation_checks.missing(generation)]
            with index.child(generation) as opened:
                data = opened.read(manifests.NAME, limit=manifests.LIMIT)
                manifest = self._parsed(data, generation)
                wrong = generation_checks.differences(opened, manifest)
                if wrong and not opened.is_at(index, generation):
                    wrong = []  # collected while we looked: nobody needs it
        except FileNotFoundError:
            wrong = [generation_checks.missing(f"{generation} or its manifest")]
        except SnapshotDamaged as error:
            wrong = [generation_checks.Difference(error.message, altered=True)]
        if wrong:
            self._profile.expect_standing()
        return wrong

    def quarantine(self, generation: str) -> Path:
        """Moves a damaged generation out of the index; returns where it is now.

        If it was the current one, the newest sound generation takes its place.
        """
        index = self._made_index()
        with commit_lock(self._profile, "index.lock", wait=publishing.WAIT):
            target = collection.set_aside(index, self._profile, generation)
            if self._named() in {generation, ""}:
                index.remove(pointer.NAME)
                index.sync()
                sound = (item for item in self.candidates() if not self.verify(item))
                pointer.restore(index, next(sound, ""))
        return target

    def mend(self, generation: str) -> bool:  # noqa: ARG002 - there is no other copy
        """Returns False: there is no other copy to mend it from."""
        return False

    def retire(self) -> None:
        """Does nothing: a local index has no cache."""

    @property
    def notes(self) -> Directory | None:
        """Where the outcome of a sync may be noted in the clear; None for nowhere."""
        return self._index() if self._remember and self.sealer is None else None

    def _index(self) -> Directory | None:
        """Returns the open directory of the generations; None before the first."""
        if self._opened is None:
            with suppress(FileNotFoundError):
                self._opened = self._profile.child("index")
                if self._remember:
                    collection.sweep_workspaces(self._opened)
        return self._opened

    def _made_index(self) -> Directory:
        index = self._index() or self._profile.child("index", create=True)
        self._opened = index
        return index

    def _directory_of(self, generation: str) -> Path:
        return self._made_index().reach / generation
