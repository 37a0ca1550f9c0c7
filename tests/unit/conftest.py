"""The embedder, loaded once for all tests."""

from __future__ import annotations

import pytest

from ragcli.models.builtin.embedder import BuiltinEmbedder


@pytest.fixture(scope="session")
def embedder() -> BuiltinEmbedder:
    return BuiltinEmbedder()
