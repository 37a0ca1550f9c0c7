"""Sets of sequence numbers, written short: `[[1, 40], [42, 42]]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

_LONGEST = 200


def pack(numbers: Iterable[int]) -> list[list[int]]:
    """Returns the runs of `numbers` as `[first, last]` pairs, in order."""
    return merged((number, number) for number in numbers)


def merged(runs: Iterable[Sequence[int]]) -> list[list[int]]:
    """Returns `[first, last]` pairs in order, those that overlap or touch as one.

    Costs what there are pairs, however many numbers they stand for.
    """
    found: list[list[int]] = []
    for first, last in sorted((run[0], run[1]) for run in runs):
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return found


def shown(numbers: Iterable[int]) -> str:
    """Returns `1-40, 42`, cut short when it is no longer a line."""
    runs = (f"{low}" if low == high else f"{low}-{high}" for low, high in pack(numbers))
    return ", ".join(runs)[:_LONGEST]


def unpack(runs: Iterable[Sequence[int]]) -> Iterator[int]:
    """Yields the numbers that `pack` was given."""
    for first, last in runs:
        yield from range(first, last + 1)
