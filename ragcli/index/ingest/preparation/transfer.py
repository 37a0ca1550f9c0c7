"""Packs an outcome into bytes, to send it from the process that read a file.

A JSON header with everything that is small, then the long parts one after another.
Nothing is pickled: the other process has parsed documents that anybody wrote.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from ragcli.index.ingest.preparation.reading import (
    Embedded,
    Outcome,
    Prepared,
    PreparedChunk,
)

PULSE = (1 << 64) - 1
"""Sent in place of an outcome's length: the next step has begun."""

_HEAD = 8
"""Bytes of the length of the header."""


def pack(outcome: Outcome) -> bytes:
    """Returns what `unpack` reads."""
    header: dict[str, Any] = {
        "location": outcome.location,
        "failure": outcome.failure,
        "hint": outcome.hint,
        "skipped": outcome.skipped,
        "touched": outcome.touched,
    }
    parts: list[bytes] = []
    if outcome.prepared:
        header["document"] = _document(outcome.prepared, parts)
    head = json.dumps(header).encode()
    return b"".join([len(head).to_bytes(_HEAD, "little"), head, *parts])


def _document(document: Prepared, parts: list[bytes]) -> dict[str, Any]:
    """Returns the header of a document; puts what is long into `parts`."""
    chunks, embedded = document.chunks, document.embedded
    header: dict[str, Any] = {
        "record": document.record,
        "languages": [chunk.language for chunk in chunks],
        "passages": _take([chunk.passage for chunk in chunks], parts),
        "stems": _take([_encoded(chunk.stems) for chunk in chunks], parts),
    }
    if embedded is None:
        header["texts"] = _take([_encoded(chunk.text) for chunk in chunks], parts)
        return header
    header["tokens"] = _take(embedded.tokens, parts)
    header["dimension"] = embedded.dimension
    parts.append(embedded.vectors)
    return header


def _take(added: Sequence[bytes], parts: list[bytes]) -> list[int]:
    parts += added
    return [len(item) for item in added]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def unpack(data: bytes) -> Outcome:
    """Returns an outcome from its bytes."""
    start = _HEAD + int.from_bytes(data[:_HEAD], "little")
    header = json.loads(data[_HEAD:start])
    document = header.pop("document", None)
    if document is None:
        return Outcome(**header)
    passages, start = _cut(data, start, document["passages"])
    stems, start = _cut(data, start, document["stems"])
    texts, start = _cut(data, start, document.get("texts", ()))
    embedded = None
    if "tokens" in document:
        tokens, start = _cut(data, start, document["tokens"])
        embedded = Embedded(data[start:], document["dimension"], tokens)
    columns = (
        map(_decoded, texts) if embedded is None else [""] * len(passages),
        passages,
        map(_decoded, stems),
        document["languages"],
    )
    chunks = [PreparedChunk(*chunk) for chunk in zip(*columns, strict=True)]
    return Outcome(**header, prepared=Prepared(document["record"], chunks, embedded))


def _cut(data: bytes, start: int, lengths: Sequence[int]) -> tuple[list[bytes], int]:
    """Returns the next parts of these lengths, and where they end."""
    edges = list(accumulate(lengths, initial=start))
    return [data[begin:end] for begin, end in pairwise(edges)], edges[-1]
