"""The adapters against LangChain's own standard test suites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import (
    EmbeddingsIntegrationTests,
    RetrieversIntegrationTests,
    VectorStoreIntegrationTests,
)
from langchain_tests.unit_tests import EmbeddingsUnitTests

from ragcli.errors import EmbedderMismatch, UsageError
from ragcli.index.report import NoProgress
from ragcli.langchain import RagcliEmbeddings, RagcliRetriever, RagcliVectorStore
from ragcli.runtime import Runtime

pytestmark = pytest.mark.slow


class TestVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> Iterator[VectorStore]:
        store = RagcliVectorStore(tmp_path / "index", self.get_embeddings())
        yield store
        store.close()


class TestEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return RagcliEmbeddings


class TestEmbeddingsUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return RagcliEmbeddings


class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def documents(self, tmp_path: Path) -> None:
        facts = [
            "Locks are held for ten seconds.",
            "Locks name their holder.",
            "Locks queue in the kernel.",
            "Locks end with their process.",
        ]
        for number, fact in enumerate(facts):
            (tmp_path / f"{number}.md").write_text(f"# Locks\n\n{fact}\n")
        with Runtime().open() as workspace:
            workspace.library.add([tmp_path], NoProgress())

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return RagcliRetriever

    @property
    def retriever_query_example(self) -> str:
        return "How long are locks held?"


def test_a_retrieved_passage_names_every_place_that_it_stands_for(
    tmp_path: Path,
) -> None:
    notes = tmp_path / "kiln.md"
    notes.write_text("# Kiln\n\nIt is fired in May:\n\n- pots\n- tiles\n")
    with Runtime().open() as workspace:
        workspace.library.add([notes], NoProgress())

    [found] = RagcliRetriever(k=1).invoke("What is fired in the kiln in May?")

    told = found.metadata
    assert told["path"] == told["source"] == str(notes.resolve())
    assert told["shown"].endswith("kiln.md")
    assert told["quote"] == found.page_content
    assert told["lines"] == [3, 6]
    assert [(quote["text"], quote["lines"]) for quote in told["quotes"]] == [
        ("It is fired in May:", [3, 3]),
        ("pots", [5, 5]),
        ("tiles", [6, 6]),
    ]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RagcliVectorStore]:
    made = RagcliVectorStore(tmp_path / "index")
    yield made
    made.close()


def test_a_store_outlives_its_process_and_its_writer(tmp_path: Path) -> None:
    first = RagcliVectorStore(tmp_path / "index")
    first.add_texts(["A commit waits ten seconds."], [{"n": 1}], ids=["a"])
    first.close()

    again = RagcliVectorStore(tmp_path / "index")

    assert again.similarity_search("how long does a commit wait", k=1) == [
        Document(id="a", page_content="A commit waits ten seconds.", metadata={"n": 1})
    ]
    again.close()


def test_scores_are_cosines_and_fall(store: RagcliVectorStore) -> None:
    store.add_texts(["apples and pears", "engines and wheels", "apples"])

    scores = [score for _, score in store.similarity_search_with_score("apples", k=3)]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1.0, abs=0.01)


def test_marginal_relevance_leaves_out_what_repeats(store: RagcliVectorStore) -> None:
    store.add_texts(["red apples", "red apples indeed", "green pears"], ids=list("abc"))

    found = store.max_marginal_relevance_search("red apples", k=2, lambda_mult=0.1)

    assert [document.id for document in found] == ["a", "c"]


def test_other_embeddings_are_refused(tmp_path: Path) -> None:
    suite = TestVectorStore()
    RagcliVectorStore(tmp_path / "index").add_texts(["one"])
    other = RagcliVectorStore(tmp_path / "index", suite.get_embeddings())

    with pytest.raises(EmbedderMismatch):
        other.add_texts(["two"])


@pytest.mark.parametrize(
    ("metadatas", "ids"), [([{"x": object()}], None), ([], ["a", "b"])]
)
def test_what_cannot_be_kept_is_refused(
    store: RagcliVectorStore, metadatas: list[dict[str, object]], ids: list[str] | None
) -> None:
    with pytest.raises(UsageError):
        store.add_texts(["text"], metadatas, ids=ids)


def test_nothing_of_the_index_is_a_pickle(
    store: RagcliVectorStore, tmp_path: Path
) -> None:
    store.add_texts(["one", "two"])

    names = [path.suffix for path in tmp_path.rglob("*")]
    assert not {".pkl", ".pickle"} & set(names)
