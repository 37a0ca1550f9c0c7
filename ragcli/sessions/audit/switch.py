"""An audit log that is switched off: what was recorded stays, nothing is added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ragcli.sessions.protocols import AuditLog


class SilentAudit:
    """An `AuditLog` that is only read.

    Args:
        kept: The log as it was when it was switched off.
    """

    def __init__(self, kept: AuditLog) -> None:
        self.kept = kept

    def record(self, event: str, **facts: str | int) -> None:
        """Records nothing."""

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """Yields what was recorded before."""
        return self.kept.entries()

    def verify(self, anchor: str = "") -> int:
        """Checks what was recorded before; see `AuditLog.verify`."""
        return self.kept.verify(anchor)

    def anchor(self) -> str:
        """Returns the anchor of what was recorded before."""
        return self.kept.anchor()
