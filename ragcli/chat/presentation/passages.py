"""Documents and their passages as JSON: hits of a search, contents of a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ragcli.index.passages import Passage, SearchResult
from ragcli.paths import shown

if TYPE_CHECKING:
    from ragcli.index.segments.catalogue import DocumentInfo
    from ragcli.language.units import Unit


def path_document(path: str, part: str = "") -> dict[str, Any]:
    """Returns a document's path, and as people are shown it, as JSON values.

    `part` is there where a document inside that one is meant.
    """
    document = {"path": path, "shown": shown(path, part)}
    return {**document, "part": part} if part else document


def passage_document(passage: Passage) -> dict[str, Any]:
    """Returns the JSON of a passage without its text."""
    return {
        **path_document(passage.path, passage.part),
        "page": passage.page,
        "lines": passage.lines,
        "heading": heading(passage),
        "score": round(passage.score, 4),
        "source": passage.source,
        **({"read": passage.read} if passage.read else {}),
    }


def remembered_document(item: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the same of a passage as a turn remembers it."""
    return {
        **path_document(str(item.get("path", "")), str(item.get("part") or "")),
        "page": item.get("page"),
        "lines": item.get("lines"),
        "heading": str(item.get("heading") or ""),
        "score": item.get("score"),
        "source": str(item.get("source") or ""),
    }


def hit_document(passage: Passage, *, explain: bool = False) -> dict[str, Any]:
    """Returns the JSON of what a search found; `explain` adds the raw scores."""
    document = {**passage_document(passage), "text": passage.text}
    document["copies"] = [shown(path) for path in passage.copies]
    return document | {"details": passage.details} if explain else document


def search_document(result: SearchResult, *, explain: bool = False) -> dict[str, Any]:
    """Returns the JSON of one search: what was searched for, and the hits."""
    hits = [hit_document(passage, explain=explain) for passage in result.passages]
    return {"query": result.query, "hits": hits}


def facts_document(info: DocumentInfo) -> dict[str, Any]:
    """Returns the JSON of what is known of a document without reading it."""
    document = {name: getattr(info, name) for name in info.__slots__}
    return {**document, "facts": dict(info.facts), **path_document(info.path)}


def contents_document(
    info: DocumentInfo, passages: Sequence[Passage]
) -> dict[str, Any]:
    """Returns the JSON of a whole document: its facts, chunks and their units."""
    facts = dict(info.facts)
    return {
        "document": facts_document(info),
        "chunks": [_chunk(passage) for passage in passages],
        "facts": facts,
        "encoding": facts.get("encoding", "utf-8"),
    }


def heading(passage: Passage) -> str:
    """Returns the headings above a passage, outermost first: `Storage > Locks`."""
    return " > ".join(passage.heading)


def unit_lines(passage: Passage, unit: Unit) -> tuple[int, int] | None:
    """Returns the first and last line of a unit in its file; None without lines."""
    if unit.lines or not passage.lines:
        return unit.lines
    first = passage.lines[0] + passage.text.count("\n", 0, unit.start)
    return first, first + passage.text.count("\n", unit.start, unit.end)


def _chunk(passage: Passage) -> dict[str, Any]:
    return {
        **({"part": passage.part} if passage.part else {}),
        "page": passage.page,
        "lines": passage.lines,
        "heading": heading(passage),
        "kind": passage.kind,
        "language": passage.language,
        "text": passage.text,
        "units": [_unit(passage, unit) for unit in passage.units],
        "tables": [table._asdict() for table in passage.tables],
    }


def _unit(passage: Passage, unit: Unit) -> dict[str, Any]:
    return {
        "kind": unit.kind,
        "text": passage.text[unit.start : unit.end],
        "lines": unit_lines(passage, unit),
        "table": unit.table if unit.table >= 0 else None,
        "cells": list(unit.cells),
        "label": unit.label,
    }
