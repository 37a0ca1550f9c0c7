"""A process that ends at once has done what was registered for its end."""

from __future__ import annotations

import subprocess
import sys

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
