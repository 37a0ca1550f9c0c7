"""ragcli's embedder for LangChain, and LangChain's embedders for ragcli's index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

# LangChain itself takes a second to load; whoever imports this module wants it.
from langchain_core.embeddings import Embeddings  # noqa: TID253

from ragcli.config import Settings
from ragcli.models.select import choose_embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.protocols import Embedder


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


class ForeignEmbedder:
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
        from ragcli.models.replies.vectors import normalised

        vectors = normalised(rows, len(rows), self.dimension, self.id)
        self.dimension = vectors.shape[1]
        return vectors
