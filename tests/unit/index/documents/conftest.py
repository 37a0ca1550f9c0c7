"""Documents of every format, made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.load import load


class Savable(Protocol):
    """A document of a library that makes such files."""

    def save(self, place: Any, /) -> None:
        """Writes it."""


Load = Callable[[str, str | bytes], Document]
"""Loads a file of this name and content."""


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    """Writes a file of this name and content, and loads it."""

    def load_file(name: str, content: str | bytes) -> Document:
        path = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        return load(path)

    return load_file


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture
def word_document() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("Locks", 0)
    document.add_paragraph("A lock keeps two writers apart.")
    document.add_heading("Waiting", 1)
    document.add_paragraph("A commit waits ten seconds.")
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph("second", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells),
        ("code", "meaning", "75", "locked"),
        strict=True,
    ):
        cell.text = text
    return saved(document)


@pytest.fixture
def presentation() -> bytes:
    import pptx

    deck = pptx.Presentation()
    slide: Any = None
    for title, body in (("Locks", "kept short"), ("Snapshots", "never torn")):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    slide.notes_slide.notes_text_frame.text = "Mention the rename."
    return saved(deck)


@pytest.fixture
def workbook_file() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["Town", "Rent"], ["Ulm", 10.5], ["Kiel", 20]):
        book.active.append(row)
    book.active["B2"].number_format = "#,##0.00"
    return saved(book)


def saved(document: Savable) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.fixture
def languages() -> Path:
    return Path(__file__).parents[2] / "language" / "vocabulary" / "languages.tsv"
