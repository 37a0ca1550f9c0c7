"""Passages that sentences of the measurements are about, cut as documents are."""

from __future__ import annotations

from pathlib import Path

from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.load import load, text_document
from ragcli.index.documents.splitter import split
from ragcli.index.passages import Passage

SAMPLES = Path(__file__).resolve().parents[3] / "sample_docs"
_SIZE, _OVERLAP = 1200, 200


def of_sample(name: str) -> list[Passage]:
    """Returns all passages of a page of the handbook."""
    return _of(load(SAMPLES / name), name, "")


def of_text(text: str, name: str, language: str) -> list[Passage]:
    """Returns all passages of a text."""
    return _of(text_document(text), name, language)


def squeezed(text: str) -> str:
    """Returns a text on one line."""
    return " ".join(text.split())


def _of(document: Document, name: str, language: str) -> list[Passage]:
    return [
        Passage(
            id=f"{name}-{number}",
            path=f"/documents/{name}",
            text=chunk.text,
            score=1.0,
            title=document.title,
            heading=chunk.heading,
            lines=chunk.lines,
            kind=chunk.kind,
            language=language or chunk.language,
            units=chunk.units,
            tables=chunk.tables,
        )
        for number, chunk in enumerate(split(document, size=_SIZE, overlap=_OVERLAP))
    ]
