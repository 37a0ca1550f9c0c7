"""How a profile is written: under a key, or in the clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.sessions.records.record_lines import LineCodec, PlainLines

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.encryption.sealing import FileSealer


@frozen
class Regime:
    """What follows from a profile's key."""

    data_key: DataKey | None
    """None for a profile in the clear."""

    @property
    def codec(self) -> LineCodec:
        """What writes history lines."""
        if self.data_key is None:
            return PlainLines()
        from ragcli.sessions.encryption.sealing import SealedLines

        return SealedLines(self.data_key)

    @property
    def sealer(self) -> FileSealer | None:
        """What seals files."""
        if self.data_key is None:
            return None
        from ragcli.sessions.encryption.sealing import FileSealer

        return FileSealer(self.data_key)

    @property
    def audit_key(self) -> bytes | None:
        """What signs the audit log; None for a key beside it."""
        return self.data_key.subkey("audit") if self.data_key else None
