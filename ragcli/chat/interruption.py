"""Stopping a model that may be silent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from typing import cast

from ragcli.models.base import ChatModel, Piece, Prompt, Stoppable

_POLL = 0.05
"""Seconds between two looks at the cancel event while a model is silent."""

_END = object()


class Cancelled(Exception):
    """The request's cancel event was set."""


def cancellable(
    model: ChatModel, prompt: Prompt, cancel: threading.Event | None
) -> Generator[Piece, None, None]:
    """Yields the model's answer until `cancel` is set.

    Without an event the stream runs in the calling thread. With one it runs in a
    thread of its own, so that a silent server cannot hold the caller; closing the
    generator lets that thread end at its next piece.

    Raises:
        Cancelled: The event was set.
    """
    if cancel is None:
        yield from model.stream(prompt)
        return
    pieces: queue.SimpleQueue[object] = queue.SimpleQueue()
    stopped = threading.Event()
    pump = threading.Thread(
        target=_pump, args=(model, prompt, pieces, stopped), name="model", daemon=True
    )
    pump.start()
    try:
        while True:
            if cancel.is_set():
                raise Cancelled
            try:
                piece = pieces.get(timeout=_POLL)
            except queue.Empty:
                continue
            if piece is _END:
                return
            if isinstance(piece, BaseException):
                raise piece
            yield cast("Piece", piece)
    finally:
        stopped.set()
        if pump.is_alive() and isinstance(model, Stoppable):
            model.stop()


def _pump(
    model: ChatModel,
    prompt: Prompt,
    pieces: queue.SimpleQueue[object],
    stopped: threading.Event,
) -> None:
    """Moves pieces from the model to the queue; its errors travel the same way."""
    try:
        iterator = model.stream(prompt)
        for piece in iterator:
            if stopped.is_set():
                close = getattr(iterator, "close", None)
                if close:
                    close()
                return
            pieces.put(piece)
        pieces.put(_END)
    except BaseException as error:  # noqa: BLE001 - re-raised in the consumer
        pieces.put(error)
