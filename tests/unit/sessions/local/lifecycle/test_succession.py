"""What becomes of a converted profile that could not be exchanged for the old one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ragcli.errors import Locked, ProfileNotFound, StorageFailed, UsageError
from ragcli.paths import Home
from ragcli.sessions.local.lifecycle import directories, succession
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.profile_entries import ProfileEntries
from ragcli.storage import exchange
from ragcli.storage.files import Directory, disk_errors
from ragcli.storage.locking import directory_locks
from ragcli.storage.locking.locks import commit_lock
from tests.sealed import QUESTIONS, ask, filled, open_store, opened, questions


class Died(BaseException):
    """Stands for the end of the process: nothing is tidied up after it."""


@pytest.fixture
def store(home: Home, monkeypatch: pytest.MonkeyPatch) -> LocalStore:
    """Returns a store on a file system that exchanges nothing."""

    def refuse(place: Directory, *_: str) -> None:
        with disk_errors(place.path):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(exchange, "exchange", refuse)
    return open_store(home)


def die(*_: object) -> None:
    raise Died


def left_by(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> Path:
    """Encrypts `work` up to a step of `swap`; returns the new directory."""
    filled(store).close()
    with monkeypatch.context() as patched:
        owner = ProfileEntries if step == "condemn" else directories.Directories
        patched.setattr(owner, step, die)
        patched.setattr(directories.Directories, "discard", lambda *_: None)
        with pytest.raises(Died):
            store.encrypt("work", "correct horse battery staple")
    return next(home.profiles.glob(".new-*"))


@pytest.mark.parametrize("step", ["clear", "inherit"])
def test_a_new_one_whose_old_one_is_condemned_or_gone_is_the_profile(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    new = left_by(store, home, monkeypatch, step)
    inode = new.stat().st_ino

    with pytest.raises(ProfileNotFound):
        store.open("work", passive=True)
    session = opened(store, "work")

    assert session.encrypted
    assert questions(session) == list(QUESTIONS)
    assert os.fstat(session.directory.descriptor).st_ino == inode
    assert not succession.is_announced(session.directory)


def test_its_name_is_nobody_elses(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(store, home, monkeypatch, "inherit")
    with pytest.raises(UsageError, match="already"):
        store.create("work", {})
    assert questions(opened(store, "work")) == list(QUESTIONS)


def test_while_somebody_has_a_hand_on_it_no_profile_changes(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = left_by(store, home, monkeypatch, "inherit")
    monkeypatch.setattr(store.directories, "wait", 0.05)
    with Directory.open(home.profiles) as profiles:
        lease = directory_locks.own(profiles.descriptor, new.name)
        try:
            with pytest.raises(Locked):
                store.create("work", {})
        finally:
            os.close(lease)
    assert questions(opened(store, "work")) == list(QUESTIONS)


def test_a_profile_that_is_deleted_has_no_heir(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = left_by(store, home, monkeypatch, "clear")
    # As if it had been killed just before: the old one stands, the new has a will.
    (home.profiles / "work" / "profile.toml").write_bytes(
        (new / "profile.toml").read_bytes()
    )
    (home.profiles / "work" / "profile.toml").chmod(0o600)
    with Directory.open(home.profiles) as profiles:
        lease = directory_locks.own(profiles.descriptor, new.name)  # nobody sweeps it
        try:
            store.delete("work")
        finally:
            os.close(lease)
    assert store.names() == []
    assert list(home.profiles.glob(".new-*")) == []


def test_one_whose_old_one_stands_is_swept(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = left_by(store, home, monkeypatch, "condemn")
    assert (new / "takes-place").exists()
    session = opened(store, "work")
    assert not session.encrypted
    assert not new.exists()


def test_one_whose_name_another_profile_has_is_kept(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = left_by(store, home, monkeypatch, "inherit")
    hidden = new.rename(home.data / new.name)
    store.create("work", {}).close()
    hidden.rename(new)

    session = opened(store, "work")
    assert questions(session) == []
    assert "it is kept" in "\n".join(session.notices)
    assert (new / "takes-place").exists()
    store.rename("work", "other")
    assert questions(opened(store, "work")) == list(QUESTIONS)


def test_an_old_one_that_cannot_be_removed_is_said_and_finished_later(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store).close()
    with monkeypatch.context() as patched:
        remove = Directory.remove_tree

        def fail(self: Directory, name: str) -> None:
            if name == "work":
                raise StorageFailed("an I/O error", "")
            remove(self, name)

        patched.setattr(Directory, "remove_tree", fail)
        with pytest.raises(StorageFailed, match="an I/O error"):
            store.encrypt("work", "correct horse battery staple")
        with pytest.raises(StorageFailed, match="an I/O error"):
            store.create("other", {})
    session = opened(store, "work")
    assert session.encrypted
    assert questions(session) == list(QUESTIONS)


def test_nobody_works_in_a_condemned_directory(
    store: LocalStore, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store).close()
    session = opened(store, "work")
    with monkeypatch.context() as patched:
        patched.setattr(directories.Directories, "clear", die)
        patched.setattr(directories.Directories, "discard", lambda *_: None)
        with pytest.raises(Died):
            store.encrypt("work", "correct horse battery staple")

    with pytest.raises(ProfileNotFound, match="replaced meanwhile"):
        ask(session, "CANARY-lost")
    with (
        Directory.open(home.profiles / "work") as directory,
        pytest.raises(ProfileNotFound),
        commit_lock(directory, "history", wait=0),
    ):
        pass
