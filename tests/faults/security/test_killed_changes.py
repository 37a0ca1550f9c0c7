"""Changes of keys, of encryption and of names, killed at every step they take."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragcli.errors import WrongPassphrase
from ragcli.paths import Home
from ragcli.sessions.bundles.bundle import export_bundle, import_bundle
from ragcli.sessions.encryption.key_ring import KeyRing
from ragcli.sessions.local import verification as verify
from ragcli.sessions.local.lifecycle import directories
from ragcli.sessions.local.store import LocalStore
from ragcli.storage import exchange
from ragcli.storage.files import Directory, disk_errors
from tests.faults import syncing
from tests.sealed import (
    CHEAP,
    FILES,
    PASSPHRASE,
    QUESTIONS,
    filled,
    home_at,
    indexed,
    open_store,
    opened,
    questions,
)

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
CALLS = [
    "mkdir",
    "rename",
    "unlink",
    "rmdir",
    "write",
    "ftruncate",
    "link",
    "chmod",
]
DIED = -signal.SIGKILL


class Fuse:
    """Kills the process before its n-th change to the disk."""

    def __init__(self, length: int) -> None:
        self._left = length

    def light(self) -> None:
        for name in CALLS:
            setattr(os, name, self._counted(getattr(os, name)))
        syncing.replace(lambda _, real: self._counted(real))
        os.open = self._counted(os.open, only=_writes)
        exchange.exchange = self._counted(exchange.exchange)

    def _counted(
        self, real: Callable[..., Any], only: Callable[..., bool] = lambda *_: True
    ) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._left -= only(*args)
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call


def _writes(*arguments: Any) -> bool:
    return bool(arguments[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR))


def change_passphrase(base: Path) -> None:
    with Directory.open(base / "profiles" / "work") as directory:
        KeyRing(directory, CHEAP).change_passphrase(PASSPHRASE, "new")


def encrypt(base: Path) -> None:
    open_store(home_at(base)).encrypt("work", PASSPHRASE)


def decrypt(base: Path) -> None:
    open_store(home_at(base)).decrypt("work")


def rename(base: Path) -> None:
    open_store(home_at(base)).rename("work", "renamed")


def refuse_renames() -> None:
    """Refuses to rename the profile, as for a directory of an overlay's lower layer."""
    real = os.rename

    def refuse(old: Any, new: Any, **options: Any) -> None:
        if os.path.basename(os.fspath(old)) == "work":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        real(old, new, **options)

    os.rename = refuse  # type: ignore[assignment]


def refuse_exchange() -> None:
    """Refuses to exchange the profile, as for a directory of a lower layer."""
    refuse_renames()

    def refuse(place: Directory, *_: str) -> None:
        with disk_errors(place.path):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    exchange.exchange = refuse  # type: ignore[assignment]


def encrypt_in_place(base: Path) -> None:
    """Encrypts where the file system can neither rename nor exchange directories."""
    refuse_exchange()
    encrypt(base)


def decrypt_in_place(base: Path) -> None:
    refuse_exchange()
    decrypt(base)


def rename_by_copy(base: Path) -> None:
    refuse_renames()
    rename(base)


def clone(base: Path) -> None:
    open_store(home_at(base)).clone("work", "cloned", history=True).close()


def delete(base: Path) -> None:
    open_store(home_at(base)).delete("work")


def delete_in_place(base: Path) -> None:
    """Deletes where the file system cannot rename the directory."""
    refuse_renames()
    delete(base)


def import_copy(base: Path) -> None:
    import_bundle(open_store(home_at(base)), base / "bundle", name="copy")


def killed(base: Path, change: Callable[[Path], None], at: int) -> bool:
    """Makes a change in a process that dies at step `at`; False if it got through."""
    child = os.fork()
    if child == 0:
        try:
            Fuse(at).light()
            change(base)
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, DIED}
    return code == DIED


def steps(check: Callable[[int], bool], every: int = 1 if THOROUGH else 7) -> int:
    """Kills at every step, or at some of them; returns how many there were."""
    at = 1
    while check(at):
        at += every
    return at


def opens(base: Path, secret: str) -> bool:
    try:
        session = opened(open_store(home_at(base), lambda _: secret), "work")
    except WrongPassphrase:
        return False
    assert questions(session) == list(QUESTIONS)
    assert indexed(session) == FILES
    session.close()
    return True


def data(base: Path) -> dict[str, bytes]:
    place = base / "profiles" / "work"
    return {
        str(file): file.read_bytes()
        for file in place.rglob("*")
        if file.is_file()
        and file.parent.name != "keys"
        and file.suffix != ".lock"
        and not file.name.startswith("verified-")
    }


def directories_in(base: Path) -> set[str]:
    return {place.name for place in (base / "profiles").iterdir() if place.is_dir()}


