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
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from ragcli.index.documents import formats

if TYPE_CHECKING:
    from ragcli.index.ingest.preparation.reading import Embedded, Outcome
    from ragcli.index.protocols import Embedder


def serve(factory: str) -> None:
    """Answers requests; the entry point of the process.

    Args:
        factory: What makes the embedder, `module:name`; "" leaves that to the other.
    """
    from ragcli.index.documents.loaders.dispatch import bounds, isolation
    from ragcli.index.ingest.preparation.reading import Chunking, ReadRequest, read
    from ragcli.storage.limits import address_space

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between two answers
    embedder = _made(factory) if factory else None
    bounds.limit_memory(beyond=address_space.used())
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if not request["alone"]:
            isolation.shared.helpers = 0  # the others have the other processors
        chunking = Chunking(**request["chunking"])
        outcomes: list[Outcome] = []
        for item in request["wanted"]:
            bounds.allow_processor_time(request["cpu"])
            _pulse(answers)
            outcomes.append(read(ReadRequest(*item), chunking))
        bounds.allow_processor_time(request["cpu"] * len(outcomes))
        _pulse(answers)
        if embedder:
            outcomes = _embedded(embedder, outcomes)
        for outcome in outcomes:
            data = _packed(outcome)
            answers.write(len(data).to_bytes(8, "little"))
            answers.write(data)
        answers.flush()


def _pulse(answers: BinaryIO) -> None:
    """Says that the next step begins; how long one may take is the other's to judge."""
    from ragcli.index.ingest.preparation.transfer import PULSE

    answers.write(PULSE.to_bytes(8, "little"))
    answers.flush()


def _packed(outcome: Outcome) -> bytes:
    """Returns an outcome as bytes; one that no memory is left for has failed."""
    from ragcli.index.documents.loaders.dispatch import bounds
    from ragcli.index.ingest.preparation.reading import Outcome
    from ragcli.index.ingest.preparation.transfer import pack

    with suppress(MemoryError):
        return pack(outcome)
    name = formats.format_of(os.path.basename(outcome.location))
    return pack(Outcome(outcome.location, failure=bounds.too_much(name)))


def _made(factory: str) -> Embedder:
    module, _, name = factory.partition(":")
    embedder: Embedder = getattr(importlib.import_module(module), name)()
    # Loads what it needs: libraries that take address space for each processor that
    # there is, which is not to count as what documents take.
    embedder.embed([""])
    return embedder


def _embedded(embedder: Embedder, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Returns outcomes with the vectors of their chunks, all made together.

    Where no memory is left for that, the other process embeds them.
    """
    from ragcli.index.ingest.preparation.embedding import embed_documents

    documents = [item.prepared for item in outcomes if item.prepared]
    embedded: list[Embedded] = []
    with suppress(MemoryError):
        embedded = embed_documents(embedder, documents) if documents else []
    if len(embedded) < len(documents):
        return list(outcomes)
    vectors = iter(embedded)
    return [
        replace(item, prepared=replace(item.prepared, embedded=next(vectors)))
        if item.prepared
        else item
        for item in outcomes
    ]
