"""Versions of a turn: answers that took each other's place, and which one is shown.

A turn that `replaces` another is a version of the same turn, and the newest one is
shown. Whoever wants another one says so by a record of its own: a `conversation`
record that repeats the title, so that every reader of titles understands it, and has

    "version": {"shown": ID, "hidden": ID}

What was said last holds: a version that is asked for later is shown again. Each
version stands where it was asked: with an older one, a conversation reads as it did
before it was asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from ragcli.sessions.history import turns

if TYPE_CHECKING:
    from ragcli.sessions.records.record_types import Record, Turn

CHOICE = "version"
"""Key of a `conversation` record that says which version is shown."""


@dataclass(slots=True)
class Versions:
    """The versions of one turn, where there are several."""

    turns: list[str]
    """Their ids, oldest first."""
    shown: str
    """The one that is shown."""
    since: int = 0
    """Seq of the record that has it shown."""
    seqs: list[int] = field(default_factory=list)
    """Seq of each; 0 for the first one where nobody has looked for it."""

    def add(self, name: str, seq: int) -> None:
        """Takes a new version in, which is shown from then on."""
        self.turns.append(name)
        self.seqs.append(seq)
        self.shown, self.since = name, seq

    def choose(self, name: str, seq: int) -> None:
        """Has a version shown from a record on; one that is not there changes nothing.

        It may have been erased since it was chosen.
        """
        if name in self.turns:
            self.shown, self.since = name, seq

    def shown_at(self, seq: int | None) -> str:
        """Returns the version for whoever has read the log up to `seq`; None for all.

        Another process may have added one in the meantime: who has not read that one
        is shown the newest of those before it.
        """
        if seq is None or self.since <= seq:
            return self.shown
        from bisect import bisect_right

        return self.turns[max(0, bisect_right(self.seqs, seq) - 1)]


class Versioned(Protocol):
    """A conversation, as far as it is known which versions its turns have."""

    @property
    def versions(self) -> Sequence[Versions]:
        """The versions of each turn that has several."""


def choice(conversation: str, title: str, shown: str, hidden: str) -> dict[str, Any]:
    """Returns the body of the record that has a version shown.

    Args:
        conversation: Whose turn it is.
        title: The title that the conversation has.
        shown: The turn that is shown from then on.
        hidden: The one that was shown.
    """
    chosen = {"shown": shown, "hidden": hidden}
    return {"conversation": conversation, "title": title, CHOICE: chosen}


def chosen(record: Record) -> str:
    """Returns the turn that a record has shown, "" for a record that is no choice."""
    choice = record.body.get(CHOICE) if record.kind == "conversation" else None
    return str(choice.get("shown", "")) if isinstance(choice, Mapping) else ""


def touched(record: Record) -> set[str]:
    """Returns the turns that a record hides, or brings back into sight."""
    if record.kind == "turn":
        return {str(record.body.get("replaces", ""))} - {""}
    choice = record.body.get(CHOICE) if chosen(record) else None
    if not isinstance(choice, Mapping):
        return set()
    return {str(name) for name in choice.values()}


def without(record: Record, gone: Container[str]) -> Record:
    """Returns a record that has nothing shown or hidden that is gone."""
    shown = chosen(record)
    if shown in gone:
        return bare(record, CHOICE)
    if shown and any(name in gone for name in touched(record)):
        return replace(record, body={**record.body, CHOICE: {"shown": shown}})
    return record


def bare(record: Record, name: str) -> Record:
    """Returns a record without one field of its body."""
    if name not in record.body:
        return record
    body = {key: value for key, value in record.body.items() if key != name}
    return replace(record, body=body)


def by_turn(outline: Versioned | None) -> dict[str, Versions]:
    """Returns the versions of a conversation's turns, by the id of each version."""
    several = outline.versions if outline else ()
    return {name: versions for versions in several for name in versions.turns}


def hidden(outlines: Iterable[Versioned]) -> set[str]:
    """Returns the versions that are not shown."""
    all_versions = (versions for outline in outlines for versions in outline.versions)
    return {name for each in all_versions for name in each.turns if name != each.shown}


def line(turn: Turn) -> str:
    """Returns which of several versions a turn is, "" for the only one."""
    count = len(turn.versions)
    return f"version {turn.version} of {count}" if count > 1 else ""


def with_versions(turn: Turn, versions: Versions | None) -> Turn:
    """Returns a turn that knows its versions."""
    return replace(turn, versions=tuple(versions.turns)) if versions else turn


class ShownTurns:
    """The turns of a log that is read backwards: of each, the version that is shown.

    What is shown is in the list of conversations. It is asked for only once a record
    tells that there are versions: the newest version of a turn, or the choice of one,
    is met before all others.

    Args:
        outlines: Returns the list of conversations, up to date.
        from_head: Whether reading begins at the last record.
    """

    def __init__(
        self, outlines: Callable[[], Mapping[str, Versioned]], *,
        from_head: bool = True,
    ) -> None:  # fmt: skip
        self._outlines = outlines
        self._from_head = from_head
        self._latest: int | None = None
        self._known: dict[str, dict[str, Versions]] = {}

    def of(self, record: Record) -> Turn | None:
        """Returns the turn that the next record is, None where none is to be seen."""
        if self._from_head and self._latest is None:
            self._latest = record.seq
        owner = str(record.body.get("conversation", ""))
        asks = not self._from_head or touched(record)
        if asks and owner not in self._known:
            self._known[owner] = by_turn(self._outlines().get(owner))
        if record.kind != "turn":
            return None
        versions = self._known.get(owner, {}).get(record.id)
        if versions and versions.shown_at(self._latest) != record.id:
            return None
        return with_versions(turns.from_record(record), versions)