def copied(origin: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", str(origin), str(target)], check=True)
    return target


def test_after_a_killed_change_exactly_one_passphrase_opens(tmp_path: Path) -> None:
    origin = tmp_path / "home"
    filled(open_store(home_at(origin)), encrypted=True).close()
    untouched = {k.replace(str(origin), ""): v for k, v in data(origin).items()}
    outcomes = set()

    def check(at: int) -> bool:
        base = copied(origin, tmp_path / f"at-{at}")
        died = killed(base, change_passphrase, at)
        old, new = opens(base, PASSPHRASE), opens(base, "new")
        assert old != new
        assert died or new
        outcomes.add(new)
        sealed = {k.replace(str(base), ""): v for k, v in data(base).items()}
        assert sealed == untouched
        return died

    assert steps(check, every=1) > 5
    assert outcomes == {False, True}


@pytest.mark.parametrize(
    ("change", "every"),
    [(encrypt, 7), (decrypt, 7), (encrypt_in_place, 3), (decrypt_in_place, 3)],
)
def test_after_a_killed_conversion_the_profile_is_whole(
    tmp_path: Path, change: Callable[[Path], None], every: int
) -> None:
    origin = tmp_path / "home"
    sealed = change in {decrypt, decrypt_in_place}
    filled(open_store(home_at(origin)), encrypted=sealed).close()
    outcomes = set()

    def check(at: int) -> bool:
        base = copied(origin, tmp_path / f"at-{at}")
        died = killed(base, change, at)
        store = open_store(home_at(base))
        assert opens(base, PASSPHRASE)
        session = opened(store, "work")
        outcomes.add(session.encrypted)
        assert verify.verify(session) == []
        session.close()
        # Opening it has swept up whatever was left beside it.
        assert directories_in(base) == {"work"}
        assert not (base / "profiles" / "work" / "takes-place").exists()
        assert died or session.encrypted != sealed
        if session.encrypted:
            found = [f for f in (base / "profiles" / "work").rglob("*") if f.is_file()]
            assert [f for f in found if b"CANARY" in f.read_bytes()] == []
        subprocess.run(["rm", "-r", str(base)], check=True)
        return died

    steps(check, every=1 if THOROUGH else every)
    assert outcomes == {False, True}


def condemn(base: Path) -> None:
    """Encrypts up to the moment from which the new directory is the profile."""
    directories.Directories.clear = lambda *_: os.kill(  # type: ignore[method-assign]
        os.getpid(), signal.SIGKILL
    )
    encrypt_in_place(base)


def finish(base: Path) -> None:
    refuse_exchange()
    open_store(home_at(base)).names()


def test_who_finishes_a_killed_conversion_may_be_killed_as_well(tmp_path: Path) -> None:
    origin = tmp_path / "home"
    filled(open_store(home_at(origin))).close()
    assert killed(origin, condemn, 1 << 30)

    def check(at: int) -> bool:
        base = copied(origin, tmp_path / f"at-{at}")
        died = killed(base, finish, at)
        assert opens(base, PASSPHRASE)
        session = opened(open_store(home_at(base)), "work")
        assert session.encrypted
        assert verify.verify(session) == []
        assert not (base / "profiles" / "work" / "takes-place").exists()
        assert directories_in(base) == {"work"}
        session.close()
        subprocess.run(["rm", "-r", str(base)], check=True)
        return died

    assert steps(check, every=1 if THOROUGH else 3) > 5


def test_a_killed_import_leaves_a_whole_profile_or_none(
    store: LocalStore, home: Home, tmp_path: Path
) -> None:
    export_bundle(filled(store), home.data / "bundle")

    def check(at: int) -> bool:
        base = copied(home.data, tmp_path / f"at-{at}")
        died = killed(base, import_copy, at)
        there = open_store(home_at(base))
        assert there.names() in (["copy", "work"], ["work"])
        if "copy" in there.names():
            session = opened(there, "copy")
            assert questions(session) == list(QUESTIONS)
            assert indexed(session) == FILES
            assert verify.verify(session) == []
        else:
            assert died
        subprocess.run(["rm", "-r", str(base)], check=True)
        return died

    assert steps(check) > 5


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (rename, {"renamed"}),
        (rename_by_copy, {"renamed"}),
        (clone, {"work", "cloned"}),
        (delete, set()),
        (delete_in_place, set()),
    ],
)
def test_a_killed_change_of_names_leaves_whole_profiles_and_nothing_else(
    tmp_path: Path, change: Callable[[Path], None], outcome: set[str]
) -> None:
    origin = tmp_path / "home"
    store = open_store(home_at(origin))
    filled(store).close()
    store.create("other", {}).close()
    outcomes = []

    def check(at: int) -> bool:
        base = copied(origin, tmp_path / f"at-{at}")
        died = killed(base, change, at)
        there = open_store(home_at(base))
        opened(there, "other").close()  # whichever profile is opened next
        left = directories_in(base) - {"other"}
        both = [{"work"} | outcome] if change is rename_by_copy else []
        assert left in (
            {"work"},
            outcome,
            *both,
        )  # a copy, and not yet the old one's end
        assert died or left == outcome
        for name in left:
            session = opened(there, name)
            assert questions(session) == list(QUESTIONS)
            assert indexed(session) == FILES
            assert verify.verify(session) == []
            session.close()
        outcomes.append(left)
        subprocess.run(["rm", "-r", str(base)], check=True)
        return died

    assert steps(check, every=1 if THOROUGH else 3) > 3
    assert {"work"} in outcomes
    assert outcome in outcomes
