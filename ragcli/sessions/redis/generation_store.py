"""Generations of a profile's index in Redis: manifests, and blocks by their hash."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from ragcli.errors import Conflict, SnapshotDamaged, SnapshotNotFound
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.leases import lease
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.index import HAVE, PUBLISH, PUT

_PIECE = 4
"""Blocks that are sent at once."""


class RedisGenerationStore:
    """The `GenerationStore` of a profile in Redis.

    Args:
        keys: The profile's.
    """

    def __init__(self, keys: ProfileKeys) -> None:
        self._keys = keys

    def current(self) -> tuple[str, str, int]:
        """See `GenerationStore`."""
        name, digest, number = self._fields("current", "digest", "number")
        key = self._keys.key("gens")
        counted = reply_values.number(number, key)
        return reply_values.text(name, key), reply_values.text(digest, key), counted

    def generations(self) -> list[str]:
        """See `GenerationStore`."""
        key = self._keys.key("gens")
        fields = self._keys.read(lambda r: r.hkeys(key))
        return [reply_values.text(f[2:], key) for f in fields if f.startswith(b"m:")]

    def manifest(self, generation: str) -> tuple[bytes, dict[str, list[str]]]:
        """See `GenerationStore`."""
        data, blocks = self._fields(f"m:{generation}", f"b:{generation}")
        if data is None or blocks is None:
            raise SnapshotNotFound(
                f"there is no index {generation!r}",
                "`ragcli docs rollback --list` shows those that are kept",
            )
        try:
            listed = json.loads(blocks)
            return data, {str(k): [str(b) for b in v] for k, v in listed.items()}
        except (ValueError, TypeError, AttributeError):
            raise SnapshotDamaged(
                f"index {generation} is damaged: its list of blocks is not readable", ""
            ) from None

    def block(self, digest: str) -> bytes:
        """See `GenerationStore`."""
        key = self._keys.key(f"blk:{digest[:1]}")
        data = self._keys.read(lambda r: r.hget(key, digest))
        if data is None:
            raise SnapshotNotFound(f"a block of the index is gone: {digest[:12]}", "")
        return bytes(data)

    def missing(self, digests: Sequence[str]) -> list[str]:
        """See `GenerationStore`."""
        if not digests:
            return []
        there = self._keys.call(HAVE, *digests)[1]
        return [d for d, known in zip(digests, there, strict=True) if not known]

    def put(self, blocks: Mapping[str, bytes]) -> None:
        """See `GenerationStore`."""
        items = list(blocks.items())
        for start in range(0, len(items), _PIECE):
            pairs = [part for item in items[start : start + _PIECE] for part in item]
            self._keys.call(PUT, *pairs, lock="ingest")

    def publish(
        self,
        name: str,
        parent: str,
        manifest: tuple[str, bytes],
        blocks: Mapping[str, Sequence[str]],
        keep: int,
    ) -> list[str]:
        """See `GenerationStore`."""
        reply = self._keys.call(
            PUBLISH, name, parent, *manifest, _listing(blocks), keep, lock="ingest"
        )
        if reply[0] in {"conflict", "again"}:
            key = self._keys.key("gens")
            live = (
                reply_values.text(reply[1], key) if isinstance(reply[1], bytes) else ""
            )
            raise Conflict(
                f"the index moved on to {live or 'another generation'} meanwhile",
                "run the command again; nothing was lost",
            )
        return [d.decode() for d in reply[1]] if reply[0] == "missing" else []

    def lock(self, wait: float) -> AbstractContextManager[Any]:
        """See `GenerationStore`."""
        return lease(self._keys, "ingest", wait=wait)

    def _fields(self, *names: str) -> list[bytes | None]:
        key = self._keys.key("gens")
        return list(self._keys.read(lambda r: r.hmget(key, *names)))


def _listing(blocks: Mapping[str, Sequence[str]]) -> bytes:
    return json.dumps({k: list(v) for k, v in blocks.items()}).encode()
