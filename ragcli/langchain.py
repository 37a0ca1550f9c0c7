"""ragcli's index and embedder behind LangChain's interfaces.

For programs that are built on LangChain and want what ragcli keeps: an index that
survives crashes and concurrent writers, without pickle, and vectors that need no
server.

    from ragcli.langchain import RagcliEmbeddings, RagcliRetriever, RagcliVectorStore

    store = RagcliVectorStore("notes.index", RagcliEmbeddings())
    store.add_texts(["A commit waits ten seconds."])
    RagcliRetriever(profile="work", k=3).invoke("How long does a commit wait?")

Interfaces: https://reference.langchain.com/python/langchain_core/.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

# LangChain itself takes a second to load; whoever imports this module wants it.
from langchain_core.documents import Document  # noqa: TID253
from langchain_core.embeddings import Embeddings  # noqa: TID253
from langchain_core.retrievers import BaseRetriever  # noqa: TID253
from langchain_core.vectorstores import VectorStore  # noqa: TID253
from langchain_core.vectorstores.utils import (  # noqa: TID253
    maximal_marginal_relevance,
)

from ragcli.config import Settings
from ragcli.errors import UsageError
from ragcli.index.passages import Passage, SearchRequest
from ragcli.index.snapshots import LocalSnapshots
from ragcli.index.texts import Text, TextIndex
from ragcli.models.select import choose_embedder
from ragcli.runtime import Runtime
from ragcli.storage.files import Directory

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from numpy.typing import NDArray

    from ragcli.index.protocols import Embedder

__all__ = ["RagcliEmbeddings", "RagcliRetriever", "RagcliVectorStore"]


class RagcliEmbeddings(Embeddings):
    """ragcli's embedder as LangChain's `Embeddings`.

    Args:
        embedder: `builtin`, which needs nothing else, `ollama:NAME` or
            `provider:NAME`.

    Raises:
        ConfigError: Not an embedder's name.
        ProviderMissing: The provider's package is not installed.
    """

    def __init__(self, embedder: str = "builtin") -> None:
        self.embedder: Embedder = choose_embedder(Settings(embedder=embedder))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Returns one unit vector a text; zeros for a text without a known word."""
        rows: list[list[float]] = self.embedder.embed(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        """Returns the unit vector of a question."""
        return self.embed_documents([text])[0]


class _Foreign:
    """Another library's `Embeddings` as the index wants them: unit vectors.

    Args:
        embeddings: Any LangChain embeddings.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        kind = type(embeddings)
        model = getattr(embeddings, "model", "")
        self.id = f"langchain:{kind.__module__}.{kind.__qualname__}:{model}"
        self.dimension = 0
        self._embeddings = embeddings

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Returns one L2-normalised row a text."""
        return self._normalised(self._embeddings.embed_documents(list(texts)))

    def query(self, text: str) -> NDArray[np.float32]:
        """Returns the unit vector of a question."""
        row: NDArray[np.float32] = self._normalised(
            [self._embeddings.embed_query(text)]
        )[0]
        return row

    def _normalised(self, rows: list[list[float]]) -> NDArray[np.float32]:
        from ragcli.models.vectors import normalised

        found = normalised(rows, len(rows), self.dimension, self.id)
        self.dimension = found.shape[1]
        return found


class RagcliVectorStore(VectorStore):
    """LangChain's `VectorStore` over ragcli's durable index.

    Every change is one atomic generation; several processes may write at once.
    Metadata must be JSON values.

    Args:
        directory: A directory of its own; made with mode 0700 when missing.
        embedding: Makes the vectors; default the built-in ones.

    Raises:
        NotPermitted: The directory is open to others.
        EmbedderMismatch: On the first write, if other embeddings filled it.
    """

    def __init__(
        self, directory: str | os.PathLike[str], embedding: Embeddings | None = None
    ) -> None:
        self._embedding = embedding or RagcliEmbeddings()
        self._embedder = (
            self._embedding.embedder
            if isinstance(self._embedding, RagcliEmbeddings)
            else _Foreign(self._embedding)
        )
        self._directory = Directory.open(directory, create=True)
        snapshots = LocalSnapshots(self._directory, None)
        self._index = TextIndex(snapshots, self._embedder, Settings())

    @property
    def embeddings(self) -> Embeddings:
        """The embeddings in use."""
        return self._embedding

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **_: Any,
    ) -> list[str]:
        """Stores texts and returns their ids; a known id is overwritten.

        Raises:
            UsageError: Lists of different lengths, or metadata that is not JSON.
        """
        contents = list(texts)
        facts = metadatas or [{} for _ in contents]
        names = [name or str(uuid.uuid4()) for name in ids or [None] * len(contents)]
        if not len(contents) == len(facts) == len(names):
            raise UsageError("texts, metadatas and ids differ in length", "")
        _check_json(facts)
        if contents:
            self._index.put(list(map(Text, names, contents, facts)))
        return names

    def delete(self, ids: list[str] | None = None, **_: Any) -> bool | None:
        """Forgets texts; unknown ids are no error."""
        self._index.drop(ids or [])
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Returns the documents of known ids, in this order."""
        return [_document(text) for text in self._index.get(list(ids))]

    def similarity_search(self, query: str, k: int = 4, **_: Any) -> list[Document]:
        """Returns the `k` most similar documents, best first."""
        return [found for found, _ in self.similarity_search_with_score(query, k)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, **_: Any
    ) -> list[tuple[Document, float]]:
        """Returns documents with their cosine in [-1, 1], best first."""
        return self._nearest(self._query(query), k)

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, **_: Any
    ) -> list[Document]:
        """Returns the documents most similar to a vector, best first."""
        import numpy as np

        vector = np.asarray(embedding, np.float32)
        length = float(np.linalg.norm(vector)) or 1.0
        return [found for found, _ in self._nearest(vector / length, k)]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **_: Any,
    ) -> list[Document]:
        """Returns documents that are similar to the query but not to each other."""
        vector = self._query(query)
        found = [text for text, _ in self._index.nearest(vector, fetch_k)]
        rows = list(self._index.vectors([text.name for text in found]))
        chosen = maximal_marginal_relevance(vector, rows, lambda_mult, k)
        return [_document(found[place]) for place in chosen]

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Returns a store that holds `texts`.

        Args:
            texts: What to store.
            embedding: Makes the vectors.
            metadatas: One dict a text.
            ids: One id a text.
            kwargs: `directory`, which is required.
        """
        if "directory" not in kwargs:
            raise UsageError("from_texts needs directory=…", "name a private directory")
        store = cls(kwargs["directory"], embedding)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    def close(self) -> None:
        """Releases the directory."""
        self._directory.close()

    def _select_relevance_score_fn(self) -> Any:
        return lambda cosine: (cosine + 1) / 2

    def _query(self, text: str) -> NDArray[np.float32]:
        if isinstance(self._embedder, _Foreign):
            return self._embedder.query(text)
        row: NDArray[np.float32] = self._embedder.embed([text])[0]
        return row

    def _nearest(
        self, vector: NDArray[np.float32], k: int
    ) -> list[tuple[Document, float]]:
        found = self._index.nearest(vector, k)
        return [(_document(text), score) for text, score in found]


