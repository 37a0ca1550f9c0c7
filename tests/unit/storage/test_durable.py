"""What is acknowledged is on the disk itself, also where fsync stops at its cache."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import StorageFailed
from ragcli.storage import durable
from ragcli.storage.files import Directory

FULL = 51
"""F_FULLFSYNC of macOS."""


class Commands(list[int]):
    """Files that were synced by the command of macOS."""

    error = 0
    """What it fails with, unless 0."""


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Calls of fcntl with the command of macOS; set `error` to have them fail."""
    seen = Commands()
    real: Callable[..., int] = fcntl.fcntl

    def known(descriptor: int, command: int, *rest: int) -> int:
        if command != FULL:
            return real(descriptor, command, *rest)
        if seen.error:
            raise OSError(seen.error, os.strerror(seen.error))
        seen.append(os.fstat(descriptor).st_ino)
        return 0

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", FULL, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", known)
    return seen


def test_a_replaced_file_and_its_directory_reach_the_drive(
    tmp_path: Path, commands: Commands
) -> None:
    with Directory.open(tmp_path / "private", create=True) as directory:
        commands.clear()
        directory.replace("profile.toml", b"id = 1\n")
        file = os.stat(directory.path / "profile.toml").st_ino
        assert commands == [file, os.fstat(directory.descriptor).st_ino]


@pytest.mark.parametrize("error", [errno.ENOTSUP, errno.ENOTTY, errno.EINVAL])
def test_a_file_system_without_the_command_is_synced_in_the_ordinary_way(
    tmp_path: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    commands.error = error
    monkeypatch.delattr(os, "fdatasync", raising=False)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with open(tmp_path / "log", "wb") as file:
        durable.sync_data(file.fileno())
        durable.sync_file(file.fileno())
        durable.sync_names(file.fileno())
        assert synced == [file.fileno()] * 3


def test_an_error_of_the_disk_is_not_tried_again(
    tmp_path: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Directory.open(tmp_path / "private", create=True) as directory:
        directory.replace("profile.toml", b"old")
        commands.error = errno.EIO
        monkeypatch.setattr(os, "fsync", lambda descriptor: pytest.fail("tried again"))
        with pytest.raises(StorageFailed):
            directory.replace("profile.toml", b"new")
        assert directory.read("profile.toml") == b"old"
