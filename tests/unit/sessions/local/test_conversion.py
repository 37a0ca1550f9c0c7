"""A profile is encrypted and decrypted in place, and nothing of it is left or lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.errors import (
    AuditDamaged,
    HistoryDamaged,
    Locked,
    ProfileNotFound,
    StorageFailed,
    UsageError,
    WrongPassphrase,
)
from ragcli.paths import Home
from ragcli.sessions.history.writer import History
from ragcli.sessions.local import verification as verify
from ragcli.sessions.local.lifecycle.building import LocalReplacement
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.protocols import SideCopy
from ragcli.storage import exchange
from ragcli.storage.files import Directory
from ragcli.storage.locking.locks import long_lock
from tests.sealed import (
    FILES,
    QUESTIONS,
    ask,
    filled,
    indexed,
    open_store,
    opened,
    publish,
    questions,
    tree,
)


@pytest.fixture
def store(home: Home) -> LocalStore:
    return open_store(home)


NEW = "a new passphrase"


def canaries(place: Path) -> list[str]:
    return [
        str(file.relative_to(place))
        for file in place.rglob("*")
        if file.is_file() and b"CANARY" in file.read_bytes()
    ]


def littered(store: LocalStore, home: Home) -> None:
    """Makes a profile that has plain text wherever one can have it."""
    session = filled(store)
    publish(session, FILES | {"documents-2.jsonl": b"CANARY-older"})
    profile = home.profiles / "work"
    with (profile / "history.jsonl").open("ab") as file:
        file.write(b'{"v":1,"seq":9,"question":"CANARY-torn')
    ask(session, "CANARY-later")
    session.snapshots.quarantine("gen-00000001")
    with session.directory.child("quarantine", create=True) as quarantine:
        quarantine.replace("old", b"CANARY-quarantine")
    session.directory.replace(".history.jsonl.0123.tmp", b"CANARY-temporary")
    with session.directory.child("index") as index:
        index.child("tmp-0123", create=True).close()
    (profile / "index" / "tmp-0123" / "vectors").write_bytes(b"CANARY-unfinished")
    session.close()


def test_encrypting_leaves_nothing_in_the_clear(store: LocalStore, home: Home) -> None:
    littered(store, home)
    assert len(canaries(home.data)) > 8
    before = opened(store, "work")
    draft = History(before, Settings()).draft()
    asked, number = questions(before), before.audit.verify()
    identity = before.id
    before.close()
    store.encrypt("work", "correct horse battery staple")
    assert canaries(home.data) == []
    session = opened(store, "work")
    assert session.encrypted
    assert session.id == identity
    assert questions(session) == asked
    assert indexed(session) == FILES
    assert History(session, Settings()).draft() == draft == "CANARY-draft"
    assert verify.verify(session) == []
    entries = list(session.audit.entries())
    assert len(entries) == number + 1
    assert entries[-1]["event"] == "profile.encrypt"
    sealed = (home.profiles / "work" / "quarantine" / "old").read_bytes()
    assert session.sealer
    assert session.sealer.unseal("old", sealed) == b"CANARY-quarantine"


def test_decrypting_gives_the_same_profile_back(store: LocalStore, home: Home) -> None:
    session = filled(store, encrypted=True)
    session.change_settings({"memory_turns": 3})
    assert canaries(home.data) == []
    session.close()
    store.decrypt("work")
    session = opened(store, "work")
    assert not session.encrypted
    assert not (home.profiles / "work" / "keys").exists()
    assert questions(session) == list(QUESTIONS)
    assert indexed(session) == FILES
    assert dict(session.settings()) == {"memory_turns": 3}
    assert verify.verify(session) == []


def test_there_and_back_again(store: LocalStore, home: Home) -> None:
    littered(store, home)
    asked = questions(opened(store, "work"))
    store.encrypt("work", "correct horse battery staple")
    store.decrypt("work")
    session = opened(store, "work")
    assert questions(session) == asked
    old = home.profiles / "work" / "quarantine" / "old"
    assert old.read_bytes() == b"CANARY-quarantine"
    assert verify.verify(session) == []


def test_comments_in_the_profile_file_stay(store: LocalStore, home: Home) -> None:
    filled(store).close()
    file = home.profiles / "work" / "profile.toml"
    file.write_text(file.read_text() + "# mine\n")
    store.encrypt("work", "correct horse battery staple")
    assert "# mine\n" in file.read_text()


def test_what_is_so_already_is_refused(store: LocalStore, home: Home) -> None:
    filled(store).close()
    with pytest.raises(UsageError, match="not encrypted"):
        store.decrypt("work")
    with pytest.raises(UsageError, match="empty"):
        store.encrypt("work", "")
    store.encrypt("work", NEW)
    before = tree(home.data)
    store = open_store(home, lambda _: NEW)
    with pytest.raises(UsageError, match="encrypted already"):
        store.encrypt("work", NEW)
    with pytest.raises(WrongPassphrase):
        open_store(home, lambda _: "wrong").decrypt("work")
    assert tree(home.data) == before


@pytest.mark.slow
@pytest.mark.parametrize("lock", ["ingest", "index", "history", "audit"])
def test_who_works_on_the_profile_is_waited_for(
    store: LocalStore, home: Home, lock: str
) -> None:
    session = filled(store)
    hasty = LocalStore(
        home,
        snapshots=store.snapshots,
        passphrase=store.passphrase,
        settings=Settings(lock_wait="0s"),
    )
    before = tree(home.data)
    child = os.fork()
    if child == 0:
        with long_lock(session.directory, lock, wait=0):
            os.kill(os.getpid(), 19)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    try:
        with pytest.raises(Locked):
            hasty.encrypt("work", NEW)
    finally:
        os.kill(child, 18)
        os.waitpid(child, 0)
    assert tree(home.data) == before


def test_a_damaged_profile_must_be_repaired_first(
    store: LocalStore, home: Home
) -> None:
    filled(store).close()
    profile = home.profiles / "work"
    for name, error in (
        ("history.jsonl", HistoryDamaged),
        ("audit.jsonl", AuditDamaged),
    ):
        sound = (profile / name).read_bytes()
        (profile / name).write_bytes(sound.replace(b'"seq":1', b'"seq":3', 1))
        before = tree(home.data)
        with pytest.raises(error):
            store.encrypt("work", NEW)
        assert tree(home.data) == before
        (profile / name).write_bytes(sound)


def test_a_file_system_that_cannot_swap_says_so(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store).close()

    def unable(directory: Directory, one: str, other: str) -> None:
        raise StorageFailed("this file system cannot swap two directories", "")

    monkeypatch.setattr(exchange, "exchange", unable)
    before = tree(home.data)
    with pytest.raises(StorageFailed, match="cannot swap"):
        store.encrypt("work", NEW)
    assert tree(home.data) == before


def test_exchange_swaps_two_directories(directory: Directory) -> None:
    for name in ("one", "two"):
        with directory.child(name, create=True) as inside:
            inside.replace("file", name.encode())
    exchange.exchange(directory, "one", "two")
    assert (directory.path / "one" / "file").read_bytes() == b"two"
    assert (directory.path / "two" / "file").read_bytes() == b"one"
    with pytest.raises(FileNotFoundError):
        exchange.exchange(directory, "one", "three")


def test_a_process_that_had_it_open_cannot_write_into_the_void(
    store: LocalStore,
) -> None:
    session = filled(store)
    store.encrypt("work", "correct horse battery staple")
    with pytest.raises(ProfileNotFound, match="replaced meanwhile"):
        ask(session, "CANARY-lost")
    assert questions(opened(store, "work")) == list(QUESTIONS)


def test_a_second_try_of_the_swap_takes_nothing_over_twice(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    littered(store, home)
    put: list[str] = []
    swap, put_copy = LocalReplacement.swap, LocalReplacement.put_copy

    def tried_twice(
        new: LocalReplacement, live: str, rest: Callable[[int], int]
    ) -> None:
        rest(0)
        swap(new, live, rest)

    def noted(new: LocalReplacement, copy: SideCopy) -> None:
        put.append(copy.name)
        put_copy(new, copy)

    monkeypatch.setattr(LocalReplacement, "swap", tried_twice)
    monkeypatch.setattr(LocalReplacement, "put_copy", noted)
    store.encrypt("work", NEW)

    assert put
    assert len(put) == len(set(put))
