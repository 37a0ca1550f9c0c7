"""LangChain's `VectorStore` over an index that survives crashes and other writers."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

# LangChain itself takes a second to load; whoever imports this module wants it.
from langchain_core.documents import Document  # noqa: TID253
from langchain_core.vectorstores import VectorStore  # noqa: TID253
from langchain_core.vectorstores.utils import (  # noqa: TID253
    maximal_marginal_relevance,
)

from ragcli.config import Settings
from ragcli.errors import UsageError
from ragcli.index.generations.snapshots import LocalSnapshots
from ragcli.index.standalone.texts import Text, TextIndex
from ragcli.langchain.embeddings import ForeignEmbedder, RagcliEmbeddings
from ragcli.storage.files import Directory

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.embeddings import Embeddings
    from numpy.typing import NDArray


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
            else ForeignEmbedder(self._embedding)
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
        return [document for document, _ in self.similarity_search_with_score(query, k)]

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
        return [document for document, _ in self._nearest(vector / length, k)]

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
        nearest = [text for text, _ in self._index.nearest(vector, fetch_k)]
        rows = list(self._index.vectors([text.name for text in nearest]))
        chosen = maximal_marginal_relevance(vector, rows, lambda_mult, k)
        return [_document(nearest[index]) for index in chosen]

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
        if isinstance(self._embedder, ForeignEmbedder):
            return self._embedder.query(text)
        row: NDArray[np.float32] = self._embedder.embed([text])[0]
        return row

    def _nearest(
        self, vector: NDArray[np.float32], k: int
    ) -> list[tuple[Document, float]]:
        nearest = self._index.nearest(vector, k)
        return [(_document(text), score) for text, score in nearest]


def _check_json(facts: list[dict[str, Any]]) -> None:
    try:
        json.dumps(facts, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"metadata must be JSON values: {error}", "") from None


def _document(text: Text) -> Document:
    return Document(id=text.name, page_content=text.content, metadata=dict(text.facts))
