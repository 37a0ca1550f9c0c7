"""Servers that stop, crash, fill up or refuse: nothing stored is lost or doubled."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.errors import (
    NotPermitted,
    RagcliError,
    StoreUnavailable,
)
from ragcli.sessions.history.writer import History
from tests.faults.redis.writers import Writer
from tests.redis_servers import RedisServer, free_port
from tests.stores import RedisStores, a_turn, append, draft, questions

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
PAUSES, PAUSE = (50, 12.0) if THOROUGH else (2, 3.0)
WAIT = 10
"""Seconds for which a turn is tried; a longer pause makes it wait on this machine."""
KILLS = 50 if THOROUGH else 2
CLIENTS, TURNS = (32, 100) if THOROUGH else (6, 20)

pytestmark = pytest.mark.timeout(1800 if THOROUGH else 180)

Start = Callable[..., RedisServer]
At = Callable[..., RedisStores]


def test_a_turn_sent_while_the_server_pauses_is_there_once(
    start_redis: Start, stores_at: At
) -> None:
    server = start_redis()
    stores = stores_at(server.address)
    session = stores(Settings(lock_wait=f"{WAIT}s")).create("work", {})
    append(session.log, "before")
    for number in range(PAUSES):
        server.pause()
        timer = threading.Timer(PAUSE, server.resume)
        timer.start()
        with (
            pytest.raises(StoreUnavailable, match="kept on this machine")
            if PAUSE > WAIT
            else nullcontext()
        ):
            append(session.log, f"paused {number}")
        timer.join()
        session.log.deliver()

    expected = ["before", *(f"paused {number}" for number in range(PAUSES))]
    assert questions(stores().open("work").log) == expected


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    start_redis: Start, stores_at: At, tmp_path: Path
) -> None:
    server = start_redis("--appendonly", "yes", "--appendfsync", "always")
    stores = stores_at(server.address)
    stores().create("work", {})
    acknowledged: set[str] = set()
    for number in range(KILLS):
        writers = [
            Writer(server.address, tmp_path / "w", stores.user, f"{number}{w}", 60)
            for w in "ab"
        ]
        for writer in writers:
            writer.go()
        writers[0].first()
        time.sleep(0.05)
        server.kill()
        time.sleep(0.3)
        server.start()
        for writer in writers:
            told = writer.told()
            assert told.raised == []
            acknowledged |= set(told.stored)

    log = stores().open("work").log
    found = Counter(questions(log))
    assert set(found) >= acknowledged
    assert len(acknowledged) == KILLS * 120
    assert set(found.values()) == {1}
    assert [r.seq for r in log.since()] == list(range(1, len(found) + 1))


def test_a_crowd_appends_without_gap(
    redis_server: RedisServer, stores_at: At, tmp_path: Path
) -> None:
    stores = stores_at(redis_server.address)
    stores().create("work", {})
    writers = [
        Writer(redis_server.address, tmp_path / "w", stores.user, str(number), TURNS)
        for number in range(CLIENTS)
    ]
    for writer in writers:
        writer.go()
    told = [writer.told() for writer in writers]

    assert [raised for one in told for raised in one.raised] == []
    stored = {name: seq for one in told for name, seq in one.stored.items()}
    assert sorted(stored.values()) == list(range(1, CLIENTS * TURNS + 1))
    found = {r.body["question"]: r.seq for r in stores().open("work").log.since()}
    assert found == stored


def test_a_server_that_is_away_at_start_is_one_line(stores_at: At) -> None:
    patient = Settings(lock_wait="10m")  # it does not wait for a server
    with pytest.raises(StoreUnavailable, match=r"^redis://127\.0\.0\.1:\d+ does not"):
        stores_at(f"redis://127.0.0.1:{free_port()}/0")(patient).open("work")


def test_a_turn_is_kept_while_the_server_is_away_and_sent_once(
    start_redis: Start, stores_at: At
) -> None:
    server = start_redis("--appendonly", "yes", "--appendfsync", "always")
    stores = stores_at(server.address)
    session = stores(Settings(lock_wait="1s")).create("work", {})
    history = History(session, Settings())
    history.commit(a_turn("c", "first"), title="t")
    lost = a_turn("c", "while it was away")
    server.kill()
    with pytest.raises(StoreUnavailable, match="kept on this machine"):
        history.commit(lost)
    with pytest.raises(StoreUnavailable, match="kept on this machine"):
        history.commit(lost)
    kept = [p for p in (stores.root / "outbox").iterdir() if p.suffix == ".jsonl"]
    assert [oct(p.stat().st_mode & 0o777) for p in kept] == ["0o600"]
    server.start()

    opened = stores().open("work")
    assert opened.notices == ["1 record kept on this machine is stored now"]
    assert [t.question for t in History(opened, Settings()).since(0)] == [
        "first",
        "while it was away",
    ]
    assert stores().open("work").notices == []
    history.commit(a_turn("c", "last"))
    assert history.head() == 4


def test_what_waits_follows_its_profile_under_another_name(
    start_redis: Start, stores_at: At
) -> None:
    server = start_redis("--appendonly", "yes", "--appendfsync", "always")
    stores = stores_at(server.address)
    session = stores(Settings(lock_wait="1s")).create("work", {})
    server.kill()
    with pytest.raises(StoreUnavailable):
        append(session.log, "one")
    server.start()
    stores_at(server.address, stores.user, "elsewhere")().rename("work", "life")

    assert questions(stores().open("life").log) == ["one"]


def test_what_waits_is_sent_before_the_next_turn(
    start_redis: Start, stores_at: At
) -> None:
    server = start_redis("--appendonly", "yes", "--appendfsync", "always")
    session = stores_at(server.address)(Settings(lock_wait="1s")).create("work", {})
    server.kill()
    with pytest.raises(StoreUnavailable):
        append(session.log, "one")
    server.start()

    assert append(session.log, "two") == [2]
    assert questions(session.log) == ["one", "two"]


def test_an_expected_head_is_never_kept_for_later(
    start_redis: Start, stores_at: At
) -> None:
    server = start_redis()
    stores = stores_at(server.address)
    session = stores(Settings(lock_wait="1s")).create("work", {})
    server.kill()

    with pytest.raises(StoreUnavailable) as caught:
        session.log.append([draft("now or never")], expect=0)
    assert "kept" not in caught.value.message
    assert not (stores.root / "outbox").exists()


def test_a_full_server_says_so_and_takes_it_later(
    start_redis: Start, stores_at: At
) -> None:
    server = start_redis("--maxmemory-policy", "noeviction")
    session = stores_at(server.address)(Settings(lock_wait="1s")).create("work", {})
    append(session.log, "before")
    server.call("CONFIG", "SET", "maxmemory", "1")

    with pytest.raises(StoreUnavailable, match="is full"):
        append(session.log, "too much")
    assert questions(session.log) == ["before"]
    server.call("CONFIG", "SET", "maxmemory", "0")
    append(session.log, "after")
    assert questions(session.log) == ["before", "too much", "after"]


def test_a_wrong_password_is_refused(start_redis: Start, stores_at: At) -> None:
    server = start_redis("--requirepass", "right")
    for address in (server.address, f"redis://:wrong@127.0.0.1:{server.port}"):
        with pytest.raises(NotPermitted, match="refuses the login") as caught:
            stores_at(address)().open("work")
        assert "wrong@" not in caught.value.message
    assert stores_at(f"redis://:right@127.0.0.1:{server.port}")().names() == []


def test_a_replica_is_no_place_to_write(start_redis: Start, stores_at: At) -> None:
    master = start_redis()
    replica = start_redis("--replicaof", "127.0.0.1", str(master.port))
    with pytest.raises(NotPermitted, match="read-only replica"):
        stores_at(replica.address)().create("work", {})


def test_a_write_that_no_replica_has_is_not_acknowledged(
    start_redis: Start, stores_at: At
) -> None:
    server = start_redis()
    stores = stores_at(server.address)
    stores().create("work", {})
    impatient = Settings(durability="replicated", lock_wait="1s")

    with pytest.raises(RagcliError, match="0 of 1 replicas confirmed"):
        append(stores(impatient).open("work").log, "alone")
    replica = start_redis("--replicaof", "127.0.0.1", str(server.port))
    session = stores(Settings(durability="replicated", lock_wait="20s")).open("work")
    append(session.log, "together")

    assert questions(session.log) == ["alone", "together"]
    assert replica.call("XLEN", session.keys.key("log")) == 2


def test_a_server_that_forgot_its_scripts_gets_them_again(
    start_redis: Start, stores_at: At
) -> None:
    server = start_redis()
    session = stores_at(server.address)().create("work", {"ttl": "1h"})
    append(session.log, "one")
    server.call("SCRIPT", "FLUSH")
    assert questions(session.log) == ["one"]
    server.call("SCRIPT", "FLUSH")
    append(session.log, "two")

    assert questions(session.log) == ["one", "two"]
