"""Lists of many documents: what is held of them, and in which order they come."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.errors import SnapshotDamaged
from ragcli.index.segments import catalogue
from ragcli.index.segments.catalogue import DocumentTable, Record, Records
from ragcli.storage.mapping import let_go, mapped

HELD = 400
"""Bytes that may be held of a document: its path and where it is, not its facts."""


def record(number: int, **others: object) -> Record:
    """Returns a document's record with what every record has."""
    return {
        "path": f"/notes/{number * 7919 % 100_000:05}.md",
        "title": "",
        "digest": "",
        "size": 1,
        "mtime_ns": 1,
        "checked_ns": 1,
        "added": "",
        "format": "markdown",
        "language": "en",
        "row": number,
        "chunks": 1,
        "facts": {"tags": ["x" * 1500]},
        **others,
    }


def stored(place: Path, records: Iterator[Record]) -> memoryview:
    place.write_bytes(catalogue.encode(records)[0])
    descriptor = os.open(place, os.O_RDONLY)
    try:
        return mapped(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.slow
def test_going_through_documents_holds_little_of_each(tmp_path: Path) -> None:
    peaks = {}
    for count in (1000, 4000):
        data = stored(tmp_path / str(count), map(record, range(count)))
        tracemalloc.start()
        paths = [found["path"] for found in Records([data]).in_order()]
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(paths) == count
        assert paths == sorted(paths)
    assert peaks[4000] - peaks[1000] < 3000 * HELD


def test_the_newest_record_of_a_path_counts_wherever_it_is(tmp_path: Path) -> None:
    first = [record(n, title="old") for n in range(600)]
    second = [{"path": first[n]["path"], "gone": True} for n in range(0, 600, 2)]
    second += [record(n, title="new") for n in range(1, 600, 3)]
    third = [record(n, title="back") for n in range(0, 600, 5)]
    kept = [first, second, [], third]
    files = [stored(tmp_path / str(n), iter(part)) for n, part in enumerate(kept)]
    newest = {item["path"]: item for part in kept for item in part}
    wanted = {path: item for path, item in newest.items() if "gone" not in item}

    found = Records(files)

    assert list(found.in_order()) == [wanted[path] for path in sorted(wanted)]
    assert list(found.in_order()) == list(found.in_order())
    assert dict(found) == wanted
    assert len(found) == len(wanted)
    with pytest.raises(KeyError):
        found["/notes/none.md"]


@pytest.mark.slow
def test_finding_documents_holds_few_of_them(tmp_path: Path) -> None:
    peaks = {}
    for count in (1000, 4000):
        records = [record(n) for n in range(count)]
        lines = stored(tmp_path / str(count), iter(records))
        table = DocumentTable(memoryview(catalogue.encode(records)[1]), lines)
        tracemalloc.start()
        assert all(table.of_path(item["path"]) == item for item in records)
        assert table.of_path("/notes/none.md") is None
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[4000] - peaks[1000] < 3000 * HELD


@pytest.mark.parametrize("damage", [b"{nonsense\n", b'{"path":"a"},{"path":"b"}\n'])
def test_damaged_lines_are_told(damage: bytes) -> None:
    data = catalogue.encode([record(1)])[0] + damage
    with pytest.raises(SnapshotDamaged):
        Records([memoryview(data)])


def test_what_was_let_go_is_read_again(tmp_path: Path) -> None:
    data = stored(tmp_path / "lines", map(record, range(50)))
    before = bytes(data)
    let_go(data[5:])
    let_go(memoryview(before))
    assert bytes(data) == before
