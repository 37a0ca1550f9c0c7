"""What is sent to a server in many commands: as much at once as is good for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_BATCH = 1 << 20
"""Bytes that are sent at once."""


def batches(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Yields items in lists of about a megabyte, none of them empty.

    Args:
        items: What is to be sent, in order.
        size: Returns the bytes of one.
    """
    batch: list[T] = []
    filled = 0
    for item in items:
        batch.append(item)
        filled += size(item)
        if filled >= _BATCH:
            yield batch
            batch, filled = [], 0
    if batch:
        yield batch
