"""The documents of an index: JSON Lines beside the chunks, newest record wins.

A record is a plain dict, because ten thousand of them are read on every sync:

    {"path", "title", "digest", "size", "mtime_ns", "checked_ns", "added",
     "format", "language", "row", "chunks"}     a document, chunks row … row+chunks-1
         and "parts", "facts", "reader", where there are any
    {"path", "gone": true}                      it was removed
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ragcli.errors import SnapshotDamaged
from ragcli.index.misreading import (
    MISREAD,
    are_texts,
    damaged_file,
    is_count,
)
from ragcli.storage.mapping import let_go

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Record = dict[str, Any]

READER = 7
"""Counts up when documents are read better: `docs sync` reads older ones again."""

RACY_NS = 2_000_000_000
"""A file that changed less than this before it was read may change again within the
same tick of its clock; its mtime alone is not believed (as git does for its index)."""

_BLOCK = 256 << 10
"""Bytes of records that are decoded at once."""

_KEPT = 256
"""Records that a table keeps at hand."""

_READ_AT_ONCE = 256
"""Records that are decoded together; then the pages they are on may leave memory."""

_TYPES = {
    "path": str,
    "title": str,
    "digest": str,
    "size": int,
    "mtime_ns": int,
    "checked_ns": int,
    "added": str,
    "format": str,
    "language": str,
    "row": int,
    "chunks": int,
}
"""What every record of a document has."""
_values_of = itemgetter(*_TYPES)
_EXPECTED = tuple(_TYPES.values())
_numbers_of = itemgetter("size", "mtime_ns", "checked_ns", "row", "chunks")

_MOST_CHUNKS = 1 << 61
_LAST_ROW = 3 << 61
"""Bounds of what a table may hold: the end of a document is below 2⁶³, as rows are."""


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """One indexed document, for people and scripts."""

    path: str
    """Absolute path."""

    title: str
    """Its title, or ""."""

    chunks: int
    """Chunks it was split into."""

    size: int
    """Bytes."""

    digest: str
    """SHA-256 of its bytes when it was indexed, in hex."""

    mtime_ns: int
    """When it had last changed then, in nanoseconds since 1970."""

    added: str
    """When it was indexed, ISO 8601, UTC."""

    format: str
    """`markdown`, `pdf`, `python`, …"""

    language: str
    """ISO 639-1 code, "" when unknown."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else is known: tags, dates, a guessed encoding."""

    reader: int = READER
    """Which version of the reader made it."""


_FIELDS = tuple(item.name for item in fields(DocumentInfo))


def info(record: Record) -> DocumentInfo:
    """Returns a record as a value."""
    table = {"facts": {}, "reader": 1, **record}
    return DocumentInfo(**{name: table[name] for name in _FIELDS})


def is_outdated(record: Record) -> bool:
    """Tells whether an older reader made what is stored of a document."""
    return int(record.get("reader", 1)) < READER


MISSING = "missing"
"""Stands for what recognizes text where that is wanted and none is installed."""


def recognizes_otherwise(record: Record, engine: str) -> bool:
    """Tells whether the pictures of text in a document are to be read otherwise.

    Either nothing tried to recognize them, or what was recognized is not wanted any
    more. Where recognition is wanted and cannot be had, what is there stays.

    Args:
        record: What is known of it.
        engine: What recognizes text, "" where that is not wanted, or `MISSING`.
    """
    facts = record.get("facts", {})
    if not facts.get("scanned") or engine == MISSING:
        return False
    return bool(engine) != bool(facts.get("ocr"))


def key(path: str) -> int:
    """Returns the number that stands for a document in the text index, 63 bits."""
    name = hashlib.blake2b(os.fsencode(path), digest_size=8).digest()
    return int.from_bytes(name, "little") >> 1


def is_gone(record: Record) -> bool:
    """Tells whether a record says that its document was removed."""
    return "gone" in record


def is_unchanged(record: Record, size: int, mtime_ns: int) -> bool:
    """Tells whether a file with this size and mtime needs no reading."""
    return bool(
        record["size"] == size
        and record["mtime_ns"] == mtime_ns
        and mtime_ns + RACY_NS <= record["checked_ns"]
    )


