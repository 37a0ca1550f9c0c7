"""What every store of sessions does, asked through its declared interface alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.errors import (
    ConfigError,
    Conflict,
    Locked,
    PassphraseNeeded,
    ProfileNotFound,
    UsageError,
    WrongPassphrase,
)
from ragcli.sessions.bundles.bundle import export_bundle, import_bundle
from ragcli.sessions.history.writer import History
from ragcli.sessions.protocols import Session, SessionStore
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.stores import STORES
from ragcli.sessions.transfer.contents import copy_profile
from tests.patience import PATIENCE
from tests.sealed import FILES, indexed, publish
from tests.stores import KINDS, Clock, StoreFactory, a_turn, append, draft, questions

NEW = "another passphrase"


def without(question: str) -> Callable[[Record], Record | None]:
    """Returns the change that takes one question out of a log."""
    return lambda r: None if r.body.get("question") == question else r


def fill(session: Session) -> None:
    """Puts a conversation with a redaction, a draft and an index into a profile."""
    history = History(session, Settings())
    history.commit(a_turn("c", "first"), title="t")
    history.commit(a_turn("c", "second"))
    old = history.commit(a_turn("c", "third", answer="chosen"))
    history.commit(a_turn("c", "third", answer="newer", replaces=old.id))
    history.redact("second")
    history.show_version(old.id)
    history.put_draft("half a thought")
    history.put_pastes("pasted\n")
    publish(session, FILES)


def check(session: Session) -> None:
    """Checks that a profile holds what `fill` put into it."""
    history = History(session, Settings())
    found = history.since(0)
    assert found[0].question == "first"
    assert "second" not in found[1].question
    assert [turn.answer for turn in found[2:]] == ["chosen", "newer"]
    shown = history.transcript("c")
    assert (shown[2].answer, len(shown)) == ("chosen", 3)
    assert indexed(session) == FILES
    entries = list(session.audit.entries())
    assert entries
    assert session.audit.verify() == len(entries)


def test_every_registered_store_is_in_this_suite() -> None:
    assert {STORES[scheme] for scheme in KINDS.values()} == set(STORES.values())


def test_profiles_come_and_go(store: SessionStore, stores: StoreFactory) -> None:
    made = store.create("work", {"retrieval.k": "9"}, passphrase=stores.passphrase)
    store.create("notes", {}).close()

    assert stores().names() == ["notes", "work"]
    opened = stores().open("work")
    assert (opened.id, opened.created) == (made.id, made.created)
    assert len(opened.id) >= 22
    assert opened.settings() == {"retrieval.k": 9}
    assert opened.encrypted is (stores.passphrase is not None)
    opened.close()
    made.close()
    for taken in (
        lambda: store.create("work", {}),
        lambda: store.rename("notes", "work"),
    ):
        with pytest.raises(UsageError, match="already"):
            taken()
    store.delete("work")
    assert store.names() == ["notes"]
    for gone in (lambda: store.open("work"), lambda: store.delete("work")):
        with pytest.raises(ProfileNotFound, match="no profile 'work'"):
            gone()


def test_the_nearest_name_is_in_the_hint(store: SessionStore) -> None:
    store.create("notes", {}).close()

    with pytest.raises(ProfileNotFound) as caught:
        store.open("noets")
    assert "'notes'" in caught.value.hint


def test_a_setting_that_cannot_be_makes_no_profile(store: SessionStore) -> None:
    with pytest.raises(ConfigError):
        store.create("work", {"retrieval.k": "many"})
    assert store.names() == []


def test_settings_change_for_everybody(session: Session, stores: StoreFactory) -> None:
    other = stores().open("work")
    session.change_settings({"retrieval.k": 9, "model": "builtin"})
    other.change_settings({"model": None, "ttl": "1h"})
    with pytest.raises(ConfigError):
        other.change_settings({"ttl": "2h", "retrieval.k": "many"})
    other.close()

    again = stores().open("work")
    assert again.settings() == {"retrieval.k": 9, "ttl": "1h"}
    again.close()


def test_a_renamed_profile_stays_itself(session: Session, store: SessionStore) -> None:
    fill(session)
    store.rename("work", "life")

    renamed = store.open("life")
    assert renamed.id == session.id
    check(renamed)
    assert History(renamed, Settings()).draft() == "half a thought"
    renamed.close()
    assert store.names() == ["life"]


def test_a_clone_is_another_profile(session: Session, store: SessionStore) -> None:
    publish(session, dict.fromkeys(FILES, b"older"))
    fill(session)
    clone = store.clone("work", "copy", history=True)
    bare = store.clone("work", "bare", history=False)

    check(clone)
    assert clone.id != session.id
    assert clone.encrypted == session.encrypted
    assert len(clone.snapshots.generations()) == 2
    assert list(bare.log.since()) == []
    assert indexed(bare) == FILES
    append(clone.log, "only here")
    assert "only here" not in [r.body.get("question") for r in session.log.since()]
    for made in (clone, bare):
        made.close()
    assert store.verify("copy") == []


def test_what_is_locked_is_left_alone(stores: StoreFactory) -> None:
    store = stores(Settings(lock_wait="0"))
    store.create("work", {}, passphrase=stores.passphrase).close()
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with stores().lock("work", 1):
            held.set()
            go_on.wait(PATIENCE)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(PATIENCE)
    try:
        for use in (
            lambda: store.rename("work", "new"),
            lambda: store.delete("work"),
            lambda: store.clone("work", "new", history=True),
        ):
            with pytest.raises(Locked):
                use()
    finally:
        go_on.set()
        holder.join()
    assert store.names() == ["work"]


def test_encrypting_and_decrypting_keep_everything(
    session: Session, store: SessionStore, stores: StoreFactory
) -> None:
    fill(session)
    number = session.audit.verify()
    session.close()
    if session.encrypted:
        store.decrypt("work")
        with pytest.raises(UsageError, match="not encrypted"):
            store.decrypt("work")
        opened = store.open("work")
        assert not opened.encrypted
    else:
        store.encrypt("work", NEW)
        for secret, error in ((None, PassphraseNeeded), ("wrong", WrongPassphrase)):
            stores.passphrase = secret
            with pytest.raises(error):
                stores().open("work")
        stores.passphrase = NEW
        opened = stores().open("work")
        assert opened.encrypted

    check(opened)
    assert opened.id == session.id
    assert History(opened, Settings()).draft() == "half a thought"
    assert History(opened, Settings()).pastes() == "pasted\n"
    assert opened.audit.verify() == number + 1
    assert append(opened.log, "later") == [8]
    opened.close()
    assert stores().verify("work") == []


def test_who_had_it_open_cannot_write_into_another_one(
    session: Session, store: SessionStore, stores: StoreFactory
) -> None:
    store.delete("work")
    fresh = store.create("work", {}, passphrase=stores.passphrase)

    with pytest.raises(ProfileNotFound):
        append(session.log, "for the old one")
    assert questions(fresh.log) == []
    fresh.close()


def test_an_encrypted_profile_has_ways_in(
    session: Session, store: SessionStore, stores: StoreFactory
) -> None:
    if not session.encrypted:
        with pytest.raises(UsageError, match="not encrypted"), store.key_ring("work"):
            pass
        return
    append(session.log, "a")
    with store.key_ring("work") as ring:
        code = ring.add_recovery(ring.unlock(stores.passphrase)[0])
        ring.change_passphrase(stores.passphrase or "", NEW)
    for secret in (NEW, code):
        stores.passphrase = secret
        opened = stores().open("work")
        assert questions(opened.log) == ["a"]
        opened.close()


def test_a_batch_is_stored_whole_and_in_order(session: Session) -> None:
    assert append(session.log, "a", "b", "c") == [1, 2, 3]
    assert append(session.log, "d") == [4]
    assert questions(session.log) == ["a", "b", "c", "d"]
    assert [r.seq for r in session.log.newest(3)] == [2, 1]
    assert [r.seq for r in session.log.since(2)] == [3, 4]
    assert session.log.head() == 4


def test_an_id_is_stored_once(session: Session, stores: StoreFactory) -> None:
    one = draft("one")
    first = session.log.append([one])
    opened = stores().open("work")
    again = opened.log.append([draft("two"), one, draft("three")], expect=1)

    assert again[1] == first[0]
    assert [r.seq for r in again] == [2, 1, 3]
    assert opened.log.append([one], expect=99) == first
    with pytest.raises(Conflict, match="at 3, not at 0"):
        opened.log.append([draft("b")], expect=0)
    opened.close()


def test_the_version_that_one_chooses_all_see(
    session: Session, stores: StoreFactory
) -> None:
    opened = [session, stores().open("work")]
    mine, other = (History(each, Settings()) for each in opened)
    old = mine.commit(a_turn("c", "q", answer="old"), title="t")
    new = other.commit(a_turn("c", "q", answer="new", replaces=old.id))

    for chosen in (old, new, old):
        head = other.head()
        assert mine.show_version(chosen.id) == chosen
        assert other.wait(head, 5)
        assert other.transcript("c") == [chosen]
        assert other.context("c", 5).turns == (chosen,)
        assert other.transcript("c")[0].versions == (old.id, new.id)
    other.rename("c", "named")
    mine.show_version(new.id)
    assert other.conversation("c").title == "named"
    mine.delete_turn(new.id)
    assert other.transcript("c") == other.since(0) == []
    opened[1].close()


def test_a_rewrite_leaves_one_redaction_of_a_kind(session: Session) -> None:
    append(session.log, *"abcdefg")
    for gone in "abe":
        assert session.log.rewrite(without(gone), {"reason": "x"}) == 1
    assert session.log.rewrite(without("nobody"), {"reason": "x"}) == 0

    assert questions(session.log) == ["c", "d", "f", "g"]
    (told,) = [r for r in session.log.since() if r.kind == "redaction"]
    assert told.body["reason"] == "x"
    assert told.body["dropped"][0] == [1, 2]
    assert [5, 5] in told.body["dropped"]
    assert append(session.log, "next") == [told.seq + 1]


def test_readers_wait_for_what_comes(session: Session, stores: StoreFactory) -> None:
    append(session.log, "a")
    opened = stores().open("work")
    told: list[bool] = []
    waiter = threading.Thread(target=lambda: told.append(opened.log.wait(1, 30)))
    waiter.start()
    time.sleep(0.2)
    append(session.log, "b")
    waiter.join(PATIENCE)

    assert told == [True]
    assert not opened.log.wait(2, 0.05)
    opened.close()


def test_small_values_are_kept_and_purged(session: Session) -> None:
    session.put_blob("draft", b"a secret thought")
    session.put_blob("list", b"nothing of it")

    assert session.blob("draft") == b"a secret thought"
    assert {copy.name for copy in session.copies()} >= {"draft", "list"}
    assert session.purge(lambda _, data: b"secret" in data) == 1
    assert session.blob("draft") is None
    assert session.blob("list") == b"nothing of it"
    session.put_blob("list", None)
    assert session.blob("list") is None


def test_the_audit_log_is_one_chain(session: Session, stores: StoreFactory) -> None:
    other = stores().open("work")
    before = session.audit.verify()
    for number in range(3):
        session.audit.record("test.one", number=number)
        other.audit.record("test.other", number=number)
    anchor = session.audit.anchor()

    assert session.audit.verify(anchor) == before + 6
    assert [e["seq"] for e in session.audit.entries()] == list(range(1, before + 7))
    other.close()


def test_an_index_has_generations(session: Session, stores: StoreFactory) -> None:
    first = publish(session, FILES)
    publish(session, dict.fromkeys(FILES, b"other"))
    back = session.snapshots.select(first)

    opened = stores().open("work")
    assert opened.snapshots.current() == back
    assert indexed(opened) == FILES
    assert len(opened.snapshots.generations()) == 3
    events = [entry["event"] for entry in opened.audit.entries()]
    assert events[-3:] == ["docs.change", "docs.change", "docs.rollback"]
    opened.snapshots.prune()
    assert opened.snapshots.generations() == [back]
    opened.close()


def test_what_is_due_is_set_aside_and_comes_back(
    session: Session, stores: StoreFactory, clock: Clock
) -> None:
    history = History(session, Settings())
    clock.days_ago(2)
    history.commit(a_turn("c", "old"), title="old")
    session.change_settings({"ttl_absolute": "1d"})
    clock.days_ago(0)
    history.commit(a_turn("c", "new"))

    found = stores().prune(dry_run=True)
    assert [(e.profile, e.turns) for e in found] == [("work", 1)]
    opened = stores().open("work")
    assert any("ragcli profile restore work" in told for told in opened.notices)
    seen = History(opened, Settings(ttl_absolute="1d")).since(0)
    assert [turn.question for turn in seen] == ["new"]
    opened.close()
    assert stores().restore("work").turns == 1


def test_a_bundle_goes_out_and_comes_back(
    session: Session, store: SessionStore, tmp_path: Path
) -> None:
    fill(session)
    export_bundle(session, tmp_path / "work.ragcli")
    made = import_bundle(store, tmp_path / "work.ragcli", name="back")

    check(made)
    assert made.id != session.id
    assert made.encrypted == session.encrypted
    assert History(made, Settings()).draft() == ""
    made.close()
    assert store.verify("back") == []


def test_a_copy_goes_to_another_store(
    session: Session,
    stores: StoreFactory,
    store_factory: Callable[[], StoreFactory],
) -> None:
    fill(session)
    elsewhere = store_factory()
    made = copy_profile(session, elsewhere(), "there")

    check(made)
    (entry, *_) = made.audit.entries()
    assert (entry["event"], entry["facts"]["origin"]) == ("profile.import", session.id)
    made.close()
    assert elsewhere().names() == ["there"]
    assert stores().names() == ["work"]


def test_a_build_that_fails_leaves_nothing(store: SessionStore) -> None:
    from ragcli.sessions.profile_file import ProfileFile

    def fill(_: object) -> None:
        raise UsageError("no", "")

    profile = ProfileFile.fresh({}, encrypted=False)
    with pytest.raises(UsageError, match="no"):
        store.build("work", profile, fill, lambda _: None)
    assert store.names() == []
    store.create("work", {}).close()
