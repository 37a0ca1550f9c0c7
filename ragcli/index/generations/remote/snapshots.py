"""The generations of an index that several machines share.

They live in a store, as blocks of at most 1 MiB that are named by their hash, so
that a block which is there already is never sent again. Each machine keeps the
generations that it uses in a private cache, as the same immutable directories that
a local index has: a generation is fetched once, every file is checked against the
manifest, and the manifest against the hash that the store calls current. A sealed
index is sealed in the store and in the cache alike.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from ragcli.errors import (
    Conflict,
    RagcliError,
    SnapshotDamaged,
    SnapshotNotFound,
    UsageError,
)
from ragcli.index.generations import (
    collection,
    generation_checks,
    manifests,
    publishing,
)
from ragcli.index.generations.manifests import (
    Manifest,
    generation_name,
    generation_number,
)
from ragcli.index.generations.remote import block_cache, block_fetching, block_files
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.storage.contracts import GenerationStore, Sealer
from ragcli.storage.files import Directory
from ragcli.storage.locking import directory_locks

_ATTEMPTS = 3
"""Times that blocks may be collected by others while we publish."""


class RemoteSnapshots(LocalSnapshots):
    """Generations in a store, used through a local cache.

    Args:
        store: Where they live.
        cache: This machine's cache directory.
        profile: The profile's id; each has a cache of its own.
        sealer: Encrypts the files; None for a profile in the clear.
        keep: Generations that stay in the store, the current one included.
        limit: Bytes of fetched generations on this machine.
        remember: Whether the cache may be changed; else what is fetched is gone with
            this process.
    """

    def __init__(  # noqa: PLR0913 - what a process decides about it, all named
        self,
        store: GenerationStore,
        cache: Path,
        profile: str,
        sealer: Sealer | None,
        *,
        keep: int = 4,
        limit: int = block_cache.LIMIT,
        remember: bool = True,
    ) -> None:
        self._passing = None if remember else block_cache.unless_cached(cache, profile)
        own_cache = self._passing or block_cache.directory_of(cache, profile)
        directory = Directory.open(own_cache, create=remember)
        super().__init__(directory, sealer, keep=keep, grace=60.0, remember=remember)
        self._id = profile
        self._store = store
        self._cache = cache
        self._limit = limit
        self._live = ("", "")
        """The live generation when it was last asked for, and its manifest's hash."""

    def current(self) -> str:
        """Returns the live generation, or "" when there is none."""
        name, digest, _ = self._store.current()
        self._live = (name, digest)
        return name

    def generations(self) -> list[str]:
        """Returns the kept generations, oldest first; the last one is current."""
        return sorted(self._store.generations(), key=generation_number)

    def candidates(self) -> list[str]:
        """Returns all kept generations, newest first."""
        return self.generations()[::-1]

    def manifest(self, generation: str) -> Manifest:
        """Returns the manifest of a generation that is here, fetched if need be.

        Raises:
            SnapshotNotFound: Collected, or never there.
            SnapshotDamaged: A hash does not match.
        """
        if not generation_number(generation):
            raise SnapshotNotFound(f"there is no index {generation!r}", "")
        if self._live[0] != generation:
            self.current()
        if not self._is_here(generation):
            self._fetch(generation)
        if self._remember:
            block_cache.used(self._directory_of(generation))
        return super().manifest(generation)

    def _is_here(self, generation: str) -> bool:
        """Tells whether the cache holds the very generation that is meant."""
        try:
            data = (self._directory_of(generation) / manifests.NAME).read_bytes()
        except OSError:
            return False
        if self._live[0] == generation:
            sound = manifests.digest(data) == self._live[1]
        else:
            sound = data == self._store.manifest(generation)[0]
        if not sound and self._remember:  # a failover lost what was seen here
            self._forget(generation)
        return sound

    def retire(self) -> None:
        """Removes what was cached before the profile was encrypted or decrypted."""
        block_cache.retire(self._cache, self._id)

    def _forget(self, generation: str) -> None:
        self._verified.pop(generation, None)
        index = self._made_index()
        directory_locks.remove_unused(
            index.descriptor, generation, collection.WORKSPACE
        )
        index.remove(generation_checks.stamp_name(generation))

    def _fetch(self, generation: str) -> None:
        """Puts a generation into the cache, every file verified."""
        if not self._remember and not self._passing:
            self._passing = block_cache.passing()
            self._profile, self._opened = Directory.open(self._passing), None
        data, blocks = self._store.manifest(generation)
        if self._live[0] == generation and manifests.digest(data) != self._live[1]:
            raise manifests.damaged(generation, "its manifest is another one")
        manifest = manifests.parse(data, generation)
        index = self._made_index()
        name, lock_fd = directory_locks.make(index.descriptor, collection.WORKSPACE)
        workspace = index.path / name
        try:
            block_fetching.fill(
                self._store, workspace, manifest, blocks, block_fetching.known(index)
            )
            publishing.finish(workspace, data)
            block_fetching.put_in_place(index, workspace, generation)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
            os.close(lock_fd)
        with index.child(generation) as opened:
            generation_checks.note(index, opened, generation, data)
        if self._remember:
            block_cache.trim(self._cache, self._directory_of(generation), self._limit)
            self.retire()

    def publish(self, workspace: Path, parent: str, manifest: dict[str, Any]) -> str:
        """Makes `workspace` the next generation and returns its name.

        Raises:
            Conflict: `parent` is no longer current; rebase and publish again.
            StorageFailed, StoreUnavailable: Nothing changed.
        """
        known = self.manifest(parent).files if parent else {}
        parent_directory = self._directory_of(parent) if parent else None
        files = publishing.sync_files(workspace, parent_directory, known)
        name = self._publish(workspace, {**manifest, "parent": parent}, files)
        self._tell_of(str(manifest.get("change") or "change"), name, manifest)
        return name

    def select(self, generation: str) -> str:
        """Makes an older generation current again, as a new one; returns its name."""
        chosen = self.manifest(generation)
        facts = chosen.as_dict()
        facts.update(change="rollback", origin=chosen.origin or generation)
        with self.workspace(generation) as workspace:
            files = publishing.sync_files(
                workspace, self._directory_of(generation), chosen.files
            )
            publishing.expect_same(chosen.files, files)
            name = self._publish(workspace, {**facts, "parent": self.current()}, files)
        self._tell_of("rollback", name, {"origin": generation})
        return name

    def _publish(
        self, workspace: Path, manifest: dict[str, Any], files: publishing.Facts
    ) -> str:
        """Sends what the store lacks, compares and swaps, and keeps a copy here."""
        parent = str(manifest["parent"])
        live, _, number = self._store.current()
        if live != parent:
            raise Conflict(
                f"the index moved on to {live or 'nothing'} meanwhile",
                "run the command again; nothing was lost",
            )
        name = generation_name(number + 1)
        data = self._encoded({**manifest, "name": name, "files": files})
        blocks = block_files.hashed(workspace, files, self._parent_blocks(parent))
        block_files.send(self._store, workspace, blocks)
        digest = manifests.digest(data)
        for _ in range(_ATTEMPTS):
            digest_and_data = (digest, data)
            if not self._store.publish(
                name, parent, digest_and_data, blocks, self._keep
            ):
                self._keep_copy(workspace, name, data)
                return name
            block_files.send(self._store, workspace, blocks)
        raise Conflict("the index is being changed by others", "run the command again")

    def _encoded(self, manifest: Mapping[str, Any]) -> bytes:
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        table = {**manifest, "created": created, "format": manifests.FORMAT, "seal": ""}
        if self.sealer:
            table["seal"] = publishing.seal_manifest(self.sealer, table)
        return manifests.encode(table)

    def _parent_blocks(self, parent: str) -> dict[str, list[str]]:
        """Returns the blocks of the parent's files, by the hash of the file."""
        if not parent:
            return {}
        data, blocks = self._store.manifest(parent)
        files = manifests.parse(data, parent).files
        return {
            files[name]["sha256"]: digests
            for name, digests in blocks.items()
            if name in files
        }

    def _keep_copy(self, workspace: Path, name: str, data: bytes) -> None:
        """Moves a published workspace into the cache; failing costs a fetch later."""
        index = self._made_index()
        publishing.finish(workspace, data)
        os.close(self._owned.pop(workspace))
        if self._directory_of(name).exists():  # of a publication that a failover lost
            self._forget(name)
        try:
            publishing.rename_into_place(index, workspace.name, name)
            with index.child(name) as opened:
                generation_checks.note(index, opened, name, data)
            collection.collect(index, name, keep=self._keep, grace=self._grace)
        except (RagcliError, OSError):
            shutil.rmtree(workspace, ignore_errors=True)

    def is_whole(self, generation: str) -> bool:
        """Tells whether it is there: what the cache lacks is fetched again."""
        return generation in self._store.generations()

    def _directory_of(self, generation: str) -> Path:
        """Returns where it is cached: a cache has the profile's id, and no name."""
        return self._profile.path / "index" / generation

    def lock(self, wait: float) -> AbstractContextManager[None]:
        """Holds the ingest lock, on all machines."""
        return self._store.lock(wait)

    def stored(self) -> int:
        """Returns the bytes of all generations; what several share counts once."""
        sizes: dict[str, int] = {}
        for name in self._store.generations():
            with suppress(SnapshotDamaged, SnapshotNotFound):
                manifest = self._parsed(self._store.manifest(name)[0], name)
                sizes |= {f["sha256"]: f["size"] for f in manifest.files.values()}
        return sum(sizes.values())

    def prune(self) -> None:
        """Removes every generation but the current one, here and in the store."""
        live = self.current()
        if live:
            data, blocks = self._store.manifest(live)
            digest_and_data = (manifests.digest(data), data)
            self._store.publish(live, live, digest_and_data, blocks, 1)
            collection.collect(self._made_index(), live, keep=1, grace=0.0)

    def altered(self, generation: str) -> list[str]:
        """Returns what is wrong: a block is under its hash, or not there."""
        return self.verify(generation)

    def verify(self, generation: str) -> list[str]:
        """Reads and hashes every block; returns what is wrong, one line each."""
        try:
            data, blocks = self._store.manifest(generation)
            manifest = self._parsed(data, generation)
        except (SnapshotDamaged, SnapshotNotFound) as error:
            return [error.message]
        check = partial(block_files.wrong, self._store)
        return [
            wrong
            for name, facts in sorted(manifest.files.items())
            if (wrong := check(name, facts["sha256"], blocks.get(name, [])))
        ]

    def mend(self, generation: str) -> bool:
        """Sends what this machine has of a damaged generation; tells if that helped.

        Only files that are what the manifest says are sent.
        """
        try:
            data, blocks = self._store.manifest(generation)
            manifest = self._parsed(data, generation)
        except (SnapshotDamaged, SnapshotNotFound):
            return False
        here = block_fetching.known(self._made_index())
        for name, facts in manifest.files.items():
            source = here.get((name, facts["sha256"]))
            if source is not None:
                block_files.resend(self._store, source, blocks.get(name, []))
        return not self.verify(generation)

    def quarantine(self, generation: str) -> Path:
        """Refuses: what others share is not moved to this machine.

        Raises:
            UsageError: Always; `docs rollback` returns to a sound generation.
        """
        raise UsageError(
            f"index {generation} is shared and cannot be set aside",
            "`ragcli docs rollback` returns to a sound one",
        )
