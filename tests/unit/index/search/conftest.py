"""Small libraries of real files, and what searches them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from ragcli.config import Settings
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.library import Library
from ragcli.index.passages import Passage
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.search.retriever import Retriever
from ragcli.models.builtin.embedder import BuiltinEmbedder
from ragcli.storage.files import Directory


class Quiet:
    """Progress that nobody watches."""

    def start(self, total: int, what: str) -> None:
        pass

    def step(self, name: str, count: int = 1) -> None:
        pass

    def note(self, message: str) -> None:
        raise AssertionError(message)


@pytest.fixture(scope="session")
def embedder() -> BuiltinEmbedder:
    return BuiltinEmbedder()


@pytest.fixture(scope="session")
def index(
    tmp_path_factory: pytest.TempPathFactory, embedder: BuiltinEmbedder
) -> Iterator[Callable[[Mapping[str, str]], IndexReader]]:
    """Indexes files by name and text; returns the reader over them."""
    with ExitStack() as opened:

        def build(files: Mapping[str, str]) -> IndexReader:
            root = tmp_path_factory.mktemp("library")
            root.chmod(0o700)
            documents = root / "docs"
            documents.mkdir()
            for name, text in files.items():
                (documents / name).parent.mkdir(exist_ok=True)
                (documents / name).write_text(text, encoding="utf-8")
            profile = opened.enter_context(
                Directory.open(root / "profile", create=True)
            )
            library = Library(
                LocalSnapshots(profile, None), lambda: embedder, Settings()
            )
            library.add([documents], Quiet())
            reader = library.reader()
            assert reader is not None
            return reader

        yield build


@pytest.fixture(scope="session")
def search_in(
    index: Callable[[Mapping[str, str]], IndexReader], embedder: BuiltinEmbedder
) -> Callable[..., Retriever]:
    """Returns a retriever over one or several sets of files."""

    def build(*sets: Mapping[str, str]) -> Retriever:
        return Retriever([index(files) for files in sets], embedder, Settings())

    return build


def names(passages: Iterable[Passage]) -> list[str]:
    """Returns the file names of passages, in order."""
    return [Path(passage.path).name for passage in passages]
