"""What a list of profiles tells of each: apart, so that a list loads little."""

from __future__ import annotations

from typing import Protocol

from ragcli.frozen import frozen


class IndexFigures(Protocol):
    """Tells what the index of a profile on this disk holds, without opening it."""

    def __call__(self, profiles: int, entry: str, /) -> tuple[int, int] | None:
        """Returns documents and bytes; None where that cannot be told.

        Args:
            profiles: Descriptor of the directory of all profiles.
            entry: The profile's directory there.
        """


@frozen
class ProfileSummary:
    """What a list of profiles tells of one, without opening it."""

    encrypted: bool
    """Whether it takes a passphrase to open it."""
    used: float
    """When it was last opened or changed, as far as its files tell: seconds since
    1970."""
    documents: int | None
    """How many documents are indexed; None where that cannot be told."""
    size: int | None
    """Bytes of the index and of the history; None where that cannot be told."""
