"""A process that reads documents for another one, and embeds them if it can.

Requests for some files come in as lines of JSON; the outcome of each goes out as
bytes after their length in eight bytes. It ends when its input does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragcli.index.ingest.reading import Outcome
    from ragcli.index.protocols import Embedder


def serve(factory: str) -> None:
    """Answers requests; the entry point of the process.

    Args:
        factory: What makes the embedder, `module:name`; "" leaves that to the other.
    """
    from ragcli.index.ingest.reading import Chunking, read
    from ragcli.index.ingest.transfer import pack

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between two answers
    embedder = _made(factory) if factory else None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        chunking = Chunking(request["size"], request["overlap"])
        found = [read(place, digest, chunking) for place, digest in request["wanted"]]
        if embedder:
            found = _embedded(embedder, found)
        for data in map(pack, found):
            answers.write(len(data).to_bytes(8, "little"))
            answers.write(data)
        answers.flush()


def _made(factory: str) -> Embedder:
    module, _, name = factory.partition(":")
    made: Embedder = getattr(importlib.import_module(module), name)()
    return made


def _embedded(embedder: Embedder, found: Sequence[Outcome]) -> list[Outcome]:
    """Returns outcomes with the vectors of their chunks, all made together."""
    from ragcli.index.ingest.embedding import embed_documents

    documents = [item.prepared for item in found if item.prepared]
    made = iter(embed_documents(embedder, documents))
    return [
        replace(item, prepared=replace(item.prepared, embedded=next(made)))
        if item.prepared
        else item
        for item in found
    ]
