"""Which files below some directories are opened or changed, as the kernel sees it."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

AVAILABLE = sys.platform == "linux"

# From inotify(7).
_ACCESS = 0x001
_MODIFY = 0x002
_ATTRIBUTES = 0x004
_MOVED = 0x0C0
_CREATE = 0x100
_DELETE = 0x200
_OPEN = 0x020
_OVERFLOW = 0x4000
_IS_DIRECTORY = 0x40000000
_WATCHED = _ACCESS | _MODIFY | _ATTRIBUTES | _MOVED | _CREATE | _DELETE | _OPEN
_EVENT = struct.Struct("iIII")


class OpenedFiles:
    """Watches directory trees, as they are now, with inotify.

    Looking for what is in a directory is not an event: that a profile exists is
    known to its owner; what it holds is what is watched.
    """

    def __init__(self, trees: Sequence[Path]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._descriptor >= 0, os.strerror(ctypes.get_errno())
        self._places: dict[int, Path] = {}
        for tree in trees:
            for directory in [tree, *(p for p in tree.rglob("*") if p.is_dir())]:
                self._watch(directory)

    def _watch(self, directory: Path) -> None:
        number = self._libc.inotify_add_watch(
            self._descriptor, os.fsencode(directory), _WATCHED
        )
        assert number >= 0, os.strerror(ctypes.get_errno())
        self._places[number] = directory

    def touched(self) -> set[Path]:
        """Returns the files that were opened or changed since the last call."""
        opened: set[Path] = set()
        while True:
            try:
                data = os.read(self._descriptor, 1 << 20)
            except BlockingIOError:
                return opened
            opened |= self._named(data)

    def _named(self, data: bytes) -> set[Path]:
        named: set[Path] = set()
        at = 0
        while at < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, at)
            name = data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
            at += _EVENT.size + length
            assert not mask & _OVERFLOW, "events were lost"
            looked_at = mask & _IS_DIRECTORY and mask & (_OPEN | _ACCESS)
            if number in self._places and not looked_at:
                named.add(self._places[number] / os.fsdecode(name))
        return named

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
