"""How long the look for changed documents takes: `freshness_look PROFILE DIRECTORY`.

Prints two medians in seconds of processor time: of an `lstat` of each file, and of our
look, by turns.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from ragcli.runtime import Runtime

RUNS = 25


def bare(directory: str) -> None:
    """Does the least that tells of a change in place."""
    pending = [directory]
    while pending:
        with os.scandir(pending.pop()) as listing:
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
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
            begun = time.process_time()
            bare(directory)
            between = time.process_time()
            workspace.library.changed_files()
            taken[0].append(between - begun)
            taken[1].append(time.process_time() - between)
    return statistics.median(taken[0]), statistics.median(taken[1])


if __name__ == "__main__":
    print(*compared(sys.argv[1], sys.argv[2]))