class Encoder:
    """Records in the form in which they are stored, as they come."""

    def __init__(self) -> None:
        self._lines = bytearray()
        self._table = array("q")

    def __len__(self) -> int:
        return len(self._table) // 5

    def add(self, record: Record) -> None:
        """Appends a record."""
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        span = (record.get("row", 0), record.get("chunks", 0))
        where = (len(self._lines), len(line), key(record["path"]))
        self._table.extend((*span, *where))
        self._lines += line

    def encoded(self) -> tuple[bytearray, bytearray]:
        """Returns the JSON Lines, and the table that finds them by row.

        The table has five lines of int64, sorted by the first: first row, number of
        chunks, offset and length of the line, key of the path.
        """
        import numpy as np

        columns = np.frombuffer(self._table, np.int64).reshape(len(self), 5).T
        order = np.lexsort((columns[2], columns[1], columns[0]))
        table = bytearray(8 * columns.size)
        for target, column in zip(_rows_of(table, len(self)), columns, strict=True):
            target[:] = column[order]
        return self._lines, table


def encode(records: Iterable[Record]) -> tuple[bytes, bytes]:
    """Returns the JSON Lines of some records, and the table that finds them by row."""
    encoder = Encoder()
    for record in records:
        encoder.add(record)
    lines, table = encoder.encoded()
    return bytes(lines), bytes(table)


def _rows_of(table: bytearray, count: int) -> NDArray[np.int64]:
    import numpy as np

    return np.frombuffer(table, "<i8").reshape(5, count)


def decode(data: memoryview | bytes) -> list[Record]:
    """Returns all records of one file, oldest first.

    Raises:
        SnapshotDamaged: Not JSON Lines.
    """
    try:
        joined = bytes(data).rstrip(b"\n").replace(b"\n", b",")
        records: list[Record] = json.loads(b"[" + joined + b"]")
        is_sound = all(map(_is_record, records))
    except MISREAD as error:
        raise _damaged(str(error)) from None
    if not is_sound:
        raise _damaged("a record has other fields than were written")
    return records


def _is_record(record: Record) -> bool:
    """Tells whether a record has what every one has, and each of its type."""
    if "gone" in record:
        return isinstance(record["path"], str)
    return (
        tuple(map(type, _values_of(record))) == _EXPECTED
        and max(numbers := _numbers_of(record)) < _LAST_ROW
        and min(numbers[3:]) >= 0
        and numbers[4] < _MOST_CHUNKS
        and isinstance(record.get("facts", {}), dict)
        and isinstance(record.get("web", {}), dict)
        and is_count(record.get("reader", 1))
        and ("parts" not in record or _are_parts(record["parts"]))
    )


def _are_parts(parts: Any) -> bool:
    """Tells whether a record says rightly which chunks are of what is inside."""
    return isinstance(parts, list) and all(
        is_count(first)
        and is_count(count)
        and first + count < _MOST_CHUNKS
        and isinstance(part, str)
        and are_texts(formats)
        for first, count, part, formats in parts
    )


def _decoded_line(line: bytes | memoryview) -> Record:
    """Returns the one record of a line.

    Raises:
        SnapshotDamaged: There is none, or more than one.
    """
    records = decode(line)
    if len(records) != 1:
        raise _damaged("a line holds other than one record")
    return records[0]


def _damaged(reason: str) -> SnapshotDamaged:
    return damaged_file(f"the list of documents is damaged: {reason}")


def decoded_lines(data: memoryview) -> Iterator[tuple[int, Record]]:
    """Yields where the line of each record ends, and the record, oldest first.

    Few are in memory at a time, and of a mapped file only what is being read.

    Raises:
        SnapshotDamaged: Not JSON Lines.
    """
    at = 0
    while at < len(data):
        block = _whole_lines(data, at)
        lines, records = block.splitlines(keepends=True), decode(block)
        if len(lines) != len(records):
            raise _damaged("some lines hold other than one record")
        for line, record in zip(lines, records, strict=True):
            at += len(line)
            yield at, record
        let_go(data)


def _whole_lines(data: memoryview, start: int) -> bytes:
    """Returns about a block of `data` from `start`, up to the end of a line."""
    size = _BLOCK
    while start + size < len(data):
        block = bytes(data[start : start + size])
        end = block.rfind(b"\n") + 1
        if end:
            return block[:end]
        size *= 2
    return bytes(data[start:])


