"""Entries in the audit log about what is done already.

A turn that is stored, or an index that is published, is not undone because its
entry cannot be written; whoever asks `profile verify` hears of a log that is
damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ragcli.errors import (
    AuditDamaged,
    Locked,
    ProfileNotFound,
    StorageFailed,
    StoreUnavailable,
)
from ragcli.sessions.protocols import AuditLog


def note(audit: AuditLog, event: str, **facts: str | int) -> None:
    """Records an event if that is possible; see `AuditLog.record`."""
    gone = (ProfileNotFound, StoreUnavailable)
    with suppress(AuditDamaged, Locked, StorageFailed, *gone):
        audit.record(event, **facts)


class AuditedSnapshots:
    """Snapshots whose changes are in the audit log; otherwise what they wrap.

    Args:
        snapshots: An `index.protocols.Snapshots`.
        audit: Returns the profile's audit log.
    """

    def __init__(self, snapshots: Any, audit: Callable[[], AuditLog]) -> None:
        self._snapshots = snapshots
        self._audit = audit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._snapshots, name)

    def publish(self, workspace: Path, parent: str, manifest: dict[str, Any]) -> str:
        """Makes `workspace` the next generation; see `Snapshots.publish`."""
        name = str(self._snapshots.publish(workspace, parent, manifest))
        self._note(str(manifest.get("change") or "change"), name, manifest)
        return name

    def select(self, generation: str) -> str:
        """Makes an older generation current again; see `Snapshots.select`."""
        name = str(self._snapshots.select(generation))
        self._note("rollback", name, {"origin": generation})
        return name

    def _note(self, change: str, generation: str, facts: Mapping[str, Any]) -> None:
        told = {
            key: facts[key]
            for key in ("origin", "documents", "chunks")
            if isinstance(facts.get(key), str | int) and facts[key] != ""
        }
        note(self._audit(), f"docs.{change}", generation=generation, **told)
