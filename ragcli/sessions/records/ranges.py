"""Sets of sequence numbers, written short: `[[1, 40], [42, 42]]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

_LONGEST = 200


def pack(numbers: Iterable[int]) -> list[list[int]]:
    """Returns the runs of `numbers` as `[first, last]` pairs, in order."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def shown(numbers: Iterable[int]) -> str:
    """Returns `1-40, 42`, cut short when it is no longer a line."""
    runs = (f"{low}" if low == high else f"{low}-{high}" for low, high in pack(numbers))
    return ", ".join(runs)[:_LONGEST]


def unpack(runs: Iterable[Sequence[int]]) -> Iterator[int]:
    """Yields the numbers that `pack` was given."""
    for first, last in runs:
        yield from range(first, last + 1)
