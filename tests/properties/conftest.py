from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.redis_servers import redis_server, start_redis
from tests.stores import PASSPHRASE, LocalStores, RedisStores, StoreFactory

__all__ = ["redis_server", "start_redis"]

MEMORY = Path("/dev/shm")


@pytest.fixture(params=["local", "local-encrypted", "redis", "redis-encrypted"])
def store_factory(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[], StoreFactory]]:
    """Makes places for sessions, empty each time; one parameter a kind of store."""
    base = MEMORY if MEMORY.is_dir() else None
    root = Path(tempfile.mkdtemp(prefix="ragcli-test-", dir=base))
    made = iter(range(1_000_000))
    kind, _, encrypted = request.param.partition("-")
    passphrase = PASSPHRASE if encrypted else None
    in_redis: list[RedisStores] = []
    if kind == "redis":
        address = request.getfixturevalue("redis_server").address

    def make() -> StoreFactory:
        home = root / str(next(made))
        if kind == "local":
            return LocalStores(home, passphrase)
        in_redis.append(RedisStores(address, home, passphrase))
        return in_redis[-1]

    yield make
    for stores in in_redis:
        stores.close()
    shutil.rmtree(root)
