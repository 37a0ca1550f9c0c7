"""A log in Redis is read in pages, waited for, and rewritten under its writers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from redis.connection import AbstractConnection

from ragcli.config import Settings
from ragcli.sessions.history.writer import History
from ragcli.sessions.records.record_types import Record
from ragcli.sessions.redis.session import RedisSession
from tests.patience import PATIENCE, STALL
from tests.redis_servers import RedisServer, wait_until
from tests.stores import RedisStores, a_turn, append, questions


@dataclass
class Traffic:
    """What went to the server."""

    trips: int = 0
    size: int = 0


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch) -> Traffic:
    """Counts what this process sends: one send, one round trip."""
    seen = Traffic()
    send: Callable[..., None] = AbstractConnection.send_packed_command

    def counted(self: AbstractConnection, command: Any, **more: Any) -> None:
        parts = [command] if isinstance(command, bytes | str) else list(command)
        seen.trips += 1
        seen.size += sum(len(part) for part in parts)
        send(self, parts, **more)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)
    return seen


@contextmanager
def counting(traffic: Traffic) -> Iterator[Traffic]:
    before = Traffic(traffic.trips, traffic.size)
    spent = Traffic()
    yield spent
    spent.trips = traffic.trips - before.trips
    spent.size = traffic.size - before.size


def blocked(server: RedisServer) -> int:
    """Returns how many clients the server keeps waiting for news."""
    with server.client() as client:
        return int(client.info("clients")["blocked_clients"])


def test_long_logs_are_read_in_pages(session: RedisSession) -> None:
    texts = [str(number) for number in range(700)]
    for start in range(0, 700, 100):
        append(session.log, *texts[start : start + 100])

    assert questions(session.log) == texts
    assert [r.seq for r in session.log.newest()] == list(range(700, 0, -1))


def test_readers_wait_without_asking_again(
    session: RedisSession,
    stores: RedisStores,
    redis_server: RedisServer,
    traffic: Traffic,
) -> None:
    append(session.log, "a")
    log = stores().open("work").log
    told: list[bool] = []
    waiter = threading.Thread(target=lambda: told.append(log.wait(1, STALL)))
    waiter.start()
    wait_until(partial(blocked, redis_server), "a reader waits")
    with counting(traffic) as spent:
        time.sleep(0.5)
    assert spent.trips == 0
    append(session.log, "b")
    waiter.join(PATIENCE)

    assert told == [True]
    assert log.wait(1, 0)
    assert not log.wait(2, 0.05)


def test_a_rewrite_wakes_readers(
    session: RedisSession, stores: RedisStores, redis_server: RedisServer
) -> None:
    append(session.log, "a", "secret")
    log = stores().open("work").log
    told: list[bool] = []
    waiter = threading.Thread(target=lambda: told.append(log.wait(2, STALL)))
    waiter.start()
    wait_until(partial(blocked, redis_server), "a reader waits")
    changed = session.log.rewrite(
        lambda r: None if r.body.get("question") == "secret" else r, {"reason": "test"}
    )
    waiter.join(PATIENCE)

    assert changed == 1
    assert told == [True]
    assert questions(log) == ["a"]


def test_records_that_come_during_a_rewrite_are_kept(
    session: RedisSession, stores: RedisStores
) -> None:
    append(session.log, "a", "b", "c")
    other = stores().open("work").log
    came = iter(["d", "b again"])

    def change(record: Record) -> Record | None:
        if late := next(came, None):
            append(other, late)
        return None if str(record.body["question"]).startswith("b") else record

    assert session.log.rewrite(change, {"reason": "test"}) == 2
    assert questions(other) == ["a", "c", "d"]
    assert append(other, "e") == [7]


def test_a_turn_costs_two_round_trips(
    session: RedisSession, traffic: Traffic, history: History
) -> None:
    history.commit(a_turn("c", "the first"), title="t")
    turn = a_turn("c", "the second " * 20)
    with counting(traffic) as spent:
        history.commit(turn)

    assert spent.trips <= 2
    assert spent.size < 4096


def test_the_settings_mask_holds_in_redis(session: RedisSession) -> None:
    history = History(session, Settings(redact=r"\d{4}"))
    stored = history.commit(a_turn("c", "pin 1234"), title="pin 1234")

    assert "1234" not in stored.question
    assert history.redact("pin") == 2
    assert history.compact() == 0
