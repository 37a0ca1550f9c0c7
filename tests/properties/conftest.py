from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stores import PASSPHRASE, LocalStores, StoreFactory

MEMORY = Path("/dev/shm")


@pytest.fixture(params=["local", "encrypted"])
def store_factory(
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[], StoreFactory]]:
    """Makes places for sessions, empty each time; one parameter a kind of store."""
    base = MEMORY if MEMORY.is_dir() else None
    root = Path(tempfile.mkdtemp(prefix="ragcli-test-", dir=base))
    made = iter(range(1_000_000))

    def make() -> StoreFactory:
        passphrase = PASSPHRASE if request.param == "encrypted" else None
        return LocalStores(root / str(next(made)), passphrase)

    yield make
    shutil.rmtree(root)
