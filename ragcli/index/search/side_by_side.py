"""Work on several things at once, in threads that end with it.

For what computes outside of Python. An executor of `concurrent.futures` does it too,
and takes three milliseconds to load, more than its threads save a question.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Sequence[T], threads: int) -> list[R]:
    """Returns what `work` makes of each item, in their order.

    Args:
        work: Is called in this thread and in others, each time with one item.
        items: What is worked on.
        threads: How many work at a time, this one included.

    Raises:
        BaseException: The first that `work` raised; what has begun is ended before.
    """
    waiting = list(enumerate(items))[::-1]
    made: dict[int, R] = {}
    raised: list[BaseException] = []

    def run() -> None:
        while waiting and not raised:
            try:
                at, item = waiting.pop()
            except IndexError:  # another thread took the last one
                return
            try:
                made[at] = work(item)
            except BaseException as error:  # noqa: BLE001 - raised by the caller's thread
                raised.append(error)

    others = [threading.Thread(target=run) for _ in range(min(threads, len(items)) - 1)]
    for other in others:
        other.start()
    run()
    for other in others:
        other.join()
    if raised:
        raise raised[0]
    return [made[at] for at in range(len(items))]
