"""A file of lines reads the same from both ends, and is searched by number."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ragcli.sessions.records.line_file import LineFile
from ragcli.sessions.records.record_lines import PlainLines
from ragcli.sessions.records.record_types import Record


def lines_of(*sizes: int) -> list[bytes]:
    """Returns lines with bodies of these sizes; their numbers are 10, 20, …"""
    return [
        PlainLines().encode(
            Record(
                10 * n, f"i{n}", 0, "2026-01-01T00:00:00.000Z", "turn", {"q": "x" * s}
            )
        )
        for n, s in enumerate(sizes, 1)
    ]


@contextmanager
def opened(path: Path, data: bytes) -> Iterator[LineFile]:
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield LineFile(descriptor)
    finally:
        os.close(descriptor)


SIZES = [
    (),
    (0,),
    (5, 50, 500),
    tuple(range(0, 4000, 37)),
    (100_000,),
    (1, 300_000, 1, 20_000, 3),
    (16 << 10,) * 9,
    (9_000_000, 1),
]


@pytest.mark.parametrize("sizes", SIZES, ids=lambda s: f"{len(s)} lines")
@pytest.mark.parametrize("tail", [b"", b"{", b"y" * 70_000], ids=["whole", "1", "70k"])
def test_both_directions_read_the_same_lines(
    tmp_path: Path, sizes: tuple[int, ...], tail: bytes
) -> None:
    lines = lines_of(*sizes)
    whole = b"".join(lines)

    with opened(tmp_path / "f", whole + tail) as file:
        forwards = list(file.forwards(0, file.end))
        backwards = list(file.backwards(file.end))

        assert file.end == len(whole)
        assert [line.data for line in forwards] == lines
        assert backwards == forwards[::-1]
        assert all(whole[f.start : f.end] == f.data for f in forwards)


@pytest.mark.parametrize("sizes", SIZES, ids=lambda s: f"{len(s)} lines")
def test_a_number_is_found_where_it_stands(
    tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    lines = lines_of(*sizes)
    with opened(tmp_path / "f", b"".join(lines)) as file:
        starts = [line.start for line in file.forwards(0, file.end)] + [file.end]

        for n in range(len(lines) + 1):
            assert file.find(10 * n + 1, file.end) == starts[n]
            assert file.find(10 * n + 10, file.end) == starts[n]


def test_damage_moves_a_search_by_the_damage_only(tmp_path: Path) -> None:
    lines = lines_of(*([30] * 40))
    for broken in range(40):
        damaged = [*lines]
        damaged[broken] = b"#" + damaged[broken][1:]
        with opened(tmp_path / "f", b"".join(damaged)) as file:
            starts = [line.start for line in file.forwards(0, file.end)] + [file.end]

            for n in range(41):
                at = starts.index(file.find(10 * n + 1, file.end))
                assert at == n or (at == broken and n == broken + 1)


def test_lines_are_counted_as_editors_do(tmp_path: Path) -> None:
    with opened(tmp_path / "f", b"a\nbb\nccc\n") as file:
        assert [file.line_number(at) for at in (0, 2, 5)] == [1, 2, 3]
