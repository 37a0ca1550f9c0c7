"""A home, and a store whose keys are cheap to guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.paths import Home
from ragcli.sessions.local.store import LocalStore
from tests.sealed import home_at, open_store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_at(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> LocalStore:
    return open_store(home)
