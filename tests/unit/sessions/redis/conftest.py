"""Machines that share the profiles of one user on a Redis server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.sessions.history.writer import History
from ragcli.sessions.redis.session import RedisSession
from ragcli.sessions.redis.store import RedisStore
from tests.redis_servers import RedisServer, redis_server, start_redis
from tests.stores import PASSPHRASE, RedisStores

__all__ = ["redis_server", "start_redis"]


@pytest.fixture
def machines(
    redis_server: RedisServer, tmp_path: Path
) -> Iterator[Callable[..., RedisStores]]:
    """Makes machines: each has its own home, all are the same user's."""
    made: list[RedisStores] = []

    def machine(name: str = "here", *, encrypted: bool = False) -> RedisStores:
        passphrase = PASSPHRASE if encrypted else None
        user = made[0].user if made else ""
        home = tmp_path / name
        made.append(RedisStores(redis_server.address, home, passphrase, user))
        return made[-1]

    yield machine
    for stores in made:
        stores.close()


@pytest.fixture
def stores(machines: Callable[..., RedisStores]) -> RedisStores:
    return machines()


@pytest.fixture
def store(stores: RedisStores) -> RedisStore:
    return stores()


@pytest.fixture
def session(store: RedisStore) -> RedisSession:
    return store.create("work", {})


@pytest.fixture
def history(session: RedisSession) -> History:
    return History(session, Settings())
