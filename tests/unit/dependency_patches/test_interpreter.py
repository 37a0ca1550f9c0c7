"""A process collects garbage late, and does what was registered for its end."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import atexit, sys
from ragcli.dependency_patches import interpreter

class Slow:
    def __del__(self):
        print("taken apart")

kept = Slow()
atexit.register(print, "first registered")
atexit.register(print, "last registered")
sys.stdout.write("written ")
sys.stderr.write("noted")
interpreter.end(7)
"""


def test_the_end_is_told_and_nothing_is_taken_apart() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False
    )

    assert done.stdout == "written last registered\nfirst registered\n"
    assert done.stderr == "noted"
    assert done.returncode == 7


COLLECTIONS = """
import gc
from ragcli.dependency_patches import interpreter

usual = gc.get_threshold()
interpreter.collect_late()
before = sum(item["collections"] for item in gc.get_stats())
kept = [[] for _ in range(50_000)]
print(sum(item["collections"] for item in gc.get_stats()) - before)
kept += [[] for _ in range(60_000)]
print(gc.get_threshold() == usual, gc.callbacks)
kept += [[] for _ in range(10_000)]
print(sum(item["collections"] for item in gc.get_stats()) - before > 10)
"""


@pytest.mark.slow
def test_nothing_is_collected_while_a_command_is_loaded_and_later_as_usual() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTIONS], capture_output=True, text=True, check=True
    )

    assert done.stdout == "0\nTrue []\nTrue\n"
