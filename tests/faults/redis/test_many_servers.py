"""A cluster that shards by profile, and sentinels that put another master in charge."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.sessions.history import History
from tests.faults.redis.writers import Told, Writer
from tests.redis_servers import RedisServer, free_port, require, wait_until
from tests.stores import RedisStores, a_turn, questions

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
MASTERS_KILLED = 20 if THOROUGH else 1
STALL = 5.0

Start = Callable[..., RedisServer]
At = Callable[..., RedisStores]


def test_a_cluster_keeps_each_profile_on_one_server(
    start_redis: Start, stores_at: At
) -> None:
    require("redis-cli")
    nodes = [
        start_redis("--cluster-enabled", "yes", port=_cluster_port()) for _ in range(3)
    ]
    hosts = [f"127.0.0.1:{node.port}" for node in nodes]
    subprocess.run(
        ["redis-cli", "--cluster", "create", *hosts, "--cluster-yes"],
        check=True,
        capture_output=True,
    )
    wait_until(
        lambda: all("cluster_state:ok" in str(_info(node)) for node in nodes), "cluster"
    )
    stores = stores_at(nodes[0].address)
    names = [f"profile-{number}" for number in range(9)]
    for name in names:
        session = stores().create(name, {"ttl": "1h"})
        history = History(session, Settings())
        history.commit(a_turn("c", f"question of {name}"), title="t")
        history.redact("question of")
    stores().rename("profile-0", "renamed")
    stores().clone("profile-1", "clone", history=True)
    stores().delete("profile-2")

    store = stores()
    assert store.names() == sorted({*names, "renamed", "clone"} - {names[0], names[2]})
    for name in store.names():
        session = store.open(name)
        assert len(History(session, Settings()).since(0)) == 1
        assert session.audit.verify() >= 1
    held = [node.call("DBSIZE") for node in nodes]
    assert min(held) > 0
    for node in nodes:
        for key in node.call("KEYS", "*"):
            assert key.startswith(f"ragcli:{{{stores.user}/")


@pytest.mark.skipif(not THOROUGH, reason="half a minute of failover: --thorough")
def test_a_failover_loses_nothing_that_a_replica_had(
    start_redis: Start, stores_at: At, tmp_path: Path
) -> None:
    servers, sentinels = _watched(start_redis, tmp_path)
    hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
    address = f"redis+sentinel://{hosts}/sessions/0"
    stores = stores_at(address)
    settings = Settings(durability="replicated", lock_wait="30s")
    stores(settings).create("work", {})
    acknowledged: set[str] = set()
    slowest = 0.0
    for number in range(MASTERS_KILLED):
        told = _kill_under(
            address, stores.user, str(number), tmp_path, _master(servers, sentinels)
        )
        assert [raised for one in told for raised in one.raised] == []
        acknowledged.update(*(one.stored for one in told))
        slowest = max(slowest, *(one.slowest for one in told))
        wait_until(lambda: all(_knows(s, 2, 2) for s in sentinels), "the old master")

    found = Counter(questions(stores(settings).open("work").log))
    assert set(found) == acknowledged
    assert len(acknowledged) == MASTERS_KILLED * 300
    assert set(found.values()) == {1}
    print(f"slowest append over {MASTERS_KILLED} failovers: {slowest:.2f} s")
    if THOROUGH:
        assert slowest <= STALL


def _watched(start: Start, place: Path) -> tuple[list[RedisServer], list[RedisServer]]:
    """A master with two replicas, and three sentinels that know all of them."""
    require("redis-sentinel")
    safe = ("--min-replicas-to-write", "1", "--min-replicas-max-lag", "2")
    master = start(*safe)
    follow = ("--replicaof", "127.0.0.1", str(master.port))
    servers = [master, start(*safe, *follow), start(*safe, *follow)]
    sentinels = [_sentinel(start, place, number, master.port) for number in range(3)]
    wait_until(lambda: all(_knows(s, 2, 2) for s in sentinels), "sentinels")
    return servers, sentinels


def _master(servers: list[RedisServer], sentinels: list[RedisServer]) -> RedisServer:
    with sentinels[0].client() as client:
        port = client.sentinel_master("sessions")["port"]
    return next(server for server in servers if server.port == port)


def _kill_under(
    address: str, user: str, name: str, place: Path, master: RedisServer
) -> list[Told]:
    """Kills the master while two processes write; returns what they said."""
    writers = [
        Writer(address, place / "w", user, f"{name}{who}", 150, "replicated")
        for who in "ab"
    ]
    for writer in writers:
        writer.go()
    writers[0].first()
    time.sleep(0.1)
    master.kill()
    told = [writer.told() for writer in writers]
    # It comes back as the replica of whoever is in charge now.
    master.start()
    return told


def _cluster_port() -> int:
    """A port whose bus port, 10,000 above, is one as well."""
    while True:
        port = free_port()
        if port < 55_000:
            return port


def _info(node: RedisServer) -> object:
    return node.call("CLUSTER", "INFO")


def _sentinel(start: Start, place: Path, number: int, master: int) -> RedisServer:
    config = place / f"sentinel-{number}.conf"
    config.write_text(
        f"sentinel monitor sessions 127.0.0.1 {master} 2\n"
        "sentinel down-after-milliseconds sessions 1000\n"
        "sentinel failover-timeout sessions 3000\n"
    )
    return start(program="redis-sentinel", config=config)


def _knows(sentinel: RedisServer, replicas: int, sentinels: int) -> bool:
    """Tells whether a sentinel knows the others, and sees every replica up."""
    with sentinel.client() as client:
        found = client.sentinel_master("sessions")
        up = [
            replica
            for replica in client.sentinel_slaves("sessions")
            if "down" not in str(replica["flags"])
            and "disconnected" not in str(replica["flags"])
            and replica["master-link-status"] == "ok"
        ]
    return (
        len(up) == replicas
        and found["num-other-sentinels"] == sentinels
        and "down" not in str(found["flags"])
    )


pytestmark = pytest.mark.timeout(1800 if THOROUGH else 180)
