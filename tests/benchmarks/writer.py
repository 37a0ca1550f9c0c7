"""One of many processes that write turns: `writer KIND TARGET TURNS`.

Says that it is ready, waits for a line on stdin, writes, and reports as JSON how
many turns were acknowledged, and when it began and ended (monotonic seconds).
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable

QUESTION = "How long does the lock on a profile last?"
ANSWER = "As long as the process that holds it lives. [1] " * 8


def bare(file: str) -> Callable[[], None]:
    """Returns the least that a durable, exclusive append can be."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    line = json.dumps({"question": QUESTION, "answer": ANSWER}).encode() + b"\n"

    def write() -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, line)
        os.fdatasync(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    return write


def ours(profile: str) -> Callable[[], None]:
    """Returns ragcli's commit of a turn."""
    from ragcli.runtime import Runtime
    from ragcli.sessions.records.record_types import Turn

    runtime = Runtime({"lock_wait": "300s"}, profile=profile)
    history = runtime.open(create=False).history
    conversation = history.new_conversation_id()
    titles = iter(["written by many"])

    def write() -> None:
        turn = Turn(history.new_turn_id(), conversation, QUESTION, answer=ANSWER)
        history.commit(turn, title=next(titles, None))

    return write


def langchain(file: str) -> Callable[[], None]:
    """Returns what LangChain's file history does for a turn."""
    from langchain_community.chat_message_histories import FileChatMessageHistory
    from langchain_core.messages import AIMessage, HumanMessage

    history = FileChatMessageHistory(file)

    def write() -> None:
        history.add_messages([HumanMessage(QUESTION), AIMessage(ANSWER)])

    return write


def main(kind: str, target: str, turns: int) -> None:
    """Writes when told to; a write that fails is not acknowledged."""
    write = {"bare": bare, "ours": ours, "langchain": langchain}[kind](target)
    print("ready", flush=True)
    sys.stdin.readline()
    kept, start = 0, time.monotonic()
    for _ in range(turns):
        try:
            write()
        except Exception as error:
            print(f"{type(error).__name__}: {error}"[:200], file=sys.stderr)
        else:
            kept += 1
    print(json.dumps({"kept": kept, "start": start, "end": time.monotonic()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
