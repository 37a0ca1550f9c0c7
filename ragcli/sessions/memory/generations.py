"""Generations of a profile's index in memory: manifests, and blocks by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from ragcli.errors import Conflict, SnapshotNotFound
from ragcli.sessions.memory.shelf import MemoryProfile


class MemoryGenerations:
    """The `GenerationStore` of a profile in memory.

    Args:
        profile: The profile.
    """

    def __init__(self, profile: MemoryProfile) -> None:
        self._profile = profile

    def current(self) -> tuple[str, str, int]:
        """See `GenerationStore`."""
        name = next(reversed(self._profile.generations), "")
        manifest = self._profile.generations[name][0] if name else b""
        digest = hashlib.sha256(manifest).hexdigest() if name else ""
        return name, digest, self._profile.number

    def generations(self) -> list[str]:
        """See `GenerationStore`."""
        return list(self._profile.generations)

    def manifest(self, generation: str) -> tuple[bytes, dict[str, list[str]]]:
        """See `GenerationStore`."""
        try:
            return self._profile.generations[generation]
        except KeyError:
            raise SnapshotNotFound(f"there is no index {generation!r}", "") from None

    def block(self, digest: str) -> bytes:
        """See `GenerationStore`."""
        try:
            return self._profile.blocks[digest]
        except KeyError:
            raise SnapshotNotFound(f"a block is gone: {digest[:12]}", "") from None

    def missing(self, digests: Sequence[str]) -> list[str]:
        """See `GenerationStore`."""
        return [digest for digest in digests if digest not in self._profile.blocks]

    def put(self, blocks: Mapping[str, bytes]) -> None:
        """See `GenerationStore`."""
        with self._profile.changing():
            self._profile.blocks.update(blocks)

    def publish(
        self,
        name: str,
        parent: str,
        manifest: tuple[str, bytes],
        blocks: Mapping[str, Sequence[str]],
        keep: int,
    ) -> list[str]:
        """See `GenerationStore`."""
        profile = self._profile
        with profile.changing():
            if self.current()[0] != parent:
                raise Conflict("the index moved on meanwhile", "run the command again")
            listed = {file: list(digests) for file, digests in blocks.items()}
            gone = self.missing([d for digests in listed.values() for d in digests])
            if gone:
                return gone
            profile.generations[name] = (manifest[1], listed)
            profile.number += name != parent
            for older in list(profile.generations)[:-keep]:
                del profile.generations[older]
            used = {
                digest
                for _, files in profile.generations.values()
                for digests in files.values()
                for digest in digests
            }
            profile.blocks = {d: b for d, b in profile.blocks.items() if d in used}
            return []

    def lock(self, wait: float) -> AbstractContextManager[None]:
        """See `GenerationStore`."""
        return self._profile.alone("the index", "ingest", wait)
