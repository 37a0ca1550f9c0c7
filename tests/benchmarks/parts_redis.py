"""What sessions in Redis cost: many profiles, many clients, one server.

The baseline is the least that can be asked of the same server: two plain XADD a
turn, of the turn and of an audit entry, by as many clients. Both run with
`appendfsync always`, each on a fresh server, in turns: what a server does once it is
full (rewriting its file) and what else the machine does must not favour either.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks import redis_writer
from tests.benchmarks.measure import PYTHON, ROOT, Figure, environment
from tests.benchmarks.workshop import Workshop
from tests.redis_servers import RedisServer

CLIENTS = 10
ROUNDS = 3


def redis(workshop: Workshop) -> Iterator[Figure]:
    """Turns a second, the slowest of a hundred, and the price of one turn."""
    profiles, turns = (10, 4) if workshop.quick else (100, 10)
    bare, ours = _Sum(), _Sum()
    for number in range(ROUNDS):
        for kind, total in (("bare", bare), ("ours", ours)):
            options = ("--appendonly", "yes", "--appendfsync", "always")
            server = RedisServer(workshop.root / f"redis-{kind}-{number}", *options)
            try:
                empty = _memory(server)
                total.add(_all_write(workshop, server, kind, profiles, turns))
                total.memory += _memory(server) - empty
            finally:
                server.stop()
    what = f"{CLIENTS * profiles:,} profiles, {CLIENTS} clients"
    against, line = "two XADD a turn", _line()
    count = len(ours.took)
    yield Figure(
        f"turns in Redis, {what}",
        against,
        count / bare.seconds,
        count / ours.seconds,
        "turns/s",
        0.5,
        at_least=True,
    )
    slowest = (_percentile(bare.took), _percentile(ours.took))
    yield Figure(f"p99 of a turn, {what}", against, *slowest, unit="s", target=2)
    trips, size = ours.trips / count, ours.bytes / count
    yield Figure("round trips of a turn in Redis", against, 2, trips, "trips", 1)
    yield Figure("bytes sent for a turn to Redis", "its JSON", line, size, "B", 1.4)
    stored = ROUNDS * CLIENTS * profiles * (turns + 1)
    kept = ours.memory / stored
    yield Figure("memory of a turn in Redis", "its JSON", line, kept, "B", 2)


@dataclass
class _Sum:
    """What the writers of several rounds said."""

    took: list[float] = field(default_factory=list)
    """Seconds of each turn."""
    seconds: float = 0.0
    trips: int = 0
    bytes: int = 0
    memory: int = 0
    """Bytes that the server has grown by."""

    def add(self, told: dict[str, Any]) -> None:
        """Adds one round."""
        self.took += told["took"]
        self.seconds += told["seconds"]
        self.trips += told["trips"]
        self.bytes += told["bytes"]


def _line() -> int:
    """Bytes of the turn that is written."""
    turn = [redis_writer.QUESTION, redis_writer.ANSWER, redis_writer.RETRIEVED]
    return len(json.dumps(turn))


def _memory(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.info("memory")["used_memory"])


def _percentile(took: list[float], share: float = 0.99) -> float:
    return sorted(took)[int(len(took) * share)]


def _all_write(
    workshop: Workshop, server: RedisServer, kind: str, profiles: int, turns: int
) -> dict[str, Any]:
    """Lets all clients loose at once; returns what they say, put together."""
    program = [PYTHON, "-m", "tests.benchmarks.redis_writer", kind, server.address]
    writers = [
        subprocess.Popen(
            [*program, "bench", str(number), str(profiles), str(turns)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(workshop.environ),
            cwd=ROOT,
            text=True,
        )
        for number in range(CLIENTS)
    ]
    for writer in writers:
        assert writer.stdout
        writer.stdout.readline()
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    told = [json.loads(writer.communicate()[0]) for writer in writers]
    return {
        "took": [seconds for one in told for seconds in one["took"]],
        "seconds": max(o["end"] for o in told) - min(o["start"] for o in told),
        "trips": sum(one["trips"] for one in told),
        "bytes": sum(one["bytes"] for one in told),
    }
