"""Takes hold of the live generation, whoever publishes and collects meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ragcli.errors import Conflict, SnapshotDamaged, SnapshotNotFound

if TYPE_CHECKING:
    from ragcli.index.protocols import Snapshots

_ATTEMPTS = 20
"""Times that a generation may be collected before somebody has hold of it."""


class Held(NamedTuple):
    """A generation that stays until its lease is closed."""

    name: str
    """`gen-00000007`."""

    directory: Path
    """Its directory, verified."""

    lease: int
    """A descriptor; whoever asked for it closes it."""


def hold_current(snapshots: Snapshots) -> Held | None:
    """Returns the live generation; None when there is none.

    Between learning its name and sharing it, others may publish so often that it is
    collected. Then another one is live.

    Raises:
        SnapshotDamaged: It is not what was published.
        SnapshotNotFound: It is live, and not there.
        Conflict: Others publish faster than it can be held.
    """
    for _ in range(_ATTEMPTS):
        name = snapshots.current()
        if not name:
            return None
        try:
            return Held(name, snapshots.directory(name), snapshots.share(name))
        except (SnapshotNotFound, SnapshotDamaged, FileNotFoundError):
            if snapshots.current() == name:
                raise
    raise Conflict("the index changes faster than it can be opened", "try again")
