"""Every registered store, and a session in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ragcli.sessions.protocols import Session, SessionStore
from tests.redis_servers import redis_server, start_redis
from tests.stores import StoreFactory, store_factory

__all__ = ["redis_server", "start_redis", "store_factory"]


@pytest.fixture
def stores(store_factory: Callable[[], StoreFactory]) -> StoreFactory:
    return store_factory()


@pytest.fixture
def store(stores: StoreFactory) -> SessionStore:
    return stores()


@pytest.fixture
def session(store: SessionStore, stores: StoreFactory) -> Iterator[Session]:
    opened = store.create("work", {}, passphrase=stores.passphrase)
    yield opened
    opened.close()
