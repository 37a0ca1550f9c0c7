from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.paths import Home
from ragcli.sessions.encryption.data_key import DataKey
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.local.store import LocalStore
from ragcli.storage.files import Directory
from tests.sealed import CHEAP, open_store


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


@pytest.fixture
def home(tmp_path: Path) -> Home:
    base = tmp_path / "home"
    return Home(base, base / "config.toml", base / "cache")


@pytest.fixture
def store(home: Home) -> LocalStore:
    return open_store(home)
