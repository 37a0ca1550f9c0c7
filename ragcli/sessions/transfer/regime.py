"""How a profile is written: under a key, or in the clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.frozen import frozen
from ragcli.sessions.opened_profile import codec_of, sealer_of

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.encryption.sealing import FileSealer
    from ragcli.sessions.records.record_lines import LineCodec


@frozen
class Regime:
    """What follows from a profile's key."""

    data_key: DataKey | None
    """None for a profile in the clear."""

    @property
    def codec(self) -> LineCodec:
        """What writes history lines."""
        return codec_of(self.data_key)

    @property
    def sealer(self) -> FileSealer | None:
        """What seals files."""
        return sealer_of(self.data_key)

    @property
    def audit_key(self) -> bytes | None:
        """What signs the audit log; None for a key beside it."""
        return self.data_key.subkey("audit") if self.data_key else None
