"""Two texts are compared by vectors, each of which is made once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from ragcli.chat.citing.similarity import Similarity
from ragcli.models.builtin.embedder import BuiltinEmbedder


class Counting(BuiltinEmbedder):
    """Keeps in mind what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return super().embed(texts)


def test_each_text_is_embedded_once() -> None:
    embedder = Counting()
    similarity = Similarity(lambda: embedder)

    assert not embedder.asked
    near, far = similarity("boat", "ship"), similarity("boat", "tax")
    assert similarity("ship", "boat") == pytest.approx(near)
    assert near > far
    assert embedder.asked == ["boat", "ship", "tax"]
