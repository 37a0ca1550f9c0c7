"""Whether a Redis server is a safe place for sessions, one line for each doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings
from ragcli.errors import ExitCode
from ragcli.sessions.findings import DAMAGE, NOTE, SOUND, Finding
from ragcli.sessions.redis.keyspace import keyspace
from ragcli.sessions.redis.server.addresses import RedisAddress
from ragcli.sessions.redis.server.client import RedisServer

if TYPE_CHECKING:
    from redis import Redis

OLDEST = (7, 0)
_SAFE_POLICIES = {"noeviction", "volatile-ttl"}
_PERSISTED = "set `appendonly yes` and `appendfsync always` in redis.conf"


def inspect(where: RedisAddress, settings: Settings) -> list[Finding]:
    """Returns what is unsafe or worth knowing about a server; changes nothing.

    Args:
        where: The address of the store.
        settings: Whose `user` and `durability` are in force.

    Raises:
        StoreUnavailable, NotPermitted: It cannot be reached, or refuses the login.
    """
    server = RedisServer(where, patience=1.0)
    tag = keyspace(settings.user).tag
    try:
        server.run(tag, lambda r: r.ping())
        info = _info(server, tag)
        findings = [
            *unprotected_wire(where),
            *_version(where, info),
            *_persistence(where, info),
            *_memory(where, info),
            *_replicas(where, info, settings),
            *_rights(server, where),
        ]
    finally:
        server.close()
    if not any(finding.severity == DAMAGE for finding in findings):
        wire = "encrypted with TLS" if where.tls else "on this machine"
        findings.append(Finding(SOUND, f"{where.shown} is safe to use, {wire}", ""))
    return findings


def _info(server: RedisServer, tag: str) -> Mapping[str, Any]:
    """Returns what the server tells about itself; {} where the account may not ask."""
    from redis.exceptions import NoPermissionError

    def ask(redis: Redis) -> Mapping[str, Any]:
        try:
            return dict(redis.info())
        except NoPermissionError:
            return {}

    return server.run(tag, ask)


def unprotected_wire(where: RedisAddress) -> Iterator[Finding]:
    """Yields a finding where whoever is on the network can read along."""
    if not where.tls and not where.local:
        yield Finding(
            DAMAGE,
            "sessions and the password cross the network in the clear",
            where.shown,
            "use rediss:// and TLS on the server",
            ExitCode.NOT_PERMITTED,
        )


def _version(where: RedisAddress, info: Mapping[str, Any]) -> Iterator[Finding]:
    text = str(info.get("redis_version", ""))
    if not text:
        what = "the account may not ask how the server is set up (INFO)"
        yield Finding(NOTE, what, where.shown, "an administrator can run this check")
        return
    if tuple(int(part) for part in text.split(".")[:2]) < OLDEST:
        yield Finding(
            DAMAGE,
            f"Redis {text} is older than 7.0",
            where.shown,
            "upgrade the server",
            ExitCode.UNAVAILABLE,
        )


def _persistence(where: RedisAddress, info: Mapping[str, Any]) -> Iterator[Finding]:
    if not info:
        return
    if not int(info.get("aof_enabled", 0)):
        yield Finding(
            DAMAGE,
            "the append-only file is off: a crash takes the newest turns with it",
            where.shown,
            _PERSISTED,
            ExitCode.STORAGE,
        )
    if info.get("aof_last_write_status", "ok") != "ok":
        yield Finding(
            DAMAGE,
            "the last write of the append-only file failed",
            where.shown,
            "see the server's log and its disk",
            ExitCode.STORAGE,
        )


def _memory(where: RedisAddress, info: Mapping[str, Any]) -> Iterator[Finding]:
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy not in _SAFE_POLICIES:
        yield Finding(
            DAMAGE,
            f"maxmemory-policy {policy} throws sessions away when memory is short",
            where.shown,
            "set it to noeviction",
            ExitCode.STORAGE,
        )
    if info and not int(info.get("maxmemory", 0)):
        what = "maxmemory is not set: the system may kill the server when it grows"
        yield Finding(NOTE, what, where.shown, "set maxmemory below what is free")


def _replicas(
    where: RedisAddress, info: Mapping[str, Any], settings: Settings
) -> Iterator[Finding]:
    count = int(info.get("connected_slaves", 0))
    if info.get("role") == "slave":
        yield Finding(
            DAMAGE,
            "this is a read-only replica",
            where.shown,
            "use the address of the master, or redis+sentinel://",
            ExitCode.NOT_PERMITTED,
        )
    elif info and settings.durability == "replicated" and not count:
        yield Finding(
            DAMAGE,
            "durability is `replicated`, and no replica is connected",
            where.shown,
            "start a replica, or set durability to `local`",
            ExitCode.UNAVAILABLE,
        )
    elif count and settings.durability == "local":
        what = f"{count} replicas, but durability is `local`: a failover can lose turns"
        yield Finding(
            NOTE, what, where.shown, "ragcli config set durability replicated"
        )


def _rights(server: RedisServer, where: RedisAddress) -> Iterator[Finding]:
    """Tells whether the account can reach other people's sessions."""
    from redis.exceptions import NoPermissionError

    def reaches_others(redis: Redis) -> bool:
        try:
            redis.exists("ragcli:{somebody-else/work}:meta")
        except NoPermissionError:
            return False
        return True

    if server.run("", reaches_others):
        yield Finding(
            NOTE,
            "this account can read the sessions of every user",
            where.shown,
            "README, Beyond one machine, has the rights for one user alone",
        )
