"""Redis servers, and stores on one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.redis_servers import redis_server, start_redis
from tests.stores import RedisStores

__all__ = ["redis_server", "start_redis"]


@pytest.fixture
def stores_at(tmp_path: Path) -> Iterator[Callable[..., RedisStores]]:
    """Makes the stores at an address; the home is this test's."""
    made: list[RedisStores] = []

    def at(address: str, user: str = "", home: str = "home") -> RedisStores:
        made.append(RedisStores(address, tmp_path / home, None, user))
        return made[-1]

    yield at
    for stores in made:
        stores.close()
