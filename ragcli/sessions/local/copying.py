"""Copying a profile's directory, file by file, never through a link."""

from __future__ import annotations

import os
import stat

from ragcli.sessions.local import log as local_log
from ragcli.storage.files import Directory, disk_errors, write_all
from ragcli.storage.locks import commit_lock

_INDEX = "index"
_LOCK = ".lock"
_GENERATION = "gen-"
_CURRENT = "CURRENT"
_KEYS = "keys"
_BLOCK = 1 << 20


def copy_profile(
    source: Directory, target: Directory, *, history: bool, wait: float
) -> None:
    """Copies keys, index and, when wanted, the history; durably.

    The index is copied while nobody publishes to it. The records are those of
    whole appends: the log is locked for the time of the copy.
    """
    if source.has(_KEYS):
        _copy_tree(source, target, _KEYS)
    if source.has(_INDEX):
        with (
            commit_lock(source, "ingest", wait=wait),
            commit_lock(source, "index", wait=wait),
        ):
            _copy_index(source, target)
    if history and source.has(local_log.FILE):
        with commit_lock(source, local_log.LOCK, wait=wait):
            _copy_file(source, target, local_log.FILE)
    else:
        target.replace(local_log.FILE, b"")


def copy_whole(source: Directory, target: Directory) -> None:
    """Copies all that is in a profile's directory into an empty one, byte for byte.

    Locks stay behind: they are with those who hold them. So does nothing else.
    """
    for entry in source.names():
        if not entry.endswith(_LOCK):
            _copy_entry(source, target, entry)
    target.sync()


def _copy_index(source: Directory, target: Directory) -> None:
    """Copies the generations, without leases, workspaces and what was verified here."""
    with (
        source.child(_INDEX) as origin,
        target.child(_INDEX, create=True) as copy,
    ):
        for entry in origin.names():
            if entry.startswith(_GENERATION):
                _copy_tree(origin, copy, entry)
        if origin.has(_CURRENT):
            _copy_file(origin, copy, _CURRENT)


def _copy_tree(source: Directory, target: Directory, name: str) -> None:
    with source.child(name) as origin, target.child(name, create=True) as copy:
        for entry in origin.names():
            _copy_entry(origin, copy, entry)
        copy.sync()


def _copy_entry(source: Directory, target: Directory, name: str) -> None:
    mode = os.lstat(name, dir_fd=source.descriptor).st_mode
    if stat.S_ISDIR(mode):
        _copy_tree(source, target, name)
    else:
        _copy_file(source, target, name)


def _copy_file(source: Directory, target: Directory, name: str) -> None:
    reading = source.open_file(name, linked=True)
    with disk_errors(source.path / name):
        try:
            with target.replacing(name) as writing:
                while block := os.read(reading, _BLOCK):
                    write_all(writing, block)
                times = os.fstat(reading)  # when a profile was last used is in them
                os.utime(writing, ns=(times.st_atime_ns, times.st_mtime_ns))
        finally:
            os.close(reading)
