"""Copying a profile's directory, file by file, never through a link."""

from __future__ import annotations

import os
import stat

from ragcli.storage.files import Directory, disk_errors, write_all

_LOCK = ".lock"
_BLOCK = 1 << 20


def copy_whole(source: Directory, target: Directory) -> None:
    """Copies all that is in a profile's directory into an empty one, byte for byte.

    Locks stay behind: they are with those who hold them. So does nothing else.
    """
    for entry in source.names():
        if not entry.endswith(_LOCK):
            _copy_entry(source, target, entry)
    target.sync()


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
