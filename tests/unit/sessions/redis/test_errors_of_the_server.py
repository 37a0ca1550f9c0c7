"""What errors of a Redis server mean: which pass, and that none goes on for ever."""

from __future__ import annotations

import pytest

from ragcli.errors import NotPermitted, StoreUnavailable
from ragcli.sessions.redis.server import addresses
from ragcli.sessions.redis.server.client import RedisServer
from ragcli.sessions.redis.server.faults import classify

foreign = pytest.importorskip("redis.exceptions")


def test_a_master_without_replicas_is_not_taken_for_one() -> None:
    error = foreign.ResponseError("NOREPLICAS Not enough good replicas to write.")

    fault = classify(error, "redis://x", failover=False)

    assert isinstance(fault.error, StoreUnavailable)
    assert fault.passing


def test_a_replica_is_refused() -> None:
    error = foreign.ReadOnlyError("You can't write against a read only replica.")

    fault = classify(error, "redis://x", failover=False)

    assert isinstance(fault.error, NotPermitted)
    assert not fault.passing


def test_servers_that_send_a_call_in_a_circle_end_it() -> None:
    server = RedisServer(addresses.parse("redis://127.0.0.1:1"), patience=0.1)
    calls = 0

    def work(_: object) -> None:
        nonlocal calls
        calls += 1
        raise foreign.MovedError(f"1 127.0.0.1:{calls % 2 + 1}")

    with pytest.raises(StoreUnavailable, match="the cluster is moving keys"):
        server.run("{tag}", work)

    assert 1 < calls < 50
    server.close()
