"""Several things are worked on at once, and come back in order or not at all."""

from __future__ import annotations

import threading

import pytest

from ragcli.index.search.side_by_side import side_by_side


@pytest.mark.parametrize("threads", [1, 3, 50])
def test_results_stand_in_the_order_of_their_items(threads: int) -> None:
    items = list(range(20))

    assert side_by_side(lambda item: item * item, items, threads) == [
        item * item for item in items
    ]
    assert side_by_side(str, [], threads) == []


def test_as_many_threads_work_as_were_asked_for() -> None:
    together = threading.Barrier(3, timeout=10)

    side_by_side(lambda _: together.wait(), ["a", "b", "c"], 3)

    assert not together.broken


def test_what_is_raised_is_raised_here_and_nothing_new_is_begun() -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError, match=r"^0$"):
        side_by_side(work, range(100), 1)
    with pytest.raises(ValueError, match=r"^\d+$"):
        side_by_side(work, range(100), 4)
    assert len(begun) <= 1 + 4
