from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.sessions.history.history import History
from ragcli.sessions.local.log import LocalLog
from ragcli.sessions.local.store import LocalStore
from ragcli.sessions.protocols import Session
from tests.stores import LocalStores, open_log


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
