"""File systems whose locks hold nobody back, or that have none, are found by trying."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import NotPermitted
from ragcli.storage.files import Directory
from ragcli.storage.locking import directory_locks, exclusion
from ragcli.storage.locking import network_filesystems as network
from ragcli.storage.locking.locks import commit_lock
from tests.conftest import Ran


def given_to_all(descriptor: int, kind: int) -> None:
    """A `flock` that keeps nobody out."""


def unknown(descriptor: int, kind: int) -> None:
    """A `flock` of a file system without locks."""
    raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


@pytest.fixture(params=[given_to_all, unknown])
def no_locks(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The disk of this test is without locks that hold; memory has them."""
    device = tmp_path.stat().st_dev
    real = fcntl.flock

    def flock(descriptor: int, kind: int) -> None:
        lacking = os.fstat(descriptor).st_dev == device
        (request.param if lacking else real)(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(exclusion, "PROVEN", set())
    monkeypatch.setattr(network, "ACCEPTED", set())


def test_neither_files_nor_directories_are_locked_there(
    tmp_path: Path, no_locks: None
) -> None:
    with Directory.open(tmp_path / "papers", create=True) as directory:
        with (
            pytest.raises(NotPermitted, match=r"papers/history.lock: .* nobody out"),
            commit_lock(directory, "history", wait=0),
        ):
            pytest.fail("it was given")
        with pytest.raises(NotPermitted, match=f"{tmp_path}/papers/tmp-.* nobody out"):
            directory_locks.make(directory.descriptor, "tmp-")
        assert os.listdir(directory.path) == ["history.lock"]


def test_who_allows_it_gets_all_commands(
    run_cli: Callable[..., Ran], tmp_path: Path, no_locks: None
) -> None:
    note = tmp_path / "lights.txt"
    note.write_text("The harbour has four lights.\n")

    refused = run_cli("docs", "add", str(note))
    assert refused.code == 77
    assert "allow_network_fs" in refused.err
    assert run_cli("config", "set", "allow_network_fs", "true").code == 0

    assert run_cli("docs", "add", str(note)).code == 0
    assert "four lights" in run_cli("ask", "How many lights?").out
    assert run_cli("profile", "rename", "default", "other").code == 0
