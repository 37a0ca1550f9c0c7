"""Locks that expire let nobody write behind them; keys of a profile end together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from ragcli.config import Settings
from ragcli.errors import Locked, ProfileNotFound
from ragcli.sessions.history.writer import History
from ragcli.sessions.redis.leases import lease
from tests.redis_servers import RedisServer, wait_until
from tests.stores import RedisStores, a_turn, append, questions

THOROUGH = os.environ.get("RAGCLI_THOROUGH") == "1"
HOLDERS = 100 if THOROUGH else 10

At = Callable[..., RedisStores]


def test_a_holder_whose_lease_has_expired_is_refused_at_the_write(
    redis_server: RedisServer, stores_at: At
) -> None:
    stores = stores_at(redis_server.address)
    stores().create("work", {})
    refused = 0
    for number in range(HOLDERS):
        late, quick = stores().open("work"), stores().open("work")
        with lease(late.keys, "profile", wait=0):
            redis_server.call("DEL", late.keys.key("lock:profile"))  # as it expires
            with lease(quick.keys, "profile", wait=0):
                append(quick.log, f"quick {number}")
                with pytest.raises(Locked, match="expired while this process held it"):
                    append(late.log, f"late {number}")
                refused += 1

    assert refused == HOLDERS
    expected = [f"quick {number}" for number in range(HOLDERS)]
    assert questions(stores().open("work").log) == expected


def test_a_lease_ends_by_itself(redis_server: RedisServer, stores_at: At) -> None:
    stores = stores_at(redis_server.address)
    session = stores().create("work", {})
    held = lease(session.keys, "profile", wait=0, seconds=3)
    held.__enter__()
    other = stores().open("work")
    with pytest.raises(Locked):
        lease(other.keys, "profile", wait=0).__enter__()
    with lease(other.keys, "ingest", wait=0):
        pass
    left: list[int] = []

    def is_prolonged() -> bool:
        left.append(redis_server.call("PTTL", session.keys.key("lock:profile")))
        return any(after > before for before, after in pairwise(left))

    wait_until(is_prolonged, "prolonged while its holder lives")
    with pytest.raises(Locked):
        lease(other.keys, "profile", wait=0).__enter__()
    held.__exit__(None, None, None)
    with lease(other.keys, "profile", wait=0):
        pass


def test_a_lock_names_its_holder(redis_server: RedisServer, stores_at: At) -> None:
    stores = stores_at(redis_server.address)
    stores().create("work", {})
    store, other = stores(), stores(Settings(lock_wait="0"))
    with store.lock("work", 0):
        with pytest.raises(Locked, match=rf"locked by pid {os.getpid()} .* since 20"):
            other.lock("work", 0).__enter__()
        with pytest.raises(Locked):
            other.delete("work")
        with pytest.raises(Locked):
            other.rename("work", "play")
    other.delete("work")


def test_the_keys_of_a_profile_expire_together(
    redis_server: RedisServer, stores_at: At
) -> None:
    stores = stores_at(redis_server.address)
    session = stores().create("work", {"ttl": "1m"})
    history = History(session, Settings())
    for use in (
        lambda: history.commit(a_turn("c", "q"), title="t"),
        lambda: session.put_blob("draft", b"x"),
        lambda: session.audit.record("test"),
        lambda: list(session.log.since()),
        session.log.head,
        lambda: session.blob("draft"),
        lambda: history.redact("nothing of it"),
        lambda: stores().open("work"),
    ):
        time.sleep(0.3)
        began = time.monotonic()
        use()
        left = lifetimes(redis_server, session.keys.key("*"))
        took = 1000 * (time.monotonic() - began)
        assert min(left) > 60_000 - took - 50, "some key was not renewed"
    session.change_settings({"ttl": "1s"})

    wait_until(lambda: not lifetimes(redis_server, session.keys.key("*")), "expired")
    assert stores().names() == []
    with pytest.raises(ProfileNotFound):
        stores().open("work")


def test_every_key_has_an_end_unless_the_profile_has_none(
    redis_server: RedisServer, stores_at: At
) -> None:
    stores = stores_at(redis_server.address)
    session = stores(Settings(ttl="1h")).create("work", {})
    append(session.log, "a")
    assert min(lifetimes(redis_server, session.keys.key("*"))) > 3_500_000

    session.change_settings({"ttl": "never"})
    assert set(lifetimes(redis_server, session.keys.key("*"))) == {-1}
    session.change_settings({"ttl": "2h"})
    append(session.log, "b")
    assert min(lifetimes(redis_server, session.keys.key("*"))) > 7_100_000


def lifetimes(server: RedisServer, pattern: str) -> list[int]:
    with server.client() as client:
        return [client.pttl(key) for key in client.keys(pattern)]
