"""A reading process ends by itself where no bound on memory binds it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ragcli.index.documents.loaders.dispatch import bounds

TAKES_TOO_MUCH = """
import resource, time
from ragcli.index.documents.loaders.dispatch import bounds
resource.setrlimit = lambda which, most: None
bounds.MEMORY_LIMIT = 64 << 20
bounds.limit_memory()
time.sleep(0.3)
print("as much as is allowed", flush=True)
taken = b"1" * (bounds.peak() + (128 << 20))  # a peak may be the parent's
time.sleep(20)
"""


@pytest.mark.slow
def test_a_process_that_no_bound_binds_is_watched() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TAKES_TOO_MUCH],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "as much as is allowed\n"
    assert done.returncode == bounds.MEMORY_STATUS, done.stderr
    told = bounds.cause_of_death(done.returncode, "html", 60)
    assert told == "too large to read as HTML in 2 GB of memory"
