r"""An open file of lines, read from either end or from any record, in blocks.

What stands after the last `\n` is not a line yet: a write in progress, or one that
never ended. No reader here sees it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from ragcli.sessions.records.record_lines import seq_of

_FIRST_BLOCK = 16 << 10
LARGEST_BLOCK = 1 << 20
"""Bytes that are read at once at most."""


class StoredLine(NamedTuple):
    """A line and where it starts."""

    start: int
    """Byte offset in the file."""
    data: bytes
    r"""Its bytes, the `\n` included."""

    @property
    def end(self) -> int:
        """Byte offset behind it."""
        return self.start + len(self.data)


class LineFile:
    """A file of lines as it was when this object was made.

    Args:
        descriptor: Open for reading; the caller closes it.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        status = os.fstat(descriptor)
        self.identity = (status.st_dev, status.st_ino)
        self.size = status.st_size
        self._window = (0, b"")
        """Where the last block that was read starts, and its bytes."""
        self.end = self.line_start(self.size)
        """Byte offset behind the last whole line."""

    def read(self, start: int, end: int) -> bytes:
        """Returns the bytes from `start` up to `end`, fewer at the end of the file."""
        first, block = self._window
        if first <= start and end <= first + len(block):
            return block[start - first : end - first]
        pieces = []
        while start < end:
            piece = os.pread(self.descriptor, end - start, start)
            if not piece:
                break
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def backwards(self, end: int) -> Iterator[StoredLine]:
        """Yields the lines before the offset `end` (a line's), last one first."""
        block, position, rest = _FIRST_BLOCK, end, b""
        while position > 0:
            start = max(0, position - block)
            rest = self.read(start, position) + rest
            position, block = start, min(2 * block, LARGEST_BLOCK)
            stop = len(rest)
            while (cut := rest.rfind(b"\n", 0, max(0, stop - 1)) + 1) or not position:
                yield StoredLine(position + cut, rest[cut:stop])
                stop = cut
                if not stop:
                    break
            rest = rest[:stop]  # this line may begin before the block

    def forwards(self, start: int, end: int) -> Iterator[StoredLine]:
        """Yields the lines from the offset `start` (a line's) up to `end`."""
        rest, block = b"", _FIRST_BLOCK
        position = start
        while position < end:
            data = self.read(position, min(end, position + block))
            if not data:
                return
            position, block = position + len(data), min(2 * block, LARGEST_BLOCK)
            *pieces, rest = (rest + data).split(b"\n")
            for piece in pieces:
                yield StoredLine(start, piece + b"\n")
                start += len(piece) + 1

    def find(self, seq: int, end: int) -> int:
        """Returns the offset of the first line whose number is at least `seq`.

        Numbers rise from line to line. A damaged line has none; it is taken to
        belong to the sound one that follows it.
        """
        low, high = 0, end
        while low < high:
            line = probe = self._line_at((low + high) // 2)
            number = seq_of(probe.data)
            while number is None and probe.end < high:
                probe = self._line_at(probe.end)
                number = seq_of(probe.data)
            if number is not None and number < seq:
                low = probe.end
            else:
                high = line.start
        return low

    def line_number(self, offset: int) -> int:
        """Returns the number of the line at `offset`, from 1, as editors count."""
        return 1 + sum(1 for _ in self.forwards(0, offset))

    def _line_at(self, offset: int) -> StoredLine:
        """Returns the line that the byte at `offset` belongs to."""
        return next(self.forwards(self.line_start(offset), self.end))

    def line_start(self, offset: int) -> int:
        r"""Returns the offset behind the last `\n` before `offset`, or 0."""
        block, position = _FIRST_BLOCK, offset
        while position > 0:
            start = max(0, position - block)
            data = self.read(start, position)
            self._window = (start, data)
            newline = data.rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            position, block = start, min(2 * block, LARGEST_BLOCK)
        return 0