class Records(Mapping[str, Record]):
    """The newest record of each path in some files, read when it is asked for.

    Only paths and places are in memory, and the record that was read last.

    Args:
        files: JSON Lines of each segment, oldest first.
        with_gone: Whether the records of removed documents are among them.

    Raises:
        SnapshotDamaged: One is damaged.
    """

    def __init__(self, files: Sequence[memoryview], *, with_gone: bool = False) -> None:
        self._files = files
        self._lines: dict[str, int] = {}
        self._starts = array("q")
        self._firsts: list[int] = []
        self._last: tuple[str, Record] = ("", {})
        for data in files:
            self._firsts.append(len(self._starts))
            self._starts.append(0)
            for end, record in decoded_lines(data):
                if is_gone(record) and not with_gone:
                    self._lines.pop(record["path"], None)
                else:
                    self._lines[record["path"]] = len(self._starts) - 1
                self._starts.append(end)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __contains__(self, path: object) -> bool:
        return path in self._lines

    def take_out(self, path: str) -> None:
        """Forgets that there is a document at `path`.

        Raises:
            KeyError: There is none.
        """
        del self._lines[path]

    def in_order(self) -> Iterator[Record]:
        """Yields the records by path."""
        lines = map(self._lines.__getitem__, sorted(self._lines))
        while some := list(islice(lines, _READ_AT_ONCE)):
            yield from decode(b"".join(map(self._line, some)))
            for data in self._files:
                let_go(data)

    def __getitem__(self, path: str) -> Record:
        """Returns the record of a document.

        Raises:
            KeyError: There is none.
        """
        line = self._lines[path]
        if self._last[0] != path:
            self._last = path, _decoded_line(self._line(line))
        return self._last[1]

    def _line(self, number: int) -> memoryview:
        """Returns a line of the files, counted through all of them."""
        data = self._files[bisect_right(self._firsts, number) - 1]
        return data[self._starts[number] : self._starts[number + 1]]


