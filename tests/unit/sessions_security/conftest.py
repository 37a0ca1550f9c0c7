from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.sessions.data_key import DataKey
from ragcli.sessions.kdf import Cost
from ragcli.storage.files import Directory

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
"""A guess that costs nothing: the tests are about slots, not about Argon2id."""


@pytest.fixture
def cheap() -> Cost:
    return CHEAP


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    with Directory.open(tmp_path / "profile", create=True) as opened:
        yield opened


@pytest.fixture
def data_key() -> DataKey:
    return DataKey.generate()
