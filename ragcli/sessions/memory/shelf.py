"""What a store in memory holds: the profiles at one address, shared by all who ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from ragcli.errors import Locked, ProfileNotFound


@dataclass(slots=True)
class MemoryProfile:
    """One profile, as it is stored."""

    id: str
    """Its id, and `/` and its incarnation once it was encrypted or decrypted."""
    created: str = ""
    encrypted: bool = False
    settings: dict[str, object] = field(default_factory=dict)
    slots: dict[str, bytes] = field(default_factory=dict)
    """Key slots, by their names."""
    lines: dict[int, bytes] = field(default_factory=dict)
    """The history, by number."""
    ids: dict[str, int] = field(default_factory=dict)
    """Which record has which number."""
    blobs: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Small private values, each with when it was written."""
    entries: list[bytes] = field(default_factory=list)
    """The lines of the audit log."""
    signing: bytes = b""
    """What signs them in a profile in the clear."""
    generations: dict[str, tuple[bytes, dict[str, list[str]]]] = field(
        default_factory=dict
    )
    """Manifest and blocks of each generation of the index, oldest first."""
    blocks: dict[str, bytes] = field(default_factory=dict)
    """By their hash."""
    number: int = 0
    """Of the last generation that was published."""
    gone: bool = False
    """Whether it was deleted or replaced by another."""
    changed: threading.Condition = field(default_factory=threading.Condition)
    """Held during a change; notifies those who wait for records."""
    locks: dict[str, threading.RLock] = field(
        default_factory=lambda: {
            name: threading.RLock() for name in ("profile", "ingest")
        }
    )
    """Locks that are held for as long as work takes."""

    @property
    def head(self) -> int:
        """Returns the last record's number; 0 for none."""
        return max(self.lines, default=0)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Holds the profile for one change.

        Raises:
            ProfileNotFound: It is gone.
        """
        with self.changed:
            if self.gone:
                raise ProfileNotFound(
                    "the profile was deleted, encrypted or made anew meanwhile",
                    "`ragcli profile list` shows what there is",
                )
            yield
            self.changed.notify_all()

    @contextmanager
    def alone(self, what: str, lock: str, wait: float) -> Iterator[None]:
        """Holds one of its locks.

        Raises:
            Locked: Others held it for too long.
        """
        if not self.locks[lock].acquire(timeout=wait):
            raise Locked(f"{what}: {lock} is still locked by another thread", "")
        try:
            yield
        finally:
            self.locks[lock].release()


@dataclass(slots=True)
class Shelf:
    """The profiles at one address."""

    profiles: dict[str, MemoryProfile] = field(default_factory=dict)
    changed: threading.RLock = field(default_factory=threading.RLock)
    """Held while a profile is made, renamed or removed."""


@cache
def shelf(address: str) -> Shelf:
    """Returns the shelf at an address; all of a process share one."""
    del address
    return Shelf()
