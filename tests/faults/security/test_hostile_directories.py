"""State paths that others could read, write or have planted: never followed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import ExitCode, NotPermitted, RagcliError
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.paths import Home
from ragcli.sessions.local.store import LocalStore
from tests.sealed import ask, filled, opened, publish, questions, tree

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give away")
GENERATION = "profiles/papers/index/gen-00000001"

FILES = [
    "profiles/papers/profile.toml",
    "profiles/papers/history.jsonl",
    "profiles/papers/history.lock",
    "profiles/papers/audit.jsonl",
    "profiles/papers/audit.lock",
    "profiles/papers/keys/{key}",
    "profiles/papers/index/CURRENT",
    f"{GENERATION}/manifest.json",
    f"{GENERATION}/vectors-1.faiss",
    f"{GENERATION}/text/segment.store",
]
DIRECTORIES = [
    "profiles",
    "profiles/papers",
    "profiles/papers/keys",
    "profiles/papers/index",
    GENERATION,
    f"{GENERATION}/text",
]


def use_everything(store: LocalStore) -> None:
    """Opens, reads and writes whatever a profile has, as an ask would."""
    session = opened(store, "papers")
    try:
        questions(session)
        ask(session, "one more")
        session.audit.record("ask", count=1)
        live = session.snapshots.current()
        assert isinstance(session.snapshots, LocalSnapshots)
        session.snapshots.manifest(live)
        # What was verified once is compared by size, time and inode only.
        assert session.snapshots.verify(live) == []
        publish(session, {"new.jsonl": b"{}"})
    finally:
        session.close()


def place_of(home: Home, name: str) -> Path:
    keys = home.profiles / "papers" / "keys"
    key = next((p.name for p in keys.glob("*.json")), "")
    return home.data / name.format(key=key)


def loosen(mode: int) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        place.chmod(mode)

    change.__name__ = f"mode {mode:o}"
    return change


def symlink(place: Path) -> None:
    target = place.parent / "planted-target"
    place.rename(target)
    place.symlink_to(target)


def hard_link(place: Path) -> None:
    os.link(place, place.parent / "planted-name")


def fifo(place: Path) -> None:
    place.unlink()
    os.mkfifo(place, 0o600)


def unix_socket(place: Path) -> None:
    place.unlink()
    here = Path.cwd()
    os.chdir(place.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(place.name)
    finally:
        os.chdir(here)


def directory(place: Path) -> None:
    place.unlink()
    place.mkdir(0o700)


def foreign(place: Path) -> None:
    os.chown(place, 12345, 12345)


FILE_ATTACKS = [
    loosen(0o644),
    loosen(0o660),
    loosen(0o602),
    symlink,
    hard_link,
    fifo,
    unix_socket,
    directory,
    pytest.param(foreign, marks=needs_root),
]
DIRECTORY_ATTACKS = [
    loosen(0o777),
    loosen(0o755),
    loosen(0o710),
    symlink,
    pytest.param(foreign, marks=needs_root),
]


def refused(store: LocalStore, place: Path) -> None:
    """Everything but that place may be used; using it ends with 77 or 74."""
    with pytest.raises((RagcliError, AssertionError)) as caught:
        use_everything(store)
    error = caught.value
    if isinstance(error, RagcliError):
        assert error.code in {
            ExitCode.NOT_PERMITTED,
            ExitCode.STORAGE,
            ExitCode.DAMAGED,
        }
        assert "\n" not in error.message
    else:  # the index said so, as a difference: see `use_everything`
        assert place.name in str(error)


@pytest.mark.parametrize("attack", FILE_ATTACKS)
@pytest.mark.parametrize("name", FILES)
def test_hostile_files_are_refused(
    store: LocalStore, home: Home, name: str, attack: Callable[[Path], None]
) -> None:
    filled(store, "papers", encrypted="key" in name).close()
    place = place_of(home, name)
    place.touch(0o600)
    shared = name.startswith(GENERATION) and "manifest" not in name
    if attack is hard_link and shared:
        pytest.skip("files of a generation have a name in each that shares them")
    attack(place)
    planted = place.parent / "planted-target"
    before = planted.read_bytes() if planted.exists() else b""
    refused(store, place)
    if before:
        assert planted.read_bytes() == before


@pytest.mark.parametrize("attack", DIRECTORY_ATTACKS)
@pytest.mark.parametrize("name", DIRECTORIES)
def test_hostile_directories_are_refused(
    store: LocalStore, home: Home, name: str, attack: Callable[[Path], None]
) -> None:
    filled(store, "papers", encrypted=True).close()
    place = place_of(home, name)
    attack(place)
    refused(store, place)


@pytest.mark.parametrize("mode", [0o777, 0o773, 0o707])
def test_a_parent_that_others_can_write_is_refused(
    store: LocalStore, tmp_path: Path, mode: int
) -> None:
    filled(store, "papers").close()
    tmp_path.chmod(mode)
    before = tree(tmp_path)
    with pytest.raises(NotPermitted) as caught:
        store.open("papers")
    assert str(tmp_path) in caught.value.message
    assert "chmod" in caught.value.hint
    assert tree(tmp_path) == before


def test_a_sticky_parent_is_as_good_as_tmp(store: LocalStore, tmp_path: Path) -> None:
    filled(store, "papers").close()
    tmp_path.chmod(0o1777)
    use_everything(store)


@needs_root
def test_a_profile_of_another_user_cannot_be_opened(
    store: LocalStore, home: Home
) -> None:
    filled(store, "papers").close()
    for place in (home.profiles / "papers").rglob("*"):
        os.chown(place, 12345, 12345)
    os.chown(home.profiles / "papers", 12345, 12345)
    with pytest.raises(NotPermitted, match="12345"):
        store.open("papers")
