"""One profile in Redis, opened."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings
from ragcli.errors import Conflict, StoreUnavailable
from ragcli.sessions.history.lifetime import timekeeping
from ragcli.sessions.history.lifetime.retention import span_seconds
from ragcli.sessions.history.lifetime.timekeeping import Ledger
from ragcli.sessions.opened_profile import OpenedProfile
from ragcli.sessions.profile_file import ProfileFile
from ragcli.sessions.protocols import AuditLog, SideCopy
from ragcli.sessions.records.clock import Sighting, now, stamp_of
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.audit import RedisAudit
from ragcli.sessions.redis.generation_store import RedisGenerationStore
from ragcli.sessions.redis.history.log import RedisLog
from ragcli.sessions.redis.history.outbox import Outbox
from ragcli.sessions.redis.key_slots import RedisSlots
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.registry import Meta
from ragcli.sessions.redis.scripts.script import BLOB, SETTINGS
from ragcli.sessions.side_copies import CACHE, QUARANTINE

if TYPE_CHECKING:
    from ragcli.sessions.encryption.data_key import DataKey
    from ragcli.sessions.protocols import SharedSnapshotFactory, Snapshots

STAMP = len("2026-01-01T00:00:00.000Z")
"""Bytes before each small private value: when it was written."""
_ATTEMPTS = 100
_LEDGER = "clock"
"""The small private value with what is known of time."""
_SERVER = "server"
"""Names the server's clock in it: no user of the profile sets that one."""


class RedisSession(OpenedProfile):
    """The `Session` of a profile in Redis; see `sessions.protocols`.

    Args:
        keys: The profile's.
        meta: What it was when it was opened.
        slots: Its key slots.
        settings: Those of the process.
        data_key: The key of an encrypted profile.
        outbox: Where turns wait while the server is away.
        snapshots: Makes the profile's snapshots on first use.
    """

    def __init__(  # noqa: PLR0913 - what a store introduces to it, all named
        self,
        keys: ProfileKeys,
        meta: Meta,
        slots: RedisSlots,
        *,
        settings: Settings,
        data_key: DataKey | None,
        outbox: Outbox,
        snapshots: SharedSnapshotFactory,
    ) -> None:
        profile = ProfileFile(meta.id, meta.created, meta.encrypted, {})
        super().__init__(keys.name, profile, settings=settings, data_key=data_key)
        self.keys = keys
        self.directory: RedisSlots = slots
        self._meta = meta
        self._own = meta.settings
        self._outbox = outbox
        self._make_snapshots = snapshots

    @cached_property
    def log(self) -> RedisLog:
        """The profile's history."""
        return RedisLog(self.keys, self.codec, self._outbox, self._meta.tip)

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Sets keys; a None value unsets.

        Raises:
            ConfigError: No such key, or a value it cannot take; nothing is changed.
        """
        changed = self._checked(changes)
        for _ in range(_ATTEMPTS):
            merged = {**self.written(), **changed}
            kept = {k: v for k, v in merged.items() if v is not None}
            new = encoded(kept)
            reply = self.keys.call(SETTINGS, self._own, new, idle_field(kept))
            if reply[0] == "ok":
                self._own = new
                self.keys.idle = idle(self._settings, kept)
                self.audit.record("profile.set", keys=" ".join(sorted(changed)))
                return
            self._own = reply_values.text(reply[1], self.keys.key("meta"))
        raise Conflict("the settings are being changed by others", "try again")

    def blob(self, name: str) -> bytes | None:
        """Returns a small private value; None when there is none that can be read."""
        key = self.keys.key("blob")
        stored = self.keys.read(lambda r: r.hget(key, name))
        return None if stored is None else self.unsealed(name, stored[STAMP:])

    def put_blob(self, name: str, value: bytes | None) -> None:
        """Stores such a value; None removes it."""
        if value is None:
            self.keys.call(BLOB, name, b"")
            return
        sealed = self.sealer.seal(name, value) if self.sealer else value
        self.keys.call(BLOB, name, now().encode() + sealed)

    def copies(self) -> Iterator[SideCopy]:
        """Yields drafts, lists that are kept and what is in quarantine."""
        key, quarantine = self.keys.key("blob"), self.keys.key(QUARANTINE)
        for field, stored in self.keys.read(lambda r: r.hgetall(key)).items():
            name, written = (
                reply_values.text(field, key),
                stored[:STAMP].decode("ascii", "replace"),
            )
            yield SideCopy(CACHE, name, written, stored[STAMP:], name, name)
        for entry, fields in self.keys.read(lambda r: r.xrange(quarantine)):
            written = stamp_of(int(entry.split(b"-")[0]) / 1000)
            yield SideCopy(
                QUARANTINE,
                entry.decode(),
                written,
                fields.get(b"l", b""),
                QUARANTINE,
                QUARANTINE,
                fields.get(b"w", b""),
            )

    def _remove(self, copy: SideCopy) -> None:
        if copy.kind == QUARANTINE:
            self.keys.write("XDEL", self.keys.key(QUARANTINE), copy.name)
        else:
            self.put_blob(copy.name, None)

    def close(self) -> None:
        """Forgets the key; the connection belongs to the store."""
        self._data_key = None

    def deliver(self) -> None:
        """Sends what was kept while the server was away, if it is there now."""
        if not self._outbox.waiting:
            return
        try:
            sent = self.log.deliver()
        except StoreUnavailable:
            return
        if sent:
            what = "1 record" if sent == 1 else f"{sent} records"
            verb = "is" if sent == 1 else "are"
            self.notices.append(f"{what} kept on this machine {verb} stored now")

    def look(self) -> tuple[Ledger, str]:
        """Compares this machine's clock with the server's; see `timekeeping.seen`."""
        remembered = timekeeping.decoded(self.blob(_LEDGER))
        seconds, micros = self.keys.read(lambda r: r.time())
        server = seconds + micros / 1e6
        now = Sighting(time.time(), _SERVER, server, 0.0)
        if remembered is None:  # two clocks that differ cannot both be right
            remembered = Ledger(server, _SERVER, server, newest=server)
        ledger, notice = timekeeping.seen(remembered, now, 0.0)
        self.put_blob(_LEDGER, ledger.encoded())
        return ledger, notice

    def _audit(self, key: bytes | None) -> AuditLog:
        return RedisAudit(self.keys, key or self._meta.signing or None, self._meta.tail)

    def _snapshots(self) -> Snapshots:
        return self._make_snapshots(
            RedisGenerationStore(self.keys),
            self.keys.id,
            self.sealer,
            remember=not self.keys.quiet,
        )

    def written(self) -> Mapping[str, Any]:
        """Returns the profile's own settings as they are stored."""
        return reply_values.mapping(self._own, self.keys.key("meta"))


def encoded(settings: Mapping[str, Any]) -> str:
    """Returns settings as they are stored."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))


def idle(settings: Settings, own: Mapping[str, Any]) -> int:
    """Returns the milliseconds after which a profile expires unused; 0 for never."""
    return span_seconds(own.get("ttl", settings.ttl)) * 1000


def idle_field(own: Mapping[str, Any]) -> str:
    """Returns what `meta` says about that: "" where the profile says nothing."""
    return str(span_seconds(own["ttl"]) * 1000) if "ttl" in own else ""
