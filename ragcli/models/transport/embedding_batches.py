"""Sends texts to an embedding server in small batches, and retries."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from ragcli.errors import ModelFailed, ModelNotFound, ServerBusy
from ragcli.models.transport.connections import pause
from ragcli.models.transport.retry_after import patiently

BATCH = 16
"""Texts in one request: a server on a slow machine answers within its timeout, and
progress can be told."""

_PAUSES = (0.5, 2.0)
"""Seconds before the same texts are sent again after a connection broke."""


def in_batches(
    texts: Sequence[str],
    rows: Callable[[list[str]], list[list[float]]],
    longest: float,
) -> list[list[float]]:
    """Returns the vector of each text.

    A batch that fails on the way is sent again as it was; one that the server refuses
    is not.

    Args:
        texts: What is embedded; an empty one as a blank, which every server takes.
        rows: Embeds the texts of one request.
        longest: Seconds that a busy server is waited for; 0 for no limit.

    Raises:
        ModelUnavailable: As `rows`.
    """
    vectors: list[list[float]] = []
    for start in range(0, len(texts), BATCH):
        batch = [text or " " for text in texts[start : start + BATCH]]
        vectors += _tried(batch, rows, longest)
    return vectors


def _tried(
    batch: list[str],
    rows: Callable[[list[str]], list[list[float]]],
    longest: float,
) -> list[list[float]]:
    for again in (*_PAUSES, None):
        try:
            return _waited_for(batch, rows, longest)
        except (ModelNotFound, ServerBusy):
            raise
        except ModelFailed as error:
            if again is None or "broke off" not in error.message:
                raise
            pause(again)
    raise AssertionError("the last attempt returns or raises")


def _waited_for(
    batch: list[str],
    rows: Callable[[list[str]], list[list[float]]],
    longest: float,
) -> list[list[float]]:
    vectors: list[list[float]] = []
    for piece in patiently(lambda: _once(rows, batch), longest):
        if isinstance(piece, list):
            vectors = piece
    return vectors


def _once(
    rows: Callable[[list[str]], list[list[float]]], batch: list[str]
) -> Generator[list[list[float]], None, None]:
    yield rows(batch)
