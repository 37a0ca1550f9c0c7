"""What tells that files changed, of ten thousand in a few milliseconds.

`os.stat` makes twenty objects of each file, and to take four out of them costs half as
much again. Where there is statx(2), the system writes its structures side by side into
a block of memory, and a column of the whole block is taken out at once.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

ROWS = 1024
"""Files in a block, which stays in a processor's cache."""

_SIZE = 256
"""Bytes of `struct statx`, the same on every machine."""

_NUMBERS = (4, 5, 14, 15)
"""Inode, size, seconds and nanoseconds of the mtime, in units of 8 bytes."""

_MODE = 14
"""The mode, in units of 2 bytes."""

_TIMES = ((12, 26), (14, 30))
"""Seconds of the ctime and the mtime, in units of 8 bytes, and nanoseconds, of 4."""

_NO_FOLLOW = 0x100
_WANTED = 0x1 | 0x2 | 0x40 | 0x80 | 0x100 | 0x200
"""`AT_SYMLINK_NOFOLLOW`; kind, mode, mtime, ctime, inode and size."""


_ENCODING = sys.getfilesystemencoding()


class FileStates:
    """Takes down names, modes, inodes, sizes and mtimes.

    Args:
        update: Is given bytes that are the same as long as all of these are.
        timed: Whether `newest` is wanted.
    """

    def __init__(
        self, update: Callable[[bytes], object], *, timed: bool = False
    ) -> None:
        self.newest = 0
        """When one of them last changed, inode included; nanoseconds since 1970."""
        self._update = update
        self._timed = timed
        self._row = 0

    def add(self, directory: int, names: list[str]) -> list[str]:
        """Takes down what is in a directory, and returns which are directories.

        Of these only that is taken down: what is in them may change. No link is
        followed.

        Args:
            directory: Its descriptor.
            names: Of files and directories in it.

        Raises:
            OSError: One cannot be looked at.
        """
        # Version 2 has no references: equal values become equal bytes.
        self._update(marshal.dumps(names, 2))
        below: list[str] = []
        start, end = 0, len(names)
        while start < end:
            row, block = self._row, self._block
            part = names[start : start + ROWS - row]
            start += len(part)
            if block is None or not block.fill(row, directory, part):
                below += self._add_slowly(directory, part)
                continue
            below += [part[at] for at in block.leave_out_directories(row, len(part))]
            self._row += len(part)
            if self._row == ROWS:
                self.finish()
        return below

    def finish(self) -> None:
        """Gives `update` all that was taken down."""
        rows, self._row = self._row, 0
        if rows and self._block:
            for column in self._block.columns(rows):
                self._update(column)
            if self._timed:
                self.newest = max(self.newest, self._block.newest(rows))

    @cached_property
    def _block(self) -> StatusBlock | None:
        return StatusBlock.create()

    def _add_slowly(self, directory: int, names: Sequence[str]) -> list[str]:
        """Does it where the system has no statx."""
        below: list[str] = []
        facts: list[int] = []
        for name in names:
            status = os.lstat(name, dir_fd=directory)
            if stat.S_ISDIR(status.st_mode):
                below.append(name)
                continue
            changed = status.st_mtime_ns
            facts += (status.st_mode, status.st_ino, status.st_size, changed)
            self.newest = max(self.newest, changed, status.st_ctime_ns)
        self._update(marshal.dumps([below, facts], 2))
        return below


class StatusBlock:
    """Structures of the system for as many files as a block has rows.

    Args:
        ask: statx(2).
    """

    def __init__(self, ask: Callable[..., int]) -> None:
        import ctypes

        self._ask = ask
        memory = (ctypes.c_char * (ROWS * _SIZE))()
        self._places = [
            ctypes.byref(memory, at) for at in range(0, ROWS * _SIZE, _SIZE)
        ]
        self._bytes = memoryview(memory).cast("B")
        self._eights = self._bytes.cast("Q")
        self._fours = self._bytes.cast("I")
        self._modes = self._bytes.cast("H")[_MODE :: _SIZE // 2]

    @classmethod
    def create(cls) -> StatusBlock | None:
        """Returns one, where the system has statx."""
        if sys.platform != "linux":
            return None
        import ctypes

        ask: Any = getattr(ctypes.CDLL(None), "statx", None)
        return None if ask is None else cls(ask)

    def fill(self, row: int, directory: int, names: Sequence[str]) -> bool:
        """Asks about files; false where the system does not tell, or one is gone."""
        joined = "\0".join(names).encode(_ENCODING, "surrogateescape")
        return not any(
            map(
                self._ask,
                repeat(directory),
                joined.split(b"\0"),
                repeat(_NO_FOLLOW),
                repeat(_WANTED),
                self._places[row : row + len(names)],
            )
        )

    def leave_out_directories(self, row: int, count: int) -> list[int]:
        """Empties the rows of directories, and returns which these are."""
        modes = self._modes[row : row + count].tolist()
        kinds = {mode for mode in set(modes) if stat.S_ISDIR(mode)}
        if not kinds:
            return []
        rows = [at for at, mode in enumerate(modes) if mode in kinds]
        for at in rows:
            start = (row + at) * _SIZE
            self._bytes[start : start + _SIZE] = bytes(_SIZE)
        return rows

    def columns(self, rows: int) -> Iterator[bytes]:
        """Yields what changes of files when they do."""
        for number in _NUMBERS:
            yield self._eights[number : rows * _SIZE // 8 : _SIZE // 8].tobytes()
        yield self._modes[:rows].tobytes()

    def newest(self, rows: int) -> int:
        """Returns the youngest of all times, in nanoseconds since 1970."""
        return max(
            seconds * 10**9 + rest
            for eight, four in _TIMES
            for seconds, rest in zip(
                self._eights[eight : rows * _SIZE // 8 : _SIZE // 8],
                self._fours[four : rows * _SIZE // 4 : _SIZE // 4],
                strict=True,
            )
        )
