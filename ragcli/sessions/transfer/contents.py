"""What is in a profile, as it travels: settings, key slots, records, generations.

`reading` takes it from a profile of any store, `write` puts it into a new one of any
store. Nothing is embedded again; what is sealed stays sealed under the same key.
Caches, drafts, quarantine and the audit log stay behind: a copy is another profile,
with an id and a log of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from ragcli.errors import AuditDamaged, Conflict, SnapshotDamaged, SnapshotNotFound
from ragcli.frozen import frozen
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import NewProfile, Session, SessionStore
from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.transfer.generations import copy_generation
from ragcli.storage.contracts import Sealer
from ragcli.storage.files import Directory
from ragcli.text import safe_line

PLACE_SETTINGS = frozenset({"store", "user", "durability", "allow_network_fs"})
"""Settings of the machine that a profile comes from; they are never copied."""

_ATTEMPTS = 20
"""Times that a generation may be collected before it is opened."""

_NAMED = 80
"""Characters of a setting's name that are shown."""


@frozen
class Contents:
    """What is in a profile, while it is read."""

    slots: Mapping[str, bytes]
    """The key slots of an encrypted one, by their names."""
    codec: LineCodec
    """How its records are written, here and there."""
    sealer: Sealer | None
    """What its files are sealed with, here and there."""
    records: Iterable[Record]
    """Oldest first, with the numbers they have."""
    generations: Sequence[Directory]
    """Of its index, oldest first, verified; the last one is live."""


@contextmanager
def reading(
    session: Session, *, history: bool = True, index: bool = True, older: bool = False
) -> Iterator[Contents]:
    """Yields what is in an open profile; its generations stay meanwhile.

    Args:
        session: The profile.
        history: Whether its records are read.
        index: Whether its live generation is read.
        older: Whether the kept generations before that are read as well; those that
            are gone or damaged stay behind.

    Raises:
        HistoryDamaged, SnapshotDamaged: Repair the profile first.
    """
    with ExitStack() as stack:
        live, current = _live(session, stack) if index else ("", None)
        generations = []
        for name in session.snapshots.generations() if older and live else ():
            if name != live:
                with suppress(SnapshotNotFound, SnapshotDamaged):
                    generations.append(_opened(session, name, stack))
        if current:
            generations.append(current)
        yield Contents(
            session.slots(),
            session.codec,
            session.sealer,
            session.log.since() if history else (),
            generations,
        )


def _live(session: Session, stack: ExitStack) -> tuple[str, Directory | None]:
    """Returns the live generation, opened, whoever publishes and collects meanwhile."""
    for _ in range(_ATTEMPTS):
        name = session.snapshots.current()
        if not name:
            return "", None
        try:
            return name, _opened(session, name, stack)
        except (SnapshotNotFound, SnapshotDamaged, FileNotFoundError):
            if session.snapshots.current() == name:
                raise
    raise Conflict("the index changes faster than it can be read", "try again")


def _opened(session: Session, generation: str, stack: ExitStack) -> Directory:
    path = session.snapshots.directory(generation)
    stack.callback(os.close, session.snapshots.share(generation))
    return stack.enter_context(Directory.open(path))


def write(contents: Contents, new: NewProfile, **facts: Any) -> None:
    """Puts contents into a profile that is being made.

    Args:
        contents: What to put.
        new: Where to.
        facts: What manifests shall say besides.
    """
    for name, data in contents.slots.items():
        new.put_slot(name, data)
    if contents.generations:
        target, live = new.snapshots(contents.sealer), ""
        for directory in contents.generations:
            live = copy_generation(directory, target, parent=live, **facts)
        target.directory(live)
    new.put_records(contents.codec, contents.records)


def copy_profile(session: Session, store: SessionStore, name: str) -> Session:
    """Makes a profile in another store of an open one; returns it, opened.

    Args:
        session: The profile.
        store: Where to.
        name: What to call it there.

    Raises:
        HistoryDamaged, SnapshotDamaged: Repair the profile first.
        UsageError: The name is taken.
    """
    settings = session.written()
    kept = {k: v for k, v in settings.items() if k not in PLACE_SETTINGS}
    profile = ProfileFile.fresh(kept, encrypted=session.encrypted)
    with reading(session) as contents:
        copy = store.build(
            name,
            profile,
            lambda new: write(contents, new, change="import"),
            lambda _: store.passphrase(session.name),
        )
    session.audit.record("profile.export", history=1, index=1)
    received(copy, session.id, anchor_of(session), sorted({*settings} - {*kept}))
    return copy


def received(
    session: Session, origin: str, anchor: str, left_out: Iterable[str]
) -> None:
    """Records where a profile came from, and says what was not taken over."""
    session.audit.record("profile.import", origin=origin, anchor=anchor)
    names = ", ".join(safe_line(key, _NAMED) for key in left_out)
    if names:
        session.notices.append(f"settings that were not taken over: {names}")


def anchor_of(session: Session) -> str:
    """Returns where a profile's audit log stands, "" when it cannot tell."""
    with suppress(AuditDamaged):
        return session.audit.anchor()
    return ""
