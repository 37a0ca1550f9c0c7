"""Histories of many years: what is held of them, and what is read again."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.sessions.history.lifetime import expiry, retention
from ragcli.sessions.history.lifetime.timekeeping import Ledger
from ragcli.sessions.history.turns import to_draft
from ragcli.sessions.history.writer import History
from ragcli.sessions.local.history import rewriting
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import Log, NewProfile, Session
from ragcli.sessions.records import line_file
from ragcli.sessions.records.identifiers import new_id
from ragcli.sessions.records.record_lines import PlainLines
from ragcli.sessions.records.record_types import Record
from tests.stores import LocalStores, a_turn

EACH = 10
"""Turns of a conversation."""
HELD = 700
"""Bytes that may be held of a turn: its id, its time and its title, not its texts."""


def records(conversations: int) -> Iterator[Record]:
    """Yields conversations whose turns carry two kilobytes each; the first are old."""
    seq = 0
    for number in range(conversations):
        name = new_id()
        bodies = [("conversation", name, {"title": f"question {number}.0"})]
        for turn in range(EACH):
            asked = f"question {number}.{turn} about {'red' if turn else 'blue'}"
            made = to_draft(a_turn(name, asked, answer="said " * 400))
            bodies.append((made.kind, made.id, dict(made.body)))
        year = 2025 if 2 * number < conversations else 2026
        for kind, identifier, body in bodies:
            seq += 1
            yield Record(
                seq, identifier, seq - 1, f"{year}-02-03T04:05:06.789Z", kind, body
            )


def filled(root: Path, conversations: int) -> Session:
    def fill(new: NewProfile) -> None:
        new.put_records(PlainLines(), records(conversations))

    profile = ProfileFile.fresh({}, encrypted=False)
    return LocalStores(root)().build("years", profile, fill, lambda _: None)


def listed(session: Session) -> None:
    assert History(session, Settings()).conversations()


def turn_deleted(session: Session) -> None:
    history = History(session, Settings())
    history.delete_turn(history.transcript(history.latest(), limit=1)[0].id)


def redacted(session: Session) -> None:
    assert History(session, Settings()).redact("blue")


def compacted(session: Session) -> None:
    History(session, Settings()).compact()


def expired(session: Session) -> None:
    limit = retention.Limits("", "2025-06-01T00:00:00.000Z", 60.0)
    assert expiry.expire_turns(session, limit).turns


@pytest.mark.slow
@pytest.mark.parametrize(
    "act",
    [listed, turn_deleted, redacted, compacted, expired],
    ids=lambda f: f.__name__,
)
def test_what_is_held_of_a_turn_is_no_text(
    act: Callable[[Session], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_file, "LARGEST_BLOCK", 1 << 14)
    monkeypatch.setattr(rewriting, "BUFFER", 1 << 14)
    most = []
    for conversations in (20, 120):
        session = filled(tmp_path / str(conversations), conversations)
        tracemalloc.start()
        act(session)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        session.close()

    assert most[1] - most[0] < 100 * EACH * HELD


def read_from(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Returns from where the log is read forwards, as that happens."""
    told: list[int] = []
    since = type(session.log).since

    def telling(log: Log, seq: int = 0) -> Iterator[Record]:
        told.append(seq)
        return since(log, seq)

    monkeypatch.setattr(type(session.log), "since", telling)
    return told


@pytest.mark.parametrize(
    "act", [turn_deleted, redacted, compacted, expired], ids=lambda f: f.__name__
)
def test_a_rewrite_leaves_a_list_that_is_not_counted_again(
    act: Callable[[Session], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = filled(tmp_path, 12)
    other = LocalStores(tmp_path)().open("years")
    open_chat = History(other, Settings())
    open_chat.conversations()
    act(session)
    told = read_from(session, monkeypatch)

    here = History(session, Settings()).conversations()
    there = open_chat.conversations()
    head = session.log.head()
    session.put_blob("conversations", None)
    counted = History(session, Settings()).conversations()

    assert here == there == counted
    assert head in told
    assert told.count(0) == 1  # for `counted`, whose list was taken away
    other.close()
    session.close()


def test_what_is_set_aside_is_out_of_the_list_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = filled(tmp_path, 12)
    settings = Settings(ttl_absolute="30d")
    limit = retention.Limits("", "2025-06-01T00:00:00.000Z", 60.0)
    History(session, settings).conversations()
    ledger = Ledger(1_900_000_000.0, "boot", 5.0)

    assert [one.turns for one in expiry.tend(session, limit, ledger)] == [60]
    told = read_from(session, monkeypatch)
    hidden = History(session, settings).conversations()
    assert len(hidden) == 6
    assert 0 not in told
    assert expiry.tend(session, limit, ledger) == []
    assert 0 not in told

    assert expiry.restore(session).turns == 60
    told.clear()
    assert len(History(session, settings).conversations()) == 12
    assert 0 not in told
    session.close()
