"""Logs, stores, sessions and histories, each in a directory of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.paths import Home
from ragcli.sessions.encryption.data_key import DataKey
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.history.writer import History
from ragcli.sessions.local.history.local_log import LocalLog
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.protocols import Session
from ragcli.storage.files import Directory
from tests.sealed import CHEAP
from tests.stores import Clock, LocalStores, open_log


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def log(place: Path) -> LocalLog:
    return open_log(place)


@pytest.fixture
def stores(tmp_path: Path) -> LocalStores:
    return LocalStores(tmp_path / "home")


@pytest.fixture
def store(stores: LocalStores) -> LocalStore:
    return stores()


@pytest.fixture
def session(store: LocalStore) -> Iterator[Session]:
    opened = store.create("work", {})
    yield opened
    opened.close()


@pytest.fixture
def history(session: Session) -> History:
    return History(session, Settings())


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
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)
