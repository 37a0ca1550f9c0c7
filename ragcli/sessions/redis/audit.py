"""The audit log of a profile in Redis: the same chain as in a file, in a stream.

What it proves is what `sessions.audit` says of the one on a disk. In a profile in
the clear the signing key lies on the server beside the log.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ragcli.errors import Locked
from ragcli.sessions.audit import chain
from ragcli.sessions.audit.chained import ChainedAudit
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.script import AUDIT

_KEY_BYTES = 32
_ATTEMPTS = 1000


class RedisAudit(ChainedAudit):
    """The `AuditLog` of a profile in Redis.

    Args:
        keys: The profile's.
        key: `DataKey.subkey("audit")` for an encrypted profile, else None.
        tail: Number and MAC of the last entry as the profile was opened.
    """

    def __init__(
        self, keys: ProfileKeys, key: bytes | None, tail: tuple[int, str]
    ) -> None:
        super().__init__(key, keys.identity)
        self._keys = keys
        self._tail = tail

    def record(self, event: str, **facts: str | int) -> None:
        """Appends one event; see `AuditLog.record`.

        Raises:
            Locked: Others record all the time.
            StoreUnavailable, StorageFailed, NotPermitted: It was not stored.
        """
        key = self._key or self._made_key()
        for _ in range(_ATTEMPTS):
            seq, last = self._tail
            line = self._line(key, event, facts, self._tail)
            mac = chain.mac_of(line)
            reply = self._keys.call(AUDIT, seq, mac, last, line)
            if reply[0] == "ok":
                self._tail = (seq + 1, mac)
                return
            meta = self._keys.key("meta")
            self._tail = (
                reply_values.number(reply[1], meta),
                reply_values.text(reply[2], meta),
            )
        raise Locked("the audit log is being written by others", "try again")

    @property
    def length(self) -> int:
        """The number of the last entry that this object knows of."""
        return self._tail[0]

    def resign(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Appends verified entries of another log, those that this one lacks.

        For a profile that gets other keys: anchors of the old log hold no longer.
        """
        key = self._key or self._made_key()
        for seq, line in self._signed_anew(key, entries, self._tail):
            mac = chain.mac_of(line)
            self._keys.call(AUDIT, seq - 1, mac, self._tail[1], line)
            self._tail = (seq, mac)

    def stored_tail(self) -> tuple[bytes, bytes]:
        """Returns number and MAC of the last entry as the server has them now."""
        key = self._keys.key("meta")
        fields = self._keys.read(lambda r: r.hmget(key, "aseq", "amac"))
        return fields[0] or b"0", fields[1] or b""

    def anchor(self) -> str:
        """Returns `<seq>:<mac>` of the last entry, to be kept elsewhere."""
        key = self._keys.key("meta")
        seq, mac = self._keys.read(lambda r: r.hmget(key, "aseq", "amac"))
        last = reply_values.text(mac, key) or chain.NOTHING
        return f"{reply_values.number(seq, key)}:{last}"

    def lines(self) -> Iterator[bytes]:
        """Yields the lines without their newlines."""
        for _, fields in self._keys.entries("audit"):
            yield fields.get(b"l", b"").rstrip(b"\n")

    def _counted(self) -> int:
        key = self._keys.key("meta")
        return reply_values.number(self._keys.read(lambda r: r.hget(key, "aseq")), key)

    def _known_key(self) -> bytes | None:
        if self._key is None:
            name = self._keys.key("akey")
            self._key = self._keys.read(lambda r: r.get(name))
        return self._key

    def _made_key(self) -> bytes:
        """Returns the signing key of a profile in the clear, made once."""
        key = self._known_key()
        if not key:
            name, fresh = self._keys.key("akey"), secrets.token_bytes(_KEY_BYTES)
            self._keys.write("SETNX", name, fresh)
            self._key = None
            key = self._known_key()
        return key or b""
