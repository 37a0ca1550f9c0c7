"""The profile that is not there: what a stateless question runs in.

`ask --stateless` writes nothing at all, so it does not make the `default` profile
either. This one has no documents and no history, and refuses to be given any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ragcli.errors import SnapshotNotFound, UsageError
from ragcli.sessions.protocols import OnChange, SideCopy, Snapshots
from ragcli.sessions.records.record_lines import LineCodec, PlainLines
from ragcli.sessions.records.record_types import Draft, Record

if TYPE_CHECKING:
    from ragcli.sessions.records.rewrite_plan import Change, Watch


def _refuse() -> NoReturn:
    raise UsageError(
        "nothing can be stored without a profile",
        "leave --stateless out, or create a profile: ragcli profile create NAME",
    )


class NoLog:
    """An empty log that stays empty."""

    def append(
        self, drafts: Sequence[Draft], *, parent: int = 0, expect: int | None = None
    ) -> list[Record]:
        """Refuses with `UsageError`."""
        _refuse()

    def head(self) -> int:
        """Returns 0."""
        return 0

    def newest(self, before: int | None = None) -> Iterator[Record]:
        """Yields nothing."""
        return iter(())

    def since(self, seq: int = 0) -> Iterator[Record]:
        """Yields nothing."""
        return iter(())

    def rewrite(
        self, change: Change, note: Mapping[str, Any], watch: Watch | None = None
    ) -> int:
        """Changes nothing."""
        return 0

    def wait(self, seq: int, timeout: float) -> bool:
        """Nothing ever comes."""
        return False


class NoAudit:
    """An audit log of nothing."""

    def record(self, event: str, **facts: str | int) -> None:
        """Keeps nothing: nothing happened to a profile."""

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """Yields nothing."""
        return iter(())

    def verify(self, anchor: str = "") -> int:
        """Returns 0: there are no entries."""
        return 0

    def anchor(self) -> str:
        """Returns "": there are no entries."""
        return ""


class NoSnapshots:
    """An index without a generation."""

    sealer = None
    notes = None

    def __init__(self) -> None:
        self.on_change: OnChange | None = None
        """Nothing ever changes."""

    def current(self) -> str:
        """Returns ""."""
        return ""

    def generations(self) -> list[str]:
        """Returns none."""
        return []

    def candidates(self) -> list[str]:
        """Returns none."""
        return []

    def directory(self, generation: str) -> Path:
        """Raises `SnapshotNotFound`."""
        raise _no_index(generation)

    def share(self, generation: str) -> int:
        """Raises `SnapshotNotFound`."""
        raise _no_index(generation)

    def is_whole(self, generation: str) -> bool:
        """Returns False."""
        return False

    def workspace(self, parent: str) -> AbstractContextManager[Path]:
        """Refuses with `UsageError`."""
        _refuse()

    def publish(self, workspace: Path, parent: str, manifest: dict[str, Any]) -> str:
        """Refuses with `UsageError`."""
        _refuse()

    def select(self, generation: str) -> str:
        """Raises `SnapshotNotFound`."""
        raise _no_index(generation)

    def lock(self, wait: float) -> AbstractContextManager[None]:
        """Refuses with `UsageError`."""
        _refuse()

    def stored(self) -> int:
        """Returns 0."""
        return 0

    def prune(self) -> None:
        """Does nothing."""

    def verify(self, generation: str) -> list[str]:
        """Returns that there is none."""
        return [_no_index(generation).message]

    def altered(self, generation: str) -> list[str]:
        """Returns nothing: what is not there is not altered."""
        return []

    def quarantine(self, generation: str) -> Path:
        """Raises `SnapshotNotFound`."""
        raise _no_index(generation)

    def mend(self, generation: str) -> bool:
        """Returns False."""
        return False

    def retire(self) -> None:
        """Does nothing."""


def _no_index(generation: str) -> SnapshotNotFound:
    return SnapshotNotFound(f"there is no index {generation!r}", "")


class AbsentSession:
    """A `Session` that holds nothing.

    Args:
        name: The profile that was asked for.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.id = ""
        self.created = ""
        self.encrypted = False
        self.notices: list[str] = []
        self.log = NoLog()
        self.audit = NoAudit()
        self.snapshots: Snapshots = NoSnapshots()

    sealer = None

    def copies(self) -> Iterator[SideCopy]:
        """Yields none."""
        return iter(())

    @property
    def codec(self) -> LineCodec:
        """Lines in the clear: there are none."""
        return PlainLines()

    def slots(self) -> Mapping[str, bytes]:
        """Returns none."""
        return {}

    def settings(self) -> Mapping[str, Any]:
        """Returns none."""
        return {}

    def written(self) -> Mapping[str, Any]:
        """Returns none."""
        return {}

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Refuses with `UsageError`."""
        _refuse()

    def expect_standing(self) -> None:
        """Does nothing: what is not there cannot be removed."""

    def blob(self, name: str) -> bytes | None:
        """Returns None."""
        return None

    def put_blob(self, name: str, value: bytes | None) -> None:
        """Keeps nothing: blobs are never needed for correctness."""

    def purge(self, condemned: Callable[[str, bytes], bool]) -> int:
        """Returns 0: there are no copies of anything."""
        return 0

    def close(self) -> None:
        """Does nothing."""
