"""The chat: first paint, a long history, and the screen while an answer streams."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.benchmarks import tui_stall
from tests.benchmarks.measure import PYTHON, Figure, in_turn, run
from tests.benchmarks.tui_paint import paint
from tests.benchmarks.workshop import Workshop, memory

FRAME_MS = 33.0
"""Longest time that a key may wait: two frames of sixty a second."""


def chat(workshop: Workshop) -> Iterator[Figure]:
    """What a user of the chat waits for."""
    for name in ("empty", "long"):
        workshop.ragcli("profile", "create", name)
    turns = 1000 if workshop.quick else 10_000
    workshop.module("fill_history", "long", str(turns))
    yield workshop.compared(
        "chat, first paint",
        "import textual.app",
        partial(run, [PYTHON, "-c", "import textual.app"]),
        partial(paint, "-p", "empty", environ=workshop.environ),
        1.6,
    )
    first, second = in_turn(
        partial(paint, "-p", "empty", environ=workshop.environ, settle=True),
        partial(paint, "-p", "long", environ=workshop.environ, settle=True),
        workshop.runs,
    )
    name = f"chat, {turns:,} turns"
    yield workshop.time(f"{name}, first paint", "no turns", first, second, 1.3)
    yield memory(f"{name}, memory", "no turns", first, second, 1.3)
    shown = partial(paint, environ=workshop.environ, shows=b"builtin:extractive")
    first, second = in_turn(
        partial(shown, "-p", "empty"), partial(shown, "-p", "long"), workshop.runs
    )
    yield workshop.time(f"{name}, all loaded", "no turns", first, second, 1.3)
    stalls = tui_stall.measure(seconds=3 if workshop.quick else 10)
    yield Figure(
        "chat, p99 stall at 200 tokens/s",
        f"{FRAME_MS:.0f} ms",
        FRAME_MS,
        stalls.p99 * 1000,
        "ms",
        1.0,
    )
