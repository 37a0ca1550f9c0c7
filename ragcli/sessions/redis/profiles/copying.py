"""A profile's keys from one name to another, and records into a profile as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ragcli.sessions.records.record_lines import LineCodec
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.batches import batches
from ragcli.sessions.redis.keyspace import id_hash
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.index import PUT
from ragcli.sessions.redis.scripts.script import ENTRIES, FILL

Entry = tuple[str | bytes, Mapping[Any, str | bytes]]
"""The id of a stream's entry, and its fields."""

_PAGE = 256
"""Fields that are read at once."""


def copy_all(source: ProfileKeys, target: ProfileKeys) -> None:
    """Copies every key of a profile as it is, for one that gets another name."""
    for part in ("keys", "blob"):
        _copy_hash(source, target, part)
    _copy_index(source, target)
    for part in ("log", "audit", "quarantine"):
        put_entries(target, part, source.entries(part))
    _copy_hash(source, target, "ids")
    signing = source.read(lambda r: r.get(source.key("akey")))
    if signing:
        name = target.key("akey")
        target.write("SET", name, signing, "PX", 3600_000)
    _copy_fields(source, target, "meta", ("head", "ts", "epoch", "aseq", "amac"))


def fill_log(target: ProfileKeys, codec: LineCodec, records: Iterable[Record]) -> int:
    """Stores records under the numbers they have; returns the last, 0 for none."""
    last = 0
    lines = ((record, codec.encode(record)) for record in records)
    for batch in batches(lines, lambda item: len(item[1])):
        newest = batch[-1][0]
        parts = (p for r, line in batch for p in (r.seq, id_hash(r.id), line))
        target.call(FILL, newest.ts, *parts)
        last = newest.seq
    return last


def put_entries(target: ProfileKeys, part: str, entries: Iterable[Entry]) -> None:
    """Stores entries of a stream under the ids they have; those that are there stay.

    A command whose reply is lost is sent again, and the ids say what is stored already.
    """
    for batch in batches(entries, lambda entry: sum(map(len, entry[1].values()))):
        parts: list[Any] = []
        for name, fields in batch:
            values = [value for pair in fields.items() for value in pair]
            parts += [name, len(values), *values]
        target.call(ENTRIES, part, *parts)


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
    for start in range(0, len(names), _PAGE):
        some = names[start : start + _PAGE]
        values = source.read(lambda r: r.hmget(source.key(part), *some))  # noqa: B023
        there: dict[Any, Any] = {
            n: v for n, v in zip(some, values, strict=True) if v is not None
        }
        if there:
            target.write(
                "HSET", target.key(part), *(x for i in there.items() for x in i)
            )
