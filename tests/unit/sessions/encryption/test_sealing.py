"""A sealed record shows nothing, cannot be moved, and every changed byte is noticed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragcli.errors import HistoryDamaged, NewerFormat, SnapshotDamaged
from ragcli.sessions.encryption.data_key import DataKey
from ragcli.sessions.encryption.sealing import (
    CHUNK,
    MAGIC,
    FileSealer,
    SealedLines,
    is_sealed,
)
from ragcli.sessions.records.record_lines import PlainLines, checked, checksummed
from ragcli.sessions.records.record_types import Record

KEY = DataKey(bytes(range(32)))
OTHER = DataKey(bytes(range(1, 33)))

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
bodies = st.dictionaries(st.text(), json_values, max_size=5)
texts = st.text(st.characters(exclude_categories=()), max_size=50)


def record(seq: int = 7, **body: object) -> Record:
    return Record(seq, f"id-{seq}", seq - 1, "2026-01-01T00:00:00.000Z", "turn", body)


@given(st.integers(1, 2**53), texts, st.integers(0, 2**53), texts, bodies)
def test_a_record_comes_back_as_it_was(
    seq: int, identifier: str, parent: int, kind: str, body: dict[str, object]
) -> None:
    lines = SealedLines(KEY)
    original = Record(seq, identifier, parent, "2026-01-01", kind, body)
    line = lines.encode(original)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert lines.decode(line) == original


def test_a_line_shows_nothing_but_its_place_and_key() -> None:
    line = SealedLines(KEY).encode(record(question="canary-question"))
    assert b"canary" not in line
    assert b"id-7" not in line
    assert list(json.loads(line)) == ["v", "seq", "k", "n", "ct", "crc"]


def test_the_same_record_never_gives_the_same_line_twice() -> None:
    lines = SealedLines(KEY)
    assert lines.encode(record()) != lines.encode(record())


def test_every_changed_byte_is_noticed_even_with_a_new_checksum() -> None:
    lines = SealedLines(KEY)
    line = lines.encode(record(question="q"))
    for at in range(len(line)):
        with pytest.raises(HistoryDamaged):
            lines.decode(line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :])
    fields = checked(line)
    text = fields["ct"]
    for at in range(0, len(text) - 4, 3):
        other = "A" if text[at] != "A" else "B"
        forged = fields | {"ct": text[:at] + other + text[at + 1 :]}
        with pytest.raises(HistoryDamaged, match="record 7"):
            lines.decode(checksummed(forged))


def test_a_line_cannot_move_to_another_place() -> None:
    lines = SealedLines(KEY)
    fields = checked(lines.encode(record(7)))
    with pytest.raises(HistoryDamaged, match="record 8"):
        lines.decode(checksummed(fields | {"seq": 8}))


def test_a_line_of_another_profile_does_not_open() -> None:
    line = SealedLines(OTHER).encode(record())
    with pytest.raises(HistoryDamaged, match="another profile's key"):
        SealedLines(KEY).decode(line)
    renamed = checked(line) | {"k": KEY.id}
    with pytest.raises(HistoryDamaged, match="another profile"):
        SealedLines(KEY).decode(checksummed(renamed))


def test_a_line_in_the_clear_is_refused() -> None:
    with pytest.raises(HistoryDamaged, match="in the clear"):
        SealedLines(KEY).decode(PlainLines().encode(record(question="planted")))


def test_a_sealed_line_is_no_plain_record() -> None:
    with pytest.raises(HistoryDamaged):
        PlainLines().decode(SealedLines(KEY).encode(record()))


@pytest.mark.parametrize(
    "changes",
    [
        {"n": ""},
        {"n": "!"},
        {"ct": ""},
        {"ct": 5},
        {"k": None},
        {"seq": True},
        {"x": 1},
    ],
)
def test_a_malformed_envelope_is_refused(changes: dict[str, object]) -> None:
    lines = SealedLines(KEY)
    fields = checked(lines.encode(record()))
    with pytest.raises(HistoryDamaged):
        lines.decode(checksummed(fields | changes))


def test_every_truncation_of_a_line_is_refused() -> None:
    lines = SealedLines(KEY)
    line = lines.encode(record(question="q"))
    for length in range(len(line)):
        with pytest.raises(HistoryDamaged):
            lines.decode(line[:length])


def test_a_newer_format_is_named() -> None:
    lines = SealedLines(KEY)
    with pytest.raises(NewerFormat):
        lines.decode(lines.encode(replace(record(), v=2)))


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(st.text(max_size=30), st.binary(max_size=2000))
def test_a_file_comes_back_as_it_was(name: str, data: bytes) -> None:
    sealer = FileSealer(KEY)
    sealed = sealer.seal(name, data)
    assert is_sealed(sealed)
    assert sealer.unseal(name, sealed) == data
    assert len(data) < 8 or data not in sealed.removeprefix(MAGIC)


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_chunk_borders(length: int) -> None:
    sealer = FileSealer(KEY)
    data = bytes(range(256)) * (length // 256 + 1)
    assert sealer.unseal("f", sealer.seal("f", data[:length])) == data[:length]


def test_files_cannot_be_swapped_renamed_or_taken_from_elsewhere() -> None:
    sealer = FileSealer(KEY)
    sealed = sealer.seal("vectors.faiss", b"data")
    with pytest.raises(SnapshotDamaged):
        sealer.unseal("documents.jsonl", sealed)
    with pytest.raises(SnapshotDamaged, match="another profile's key"):
        FileSealer(OTHER).unseal("vectors.faiss", sealed)
    stolen = sealed.replace(bytes.fromhex(KEY.id), bytes.fromhex(OTHER.id), 1)
    with pytest.raises(SnapshotDamaged):
        FileSealer(OTHER).unseal("vectors.faiss", stolen)


def test_chunks_cannot_be_cut_reordered_repeated_or_mixed() -> None:
    sealer = FileSealer(KEY)
    data = b"a" * CHUNK + b"b" * CHUNK + b"c" * 10
    sealed, again = sealer.seal("f", data), sealer.seal("f", data)
    header = len(MAGIC) + 8 + 32
    step = CHUNK + 16
    head, one, two, rest = (
        sealed[:header],
        sealed[header : header + step],
        sealed[header + step : header + 2 * step],
        sealed[header + 2 * step :],
    )
    forgeries = [
        head + one + two,
        head + one,
        head,
        head + two + one + rest,
        head + one + one + rest,
        head + one + two + rest + rest,
        head + two + rest,
        head + again[header : header + step] + two + rest,
        sealed[:-1],
        sealed + b"\0",
    ]
    for forged in forgeries:
        with pytest.raises(SnapshotDamaged):
            sealer.unseal("f", forged)


def test_every_changed_or_missing_byte_of_a_file_is_noticed() -> None:
    sealer = FileSealer(KEY)
    sealed = sealer.seal("f", b"some bytes")
    for at in range(len(sealed)):
        with pytest.raises(SnapshotDamaged):
            sealer.unseal(
                "f", sealed[:at] + bytes([sealed[at] ^ 128]) + sealed[at + 1 :]
            )
        with pytest.raises(SnapshotDamaged):
            sealer.unseal("f", sealed[:at])


def test_a_file_in_the_clear_is_refused() -> None:
    with pytest.raises(SnapshotDamaged, match="not sealed"):
        FileSealer(KEY).unseal("f", b"plain")
