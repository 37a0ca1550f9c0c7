"""A directory in memory, where syncs cost nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.storage.temporary.memory_directories import has_memory

MEMORY = Path("/dev/shm")


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory, where syncs cost nothing; on disk where there is none.

    For tests that enumerate failures: what a sync means is up to them, not the disk.
    """
    if not has_memory():
        yield tmp_path
        return
    directory = Path(tempfile.mkdtemp(prefix="ragcli-test-", dir=MEMORY))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)
