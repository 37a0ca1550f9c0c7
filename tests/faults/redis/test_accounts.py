"""Two accounts on one server: neither can read or even list what is the other's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from ragcli.config import Settings
from ragcli.errors import NotPermitted
from ragcli.sessions.history.writer import History
from ragcli.sessions.redis.checks.inspection import inspect
from ragcli.sessions.redis.server import addresses
from tests.redis_servers import RedisServer
from tests.stores import RedisStores, a_turn

HANDBOOK = Path(__file__).parents[3] / "sample_docs" / "redis.md"

DENIED = r"(?i)permission|ACL|can't (access|run)"

Start = Callable[..., RedisServer]
At = Callable[..., RedisStores]


def recipe(user: str) -> list[str]:
    """The command in the handbook, for one user."""
    found = re.search(
        r"^\s*ACL SETUSER alice (.*)$", HANDBOOK.read_text(), re.MULTILINE
    )
    assert found
    rights = found[1].replace("alice", user).replace("PASSWORD", f"{user}-pw")
    return ["ACL", "SETUSER", user, *rights.split()]


@pytest.fixture
def server(start_redis: Start) -> RedisServer:
    server = start_redis()
    for user in ("alice", "bob"):
        assert server.call(*recipe(user)) in {"OK", True}
    return server


def address(server: RedisServer, user: str) -> str:
    return f"redis://{user}:{user}-pw@127.0.0.1:{server.port}/0"


def test_everything_works_with_the_rights_of_the_readme(
    server: RedisServer, stores_at: At
) -> None:
    store = stores_at(address(server, "alice"), "alice")(Settings(durability="local"))
    session = store.create("work", {"ttl": "1h"})
    history = History(session, Settings())
    history.commit(a_turn("c", "a question"), title="t")
    history.put_draft("d")
    assert history.redact("question")
    assert not history.wait(history.head(), 0.05)
    store.clone("work", "copy", history=True)
    store.rename("copy", "other")
    with store.lock("other", 0):
        pass
    store.delete("other")
    assert store.prune(dry_run=False) == []
    assert store.names() == ["work"]
    assert session.audit.verify() > 2


def test_the_rights_of_the_readme_do_for_replicas(
    server: RedisServer, start_redis: Start, stores_at: At
) -> None:
    replica = start_redis("--replicaof", "127.0.0.1", str(server.port))
    settings = Settings(durability="replicated", lock_wait="20s")
    session = stores_at(address(server, "alice"), "alice")(settings).create("work", {})
    History(session, settings).commit(a_turn("c", "a question"), title="t")

    assert replica.call("XLEN", session.keys.key("log")) == 2
    without = ["ACL", "SETUSER", "alice", "-role"]
    assert server.call(*without) in {"OK", True}
    with pytest.raises(NotPermitted, match="may not"):
        History(session, settings).commit(a_turn("c", "another"))


def test_another_users_sessions_can_be_neither_read_nor_listed(
    server: RedisServer, stores_at: At
) -> None:
    alice = stores_at(address(server, "alice"), "alice")().create("work", {})
    History(alice, Settings()).commit(a_turn("c", "canary"), title="t")
    mallory = stores_at(address(server, "bob"), "alice")
    for attempt in (
        lambda: mallory().names(),
        lambda: mallory().open("work"),
        lambda: mallory().create("new", {}),
        lambda: mallory().delete("work"),
    ):
        with pytest.raises(NotPermitted, match="may not"):
            attempt()

    key = alice.keys.key("log")
    with server.client(username="bob", password="bob-pw") as bob:
        for command in (
            ("XRANGE", key, "-", "+"),
            ("EXISTS", key),
            ("DUMP", key),
            ("OBJECT", "ENCODING", key),
            ("KEYS", "*"),
            ("SCAN", "0"),
            ("RANDOMKEY",),
            ("DBSIZE",),
            ("FLUSHALL",),
            ("SCRIPT", "FLUSH"),
            ("CONFIG", "GET", "*"),
            ("CLIENT", "LIST"),
            ("MONITOR",),
            ("SAVE",),
            ("ACL", "LIST"),
            ("COPY", key, "ragcli:{bob/x}:stolen"),
        ):
            with pytest.raises(redis.exceptions.ResponseError, match=DENIED):
                bob.execute_command(*command)
        steal = bob.script_load(f"return redis.call('XRANGE', '{key}', '-', '+')")
        with pytest.raises(redis.exceptions.ResponseError, match=DENIED):
            bob.evalsha(steal, 0)


def test_the_check_tells_what_an_account_can_reach(server: RedisServer) -> None:
    everybody = inspect(addresses.parse(server.address), Settings())
    alice = inspect(addresses.parse(address(server, "alice")), Settings(user="alice"))

    assert any("every user" in finding.what for finding in everybody)
    assert not any("every user" in finding.what for finding in alice)
    assert any("append-only file is off" in finding.what for finding in everybody)
    assert any("may not ask" in finding.what for finding in alice)


def test_the_check_names_what_is_unsafe(start_redis: Start) -> None:
    server = start_redis(
        "--appendonly", "yes", "--maxmemory-policy", "allkeys-lru", "--maxmemory", "1gb"
    )
    start_redis("--replicaof", "127.0.0.1", str(server.port))
    found = [
        f.what
        for f in inspect(
            addresses.parse(server.address), Settings(durability="replicated")
        )
    ]

    assert any("allkeys-lru throws sessions away" in what for what in found)
    assert not any("maxmemory is not set" in what for what in found)
    assert not any("append-only" in what for what in found)
