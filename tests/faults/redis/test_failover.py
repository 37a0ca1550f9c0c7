"""Sentinels that put another master in charge: nothing stored vanishes, or seems to."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.errors import ExitCode, ProfileNotFound, StoreUnavailable, StoreUnsettled
from ragcli.sessions.redis.server import replication
from tests.faults.redis.writers import Told, Writer
from tests.redis_servers import RedisServer, require, wait_until
from tests.stores import RedisStores, append, draft, questions

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
MASTERS_KILLED = 20 if THOROUGH else 1
DOWN_AFTER = 1000 if THOROUGH else 2000
"""Milliseconds; a machine busy with other tests is silent for longer than a second,
and a failover from a master that lives may promote a replica that is not complete."""
STALL = 5.0
SAFE = ("--min-replicas-to-write", "1", "--min-replicas-max-lag", "2")

Start = Callable[..., RedisServer]
At = Callable[..., RedisStores]

pytestmark = pytest.mark.timeout(1800 if THOROUGH else 180)


def test_a_failover_loses_nothing_that_a_replica_had(
    start_redis: Start, stores_at: At, tmp_path: Path
) -> None:
    servers, sentinels = _watched(start_redis, tmp_path)
    address = _address(*sentinels)
    stores = stores_at(address)
    settings = Settings(durability="replicated", lock_wait="30s")
    stores(settings).create("work", {})
    acknowledged: set[str] = set()
    slowest = 0.0
    for number in range(MASTERS_KILLED):
        master = _master(servers, sentinels)
        told = _kill_under(address, stores.user, str(number), tmp_path, master)
        # Back before anybody missed it, a master without its data empties the others.
        wait_until(partial(_is_replaced, master, servers, sentinels), "another master")
        master.start()
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


def test_a_sentinel_that_has_not_heard_of_a_failover_is_not_believed(
    start_redis: Start, stores_at: At, tmp_path: Path
) -> None:
    gone, master = start_redis(), start_redis()
    replica = _replica(start_redis, master)
    late = _sentinel(start_redis, tmp_path, 0, gone.port)
    told = _sentinel(start_redis, tmp_path, 1, master.port, epoch=7)
    stores = stores_at(_address(late, told))
    settings = Settings(durability="replicated")
    append(stores(settings).create("work", {}).log, "first")
    assert replica.call("KEYS", "*")

    assert stores(settings).names() == ["work"]
    assert questions(stores(settings).open("work").log) == ["first"]
    assert gone.call("DBSIZE") == 0


def test_a_master_that_came_back_empty_is_not_believed(
    start_redis: Start, stores_at: At, tmp_path: Path
) -> None:
    master = start_redis()
    replica = _replica(start_redis, master)
    sentinel = _sentinel(start_redis, tmp_path, 0, master.port)
    stores = stores_at(_address(sentinel))
    settings = Settings(durability="replicated", lock_wait="1s")
    opened = stores(settings).create("work", {})
    wait_until(lambda: _knows(sentinel, 1, 0), "the replica")
    replica.pause()
    master.kill()
    master.start()

    for attempt in (
        lambda: stores(settings).open("work"),
        lambda: stores(settings).names(),
        lambda: opened.log.append([draft("x")], expect=0),
    ):
        with pytest.raises(StoreUnsettled, match="none of its replicas") as caught:
            attempt()
        assert caught.value.code == ExitCode.LOCKED


def test_what_is_not_there_is_told_at_once(
    start_redis: Start, stores_at: At, tmp_path: Path
) -> None:
    master = start_redis()
    replica = _replica(start_redis, master)
    stores = stores_at(_address(_sentinel(start_redis, tmp_path, 0, master.port)))
    wait_until(lambda: len(master.call("ROLE")[2]) == 1, f"{replica.port}")
    settings = Settings(durability="replicated", lock_wait="10m")

    assert stores(settings).names() == []
    with pytest.raises(ProfileNotFound, match="no profile"):
        stores(settings).open("work")  # without waiting, or the test takes too long


def test_a_write_sent_again_needs_its_confirmation_again(
    start_redis: Start, stores_at: At
) -> None:
    master = start_redis()
    replica = _replica(start_redis, master)
    stores = stores_at(master.address)
    settings = Settings(durability="replicated", lock_wait="1s")
    stores(settings).create("work", {})
    first, turn = stores(settings).open("work").log, draft("once")
    again = stores(settings).open("work").log
    replica.pause()
    for log in (first, again, again):
        with pytest.raises(StoreUnavailable, match="0 of 1 replicas confirmed"):
            log.append([turn], expect=0)
    replica.resume()

    assert again.append([turn])[0].seq == 1
    assert questions(first) == ["once"]


def test_every_connected_replica_confirms_unless_it_is_stuck(
    start_redis: Start, stores_at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = start_redis()
    replicas = [_replica(start_redis, master) for _ in range(2)]
    wait_until(lambda: len(master.call("ROLE")[2]) == 2, "two replicas")
    stores = stores_at(master.address)
    patient = Settings(durability="replicated", lock_wait="20s")
    log = stores(patient).create("work", {}).log
    append(log, "both")
    hasty = Settings(durability="replicated", lock_wait="1s")
    hurried = stores(hasty).open("work").log
    replicas[1].pause()

    with pytest.raises(StoreUnavailable, match="1 of 2 replicas confirmed"):
        hurried.append([draft("one of two")], expect=1)
    monkeypatch.setattr(replication, "STUCK", 1.5)
    append(log, "the other one is stuck")
    replicas[1].resume()
    append(log, "both again")
    assert [r.call("XLEN", log.keys.key("log")) for r in replicas] == [4, 4]


def test_a_master_whose_replica_was_promoted_acknowledges_nothing(
    start_redis: Start, stores_at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = start_redis()
    replicas = [_replica(start_redis, master) for _ in range(2)]
    wait_until(lambda: len(master.call("ROLE")[2]) == 2, "two replicas")
    hasty = Settings(durability="replicated", lock_wait="1s")
    log = stores_at(master.address)(hasty).create("work", {}).log
    append(log, "both")
    replicas[1].call("REPLICAOF", "NO", "ONE")  # as sentinels do who miss the master
    wait_until(lambda: len(master.call("ROLE")[2]) == 1, "the promoted one to leave")

    with pytest.raises(StoreUnavailable, match="1 of 2 replicas confirmed"):
        log.append([draft("would be dropped")], expect=1)
    monkeypatch.setattr(replication, "STUCK", 0.0)
    append(log, "it was only away")


def test_who_has_not_seen_a_promoted_replica_leave_is_told_by_the_sentinels(
    start_redis: Start, stores_at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = start_redis()
    replicas = [_replica(start_redis, master) for _ in range(2)]
    sentinel = _sentinel(start_redis, tmp_path, 0, master.port, down_after=60_000)
    wait_until(lambda: _knows(sentinel, 2, 0), "both replicas")
    stores = stores_at(_address(sentinel))
    hasty = Settings(durability="replicated", lock_wait="1s")
    stores(hasty).create("work", {})
    monkeypatch.setattr(replication, "UNSEEN", 60.0)
    replicas[1].call("REPLICAOF", "NO", "ONE")
    wait_until(lambda: len(master.call("ROLE")[2]) == 1, "the promoted one to leave")

    log = stores(hasty).open("work").log
    with pytest.raises(StoreUnavailable, match="1 of 2 replicas confirmed"):
        log.append([draft("would be dropped")], expect=0)
    monkeypatch.setattr(replication, "UNSEEN", 0.0)
    append(log, "it was only away")


def _address(*sentinels: RedisServer) -> str:
    hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
    return f"redis+sentinel://{hosts}/sessions/0"


def _replica(start: Start, master: RedisServer) -> RedisServer:
    return start(*SAFE, "--replicaof", "127.0.0.1", str(master.port))


def _watched(start: Start, place: Path) -> tuple[list[RedisServer], list[RedisServer]]:
    """A master with two replicas, and three sentinels that know all of them."""
    require("redis-sentinel")
    master = start(*SAFE)
    servers = [master, _replica(start, master), _replica(start, master)]
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
    master.kill()
    return [writer.told() for writer in writers]


def _is_replaced(
    master: RedisServer, servers: list[RedisServer], sentinels: list[RedisServer]
) -> bool:
    """Tells whether every sentinel knows that another one is in charge."""
    return all(_master(servers, [sentinel]) is not master for sentinel in sentinels)


def _sentinel(
    start: Start,
    place: Path,
    number: int,
    master: int,
    epoch: int = 0,
    down_after: int = DOWN_AFTER,
) -> RedisServer:
    config = place / f"sentinel-{number}.conf"
    config.write_text(
        f"sentinel myid {secrets.token_hex(20)}\n"
        f"sentinel monitor sessions 127.0.0.1 {master} 2\n"
        f"sentinel config-epoch sessions {epoch}\n"
        f"sentinel down-after-milliseconds sessions {down_after}\n"
        "sentinel failover-timeout sessions 1000\n"
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
