"""A record is one line that comes back as it was, or is known to be damaged."""

from __future__ import annotations

import json
import zlib

import pytest

from ragcli.errors import HistoryDamaged, NewerFormat
from ragcli.sessions.records.record_lines import (
    PlainLines,
    checksummed,
    salvage,
    seq_of,
)
from ragcli.sessions.records.record_types import Record

CODEC = PlainLines()


def record(seq: int = 7, **changes: object) -> Record:
    body = {"conversation": "c", "question": "", **changes}
    return Record(seq, f"id-{seq}", 6, "2026-01-02T03:04:05.678Z", "turn", body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "Grüße 漢字 🎈",
        'quote " backslash \\',
        "\n\r\t\0\x1b\x7f\x85\u2028",
    ],
)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    written = record(question=text)

    line = CODEC.encode(written)

    assert CODEC.decode(line) == written
    assert line.count(b"\n") == 1


def test_a_file_name_that_is_not_utf8_comes_back_as_it_was() -> None:
    written = record(path="caf\udce9.txt")

    line = CODEC.encode(written)

    assert CODEC.decode(line) == written
    assert json.loads(line)["path"] == "caf\udce9.txt"


def test_a_line_is_json_with_its_checksum_last() -> None:
    fields = json.loads(CODEC.encode(record(answer="yes")))

    assert list(fields)[:2] == ["v", "seq"]
    assert list(fields)[-1] == "crc"
    assert fields["answer"] == "yes"


def test_every_flipped_bit_is_found() -> None:
    line = CODEC.encode(record(question="what?"))

    for place in range(len(line)):
        for bit in range(8):
            flipped = bytearray(line)
            flipped[place] ^= 1 << bit
            assert seq_of(bytes(flipped)) is None
            with pytest.raises(HistoryDamaged):
                CODEC.decode(bytes(flipped))


def test_every_cut_is_found() -> None:
    line = CODEC.encode(record(question="what?"))

    for length in range(len(line)):
        with pytest.raises(HistoryDamaged):
            CODEC.decode(line[:length])


def test_a_newer_format_is_not_damage() -> None:
    line = checksummed({"v": 2, "seq": 1, "shape": "unknown"})

    with pytest.raises(NewerFormat, match="format 2"):
        CODEC.decode(line)


@pytest.mark.parametrize("fields", [{"v": 1, "seq": 1}, {"seq": 1}, {"v": "x"}])
def test_sound_json_that_is_no_record_is_damage(fields: dict[str, object]) -> None:
    with pytest.raises(HistoryDamaged):
        CODEC.decode(checksummed(fields))


def test_json_that_is_no_object_is_damage() -> None:
    payload = b'["v"'
    line = payload + b',"crc":"%08x"}\n' % zlib.crc32(payload)

    with pytest.raises(HistoryDamaged):
        CODEC.decode(line)


def test_a_body_cannot_pose_as_the_envelope() -> None:
    with pytest.raises(ValueError, match="reserved"):
        CODEC.encode(record(id="mine"))


@pytest.mark.parametrize("separator", [b"\x0b", b"", b"xx"])
def test_two_lines_run_together_are_told_apart(separator: bytes) -> None:
    first, second = CODEC.encode(record(1)), CODEC.encode(record(2))

    found = salvage(first[:-1] + separator + second)

    expected = [first, second] if len(separator) == 1 else [first]
    assert found == expected