class RagcliRetriever(BaseRetriever):
    """LangChain's retriever over a ragcli profile: hybrid search, ranked, cited.

    Raises:
        ProfileNotFound: There is no such profile.
    """

    profile: str | None = None
    """The profile; None for the one that `ragcli` itself would use."""

    k: int = 4
    """How many documents to return at the most."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's name
        **kwargs: Any,
    ) -> list[Document]:
        with Runtime(profile=self.profile).open(create=False) as workspace:
            retriever = workspace.retriever()
            if retriever is None:
                return []
            limit = int(kwargs.get("k", self.k))
            found = retriever.search(SearchRequest(query, limit=limit))
            return [_cited(passage) for passage in found.passages]


def _check_json(facts: list[dict[str, Any]]) -> None:
    try:
        json.dumps(facts, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"metadata must be JSON values: {error}", "") from None


def _document(text: Text) -> Document:
    return Document(id=text.name, page_content=text.content, metadata=dict(text.facts))


def _cited(passage: Passage) -> Document:
    metadata = {
        "source": passage.path,
        "page": passage.page,
        "lines": list(passage.lines) if passage.lines else None,
        "heading": " > ".join(passage.heading),
        "score": passage.score,
    }
    return Document(id=passage.id, page_content=passage.text, metadata=metadata)
