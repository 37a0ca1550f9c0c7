"""How alike two texts are, by the built-in vectors.

Whether a passage bears a sentence out asks this for the same words over and over: the
vector of each is made once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.index.protocols import Embedder

_MOST = 20_000
"""Texts whose vectors are kept, at most: 20 MB of them."""


class Similarity:
    """Compares texts.

    Args:
        embedder: Makes the model of the vectors when the first texts are compared.
    """

    def __init__(self, embedder: Callable[[], Embedder]) -> None:
        self._make = embedder
        self._embedder: Embedder | None = None
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, one: str, other: str) -> float:
        """Returns the cosine of two texts, between -1 and 1."""
        return float(self._vector(one) @ self._vector(other))

    def _vector(self, text: str) -> NDArray[np.float32]:
        known = self._known.get(text)
        if known is None:
            if self._embedder is None:
                self._embedder = self._make()
            if len(self._known) >= _MOST:
                self._known.clear()
            [known] = self._embedder.embed([text])
            self._known[text] = known
        return known
