"""What a store of sessions does for an index: neither package imports the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Sealer(Protocol):
    """Encrypts the files of a profile; absent for one in the clear."""

    def seal(self, name: str, data: bytes) -> bytes:
        """Returns `data` encrypted and bound to `name`."""

    def unseal(self, name: str, sealed: bytes) -> bytes:
        """Returns the plain bytes.

        Raises:
            SnapshotDamaged: Altered, cut, or sealed under another name or key.
        """


class GenerationStore(Protocol):
    """Where generations live that several machines share."""

    def current(self) -> tuple[str, str, int]:
        """Returns the live generation, its manifest's hash and the last number."""

    def generations(self) -> list[str]:
        """Returns the names of the kept generations, in no order."""

    def manifest(self, generation: str) -> tuple[bytes, dict[str, list[str]]]:
        """Returns a generation's manifest, and the blocks of each of its files.

        Raises:
            SnapshotNotFound: Collected, or never there.
            SnapshotDamaged: The list of blocks is not one.
        """

    def block(self, digest: str) -> bytes:
        """Returns a block, unverified; raises `SnapshotNotFound`."""

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Returns those blocks that must be sent."""

    def put(self, blocks: Mapping[str, bytes]) -> None:
        """Stores blocks by their SHA-256."""

    def publish(
        self,
        name: str,
        parent: str,
        manifest: tuple[str, bytes],
        blocks: Mapping[str, Sequence[str]],
        keep: int,
    ) -> list[str]:
        """Makes a generation current if `parent` is; older ones than `keep` go.

        Args:
            name: Its name.
            parent: The generation that must be current.
            manifest: Hash and bytes of its manifest.
            blocks: The blocks of each of its files, all of them put.
            keep: How many generations stay.

        Returns:
            Blocks that are gone meanwhile; if any, nothing changed.

        Raises:
            Conflict: `parent` is no longer current.
        """

    def lock(self, wait: float) -> AbstractContextManager[Any]:
        """Holds the ingest lock; raises `Locked`."""
