"""A profile's keys from one name to another, and records into a profile as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.keyspace import id_hash
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.index import PUT
from ragcli.sessions.redis.scripts.script import FILL

_BATCH = 1 << 20
"""Bytes of lines that are sent at once."""


def copy_all(source: ProfileKeys, target: ProfileKeys) -> None:
    """Copies every key of a profile as it is, for one that gets another name."""
    for part in ("keys", "blob"):
        _copy_hash(source, target, part)
    _copy_index(source, target)
    for part in ("log", "audit"):
        _copy_stream(source, target, part)
    _copy_hash(source, target, "ids")
    signing = source.read(lambda r: r.get(source.key("akey")))
    if signing:
        name = target.key("akey")
        target.write("SET", name, signing, "PX", 3600_000)
    _copy_fields(source, target, "meta", ("head", "ts", "epoch", "aseq", "amac"))


def fill_log(target: ProfileKeys, codec: LineCodec, records: Iterable[Record]) -> int:
    """Stores records under the numbers they have; returns the last, 0 for none."""
    pending: list[Any] = []
    size, stamp, last = 0, "", 0
    for record in records:
        line = codec.encode(record)
        pending += [record.seq, id_hash(record.id), line]
        size, stamp, last = size + len(line), record.ts, record.seq
        if size >= _BATCH:
            target.call(FILL, stamp, *pending)
            pending, size = [], 0
    if pending:
        target.call(FILL, stamp, *pending)
    return last


def _copy_index(source: ProfileKeys, target: ProfileKeys) -> None:
    """Copies the blocks first, and then what names them."""
    for digit in "0123456789abcdef":
        bucket = source.key(f"blk:{digit}")
        for digest in source.read(lambda r: r.hkeys(bucket)):  # noqa: B023
            data = source.read(lambda r: r.hget(bucket, digest))  # noqa: B023
            if data is not None:
                target.call(PUT, digest, data)
    _copy_hash(source, target, "gens")


def _copy_hash(source: ProfileKeys, target: ProfileKeys, part: str) -> None:
    key = source.key(part)
    names = source.read(lambda r: r.hkeys(key))
    _copy_fields(source, target, part, tuple(reply_values.text(n, key) for n in names))


def _copy_fields(
    source: ProfileKeys, target: ProfileKeys, part: str, names: tuple[str, ...]
) -> None:
    for start in range(0, len(names), 256):
        some = names[start : start + 256]
        found = source.read(lambda r: r.hmget(source.key(part), *some))  # noqa: B023
        there: dict[Any, Any] = {
            n: v for n, v in zip(some, found, strict=True) if v is not None
        }
        if there:
            target.write(
                "HSET", target.key(part), *(x for i in there.items() for x in i)
            )


def _copy_stream(source: ProfileKeys, target: ProfileKeys, part: str) -> None:
    edge, key = "-", target.key(part)
    while True:
        page = source.read(
            lambda r: r.xrange(source.key(part), edge, "+", count=256)  # noqa: B023
        )
        for name, fields in page:
            pairs = (part for pair in fields.items() for part in pair)
            target.write("XADD", key, name, *pairs)
        if len(page) < 256:
            return
        edge = f"({page[-1][0].decode()}"
