"""Sets of sequence numbers as runs: `[[1, 40], [42, 42]]`.

What is done here costs what there are runs, however many numbers they stand for: who
writes a file says how many those are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

_LONGEST = 200

Runs = list[Sequence[int]]
"""`[first, last]` pairs, in any order; they may overlap."""


def add(runs: Runs, first: int, last: int) -> None:
    """Adds numbers, if any; those that go on from the last run make it longer."""
    if last < first:
        return
    if runs and runs[-1][0] <= first <= runs[-1][1] + 1:
        runs[-1] = [runs[-1][0], max(runs[-1][1], last)]
    else:
        runs.append([first, last])


def merged(runs: Iterable[Sequence[int]]) -> Runs:
    """Returns `[first, last]` pairs in order, those that overlap or touch as one."""
    together: Runs = []
    for first, last in sorted((run[0], run[1]) for run in runs):
        add(together, first, last)
    return together


def without(runs: Iterable[Sequence[int]], others: Iterable[Sequence[int]]) -> Runs:
    """Returns the numbers of `runs` that are in none of `others`, in order."""
    rest: Runs = []
    excluded = merged(others)
    index = 0
    for first, last in merged(runs):
        start = first
        while index < len(excluded) and excluded[index][0] <= last:
            add(rest, start, excluded[index][0] - 1)
            start = max(start, excluded[index][1] + 1)
            if start > last:
                break
            index += 1
        add(rest, start, last)
    return rest


def gaps(runs: Iterable[Sequence[int]], last: int) -> Runs:
    """Returns the numbers from 1 to `last` that are in none of `runs`, in order."""
    return without([[1, last]], runs)


def contains(runs: Runs, number: int) -> bool:
    """Tells whether a number is in runs that are `merged`."""
    index = bisect_right(runs, number, key=lambda run: run[0])
    return index > 0 and number <= runs[index - 1][1]


def count(runs: Iterable[Sequence[int]]) -> int:
    """Returns how many numbers are in runs that do not overlap."""
    return sum(last - first + 1 for first, last in runs)


def shown(runs: Iterable[Sequence[int]]) -> str:
    """Returns `1-40, 42`, cut short when it is no longer a line."""
    text = ""
    for low, high in runs:
        text += ", " if text else ""
        text += f"{low}" if low == high else f"{low}-{high}"
        if len(text) >= _LONGEST:
            break
    return text[:_LONGEST]
