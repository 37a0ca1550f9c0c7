"""A store whose keys are cheap to guess."""

from __future__ import annotations

import pytest

from ragcli.paths import Home
from ragcli.sessions.local.store import LocalStore
from tests.sealed import open_store


@pytest.fixture
def store(home: Home) -> LocalStore:
    return open_store(home)
