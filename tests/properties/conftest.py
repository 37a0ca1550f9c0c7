"""Every kind of store that the model is compared with."""

from __future__ import annotations

from tests.redis_servers import redis_server, start_redis
from tests.stores import store_factory

__all__ = ["redis_server", "start_redis", "store_factory"]
