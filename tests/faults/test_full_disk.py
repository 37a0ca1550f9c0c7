"""A disk that is full, read-only or limited: one clear line, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.errors import RagcliError, StorageFailed
from ragcli.sessions.history.writer import History
from tests.stores import LocalStores, a_turn

DEEDS = ["commit", "settings", "redact", "create"]
QUIET = Settings(audit=False)


def run(home: Path, deed: str, *, limit: int = 0, uid: int | None = None) -> Any:
    """Does one thing in a process of its own; returns what it told."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:  # forked, not started anew: another user may not read our Python
        try:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            if uid is not None:
                os.setgid(uid)
                os.setuid(uid)
            os.write(sender, json.dumps(told_by(home, deed)).encode())
        finally:
            os._exit(0)
    os.close(sender)
    with open(receiver, "rb") as file:
        told = file.read()
    os.waitpid(child, 0)
    return json.loads(told)


def told_by(home: Path, deed: str) -> dict[str, Any]:
    told: dict[str, Any] = {"stored": 0}
    try:
        store = LocalStores(home)(QUIET)
        if deed == "create":
            store.create("new", {}).close()
        session = store.open("work")
        history = History(session, Settings())
        if deed == "settings":
            session.change_settings({"retrieval.k": 9})
        if deed == "redact":
            history.redact("stays")
        while deed == "commit" and told["stored"] < 500:
            history.commit(a_turn("c", "x" * 10_000))
            told["stored"] += 1
    except RagcliError as error:
        told |= {"code": error.code, "message": error.message, "hint": error.hint}
    return told


def filled(place: Path) -> Path:
    """Makes a file that takes all the space there is."""
    filler = place / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(descriptor, b"x" * 4096)
    os.close(descriptor)
    return filler


def prepared(home: Path) -> LocalStores:
    stores = LocalStores(home)
    session = stores(QUIET).create("work", {"retrieval.k": 1})
    history = History(session, Settings())
    history.commit(a_turn("c", "stays"), title="C")
    history.commit(a_turn("c", "y" * 200_000))
    session.close()
    return stores


def check(stores: LocalStores, *, turns: int) -> None:
    """All that was stored is there, and there is room to go on."""
    session = stores(QUIET).open("work")
    history = History(session, Settings())
    found = history.transcript("c")
    assert len(found) == turns
    assert found[0].question == "stays"
    assert session.settings() == {"retrieval.k": 1}
    history.commit(a_turn("c", "after"))
    assert history.transcript("c")[-1].question == "after"
    session.close()
    names = [path.name for path in (stores.root / "profiles").rglob(".*")]
    assert names == []


def turns_of(stores: LocalStores) -> int:
    session = stores(QUIET).open("work")
    found = History(session, Settings()).transcript("c")
    session.close()
    return len(found)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    options = "size=1m,mode=0700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip("mounting a small disk takes root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_full_disk(small_disk: Path, deed: str) -> None:
    stores = prepared(small_disk / "home")
    filler = filled(small_disk) if deed != "commit" else None

    told = run(small_disk / "home", deed)

    assert told["code"] == 74
    assert "No space left" in told["message"]
    assert "free some space" in told["hint"]
    if filler:
        filler.unlink()
        check(stores, turns=2)
    else:
        assert told["stored"] > 3
        assert turns_of(stores) == 2 + told["stored"]


@pytest.mark.parametrize("deed", ["commit", "redact"])
def test_a_limit_on_the_size_of_files(quick: Path, deed: str) -> None:
    stores = prepared(quick / "home")

    limit = 150_000 if deed == "redact" else 800_000

    told = run(quick / "home", deed, limit=limit)

    assert told["code"] == 74
    assert "File too large" in told["message"]
    check(stores, turns=2 + told["stored"])


@pytest.mark.parametrize("deed", ["commit", "settings", "redact"])
def test_a_profile_that_cannot_be_written_to(tmp_path: Path, deed: str) -> None:
    root = os.getuid() == 0
    stores = prepared(tmp_path / "home")
    place = tmp_path / "home" / "profiles" / "work"
    uid = None
    if root:  # root may write anywhere: let somebody else try
        uid = 65534
        for parent in [tmp_path, *tmp_path.parents][:3]:
            parent.chmod(0o755)
        for path in [tmp_path / "home", *(tmp_path / "home").rglob("*")]:
            os.chown(path, uid, uid)
    for path in place.iterdir():
        path.chmod(0o500 if path.is_dir() else 0o400)
    place.chmod(0o500)

    told = run(tmp_path / "home", deed, uid=uid)

    assert told["code"] == 77
    assert "Permission denied" in told["message"]
    assert "doctor --fix" in told["hint"]
    place.chmod(0o700)
    for path in [tmp_path / "home", *(tmp_path / "home").rglob("*")]:
        os.chown(path, os.getuid(), os.getgid())
        path.chmod(0o700 if path.is_dir() else 0o600)
    check(stores, turns=2)


def test_a_read_only_file_system(small_disk: Path) -> None:
    stores = prepared(small_disk / "home")
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(remount, check=True)

    told = run(small_disk / "home", "commit")

    assert turns_of(stores) == 2
    assert told["code"] == 74
    assert "Read-only file system" in told["message"]
    assert "read-only" in told["hint"]


def test_a_limit_on_open_files(quick: Path) -> None:
    stores = prepared(quick / "home")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = []
    session = stores(QUIET).open("work")
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        with pytest.raises(StorageFailed, match="Too many open files"):
            History(session, Settings()).commit(a_turn("c", "lost"))
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        session.close()
    check(stores, turns=2)
