"""What has expired inside a profile and is set aside: hidden, and not yet erased.

A small value beside the log names the records. Readers leave them out, so that no
answer, list or search has them; the log itself still does, and they come back when
the value goes. Losing it costs nothing but the time of grace, which begins anew.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, field, replace
from typing import TYPE_CHECKING, Any

from ragcli.frozen import frozen
from ragcli.sessions.records.record_types import Draft, Record

if TYPE_CHECKING:
    from ragcli.sessions.protocols import Log, Session
    from ragcli.sessions.records.rewrite_plan import Change, Watch

BLOB = "expiry"
_FORMAT = 1


@frozen
class Batch:
    """Records that were set aside together."""

    witnessed: float
    """What the ledger had witnessed then."""
    at: str
    """When that was, by the clock."""
    ids: tuple[str, ...]
    """What is to be erased."""
    hidden: tuple[str, ...]
    """What is left out while it waits: these, and summaries that speak of them."""
    titles: Mapping[str, str]
    """New titles, by record, for those that quote what is hidden."""


@frozen
class Aside:
    """What expiry remembers about one profile's records."""

    batches: tuple[Batch, ...] = ()
    counted: Mapping[str, str] = field(default_factory=dict)
    """From when records count that were brought back, or whose own time is wrong."""
    oldest_turn: str = ""
    """The oldest time of a record at the last look; "" for no look yet."""
    oldest_talk: str = ""
    """The oldest last use of a conversation then."""
    copies: tuple[float, str] | None = None
    """What was witnessed when side copies were due, and the time before which."""

    @property
    def ids(self) -> set[str]:
        """The ids of records that are set aside."""
        return {name for batch in self.batches for name in batch.ids}


def read(session: Session) -> Aside:
    """Returns what is set aside in a profile."""
    try:
        value = json.loads(session.blob(BLOB) or b"")
        if value.pop("v") != _FORMAT:
            return Aside()
        batches = tuple(
            Batch(**{**b, "ids": tuple(b["ids"]), "hidden": tuple(b["hidden"])})
            for b in value.pop("batches")
        )
        copies = value.pop("copies")
        return Aside(batches=batches, copies=tuple(copies) if copies else None, **value)
    except (ValueError, TypeError, KeyError, AttributeError):
        return Aside()


def write(session: Session, aside: Aside) -> None:
    """Stores what is set aside."""
    value = {"v": _FORMAT, **asdict(aside)}
    session.put_blob(BLOB, json.dumps(value).encode())


class Sight:
    """What of a log can be seen beside what is set aside.

    Args:
        state: What is set aside.
    """

    def __init__(self, state: Aside) -> None:
        batches = state.batches
        self._hidden = {name for batch in batches for name in batch.hidden}
        self._titles = {k: v for batch in batches for k, v in batch.titles.items()}

    @property
    def view(self) -> str:
        """Names what is hidden; "" for nothing."""
        if not self._hidden:
            return ""
        text = "\n".join([*sorted(self._hidden), *sorted(self._titles.values())])
        return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"

    def of(self, record: Record) -> Record | None:
        """Returns what is seen of a record; None for one that is hidden."""
        if record.id in self._hidden:
            return None
        body = record.body
        if record.id in self._titles:
            body = {**body, "title": self._titles[record.id]}
        if body.get("replaces") in self._hidden:
            body = {k: v for k, v in body.items() if k != "replaces"}
        return record if body is record.body else replace(record, body=body)

    def watching(self, watch: Watch) -> Watch:
        """Returns what tells another one no more than can be seen."""

        def seen(record: Record) -> None:
            visible = self.of(record)
            if visible is not None:
                watch(visible)

        return seen


class VisibleLog:
    """A `Log` without what is set aside.

    Args:
        log: The profile's.
        sight: What can be seen of it.
    """

    def __init__(self, log: Log, sight: Sight) -> None:
        self._log = log
        self._sight = sight

    def append(
        self, drafts: Sequence[Draft], *, parent: int = 0, expect: int | None = None
    ) -> list[Record]:
        """Appends; see `Log.append`."""
        return self._log.append(drafts, parent=parent, expect=expect)

    def head(self) -> int:
        """Returns the last record's seq, hidden or not."""
        return self._log.head()

    def newest(self, before: int | None = None) -> Iterator[Record]:
        """Yields visible records backwards; see `Log.newest`."""
        return self._visible(self._log.newest(before))

    def since(self, seq: int = 0) -> Iterator[Record]:
        """Yields visible records after `seq`; see `Log.since`."""
        return self._visible(self._log.since(seq))

    def rewrite(
        self, change: Change, note: Mapping[str, Any], watch: Watch | None = None
    ) -> int:
        """Rewrites all records, hidden or not; `watch` is told the visible ones."""
        visible_watch = self._sight.watching(watch) if watch else None
        return self._log.rewrite(change, note, visible_watch)

    def wait(self, seq: int, timeout: float) -> bool:
        """Waits for a record after `seq`; see `Log.wait`."""
        return self._log.wait(seq, timeout)

    def _visible(self, records: Iterator[Record]) -> Iterator[Record]:
        for record in records:
            visible = self._sight.of(record)
            if visible is not None:
                yield visible
