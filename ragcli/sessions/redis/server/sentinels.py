"""Which server is the master: the sentinels' word, checked with the server's own.

After a failover not all sentinels know of it at once, and a master that died may be
back, empty or stale, before anybody has told it that it is one no more. So all
sentinels are asked and the newest decision counts (its epoch is agreed upon by a
majority of them), and the server has to say itself that it is a master.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from ragcli.errors import StoreUnavailable
from ragcli.frozen import frozen
from ragcli.sessions.redis.server.addresses import RedisAddress
from ragcli.sessions.redis.server.faults import NotInCharge

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT = 1.0
"""Seconds to wait for one sentinel: another one may answer at once."""

Connect = Callable[..., "Redis"]
"""Returns a client of a place, given the options of its connection."""


@frozen
class Elected:
    """The master that the sentinels have elected."""

    node: tuple[str, int]
    """Host and port of the master."""
    epoch: int
    """Number of the decision."""
    replicas: int
    """How many replicas they know, whether those answer or not."""
    promotable: int
    """How many of them they could put in charge next."""


def elected(address: RedisAddress, connect: Connect) -> Elected:
    """Returns the newest decision of all sentinels that answer.

    Args:
        address: Of the sentinels.
        connect: Makes the connections.

    Raises:
        StoreUnavailable: None of them knows a master by this name.
        redis.RedisError, OSError: None of them answers.
    """
    from redis.exceptions import RedisError, ResponseError

    views: list[Elected] = []
    silent: Exception | None = None
    answers = 0
    for host in address.hosts:
        try:
            views.append(_view_of(address, host, connect))
        except ResponseError:  # it answers, and knows no such master
            answers += 1
        except (RedisError, OSError) as error:
            silent = error
    if views:
        newest = max(views, key=lambda view: view.epoch)
        # One that lost sight of a replica for a moment does not decide alone.
        agreed = [view for view in views if view.node == newest.node]
        return replace(newest, promotable=max(view.promotable for view in agreed))
    if silent is not None and not answers:
        raise silent
    raise StoreUnavailable(
        f"{address.shown}: the sentinels know no master {address.service!r}",
        "the name is in sentinel.conf, after `sentinel monitor`",
    )


def _view_of(address: RedisAddress, host: tuple[str, int], connect: Connect) -> Elected:
    """Returns the master and its replicas as one sentinel sees them."""
    sentinel = connect(
        host,
        username=address.options.get("sentinel_username"),
        password=address.options.get("sentinel_password"),
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
    )
    try:
        master: Any = sentinel.sentinel_master(address.service)
        promotable = sum(map(_is_promotable, _replicas(sentinel, address.service)))
    finally:
        sentinel.close()
    return Elected(
        node=(str(master["ip"]), int(master["port"])),
        epoch=int(master["config-epoch"]),
        replicas=int(master["num-slaves"]),
        promotable=promotable,
    )


def _replicas(sentinel: Redis, service: str) -> list[dict[str, Any]]:
    """Returns what a sentinel says of the replicas; none if one may not ask."""
    from redis.exceptions import NoPermissionError

    try:
        return list(cast("Any", sentinel.sentinel_slaves(service)))
    except NoPermissionError:
        return []


def _is_promotable(replica: Mapping[str, Any]) -> bool:
    """Tells whether a sentinel may put a replica in charge (sentinelSelectSlave)."""
    away = ("is_disconnected", "is_sdown", "is_odown")
    return replica["slave-priority"] != 0 and not any(replica[sign] for sign in away)


def role(redis: Redis) -> list[Any] | None:
    """Returns what a server says it is; None where the account may not ask.

    Raises:
        NotInCharge: It is no master.
    """
    from redis.exceptions import NoPermissionError

    try:
        reply: Any = redis.role()
    except NoPermissionError:
        return None
    expect_master(reply)
    return list(reply)


def expect_master(role: list[Any]) -> None:
    """Checks a reply of ROLE; raises `NotInCharge` when it is no master's."""
    if role[0] not in {b"master", "master"}:
        raise NotInCharge("it is a replica")
