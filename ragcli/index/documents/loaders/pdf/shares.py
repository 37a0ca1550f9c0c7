"""Shares the pages of one document among processes, where others may help.

A helper is a fork of this process: it has the opened document already, and costs some
milliseconds. It reads every second page, say, and sends what they say as JSON. It may
take its share of the document's memory and processor time, and dies with this process.
Where one fails, all that it had to read is read here: what comes out does not depend
on helpers.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ragcli.index.documents.loaders.dispatch import bounds
from ragcli.index.documents.loaders.pdf.page_contents import (
    PageBlock,
    PageContents,
    PageReader,
)
from ragcli.index.documents.loaders.pdf.page_tables import Grid
from ragcli.index.documents.loaders.pdf.running import MarginLine, running

WORTHWHILE = 160
"""Pages from which it pays to start a helper, whatever is on them.

With a dozen lines of prose on each, one costs more than it saves up to here; full
pages are read faster together from 64 on.
"""

_SET_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""

Margins = dict[int, list[MarginLine]]
"""Of each page, by number, its first and last lines."""


@contextmanager
def parted(
    reader: PageReader, stretches: Sequence[range], helpers: int
) -> Iterator[Iterator[list[PageContents]]]:
    """Yields an iterator over what the pages of each stretch say.

    Args:
        reader: Reads pages in this process.
        stretches: Pages, counted from 0, that are looked at together for what repeats.
        helpers: How many other processes may read some of them.
    """
    started: list[Helper] = []
    if sum(map(len, stretches)) >= WORTHWHILE and _may_fork():
        started += [Helper(at, helpers + 1) for at in range(1, helpers + 1)]
    try:
        if not all(helper.start(reader, stretches) for helper in started):
            _stop(started)
        yield _read(reader, stretches, started)
    finally:
        _stop(started)
        reader.close()


def _may_fork() -> bool:
    """Tells whether a fork of this process is sure to work on."""
    return sys.platform == "linux" and threading.active_count() == 1


def _stop(helpers: list[Helper]) -> None:
    for helper in helpers:
        helper.stop()
    helpers.clear()


def _read(
    reader: PageReader, stretches: Sequence[range], helpers: list[Helper]
) -> Iterator[list[PageContents]]:
    for numbers in stretches:
        contents: list[PageContents] | None = None
        if helpers:
            try:
                contents = _together(reader, numbers, helpers)
            except (OSError, ValueError):  # one died over its pages
                _stop(helpers)
        if contents is None:
            contents = reader.contents(_known(dict(reader.margins(numbers))))
        yield contents


def _together(
    reader: PageReader, numbers: range, helpers: Sequence[Helper]
) -> list[PageContents]:
    """Returns what the pages of a stretch say, read with others.

    Raises:
        OSError: A helper died.
        ValueError: A helper died while it wrote.
    """
    lines = dict(reader.margins(numbers[:: len(helpers) + 1]))
    for helper in helpers:
        lines |= helper.margins()
    known = _known(dict(sorted(lines.items())))
    for helper in helpers:
        helper.tell(known)
    contents = reader.contents(known)
    for helper in helpers:
        theirs = helper.contents()
        for page in theirs:
            if page.is_picture:
                reader.name_picture(page.number)
        contents += theirs
    return sorted(contents, key=lambda page: page.number)


def _known(lines: Margins) -> dict[int, dict[int, str]]:
    """Returns of each page the rows that run along, and what is said of them there."""
    return dict(zip(lines, running(list(lines.values())), strict=True))


class Helper:
    """A process that reads every so many pages.

    Args:
        number: The first page of each stretch that it reads.
        count: After how many pages comes its next.
    """

    def __init__(self, number: int, count: int) -> None:
        self._number = number
        self._count = count
        self._process = 0
        self._link: socket.socket | None = None
        self._file: Any = None

    def start(self, reader: PageReader, stretches: Sequence[range]) -> bool:
        """Starts it; False where the system gives no more processes."""
        ours, theirs = socket.socketpair()
        parent, spent = os.getpid(), bounds.processor_time()
        self._link, self._file = ours, ours.makefile("rwb")
        try:
            self._process = os.fork()
        except OSError:
            return False
        finally:
            if self._process or os.getpid() == parent:
                theirs.close()
        if not self._process:
            self._serve(theirs, reader, stretches, (parent, spent))
        return True

    def _serve(
        self,
        link: socket.socket,
        reader: PageReader,
        stretches: Sequence[range],
        parent: tuple[int, int],
    ) -> None:
        """Reads its pages, and ends the process: nothing of the other's may follow."""
        try:
            _die_with(parent[0])
            bounds.take_share(self._count, parent[1])
            with link.makefile("rwb") as file:
                for numbers in stretches:
                    own = numbers[self._number :: self._count]
                    _write(file, reader.margins(own))
                    known = {
                        number: dict(rows)
                        for number, rows in json.loads(file.readline())
                    }
                    _write(file, reader.contents(known))
        finally:
            os._exit(0)

    def margins(self) -> Margins:
        """Returns the first and last lines of its next pages."""
        return {
            number: [MarginLine(*line) for line in lines]
            for number, lines in json.loads(self._file.readline())
        }

    def tell(self, known: Mapping[int, Mapping[int, str]]) -> None:
        """Tells it which rows run along."""
        rows_of_pages = [(number, list(rows.items())) for number, rows in known.items()]
        _write(self._file, rows_of_pages)

    def contents(self) -> list[PageContents]:
        """Returns what these pages say."""
        return [_unpacked(*page) for page in json.loads(self._file.readline())]

    def stop(self) -> None:
        """Ends it, whatever it is doing."""
        if self._process:
            with suppress(OSError):
                os.kill(self._process, signal.SIGKILL)
            with suppress(OSError):
                os.waitpid(self._process, 0)
        for end in (self._file, self._link):
            if end:
                with suppress(OSError):
                    end.close()
        self._process = 0


def _die_with(parent: int) -> None:
    """Has the kernel end this process when the one that forked it ends."""
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def _write(file: Any, message: Any) -> None:
    file.write(json.dumps(message).encode() + b"\n")
    file.flush()


def _unpacked(number: int, sizes: Any, blocks: Any, *rest: Any) -> PageContents:
    return PageContents(number, sizes, [_block(*block) for block in blocks], *rest)


def _block(*values: Any) -> PageBlock:
    block = PageBlock(*values)
    if block.table is None:
        return block
    top, left, bottom, edges, columns, rows, caption = block.table
    grid = Grid(
        *(top, left, bottom),
        tuple(edges),
        tuple(columns),
        tuple(map(tuple, rows)),
        caption,
    )
    return block._replace(table=grid)
