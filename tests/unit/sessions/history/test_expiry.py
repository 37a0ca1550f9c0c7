"""What has a limit of age is hidden when it is due, and erased after its grace."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.errors import ProfileExpired
from ragcli.sessions.history.writer import History
from ragcli.sessions.protocols import Session
from tests.stores import PASSPHRASE, Clock, LocalStores, a_turn, append, questions

DAY = 86400.0


class Passing:
    """Lets days pass on both clocks of this machine, or on one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0.0
        wall, running = time.time, time.clock_gettime
        monkeypatch.setattr(time, "time", lambda: wall() + self._ahead)
        monkeypatch.setattr(time, "time_ns", lambda: int(time.time() * 1e9))
        monkeypatch.setattr(
            time, "clock_gettime", lambda clock: running(clock) + self._ahead
        )

    def days(self, days: float) -> None:
        self._ahead += days * DAY


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Passing:
    return Passing(monkeypatch)


def visible(session: Session, limit: str = "10d") -> list[str]:
    """The questions that a reader of the history sees; closes the profile."""
    history = History(session, Settings(ttl_absolute=limit))
    return [turn.question for turn in history.since(0)]


def erased(stores: LocalStores) -> int:
    """How many turns are erased for good when the profile is opened next."""
    session = stores().open("work")
    count = sum("are erased" in notice for notice in session.notices)
    session.close()
    return count


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
    assert visible(reopened) == []
    reopened.close()
    stores().prune(dry_run=False)

    files = [p for p in place.rglob("*") if p.is_file()]
    assert not [p for p in files if b"canary" in p.read_bytes()]


def test_what_is_due_is_hidden_and_erased_after_its_grace(
    stores: LocalStores, clock: Clock, passing: Passing
) -> None:
    limits = {"ttl_absolute": "10d"}
    session = stores().create("work", limits)
    history = History(session, Settings(ttl_absolute="10d"))
    clock.days_ago(20)
    history.commit(a_turn("c", "old"), title="old")
    clock.days_ago(1)
    history.commit(a_turn("c", "new"))
    history.add_summary("c", "they asked old things", covers=2, model="m")
    history.conversations()
    session.close()

    reopened = stores().open("work")
    (told,) = reopened.notices
    assert told.startswith("1 turn of work expired and were set aside")
    assert visible(reopened) == ["new"]
    assert asked(History(reopened, Settings())) == ["old", "new"]
    seen = History(reopened, Settings(ttl_absolute="10d"))
    assert [c.title for c in seen.conversations()] == ["new"]
    assert seen.context("c", 5).summary == ""
    reopened.close()
    passing.days(6)
    assert erased(stores) == 0
    passing.days(2)
    assert erased(stores) == 1


def test_what_is_brought_back_counts_as_written_then(
    stores: LocalStores, clock: Clock, passing: Passing
) -> None:
    session = stores().create("work", {"ttl_absolute": "10d"})
    clock.days_ago(20)
    append(session.log, "old")
    session.close()
    stores().open("work").close()

    back = stores().restore("work")

    assert (back.turns, back.whole) == (1, False)
    passing.days(9)
    assert visible(stores().open("work")) == ["old"]
    passing.days(2)
    assert visible(stores().open("work")) == []


def test_without_a_limit_what_was_set_aside_is_there_again(
    stores: LocalStores, clock: Clock
) -> None:
    session = stores().create("work", {"ttl_absolute": "10d"})
    clock.days_ago(20)
    append(session.log, "old")
    session.close()
    stores().open("work").close()
    stores().open("work").change_settings({"ttl_absolute": None})

    stores().open("work").close()
    stores().open("work").change_settings({"ttl_absolute": "30d"})

    assert visible(stores().open("work"), "30d") == ["old"]


def test_who_only_reads_sets_nothing_aside(stores: LocalStores, clock: Clock) -> None:
    session = stores().create("work", {"ttl_absolute": "10d"})
    clock.days_ago(20)
    append(session.log, "old")
    session.close()

    for how in ({"passive": True}, {"expires": False}):
        assert visible(stores().open("work", **how)) == ["old"]


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
def test_an_unused_profile_is_set_aside_and_destroyed_later(
    stores: LocalStores, passing: Passing, passphrase: str | None
) -> None:
    stores.passphrase = passphrase
    stores().create("work", {"ttl": "10d"}, passphrase=passphrase).close()
    stores().create("other", {}).close()
    place = stores.root / "profiles" / "work"
    passing.days(9)
    stores().open("work").close()  # used, so it starts anew
    passing.days(11)

    stores.passphrase = None  # nobody has to open what is to be removed
    told = stores().prune(dry_run=True)
    assert [(e.profile, e.whole) for e in told] == [("work", True)]
    for how in ({"passive": True}, {"expires": False}):
        with pytest.raises(ProfileExpired, match="expired"):
            stores().open("work", **how)
        assert place.exists()
    with pytest.raises(ProfileExpired, match="expired") as caught:
        stores().open("work")

    assert "ragcli profile restore work" in caught.value.hint
    assert not place.exists()
    assert stores().names() == ["other"]
    assert stores().set_aside() == ["work"]
    passing.days(6)
    assert stores().open("other").notices == []
    passing.days(2)
    (told_once,) = stores().open("other").notices
    assert "is destroyed" in told_once
    assert stores().set_aside() == []
    assert len(list((stores.root / "profiles").glob("[.a-z]*"))) <= 2


def test_a_profile_comes_back_unless_its_name_is_taken(
    stores: LocalStores, passing: Passing
) -> None:
    session = stores().create("work", {"ttl": "10d"})
    append(session.log, "kept")
    session.close()
    passing.days(11)
    with pytest.raises(ProfileExpired):
        stores().open("work")

    stores().create("work", {}).close()
    stores().restore("work")
    assert questions(stores().open("work").log) == []
    stores().delete("work")
    assert stores().restore("work").whole
    passing.days(9)

    assert questions(stores().open("work").log) == ["kept"]


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
