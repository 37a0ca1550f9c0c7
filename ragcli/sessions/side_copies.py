"""Small values that are kept beside a log, and how to open them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ragcli.errors import Damaged

if TYPE_CHECKING:
    from ragcli.sessions.protocols import SideCopy
    from ragcli.storage.contracts import Sealer

CACHE = "cache"
"""The kind of drafts and lists that are kept, and the directory of these."""
QUARANTINE = "quarantine"
"""The kind of what was damaged, and of fragments, and the directory of these."""


class Sealing(Protocol):
    """Something that may be sealed: a session, or a profile that is being made."""

    @property
    def sealer(self) -> Sealer | None:
        """What seals files; None in the clear."""


def opened(session: Sealing, copy: SideCopy) -> bytes | None:
    """Returns a side copy's plain bytes; None for what its key does not open."""
    from ragcli.sessions.encryption.sealing import is_sealed

    if session.sealer is None or not is_sealed(copy.data):
        return copy.data
    try:
        return session.sealer.unseal(copy.sealed_as, copy.data)
    except Damaged:
        return None
