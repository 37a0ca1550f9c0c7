"""A record as one line of JSON whose last field is the checksum of the rest.

    {"v":1,"seq":42,"id":"0197…","parent":41,"ts":"…","kind":"turn",…,"crc":"9f31c2ab"}

The file stays plain JSON Lines for every other tool. `v` and `seq` come first and
in the clear with every codec, so that a place in the log is found by bisection.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ragcli.errors import HistoryDamaged, NewerFormat
from ragcli.sessions.records.record_shapes import REPAIR, expect_shape
from ragcli.sessions.records.record_types import Record
from ragcli.storage import format_versions

_ENVELOPE = ("v", "seq", "id", "parent", "ts", "kind")
_CHECKSUM = re.compile(rb',"crc":"([0-9a-f]{8})"\}\n')
_CHECKSUM_LENGTH = len(b',"crc":"00000000"}\n')
# A newline in front, not `^`: a fixed beginning is found much faster.
_ID = re.compile(rb'\n\{"v":\d+,"seq":\d+,"id":"([^"\\]*)","parent":\d+,"ts":"')
_SEQ = re.compile(rb'\{"v":\d+,"seq":(\d+),')


class LineCodec(Protocol):
    """How records are written: in the clear, or sealed."""

    def encode(self, record: Record) -> bytes:
        r"""Returns one line, `\n` at its end and nowhere else."""

    def decode(self, line: bytes, *, wrapped: bool = False) -> Record:
        """Returns the record of a line.

        Args:
            line: With its line break.
            wrapped: Whether its body only holds what is to become that of its kind, as
                in an outbox; then nothing is asked of its fields.

        Raises:
            HistoryDamaged: Altered, cut, or not ours.
            NewerFormat: Written by a newer ragcli.
        """

    def ids(self, lines: bytes) -> tuple[Sequence[str], str]:
        """Returns the ids of several lines, and the time of the first.

        May be unchecked, and damaged lines are left out: it is for telling that an
        id is new. A record that has it is then decoded.
        """


class PlainLines:
    """Records in the clear."""

    def encode(self, record: Record) -> bytes:
        """Returns the record's line; see `LineCodec`.

        Raises:
            ValueError: A bug: a body that no JSON can hold, or a reserved name in it.
        """
        envelope = {name: getattr(record, name) for name in _ENVELOPE}
        if not envelope.keys().isdisjoint(record.body):
            raise ValueError(f"reserved names in a body: {sorted(record.body)}")
        return checksummed({**envelope, **record.body})

    def decode(self, line: bytes, *, wrapped: bool = False) -> Record:
        """Returns the record of a line; see `LineCodec`."""
        fields = checked(line)
        try:
            envelope = {name: fields.pop(name) for name in _ENVELOPE}
            return brought_up(Record(**envelope, body=fields), wrapped=wrapped)
        except (KeyError, ValueError, TypeError):
            raise HistoryDamaged("a record lacks what every one has", REPAIR) from None

    def ids(self, lines: bytes) -> tuple[Sequence[str], str]:
        """Returns what the lines say at their starts; see `LineCodec`."""
        marked = b"\n" + lines
        first = _ID.search(marked)
        time = marked[first.end() : marked.find(b'"', first.end())] if first else b""
        ids = b" ".join(_ID.findall(marked)).decode(errors="replace").split()
        return ids, time.decode(errors="replace")


def checksummed(fields: Mapping[str, Any]) -> bytes:
    """Returns `fields` as a line with its checksum (CRC-32) last."""
    text = json.dumps(
        fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    try:
        payload = text.encode()
    except UnicodeEncodeError:  # lone surrogates, from a file name that is not UTF-8
        payload = json.dumps(fields, allow_nan=False, separators=(",", ":")).encode()
    payload = payload[:-1]
    return payload + b',"crc":"%08x"}\n' % zlib.crc32(payload)


def checked(line: bytes) -> dict[str, Any]:
    """Returns the fields of a line without its checksum.

    Raises:
        HistoryDamaged: The checksum does not match.
        NewerFormat: It does, and the format is newer than this program.
    """
    if not _sound(line):
        raise HistoryDamaged("a record fails its checksum", REPAIR)
    try:
        fields = json.loads(line)
        version = int(fields["v"])
    except (ValueError, KeyError, TypeError):
        raise HistoryDamaged("a record is not one of ours", REPAIR) from None
    format_versions.RECORD.check(version, "a record")
    del fields["crc"]
    return dict(fields)


def brought_up(record: Record, *, wrapped: bool = False) -> Record:
    """Returns a record of an older format as this version would have written it.

    Args:
        record: As it was read.
        wrapped: See `LineCodec.decode`.

    Raises:
        HistoryDamaged: It lacks a field that its kind needs.
        KeyError, ValueError, TypeError: It has no format that ever was.
    """
    rule = format_versions.RECORD
    if record.v != rule.version:
        table = {**record.body, "kind": record.kind, rule.key: record.v}
        rule.bring_up(table, "a record")
        kind, v = table.pop("kind"), table.pop(rule.key)
        record = replace(record, kind=kind, v=v, body=table)
    if not wrapped:
        expect_shape(record)
    return record


def seq_of(line: bytes) -> int | None:
    """Returns a sound line's sequence number; None for a damaged one."""
    match = _SEQ.match(line)
    return int(match[1]) if match and _sound(line) else None


def located(
    error: HistoryDamaged | NewerFormat, where: str
) -> HistoryDamaged | NewerFormat:
    """Returns an error about a line that says where the line is."""
    return type(error)(f"{where}: {error.message}", error.hint)


def misplaced(where: str, seq: int) -> HistoryDamaged:
    """Returns the error for a sound record that does not follow the one before."""
    return HistoryDamaged(
        f"{where}: record {seq} is out of place: a line was moved, copied or put back",
        REPAIR,
    )


def _sound(line: bytes) -> bool:
    match = _CHECKSUM.fullmatch(line, max(0, len(line) - _CHECKSUM_LENGTH))
    if not match:
        return False
    payload = memoryview(line)[: len(line) - _CHECKSUM_LENGTH]
    return zlib.crc32(payload) == int(match[1], 16)


def salvage(line: bytes) -> list[bytes]:
    """Returns the sound lines inside a damaged one.

    Two records become one line when the newline between them is hit.
    """
    candidates: list[bytes] = []
    start = 0
    for match in re.finditer(rb',"crc":"[0-9a-f]{8}"\}', line):
        candidate = line[start : match.end()] + b"\n"
        if _sound(candidate):
            candidates.append(candidate)
        start = match.end() + 1
    return candidates
