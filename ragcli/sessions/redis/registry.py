"""Which profiles a user has, and what each of them is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ragcli.errors import Damaged, ProfileNotFound, StoreUnavailable
from ragcli.frozen import frozen
from ragcli.sessions.profile_names import no_such_profile
from ragcli.sessions.redis import reply_values
from ragcli.sessions.redis.keyspace import Keyspace
from ragcli.sessions.redis.profile_keys import ProfileKeys
from ragcli.sessions.redis.scripts.profiles import OPEN
from ragcli.sessions.redis.server.client import RedisServer
from ragcli.sessions.redis.server.replication import written
from ragcli.storage.format_versions import SHARED_PROFILE

if TYPE_CHECKING:
    from redis import Redis

_FORGOTTEN = 60.0
"""Seconds after which a listed name without a profile is dropped."""


@frozen
class Meta:
    """The contents of a profile's key `meta`."""

    id: str
    created: str
    encrypted: bool
    settings: str
    """JSON, by dotted key, unchecked."""
    tip: tuple[int, str]
    """Number and time of the last record."""
    tail: tuple[int, str]
    """Number and MAC of the last entry of the audit log."""
    signing: bytes
    """What signs the audit log of a profile in the clear; b"" before the first."""

    @property
    def own(self) -> dict[str, Any]:
        """Returns the settings; raises `Damaged`."""
        return reply_values.mapping(self.settings, "the settings of the profile")


class Registry:
    """The profiles of one user on a server.

    A name is listed before its profile is made and until after it is gone, and
    profiles expire by themselves: so being listed is not enough to be there.

    Args:
        server: The server.
        keyspace: The user's.
        replicated: Whether a name counts as listed only when the replicas have it.
    """

    def __init__(
        self, server: RedisServer, keyspace: Keyspace, *, replicated: bool = False
    ) -> None:
        self._server = server
        self._keyspace = keyspace
        self._replicated = replicated

    def names(self) -> list[str]:
        """Returns the profiles that are there, sorted."""
        listed = sorted(self._listed())
        there = self._all_there(listed)
        return [name for name, known in zip(listed, there, strict=True) if known]

    def add(self, name: str) -> None:
        """Lists a name."""
        key = self._keyspace.profiles
        moment = f"{time.time():.3f}"

        def run(redis: Redis) -> Any:
            if not self._replicated:
                return redis.hset(key, name, moment)
            replicas = self._server.replicas(self._keyspace.tag)
            return written(redis, replicas, ("HSET", key, name, moment))

        self._server.run(self._keyspace.tag, run)

    def remove(self, name: str) -> None:
        """Takes a name from the list."""
        key = self._keyspace.profiles
        self._server.run(self._keyspace.tag, lambda r: r.hdel(key, name))

    def sweep(self) -> None:
        """Takes the names of expired profiles from the list."""
        there = set(self.names())
        for name, added in self._listed().items():
            if name not in there and time.time() - added > _FORGOTTEN:
                self.remove(name)

    def look(
        self, keys: ProfileKeys, *, use: bool = False
    ) -> tuple[Meta, dict[str, bytes]]:
        """Returns what a profile is, and its key slots; notes its id in `keys`.

        Args:
            keys: The profile's.
            use: Let it count as used.

        Raises:
            ProfileNotFound: There is none.
            NewerFormat: Written by a newer ragcli.
            StoreUnavailable: Another program's keys are in its place.
        """
        reply = keys.call(OPEN, "use" if use else "look", lock="")
        if reply[0] == "none":
            raise self._missing(keys.name)
        fields = {k: v.decode("utf-8", "replace") for k, v in _pairs(reply[1])}
        if "new" in fields:
            raise self._missing(keys.name)
        self._check_format(keys.name, fields)
        key = keys.key("meta")
        meta = Meta(
            id=fields["id"].partition("/")[0],
            created=fields.get("created", ""),
            encrypted=fields.get("encrypted") == "1",
            settings=fields.get("settings", "{}"),
            tip=(reply_values.number(fields.get("head"), key), fields.get("ts", "")),
            tail=(reply_values.number(fields.get("aseq"), key), fields.get("amac", "")),
            signing=reply[3],
        )
        slots = dict(_pairs(reply[2]))
        if meta.encrypted != bool(slots):
            raise Damaged(
                f"profile {keys.name!r}: its key slots were removed or added by others",
                "restore it from an export",
            )
        keys.id = fields["id"]
        return meta, slots

    def foreign(self, name: str) -> StoreUnavailable:
        """Returns the error for a profile's key that is another program's."""
        return StoreUnavailable(
            f"{self._server.address.shown}: {self._keyspace.meta(name)} is not ours",
            "another program uses the prefix ragcli: take another database or server",
        )

    def _check_format(self, name: str, fields: dict[str, str]) -> None:
        version = fields.get("v", "")
        if "id" not in fields or not version.isdecimal():
            raise self.foreign(name)
        SHARED_PROFILE.check(int(version), f"profile {name!r}")

    def _listed(self) -> dict[str, float]:
        """Returns the names that were added, each with when."""
        key = self._keyspace.profiles
        tag = self._keyspace.tag

        def run(redis: Redis) -> Any:
            names = redis.hgetall(key)
            if not names:
                self._server.assure(tag, replicated=self._replicated)
            return names

        added: dict[Any, Any] = self._server.run(tag, run)
        return {
            reply_values.text(k, key): reply_values.real(v, key)
            for k, v in added.items()
        }

    def _all_there(self, names: list[str]) -> list[bool]:
        """Tells of each name whether it is a profile; one round trip on one server."""

        def ask(redis: Redis) -> list[Any]:
            pipeline = redis.pipeline(transaction=False)
            for name in names:
                pipeline.hexists(self._keyspace.meta(name), "id")
            return list(pipeline.execute(raise_on_error=False))

        if names and not self._server.clustered:
            replies = self._server.run(self._keyspace.tag, ask)
            if not any(isinstance(reply, Exception) for reply in replies):
                return [bool(reply) for reply in replies]
        return [self._is_there(name) for name in names]

    def _is_there(self, name: str) -> bool:
        meta, tag = self._keyspace.meta(name), self._keyspace.profile_tag(name)
        return bool(self._server.run(tag, lambda r: r.hexists(meta, "id")))

    def _missing(self, name: str) -> ProfileNotFound:
        known: list[str] = []
        with suppress(StoreUnavailable):
            known = self.names()
        return no_such_profile(name, known)


def _pairs(flat: list[bytes]) -> Iterator[tuple[str, bytes]]:
    names = (name.decode("utf-8", "replace") for name in flat[::2])
    return zip(names, flat[1::2], strict=True)
