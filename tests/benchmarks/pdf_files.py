"""PDF files that the benchmarks make themselves: one of each kind, of any length."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import corpus

_PARAGRAPHS, _ROWS, _FIELDS = 9, 36, 14
"""Of a page."""


def write(directory: Path, pages: int) -> dict[str, Path]:
    """Writes a file of about so many pages of each kind.

    Returns:
        The directory of each file by its kind; nothing else is in it.
    """
    found: dict[str, Path] = {}
    for kind, made in _KINDS.items():
        found[kind] = directory / kind.replace(" ", "-")
        found[kind].mkdir(parents=True, exist_ok=True)
        made(found[kind] / "file.pdf", pages)
    return found


def pages_of(directory: Path) -> int:
    """Returns how many pages the files of a directory have."""
    from pypdfium2 import PdfDocument

    return sum(len(PdfDocument(file)) for file in directory.iterdir())


def _prose(file: Path, pages: int) -> None:
    """A report: headings, paragraphs over the whole width, headers, page numbers."""
    _built(file, _text(_PARAGRAPHS * pages), columns=1)


def _columns(file: Path, pages: int) -> None:
    """A journal: two columns of text."""
    _built(file, _text(_PARAGRAPHS * pages), columns=2)


def _ruled(file: Path, pages: int) -> None:
    """A price list: tables whose cells are parted by lines."""
    _built(file, _tables(pages, [("GRID", (0, 0), (-1, -1), 0.5, "black")]), columns=1)


def _unruled(file: Path, pages: int) -> None:
    """A list of results: columns that nothing but their places parts."""
    _built(file, _tables(pages, []), columns=1)


def _forms(file: Path, pages: int) -> None:
    """Forms that were filled in: a label beside each field."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    words, chance = corpus.vocabulary(), random.Random(4)
    canvas = Canvas(str(file), pagesize=A4)
    for page in range(pages):
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawString(60, 780, f"Application {page + 1}")
        canvas.setFont("Helvetica", 10)
        for number in range(_FIELDS):
            height = 740 - 42 * number
            label = " ".join(chance.choices(words[:2000], k=2)).capitalize()
            canvas.drawString(60, height + 6, label)
            canvas.acroForm.textfield(
                name=f"field_{page}_{number}",
                value=" ".join(chance.choices(words, k=4)),
                x=220,
                y=height,
                width=300,
                height=20,
            )
        canvas.showPage()
    canvas.save()


_KINDS: dict[str, Callable[[Path, int], None]] = {
    "prose": _prose,
    "two columns": _columns,
    "ruled tables": _ruled,
    "unruled tables": _unruled,
    "forms": _forms,
}


def _text(paragraphs: int) -> list[Any]:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph

    styles = getSampleStyleSheet()
    said, chance = corpus.sentences(2000), random.Random(2)
    found: list[Any] = []
    for number in range(paragraphs):
        if number % 5 == 0:
            title = chance.choice(said).split()[:4]
            found.append(Paragraph(" ".join(title), styles["Heading2"]))
        text = " ".join(chance.choices(said, k=4))
        found.append(Paragraph(text, styles["BodyText"]))
    return found


def _tables(pages: int, style: list[Any]) -> list[Any]:
    from reportlab.platypus import PageBreak, Table, TableStyle

    words, chance = corpus.vocabulary(), random.Random(3)
    found: list[Any] = []
    for _ in range(pages):
        rows = [["Article", "Number", "Weight", "Price"]]
        for _ in range(_ROWS):
            name = " ".join(chance.choices(words[:4000], k=3)).capitalize()
            numbers = (chance.randint(1, 9999), chance.random(), 99 * chance.random())
            rows.append([name, *(f"{number:.4g}" for number in numbers)])
        found += [Table(rows, style=TableStyle(style)), PageBreak()]
    return found


def _built(file: Path, flowables: list[Any], *, columns: int) -> None:
    """Lays things out on pages that have a header and a number."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    width, height = A4
    room = (width - 120 - 20 * (columns - 1)) / columns
    frames = [
        Frame(60 + at * (room + 20), 70, room, height - 140, 0, 0, 0, 0)
        for at in range(columns)
    ]

    def around(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(60, height - 40, "Handbook of the benchmark")
        canvas.drawRightString(width - 60, 40, f"Page {document.page}")

    document = BaseDocTemplate(str(file), pagesize=A4, title=file.stem)
    document.addPageTemplates([PageTemplate(frames=frames, onPage=around)])
    document.build(flowables)
