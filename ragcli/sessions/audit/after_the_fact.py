"""Entries in the audit log about what is done already.

A turn that is stored, or an index that is published, is not undone because its
entry cannot be written; whoever asks `profile verify` hears of a log that is
damaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ragcli.errors import (
    AuditDamaged,
    Locked,
    ProfileNotFound,
    StorageFailed,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from ragcli.sessions.protocols import AuditLog


def note(audit: AuditLog, event: str, **facts: str | int) -> None:
    """Records an event if that is possible; see `AuditLog.record`."""
    unreachable = (ProfileNotFound, StoreUnavailable)
    with suppress(AuditDamaged, Locked, StorageFailed, *unreachable):
        audit.record(event, **facts)


def index_changed(
    audit: AuditLog, change: str, generation: str, facts: Mapping[str, Any]
) -> None:
    """Records that a generation of the index was published; see `OnChange`."""
    recorded = {
        key: facts[key]
        for key in ("origin", "documents", "chunks")
        if isinstance(facts.get(key), str | int) and facts[key] != ""
    }
    note(audit, f"docs.{change}", generation=generation, **recorded)
