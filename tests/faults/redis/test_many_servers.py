"""A cluster shards by profile, and all works on whichever server has it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from ragcli.config import Settings
from ragcli.sessions.history.writer import History
from tests.redis_servers import RedisServer, free_port, require, wait_until
from tests.stores import RedisStores, a_turn

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
    for name in names[3:]:  # whichever server has it: the first one asked as well
        stores().rename(name, f"{name}-anew")
        stores().rename(f"{name}-anew", name)
    stores().rename("profile-0", "renamed")
    stores().clone("profile-1", "clone", history=True)
    stores().delete("profile-2")

    store = stores()
    assert store.names() == sorted({*names, "renamed", "clone"} - {names[0], names[2]})
    for name in store.names():
        session = store.open(name)
        assert len(History(session, Settings()).since(0)) == 1
        entries = list(session.audit.entries())
        assert entries
        assert session.audit.verify() == len(entries)
    held = [node.call("DBSIZE") for node in nodes]
    assert min(held) > 0
    for node in nodes:
        for key in node.call("KEYS", "*"):
            assert key.startswith(f"ragcli:{{{stores.user}/")


def _cluster_port() -> int:
    """A port whose bus port, 10,000 above, is one as well."""
    while True:
        port = free_port()
        if port < 55_000:
            return port


def _info(node: RedisServer) -> object:
    return node.call("CLUSTER", "INFO")
