"""Every cut and every flipped byte of a history is noticed, and costs one record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ragcli.errors import HistoryDamaged
from ragcli.sessions.local.history.local_log import FILE, LocalLog
from ragcli.sessions.local.history.rewriting import Damage, Repaired, repair, scan
from ragcli.sessions.records.record_types import Record
from tests.stores import append, open_log, questions

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
TEXTS = ["first", "Zweite ü", 'third \\ " \n', "fourth", "fifth"]


def written(place: Path) -> tuple[LocalLog, bytes, list[Record]]:
    log = open_log(place)
    for text in TEXTS:
        append(log, text)
    return log, (place / FILE).read_bytes(), [*log.since()]


def test_a_file_cut_anywhere_keeps_every_record_before_the_cut(quick: Path) -> None:
    log, data, records = written(quick / "p")
    ends = [n + 1 for n, byte in enumerate(data) if byte == 0x0A]

    for size in range(ends[1], len(data)):
        (quick / "p" / FILE).write_bytes(data[:size])
        whole = sum(end <= size for end in ends)

        assert [*log.since()] == records[:whole]
        assert [*log.newest()] == records[:whole][::-1]
        if size % (1 if THOROUGH else 7) == 0:
            fresh = open_log(quick / "p")
            assert append(fresh, "next") == [whole + 1]
            assert questions(fresh) == [*TEXTS[:whole], "next"]
            fresh.directory.close()


def test_a_flipped_byte_is_found_wherever_it_is(quick: Path) -> None:
    log, data, records = written(quick / "p")
    ends = [0, *[n + 1 for n, byte in enumerate(data) if byte == 0x0A]]
    hit = 2  # the third of five

    for place in range(ends[hit], ends[hit + 1]):
        flipped = bytearray(data)
        flipped[place] ^= 1 << (place % 8)
        (quick / "p" / FILE).write_bytes(flipped)

        with pytest.raises(HistoryDamaged, match=rf"{FILE}:[34]:"):
            [*log.since()]
        sound = [item for item in scan(log) if isinstance(item, Record)]
        assert all(record in records for record in sound)
        assert any(isinstance(item, Damage) for item in scan(log))


def test_repair_loses_the_damaged_record_and_no_other(quick: Path) -> None:
    _, data, records = written(quick / "p")
    ends = [0, *[n + 1 for n, byte in enumerate(data) if byte == 0x0A]]
    hit = 2

    for place in range(ends[hit], ends[hit + 1], 1 if THOROUGH else 5):
        flipped = bytearray(data)
        flipped[place] ^= 1 << (place % 8)
        (quick / "p" / FILE).write_bytes(flipped)
        log = open_log(quick / "p")

        done = repair(log)
        assert done
        assert done.lost <= 1

        kept = [record for record in log.since() if record.kind != "redaction"]
        others = [record for record in records if record.seq != hit + 1]
        assert kept in (others, records)  # a newline hit costs nothing
        assert append(log, "next")[0] > len(records)
        log.directory.close()


def test_a_newline_hit_costs_no_record_at_all(quick: Path) -> None:
    log, data, records = written(quick / "p")
    ends = [n for n, byte in enumerate(data) if byte == 0x0A]
    flipped = bytearray(data)
    flipped[ends[1]] = 0x4A
    (quick / "p" / FILE).write_bytes(flipped)

    assert repair(log) == Repaired(moved=1, lost=0)

    assert [r for r in log.since() if r.kind != "redaction"] == records


def test_a_bit_flipped_at_the_very_end_is_kept_aside(quick: Path) -> None:
    log, data, records = written(quick / "p")
    (quick / "p" / FILE).write_bytes(data[:-1] + b"J")

    assert [*log.since()] == records[:-1]
    append(open_log(quick / "p"), "next")

    kept = [*(quick / "p" / "quarantine").iterdir()]
    assert len(kept) == 1
    assert b"fifth" in kept[0].read_bytes()
