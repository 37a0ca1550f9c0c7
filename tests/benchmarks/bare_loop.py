"""The least that many questions can cost: one embedding and one search for each.

`bare_loop STORE`, with one question a line on stdin.
"""

from __future__ import annotations

import sys

import faiss

from ragcli.models.builtin.embedder import BuiltinEmbedder


def answer(store: str) -> None:
    """Searches the float32 index of the LangChain script."""
    index = faiss.read_index(f"{store}/index.faiss")
    embedder = BuiltinEmbedder()
    for line in sys.stdin:
        scores, places = index.search(embedder.embed([line.strip()]), 6)
        print(scores.tolist(), places.tolist())


if __name__ == "__main__":
    answer(sys.argv[1])
