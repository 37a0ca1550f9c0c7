"""Libraries of a profile, in the clear and sealed, and notes to add."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ragcli.config import Settings
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.index.protocols import Embedder
from ragcli.storage.files import Directory
from tests.unit.index.doubles import KeyedSealer, PlainEmbedder, Watched, WordEmbedder


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def other_embedder() -> PlainEmbedder:
    return PlainEmbedder()


@pytest.fixture
def progress() -> Watched:
    return Watched()


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Directory]:
    with Directory.open(tmp_path / "profile", create=True) as directory:
        yield directory


@pytest.fixture(params=["plain", pytest.param("sealed", marks=pytest.mark.slow)])
def sealer(request: pytest.FixtureRequest) -> KeyedSealer | None:
    return KeyedSealer() if request.param == "sealed" else None


MakeLibrary = Callable[..., Library]


@pytest.fixture
def make_library(profile: Directory, embedder: WordEmbedder) -> MakeLibrary:
    """Returns a maker of libraries over one profile, as separate processes see it."""

    def make(
        sealer: KeyedSealer | None = None,
        embedder: Embedder = embedder,
        **settings: Any,
    ) -> Library:
        snapshots = LocalSnapshots(profile, sealer, grace=0.0)
        return Library(snapshots, lambda: embedder, Settings(**settings))

    return make


@pytest.fixture
def library(make_library: MakeLibrary, sealer: KeyedSealer | None) -> Library:
    return make_library(sealer)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Three short documents."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "locks.md").write_text(
        "# Locks\n\nA lock file names its holder.\n\n# Waiting\n\nWriters wait in a "
        "queue of the kernel.\n"
    )
    (folder / "apples.txt").write_text("Apples ripen in the autumn orchard.\n")
    (folder / "pears.txt").write_text("Pears ripen earlier than most apples do.\n")
    return folder
