"""How long the chat's screen is held while an answer streams.

A beat on the event loop asks every millisecond to be woken; what it waits longer is
a stall: a key pressed then would have waited as long.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ragcli.chat.events import AskRequest, Event, Token
from ragcli.tui.app import ChatApp
from tests.tui.backend import ANSWER, Backend, Scripted

_BEAT = 0.001


@dataclass(frozen=True, slots=True)
class Stalls:
    """What was measured."""

    p50: float
    """Seconds."""
    p99: float
    longest: float
    lines: int
    """Lines of the transcript at the end."""
    tokens: float
    """Tokens a second that arrived."""


def measure(lines: int = 2000, rate: float = 200.0, seconds: float = 6.0) -> Stalls:
    """Streams `rate` tokens a second under a transcript of `lines` lines."""
    with tempfile.TemporaryDirectory() as place:
        return asyncio.run(_measure(Path(place), lines, rate, seconds))


async def _measure(place: Path, lines: int, rate: float, seconds: float) -> Stalls:
    backend = Backend(place, "work")
    backend.first.seed(8)
    long = ANSWER * (lines // 8 // 10 + 1)
    history = backend.first.history
    history.turns = [replace(turn, answer=long) for turn in history.turns]
    count = int(rate * seconds)
    backend.first.script = _Stream(rate, count)
    app = ChatApp(backend, backend.first)
    waits: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        while not app.chat.status.status.model:
            await pilot.pause(0.05)
        app.chat.ask("How long does a commit wait?")
        answering = app.chat.answering
        while answering.asking is None or answering.asking.retrieved is None:
            await asyncio.sleep(0.01)
        started, stopped = time.perf_counter(), threading.Event()
        beat = asyncio.create_task(_beat(waits, stopped))
        while app.chat.answering.asking is not None:
            await asyncio.sleep(0.05)
        spent = time.perf_counter() - started
        stopped.set()
        await beat
        height = app.chat.transcript.virtual_size.height
    waits.sort()
    return Stalls(
        waits[len(waits) // 2],
        waits[int(len(waits) * 0.99)],
        waits[-1],
        height,
        count / spent,
    )


async def _beat(waits: list[float], stopped: threading.Event) -> None:
    while not stopped.is_set():
        before = time.perf_counter()
        await asyncio.sleep(_BEAT)
        waits.append(time.perf_counter() - before - _BEAT)


class _Stream:
    """A script that gives a long Markdown answer at a steady rate."""

    def __init__(self, rate: float, count: int) -> None:
        self._rate, self._count = rate, count

    def __call__(self, profile: Scripted, request: AskRequest) -> Iterator[Event]:
        yield profile.retrieved(request)
        words = itertools.cycle(_tokens(ANSWER))
        said, started = "", time.perf_counter()
        for number in range(self._count):
            pause = started + number / self._rate - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
            piece = next(words)
            said += piece
            yield Token(piece)
        yield profile.finished(request, said)


def _tokens(text: str) -> list[str]:
    """Cuts a text as a tokenizer would: pieces of two to six characters."""
    pieces, at, dice = [], 0, random.Random(7)
    while at < len(text):
        step = dice.randint(2, 6)
        pieces.append(text[at : at + step])
        at += step
    return [*pieces, "\n\n"]


if __name__ == "__main__":
    print(measure())
