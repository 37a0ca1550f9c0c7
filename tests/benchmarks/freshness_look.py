"""How long the look for changed documents takes: `freshness_look PROFILE DIRECTORY`.

Prints two medians in seconds: of an `lstat` of each file, and of our look, by turns.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from ragcli.runtime import Runtime

RUNS = 15


def bare(directory: str) -> None:
    """Does the least that tells of a change in place."""
    with os.scandir(directory) as listing:
        for entry in listing:
            entry.stat(follow_symlinks=False)


def compared(profile: str, directory: str) -> tuple[float, float]:
    """Returns seconds of the bare look and of ours.

    Raises:
        SystemExit: Something changed.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    with Runtime().open(profile) as workspace:
        if workspace.library.changed_files():
            raise SystemExit("documents changed")
        for _ in range(RUNS):
            begun = time.perf_counter()
            bare(directory)
            between = time.perf_counter()
            workspace.library.changed_files()
            taken[0].append(between - begun)
            taken[1].append(time.perf_counter() - between)
    return statistics.median(taken[0]), statistics.median(taken[1])


if __name__ == "__main__":
    print(*compared(sys.argv[1], sys.argv[2]))
