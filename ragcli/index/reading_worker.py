"""A process that reads documents for another one, and embeds them if it can.

Requests come in as lines of JSON; outcomes go out as bytes after their length in
eight bytes. It ends when its input does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragcli.index.protocols import Embedder
    from ragcli.index.reading import Prepared


def serve(factory: str) -> None:
    """Answers requests; the entry point of the process.

    Args:
        factory: What makes the embedder, `module:name`; "" leaves that to the other.
    """
    from ragcli.index.reading import Chunking, read
    from ragcli.index.transfer import pack

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between two answers
    embedder = _made(factory) if factory else None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        chunking = Chunking(request["size"], request["overlap"])
        outcome = read(request["location"], request["digest"], chunking)
        if embedder and outcome.prepared:
            done = _embedded(embedder, outcome.prepared)
            outcome = replace(outcome, prepared=done)
        data = pack(outcome)
        answers.write(len(data).to_bytes(8, "little"))
        answers.write(data)
        answers.flush()


def _made(factory: str) -> Embedder:
    module, _, name = factory.partition(":")
    made: Embedder = getattr(importlib.import_module(module), name)()
    return made


def _embedded(embedder: Embedder, document: Prepared) -> Prepared:
    """Returns a document with the vectors of its chunks."""
    from ragcli.index.embedding import embed

    texts = [chunk.text for chunk in document.chunks]
    return replace(document, embedded=embed(embedder, texts))
