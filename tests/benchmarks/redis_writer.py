"""One of many clients of a Redis server.

    redis_writer KIND ADDRESS USER NUMBER PROFILES TURNS

Makes its profiles, says that it is ready, waits for a line on stdin, writes turns to
one profile after the other, and reports as JSON what each took (seconds), when it
began and ended, and how often and how much it sent.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

QUESTION = "How long does the lock on a profile last?"
ANSWER = "As long as the process that holds it lives. [1] " * 8
PASSAGE = {
    "id": "6f1c2a7e90b34d58",
    "path": "docs/handbook/locks.md",
    "lines": [10, 40],
    "page": None,
    "score": 0.81,
    "text": "A lock is held by one process and is gone with it. " * 16,
}
RETRIEVED = (PASSAGE,) * 6


def bare(address: str, user: str, names: list[str]) -> list[Callable[[], None]]:
    """Returns the least that a turn and its audit entry can be: two plain appends."""
    from redis import Redis

    client = Redis.from_url(address, protocol=2)
    turn = json.dumps({"question": QUESTION, "answer": ANSWER, "sources": RETRIEVED})

    def writer(name: str) -> Callable[[], None]:
        def write() -> None:
            client.xadd(f"bare:{user}:{name}:log", {"l": turn})
            client.xadd(f"bare:{user}:{name}:audit", {"l": turn[:300]})

        return write

    return [writer(name) for name in names]


def ours(address: str, user: str, names: list[str]) -> list[Callable[[], None]]:
    """Returns ragcli's commit of a turn, for each profile."""
    from ragcli.runtime import Runtime
    from ragcli.sessions.history.writer import History
    from ragcli.sessions.records.record_types import Turn

    runtime = Runtime({"store": address, "user": user, "lock_wait": "60s"})

    def writer(name: str) -> Callable[[], None]:
        history = History(runtime.store.create(name, {}), runtime.settings)
        conversation = history.new_conversation_id()
        titles = iter(["written by many"])

        def write() -> None:
            turn = Turn(
                history.new_turn_id(),
                conversation,
                QUESTION,
                answer=ANSWER,
                retrieved=RETRIEVED,
            )
            history.commit(turn, title=next(titles, None))

        write()
        return write

    return [writer(name) for name in names]


def counting() -> dict[str, int]:
    """Counts from now on what this process sends; one send is one round trip."""
    from redis.connection import AbstractConnection

    seen = {"trips": 0, "bytes": 0}
    send: Callable[..., None] = AbstractConnection.send_packed_command

    def counted(self: Any, command: Iterable[bytes] | bytes, **more: Any) -> None:
        parts = [command] if isinstance(command, bytes | str) else list(command)
        seen["trips"] += 1
        seen["bytes"] += sum(map(len, parts))
        send(self, parts, **more)

    setattr(AbstractConnection, "send_packed_command", counted)  # noqa: B010 - a method
    return seen


def main(kind: str, address: str, user: str, number: str, counts: list[int]) -> None:
    """Writes when told to."""
    profiles, turns = counts
    names = [f"p{number}-{index}" for index in range(profiles)]
    writers = {"bare": bare, "ours": ours}[kind](address, user, names)
    print("ready", flush=True)
    sys.stdin.readline()
    sent, took, start = counting(), [], time.monotonic()
    for _ in range(turns):
        for write in writers:
            begun = time.monotonic()
            write()
            took.append(round(time.monotonic() - begun, 6))
    print(json.dumps({"took": took, "start": start, "end": time.monotonic(), **sent}))


if __name__ == "__main__":
    kind, address, user, number, *counts = sys.argv[1:7]
    main(kind, address, user, number, [int(text) for text in counts])
