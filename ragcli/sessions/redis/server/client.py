"""Talks to Redis: finds the server in charge, tries again, translates errors.

The library's own retries are off. They would repeat a command whose reply was
lost, ten times by default, and a plain append would be there twice. Ours repeat
too, but everything we send says by its ids what it is, so that the server does it
once.

A profile's keys share one hash tag, so one server of a cluster has all of them;
which one it is, `MOVED` says.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ragcli.errors import RagcliError
from ragcli.sessions.redis.server import faults, sentinels, tls
from ragcli.sessions.redis.server.addresses import RedisAddress
from ragcli.sessions.redis.server.replication import Replicas

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

TIMEOUT = 2.0
"""Seconds to wait for one reply, or for a connection."""
BLOCK = 5.0
"""Seconds that a read which waits for news blocks at most."""
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
_MOVES = 5
"""Servers of a cluster that one call is sent on to at once; while slots move, or where
addresses are translated on the way, they may send it in a circle."""

_Node = tuple[str, int]
"""Host and port; the host alone is the path of a socket, with port 0."""


class RedisServer:
    """A Redis server, or the servers of one cluster or behind sentinels.

    Args:
        address: Where.
        patience: Seconds for which what fails by itself is tried again, once the
            server has answered.
    """

    def __init__(self, address: RedisAddress, *, patience: float) -> None:
        self.address = address
        self._patience = patience
        self._reached = False
        self._clients: dict[tuple[_Node, bool], Redis] = {}
        self._replicas: dict[_Node, Replicas] = {}
        self._routes: dict[str, _Node] = {}
        self._master: _Node | None = None
        self._seed = 0
        self.clustered = False
        """Whether a server said that it is one of several that share the keys."""

    def run(self, tag: str, work: Callable[[Redis], T], *, slow: bool = False) -> T:
        """Returns what `work` returns on the server that has the keys of `tag`.

        Args:
            tag: The hash tag of all keys that `work` uses.
            work: May be called again when the connection is lost.
            slow: It waits on the server, for at most `BLOCK` seconds.

        Raises:
            StoreUnavailable, NotPermitted, StorageFailed: In one line, see `faults`.
        """
        deadline = time.monotonic() + self._patience
        pause, moves = _FIRST_PAUSE, 0
        while True:
            try:
                result = work(self._client(self._node(tag), slow=slow))
            except RagcliError:
                raise
            except self._foreign() as error:
                fault = self._fault(error)
                self._learn(tag, fault)
                moves += fault.moved is not None
                if fault.moved and moves <= _MOVES:
                    continue
                if not self._may_pass(fault) or time.monotonic() + pause > deadline:
                    raise fault.error from error
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._reached = True
                return result

    def replicas(self, tag: str) -> Replicas:
        """Returns what is known of the replicas of the server that has `tag`."""
        return self._replicas.setdefault(self._node(tag), Replicas())

    def assure(self, tag: str, *, replicated: bool) -> None:
        """Checks that a missing key is really missing; for use inside `run`.

        A server that came back empty, or that nobody has told yet that another one
        is in charge, says the same. Without sentinels there is nobody to ask.

        Args:
            tag: The hash tag of what is not there.
            replicated: Whether a master without replicas is to be doubted.

        Raises:
            NotInCharge: It cannot.
        """
        if not self.address.sentinel:
            return
        node = self._node(tag)
        now = sentinels.elected(self.address, self._connected)
        if now.node != node:
            raise faults.NotInCharge("another server was put in charge")
        role = sentinels.role(self._client(node, slow=False))
        if replicated and now.replicas and role is not None and not role[2]:
            raise faults.NotInCharge("the master has none of its replicas yet")

    def close(self) -> None:
        """Closes every connection."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    @staticmethod
    def _foreign() -> tuple[type[Exception], ...]:
        import redis.exceptions as foreign

        ours = faults.Unreplicated, faults.NotInCharge
        return foreign.RedisError, OSError, *ours

    def _fault(self, error: Exception) -> faults.Fault:
        from redis.exceptions import ClusterCrossSlotError

        self.clustered = self.clustered or isinstance(error, ClusterCrossSlotError)
        failover = self.address.sentinel or self.clustered
        return faults.classify(error, self.address.shown, failover=failover)

    def _may_pass(self, fault: faults.Fault) -> bool:
        """Tells whether to try again; who never answered is not waited for."""
        several = self.address.sentinel or len(self.address.hosts) > 1
        return fault.passing and (self._reached or several or not fault.stale)

    def _learn(self, tag: str, fault: faults.Fault) -> None:
        """Remembers where the keys are, or that this is not known any more."""
        if fault.moved:
            self.clustered = True
            self._reached = True
            host = fault.moved[0] or self.address.hosts[self._seed][0]
            self._routes[tag] = (host, fault.moved[1])
        elif fault.stale:
            self._routes.pop(tag, None)
            self._master = None
            self._seed = (self._seed + 1) % max(1, len(self.address.hosts))

    def _node(self, tag: str) -> _Node:
        if tag in self._routes:
            return self._routes[tag]
        if not self.address.hosts:
            return self.address.path, 0
        if not self.address.sentinel:
            return self.address.hosts[self._seed]
        if self._master is None:
            self._master = self._ask_sentinels()
        return self._master

    def _ask_sentinels(self) -> _Node:
        """Returns where the master is, and notes its replicas.

        Raises:
            StoreUnavailable: The sentinels know of none by this name.
            NotInCharge: The server that they name says that it is none.
        """
        now = sentinels.elected(self.address, self._connected)
        role = sentinels.role(self._client(now.node, slow=False))
        if role is not None:
            known = self._replicas.setdefault(now.node, Replicas())
            known.expect(now.promotable)
            known.learn(role)
        return now.node

    def _client(self, node: _Node, *, slow: bool) -> Redis:
        known = self._clients.get((node, slow))
        if known is None:
            known = self._connected(
                node,
                username=self.address.username or None,
                password=self.address.password or None,
                db=0 if self.clustered else self.address.database,
                socket_timeout=TIMEOUT + (BLOCK if slow else 0),
            )
            self._clients[node, slow] = known
        return known

    def _connected(self, node: _Node, **options: Any) -> Redis:
        """Returns a client that tries nothing twice."""
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        host, port = node
        where: dict[str, Any] = {"host": host, "port": port}
        if not port:
            where = {"unix_socket_path": host}
        elif self.address.tls:
            where |= tls.options(self.address)
        settings: dict[str, Any] = {
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
        }
        return Redis(**where, **(settings | options))
