"""When a write counts as stored under `durability = "replicated"`.

Sentinel may promote any replica that it sees, and it sees what they have received
only every few seconds. So one confirmation is not enough where there are two
replicas: every replica that is connected has to confirm. One that has confirmed
nothing for some time is behind all others by so much that it is not promoted before
them; it is not waited for. Until then one that has left counts as well: it may have
been promoted while this master, slow but alive, has not heard of it, and the others
are about to follow it and to drop what they have from here. A process that comes
later has not seen it leave: for a while it counts what the sentinels know instead.

`WAIT` counts what the connection has written, and a new connection has written
nothing. Scripts therefore write something even when all is done already, and both
commands go over one connection, in one round trip.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ragcli.sessions.redis.server import sentinels
from ragcli.sessions.redis.server.faults import Unreplicated

if TYPE_CHECKING:
    from redis import Redis

WAIT = 1000
"""Milliseconds to wait for the replicas to confirm a write."""
STUCK = 6.0
"""Seconds without a confirmation after which a replica is not waited for: longer
than what sentinels know of replicas may be old when they choose one (5 s)."""
UNSEEN = 2.0
"""Seconds for which a replica counts that only the sentinels know: longer than they
take to tell everybody of a replica that they have promoted (0.9 s, at most 1.1). One
that follows another replica does not confirm anything here."""

REFUSED = {b"none", b"gone", b"fenced"}
"""Replies of scripts that have written nothing: there is nothing to confirm."""


class Replicas:
    """The replicas of one master, as this process has seen them."""

    def __init__(self) -> None:
        self.needed = 1
        """How many have to confirm a write."""
        self._heard: dict[tuple[Any, Any], tuple[int, float]] = {}
        self._expected = 0
        self._expected_since = 0.0

    def expect(self, count: int) -> None:
        """Is told how many replicas could be put in charge, in the sentinels' view."""
        if count != self._expected:
            self._expected, self._expected_since = count, time.monotonic()

    def learn(self, role: list[Any]) -> None:
        """Notes what the master says of its replicas, in a reply of ROLE.

        Raises:
            NotInCharge: It is no master.
        """
        sentinels.expect_master(role)
        now, end = time.monotonic(), int(role[1])
        heard, stuck = {}, 0
        for host, port, offset in role[2]:
            last, since = self._heard.get((host, port), (-1, now))
            if int(offset) != last or last >= end:
                since = now
            stuck += now - since > STUCK
            heard[host, port] = (int(offset), since)
        left = {
            node: (offset, since)
            for node, (offset, since) in self._heard.items()
            if node not in heard and now - since <= STUCK
        }
        self._heard = heard | left
        expected = self._expected if now - self._expected_since <= UNSEEN else 0
        self.needed = max(1, len(self._heard) - stuck, expected)


def written(redis: Redis, replicas: Replicas, command: Sequence[Any]) -> Any:
    """Runs one writing command and returns its reply, once the replicas have it.

    Args:
        redis: The master's client.
        replicas: Its replicas.
        command: The parts of the command.

    Raises:
        Unreplicated: Not all of them confirmed in time; it may be sent again.
        NotInCharge: The server is no master any more.
    """
    wait = ("WAIT", replicas.needed, WAIT)
    pipeline = redis.pipeline(transaction=False)
    for sent in (command, wait, ("ROLE",)):
        pipeline.execute_command(*sent)  # type: ignore[no-untyped-call]
    reply, confirmed, role = pipeline.execute(raise_on_error=False)
    for result in (reply, confirmed, role):
        if isinstance(result, Exception):
            raise result
    replicas.learn(role)
    if isinstance(reply, list) and reply[0] in REFUSED:
        return reply
    if confirmed < replicas.needed:
        raise Unreplicated(f"{confirmed} of {replicas.needed} replicas")
    return reply
