"""Profiles on a disk: created, set, renamed, cloned and deleted under any name."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.errors import (
    ConfigError,
    Damaged,
    NewerFormat,
    NotPermitted,
    PassphraseNeeded,
    ProfileNotFound,
    UsageError,
    WrongPassphrase,
)
from ragcli.sessions.history.writer import History
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.protocols import Session
from tests.sealed import publish
from tests.stores import PASSPHRASE, LocalStores, a_turn, append, draft, questions


def published(session: Session, generation: str) -> dict[str, bytes]:
    """Returns the plain files of a generation."""
    place = session.snapshots.directory(generation)
    sealed = {n.name: n.read_bytes() for n in place.iterdir() if n.suffix != ".json"}
    sealer = session.sealer
    return {n: sealer.unseal(n, d) if sealer else d for n, d in sealed.items()}


def profiles(stores: LocalStores) -> Path:
    return stores.root / "profiles"


def test_a_new_home_has_no_profiles_and_makes_nothing(stores: LocalStores) -> None:
    assert stores().names() == []
    with pytest.raises(ProfileNotFound):
        stores().open("work")
    assert not stores.root.exists()


def test_a_profile_keeps_its_id_and_its_settings(store: LocalStore) -> None:
    created = store.create("work", {"retrieval.k": "9", "model": 'a"b\\\x7f\n'})
    created.close()

    opened = store.open("work")

    assert (opened.id, opened.created) == (created.id, created.created)
    assert len(opened.id) >= 43  # 256 bits
    assert opened.settings() == {"retrieval.k": 9, "model": 'a"b\\\x7f\n'}
    assert opened.encrypted is False
    opened.close()


def test_everything_is_private(stores: LocalStores) -> None:
    session = stores().create("work", {})
    append(session.log, "a")
    session.put_blob("draft", b"x")
    session.close()

    for path in [stores.root, *stores.root.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_settings_change_and_comments_stay(
    store: LocalStore, stores: LocalStores
) -> None:
    session = store.create("work", {"retrieval.k": 4})
    file = profiles(stores) / "work" / "profile.toml"
    file.write_text(file.read_text().replace("[settings]", "[settings]  # mine"))

    session.change_settings({"retrieval.k": 5, "ttl": "30d", "keys.chat.send": "f5"})
    session.change_settings({"ttl": None, "memory": None, "retrieval.mode": "bm25"})

    assert session.settings() == {
        "retrieval.k": 5,
        "retrieval.mode": "bm25",
        "keys.chat.send": "f5",
    }
    assert "# mine" in file.read_text()
    session.close()


@pytest.mark.parametrize(
    "changes", [{"retrieval.kk": 1}, {"retrieval.k": "many"}, {"memory": "none"}]
)
def test_a_setting_that_cannot_be_changes_nothing(
    store: LocalStore, changes: dict[str, object]
) -> None:
    session = store.create("work", {"retrieval.k": 4})

    with pytest.raises(ConfigError, match="profile work"):
        session.change_settings({"ttl": "1d", **changes})
    with pytest.raises(ConfigError):
        store.create("other", changes)

    assert session.settings() == {"retrieval.k": 4}
    assert store.names() == ["work"]
    session.close()


def test_a_name_is_taken_once(store: LocalStore) -> None:
    store.create("work", {}).close()

    with pytest.raises(UsageError, match="already"):
        store.create("work", {})
    store.create("other", {}).close()
    with pytest.raises(UsageError, match="already"):
        store.rename("other", "work")
    with pytest.raises(UsageError, match="already"):
        store.clone("other", "work", history=True)

    assert store.names() == ["other", "work"]


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "../x", "-rf", "A", "a\0", "x" * 65, "né", "a\x1b[2J"],
)
def test_hostile_names_are_refused_everywhere(
    store: LocalStore, stores: LocalStores, name: str
) -> None:
    store.create("work", {}).close()
    for use in (
        lambda: store.create(name, {}),
        lambda: store.open(name),
        lambda: store.rename("work", name),
        lambda: store.rename(name, "new"),
        lambda: store.clone("work", name, history=False),
        lambda: store.delete(name),
    ):
        with pytest.raises(UsageError, match="name"):
            use()
    assert {item.name for item in profiles(stores).iterdir()} == {
        "work",
        f"registry.{os.geteuid()}.lock",
    }


def test_a_renamed_profile_is_the_same(store: LocalStore) -> None:
    before = store.create("old", {})
    append(before.log, "a")

    store.rename("old", "new")
    append(before.log, "b")  # still open under the old name
    before.close()

    after = store.open("new")
    assert after.id == before.id
    assert questions(after.log) == ["a", "b"]
    assert [e["event"] for e in after.audit.entries()][-1] == "profile.rename"
    after.close()
    with pytest.raises(ProfileNotFound):
        store.open("old")


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("with_history", [False, True])
def test_a_clone_is_another_profile_with_the_same_things(
    stores: LocalStores, encrypted: bool, with_history: bool
) -> None:
    stores.passphrase = PASSPHRASE if encrypted else None
    store = stores()
    origin = store.create("old", {"retrieval.k": 3}, passphrase=stores.passphrase)
    append(origin.log, "a", "b")
    older = publish(origin, {"x": b"older"})
    live = publish(origin, {"x": b"newer"})
    (profiles(stores) / "old" / "index" / "tmp-1").mkdir(0o700)

    clone = store.clone("old", "new", history=with_history)
    append(clone.log, "c")

    assert clone.id != origin.id
    assert clone.settings() == {"retrieval.k": 3}
    assert clone.encrypted is encrypted
    assert questions(clone.log) == (["a", "b", "c"] if with_history else ["c"])
    assert questions(origin.log) == ["a", "b"]
    assert clone.snapshots.generations() == [older, live]
    assert [published(clone, name) for name in (older, live)] == [
        {"x": b"older"},
        {"x": b"newer"},
    ]
    copied = profiles(stores) / "new" / "index"
    assert {p.name.partition("-")[0] for p in copied.iterdir()} == {
        "CURRENT",
        "gen",
        "verified",
    }
    clone.audit.verify()
    origin.close()
    clone.close()


def test_a_deleted_profile_is_gone_for_those_who_have_it_open(
    store: LocalStore, stores: LocalStores
) -> None:
    session = store.create("work", {})
    append(session.log, "a")

    store.delete("work")

    assert store.names() == []
    with pytest.raises((ProfileNotFound, FileNotFoundError)):
        append(session.log, "b")
    session.close()
    assert [p.name for p in profiles(stores).iterdir()] == [
        f"registry.{os.geteuid()}.lock"
    ]
    with pytest.raises(ProfileNotFound):
        store.delete("work")


def test_leftovers_of_killed_processes_are_swept_up(
    store: LocalStore, stores: LocalStores
) -> None:
    store.create("work", {}).close()
    for name in (".new-0123456789abcdef", ".deleted-0123456789abcdef"):
        (profiles(stores) / name / "index").mkdir(parents=True)

    store.create("other", {}).close()

    assert {p.name for p in profiles(stores).iterdir() if p.is_dir()} == {
        "work",
        "other",
    }


def test_links_in_a_profile_are_not_followed(
    store: LocalStore, stores: LocalStores, tmp_path: Path
) -> None:
    store.create("work", {}).close()
    precious = tmp_path / "precious"
    precious.write_text("mine")
    precious.chmod(0o600)
    history = profiles(stores) / "work" / "history.jsonl"
    history.unlink()
    history.symlink_to(precious)
    (profiles(stores) / "linked").symlink_to(profiles(stores) / "work")

    session = store.open("work")
    with pytest.raises(NotPermitted):
        append(session.log, "a")
    session.close()
    with pytest.raises(NotPermitted):
        store.open("linked")
    store.delete("work")

    assert precious.read_text() == "mine"
    assert store.names() == []


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_profile_others_can_enter_is_refused(
    store: LocalStore, stores: LocalStores, mode: int
) -> None:
    store.create("work", {}).close()
    (profiles(stores) / "work").chmod(mode)

    with pytest.raises(NotPermitted) as caught:
        store.open("work")

    assert "doctor --fix" in caught.value.hint


def test_a_home_that_others_can_write_to_is_refused(
    store: LocalStore, stores: LocalStores
) -> None:
    store.create("work", {}).close()
    stores.root.chmod(0o777)

    with pytest.raises(NotPermitted, match="0777"):
        store.open("work")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", Damaged),
        ("not toml", Damaged),
        ("format = 1\n", Damaged),
        ("\xff", Damaged),
        ('format = 2\nid = "x"\n', NewerFormat),
        ('format = "one"\nid = "x"\n', Damaged),
    ],
)
def test_a_profile_file_that_is_not_ours_is_named(
    store: LocalStore, stores: LocalStores, text: str, error: type[Exception]
) -> None:
    store.create("work", {}).close()
    (profiles(stores) / "work" / "profile.toml").write_text(text, encoding="latin-1")

    with pytest.raises(error, match="profile 'work'"):
        store.open("work")


def test_a_profile_without_its_file_is_damaged(
    store: LocalStore, stores: LocalStores
) -> None:
    store.create("work", {}).close()
    (profiles(stores) / "work" / "profile.toml").unlink()

    with pytest.raises(Damaged, match="missing"):
        store.open("work")


def test_an_encrypted_profile_opens_with_its_passphrase_only(
    stores: LocalStores,
) -> None:
    store = stores()
    session = store.create("work", {}, passphrase=PASSPHRASE)
    history = History(session, Settings())
    history.commit(a_turn("c", "the canary"), title="canary title")
    history.put_draft("canary draft")
    history.conversations()
    session.close()

    with pytest.raises(PassphraseNeeded):
        store.open("work")
    stores.passphrase = "wrong"
    with pytest.raises(WrongPassphrase):
        store.open("work")
    stores.passphrase = PASSPHRASE
    again = store.open("work")
    assert History(again, Settings()).draft() == "canary draft"
    assert [t.question for t in History(again, Settings()).transcript("c")] == [
        "the canary"
    ]
    again.close()
    files = [p for p in stores.root.rglob("*") if p.is_file()]
    assert not [p for p in files if b"canary" in p.read_bytes()]


def test_an_encrypted_profile_does_not_become_plain_by_a_word(
    stores: LocalStores,
) -> None:
    stores.passphrase = PASSPHRASE
    store = stores()
    store.create("work", {}, passphrase=PASSPHRASE).close()
    file = profiles(stores) / "work" / "profile.toml"
    file.write_text(file.read_text().replace("encrypted = true", "encrypted = false"))

    with pytest.raises(Damaged, match="do not agree"):
        store.open("work")


def test_blobs_are_lost_without_harm(store: LocalStore, stores: LocalStores) -> None:
    session = store.create("work", {})
    assert session.blob("draft") is None
    session.put_blob("draft", b"text")
    assert session.blob("draft") == b"text"
    session.put_blob("draft", None)
    session.put_blob("draft", None)
    assert session.blob("draft") is None
    session.close()


def test_the_audit_log_can_be_switched_off(stores: LocalStores) -> None:
    store = stores(Settings(audit=False))
    session = store.create("work", {})
    session.change_settings({"ttl": "1d"})

    assert [*session.audit.entries()] == []
    assert session.audit.verify() == 0
    session.close()


def test_a_network_file_system_is_refused_unless_allowed(
    stores: LocalStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores().create("work", {}).close()
    monkeypatch.setattr(
        "ragcli.storage.locking.network_filesystems.file_system", lambda _: "nfs4"
    )

    with pytest.raises(NotPermitted, match="nfs4"):
        stores().open("work")
    with pytest.raises(NotPermitted, match="nfs4"):
        stores().create("other", {})
    assert stores().names() == ["work"]
    stores(Settings(allow_network_fs=True)).open("work").close()


def test_a_shared_home_shows_each_user_their_own(
    stores: LocalStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores.root.mkdir()
    stores.root.chmod(0o1777)
    stores().create("mine", {}).close()
    place = profiles(stores)
    assert stat.S_IMODE(place.stat().st_mode) == 0o1777
    (place / "default").mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(place / "default", 12345, 12345)
    else:
        pytest.skip("needs root to make another user's profile")

    assert stores().names() == ["mine"]
    session = stores().create("default", {})
    session.log.append([draft("a")])
    session.close()
    assert stores().names() == ["default", "mine"]
    again = stores().open("default")
    assert questions(again.log) == ["a"]
    again.close()
    stores().delete("default")
    assert (place / "default").is_dir()