class StoredRecord:
    """A record as it is stored, of which only what is asked for is decoded.

    Args:
        line: Its line of JSON.
    """

    __slots__ = ("_head", "_line", "_read")

    def __init__(self, line: bytes) -> None:
        self._line = line
        self._head: bytes | None = None
        self._read: Record | None = None

    def __getitem__(self, name: str) -> Any:
        if name == "path":
            return path_of(self._line)
        if name == "mtime_ns":
            match = _MTIME.search(self._plain)
            return int(match[1]) if match else self._decoded[name]
        return self._decoded[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Returns what stands under a name, `default` where nothing does."""
        if name == "facts":
            _, label, value = self._line.partition(_FACTS)
            if not label:
                return default
            # Else decoding the whole of it says what is wrong.
            with suppress(ValueError, RecursionError):
                facts = _DECODER.raw_decode(value.decode("ascii"))[0]
                if isinstance(facts, dict):
                    return facts
        if name == "parts":  # asked of each document, and few have any
            _, label, value = self._plain.partition(_PARTS)
            if not label:
                return default
            with suppress(*MISREAD):
                parts = _DECODER.raw_decode(value.decode("ascii"))[0]
                if _are_parts(parts):
                    return parts
        if name == "format" and (match := _FORMAT.search(self._plain)):
            return match[1].decode()
        return self._decoded.get(name, default)

    @property
    def _plain(self) -> bytes:
        """The beginning of the line, before what documents say of themselves.

        A quotation mark in a value is written with a backslash, so that names found
        here are names of the record.
        """
        if self._head is None:
            self._head = self._line.partition(_FACTS)[0]
        return self._head

    @property
    def _decoded(self) -> Record:
        if self._read is None:
            self._read = _decoded_line(self._line)
        return self._read


_DECODER = json.JSONDecoder()
_PATH = b'{"path":"'
_FACTS = b'"facts":'
_PARTS = b'"parts":'
_GONE = b'"gone":true}'
_FORMAT = re.compile(rb'"format":"([\w.+-]*)"')
_MTIME = re.compile(rb'"mtime_ns":(\d{1,18})[,}]')


def path_of(line: bytes) -> str:
    """Returns the path of a stored record, without decoding the rest where it can.

    Raises:
        SnapshotDamaged: It is no record.
    """
    if line.startswith(_PATH):
        path, quotation_mark, _ = line[len(_PATH) :].partition(b'"')
        if quotation_mark and b"\\" not in path and path.isascii():
            return path.decode("ascii")
    return str(_decoded_line(line)["path"])


Span = tuple[int, int, int]
"""First row and number of chunks of a document or a stretch of it, and its key."""

Stretches = list[tuple[int, int]]
"""Chunks of a document, counted from 0: the first of each stretch, and how many."""


def spans(
    files: Iterable[tuple[memoryview, memoryview]],
    meant: Callable[[StoredRecord], bool | Stretches],
) -> tuple[list[Span], bool]:
    """Returns where the chunks of some documents are, and whether some are left out.

    Args:
        files: The JSON Lines and the table of each segment, oldest first.
        meant: Tells whether a document is wanted, or which stretches of it are.

    Raises:
        SnapshotDamaged: Lines and table do not belong together.
    """
    import numpy as np

    there: dict[str, tuple[bytes, int]] = {}
    tables = []
    first = 0
    for data, table in files:
        lines = bytes(data).splitlines()
        columns = _read_table(table)
        if columns.shape[1] != len(lines):
            raise _damaged("some lines hold other than one record")
        tables.append(columns[:, np.argsort(columns[2])][[0, 1, 4]])
        for at, line in enumerate(lines, first):
            if line.endswith(_GONE) and is_gone(_decoded_line(line)):
                there.pop(path_of(line), None)
            else:
                there[path_of(line)] = line, at
        first += len(lines)
    wanted: list[int] = []
    in_part: dict[int, Stretches] = {}
    for line, at in there.values():
        wanted_part = meant(StoredRecord(line))
        if wanted_part:
            wanted.append(at)
            if wanted_part is not True:
                in_part[len(wanted) - 1] = wanted_part
    if not wanted:
        return [], False
    rows, chunks, keys = np.concatenate(tables, axis=1)[:, wanted].tolist()
    chosen = list(zip(rows, chunks, keys, strict=True))
    for index, stretches in in_part.items():
        row, _, key = chosen[index]
        (chosen[index], *others) = [(row + first, n, key) for first, n in stretches]
        chosen += others
    return chosen, bool(in_part)


def _read_table(table: memoryview) -> NDArray[np.int64]:
    """Returns the five lines of the table that `encode` made.

    Raises:
        SnapshotDamaged: It is none, or holds what nothing can be at.
    """
    import numpy as np

    if len(table) % 40:
        raise _damaged("its table has another size")
    columns = np.frombuffer(table, "<i8").reshape(5, -1)
    if columns.size and (
        columns[:4].min() < 0
        or columns[0].max() >= _LAST_ROW
        or columns[1:4].max() >= _MOST_CHUNKS
    ):
        raise _damaged("its table holds what was never written")
    return columns


class DocumentTable:
    """Finds the document of a row without reading the others.

    Args:
        table: The table that `encode` made.
        lines: The JSON Lines.

    Raises:
        SnapshotDamaged: It is no such table.
    """

    def __init__(self, table: memoryview, lines: memoryview) -> None:
        self._table = _read_table(table)
        self._lines = lines
        self._read: dict[int, Record] = {}

    def of_row(self, row: int) -> Record:
        """Returns the record of the document that `row` belongs to.

        Raises:
            SnapshotDamaged: No document has this row.
        """
        import numpy as np

        number = int(np.searchsorted(self._table[0], row, "right")) - 1
        if number < 0 or row >= self._table[0][number] + self._table[1][number]:
            raise _damaged(f"row {row} belongs to no document")
        record = self._record(number)
        if is_gone(record):
            raise _damaged(f"row {row} belongs to a document that is gone")
        return record

    def of_path(self, path: str) -> Record | None:
        """Returns the record of the document at `path`; None if it has none here."""
        import numpy as np

        keys, numbers = self._by_key
        wanted = key(path)
        at = int(np.searchsorted(keys, wanted))
        while at < len(keys) and keys[at] == wanted:
            record = self._record(int(numbers[at]))
            at += 1
            if record["path"] == path:
                return record
        return None

    @cached_property
    def _by_key(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The keys, sorted, and where in the table each is."""
        import numpy as np

        order = np.argsort(self._table[4], kind="stable")
        return self._table[4][order], order

    def _record(self, number: int) -> Record:
        if number not in self._read:
            if len(self._read) >= _KEPT:
                self._read.clear()
                let_go(self._lines)
            start = int(self._table[2][number])
            line = self._lines[start : start + int(self._table[3][number])]
            self._read[number] = _decoded_line(line)
        return self._read[number]

    def spans(self, keys: NDArray[np.int64]) -> list[tuple[int, int]]:
        """Returns first row and number of chunks of the documents with these keys."""
        import numpy as np

        chosen = np.flatnonzero(np.isin(self._table[4], keys))
        return [(int(self._table[0][i]), int(self._table[1][i])) for i in chosen]
