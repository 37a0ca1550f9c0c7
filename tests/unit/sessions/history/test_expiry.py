from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.errors import ProfileNotFound
from ragcli.sessions.history.history import History
from ragcli.sessions.protocols import Session
from tests.stores import PASSPHRASE, LocalStores, a_turn, append, questions

DAY = 86400.0


class Clock:
    """Sets when records say that they were written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def days_ago(self, days: float) -> None:
        moment = datetime.now(UTC) - timedelta(days=days)
        stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._patch.setattr("ragcli.sessions.local.log.now", lambda: stamp)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def age(place: Path, days: float) -> None:
    """Makes all files of a profile look untouched for so long."""
    moment = time.time() - days * DAY
    for path in place.rglob("*"):
        os.utime(path, (moment, moment))


def asked(history: History) -> list[str]:
    return [turn.question for turn in history.since(0)]


def test_without_a_limit_nothing_expires(history: History, clock: Clock) -> None:
    clock.days_ago(10_000)
    history.commit(a_turn("c", "old"), title="Old")

    assert not history.prune(dry_run=False).any
    assert asked(history) == ["old"]


def test_a_turn_expires_by_its_age(session: Session, clock: Clock) -> None:
    history = History(session, Settings(ttl_absolute="10d"))
    clock.days_ago(20)
    history.commit(a_turn("one", "old"), title="One")
    history.commit(a_turn("two", "old too"), title="Two")
    clock.days_ago(1)
    history.commit(a_turn("one", "new"))

    would = history.prune(dry_run=True)
    assert asked(history) == ["old", "old too", "new"]
    done = history.prune(dry_run=False)

    assert (done.turns, done.conversations, done.whole) == (2, 1, False)
    assert done == would
    assert asked(history) == ["new"]
    assert [c.title for c in history.conversations()] == ["One"]
    assert not history.prune(dry_run=False).any


def test_an_expired_question_is_no_title_any_more(
    session: Session, clock: Clock
) -> None:
    history = History(session, Settings(ttl_absolute="10d"))
    clock.days_ago(20)
    history.commit(a_turn("one", "the old canary"), title="the old canary")
    clock.days_ago(1)
    history.commit(a_turn("one", "new"))

    history.prune(dry_run=False)

    assert [c.title for c in history.conversations()] == ["new"]


def test_a_conversation_expires_when_nobody_goes_on_with_it(
    session: Session, clock: Clock
) -> None:
    history = History(session, Settings(ttl="10d"))
    clock.days_ago(30)
    history.commit(a_turn("idle", "a"), title="Idle")
    history.commit(a_turn("used", "b"), title="Used")
    history.rename("idle", "Idle still")
    history.add_summary("idle", "text", covers=2, model="m")
    clock.days_ago(2)
    history.commit(a_turn("used", "c"))

    done = history.prune(dry_run=False)

    assert (done.turns, done.conversations) == (1, 1)
    assert asked(history) == ["b", "c"]
    kinds = [record.kind for record in session.log.since()]
    assert kinds == ["conversation", "turn", "turn", "redaction"]


def test_a_fork_does_not_make_a_turn_younger(session: Session, clock: Clock) -> None:
    history = History(session, Settings(ttl_absolute="10d"))
    clock.days_ago(20)
    history.commit(a_turn("one", "old"), title="One")
    clock.days_ago(0)
    history.fork("one")

    history.prune(dry_run=False)

    assert asked(history) == []


def test_a_summary_goes_with_what_it_speaks_of(session: Session, clock: Clock) -> None:
    history = History(session, Settings(ttl_absolute="10d"))
    clock.days_ago(20)
    history.commit(a_turn("c", "old"), title="C")
    clock.days_ago(0)
    history.add_summary("c", "they asked old things", covers=2, model="m")
    history.commit(a_turn("c", "new"))

    history.prune(dry_run=False)

    assert history.context("c", 5).summary == ""
    assert asked(history) == ["new"]


def test_what_expired_is_on_no_disk_block_of_the_profile(
    stores: LocalStores, clock: Clock
) -> None:
    session = stores().create("work", {"ttl_absolute": "10d"})
    history = History(session, Settings())
    place = stores.root / "profiles" / "work"
    clock.days_ago(20)
    history.commit(a_turn("c", "canary"), title="canary")
    with (place / "history.jsonl").open("ab") as file:
        file.write(b"torn canary")
    history.commit(a_turn("c", "canary"))
    history.put_draft("canary")
    history.conversations()
    session.close()
    age(place, 20)
    clock.days_ago(0)

    reopened = stores().open("work")

    assert questions(reopened.log) == []
    reopened.close()
    files = [p for p in place.rglob("*") if p.is_file()]
    assert not [p for p in files if b"canary" in p.read_bytes()]


def test_recent_side_copies_stay(stores: LocalStores, clock: Clock) -> None:
    session = stores().create("work", {"ttl_absolute": "10d"})
    history = History(session, Settings())
    clock.days_ago(20)
    history.commit(a_turn("c", "old"), title="Old")
    clock.days_ago(0)
    history.put_draft("being typed")
    session.close()

    reopened = stores().open("work")

    assert History(reopened, Settings()).draft() == "being typed"
    reopened.close()


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_an_unused_profile_expires_whole(
    stores: LocalStores, passphrase: str | None
) -> None:
    stores.passphrase = passphrase
    stores().create("work", {"ttl": "10d"}, passphrase=passphrase).close()
    stores().create("other", {}).close()
    place = stores.root / "profiles" / "work"
    age(place, 9)
    stores().open("work").close()  # used, so it starts anew
    age(place, 11)

    stores.passphrase = None  # nobody has to open what is to be removed
    told = stores().prune(dry_run=True)
    assert [(e.profile, e.whole) for e in told] == [("work", True)]
    assert place.exists()
    with pytest.raises(ProfileNotFound, match="expired"):
        stores().open("work", passive=True)
    assert place.exists()
    with pytest.raises(ProfileNotFound, match="expired"):
        stores().open("work")

    assert not place.exists()
    assert stores().names() == ["other"]


def test_opening_counts_as_use(stores: LocalStores) -> None:
    stores().create("work", {"ttl": "10d"}).close()
    place = stores.root / "profiles" / "work"
    age(place, 9)
    before = [(p, p.stat().st_mtime_ns) for p in sorted(place.rglob("*"))]

    stores().open("work", passive=True).close()
    assert [(p, p.stat().st_mtime_ns) for p in sorted(place.rglob("*"))] == before

    stores().open("work").close()
    assert max(p.stat().st_mtime for p in place.iterdir()) > time.time() - 60


def test_pruning_goes_through_all_profiles(stores: LocalStores, clock: Clock) -> None:
    for name, limits in {"a": {"ttl_absolute": "10d"}, "b": {"ttl": "10d"}}.items():
        session = stores().create(name, limits)
        clock.days_ago(20)
        History(session, Settings()).commit(a_turn("c", "old"), title="Old")
        session.close()
    session = stores().create("c", {})
    append(session.log, "stays")
    session.close()
    age(stores.root / "profiles" / "b", 20)

    done = stores().prune(dry_run=False)

    assert [(e.profile, e.turns, e.whole) for e in done] == [
        ("a", 1, False),
        ("b", 0, True),
    ]
    assert stores().names() == ["a", "c"]
    assert stores().prune(dry_run=False) == []


def test_the_settings_of_the_process_are_the_default(
    stores: LocalStores, clock: Clock
) -> None:
    for name, own in {"a": {}, "b": {"ttl_absolute": "never"}}.items():
        session = stores().create(name, own)
        clock.days_ago(20)
        append(session.log, "old")
        session.close()

    done = stores(Settings(ttl_absolute="10d")).prune(dry_run=False)

    assert [expired.profile for expired in done] == ["a"]
