"""PDF: a line that is read whole says what it says read word by word."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.pdf import page
from ragcli.index.documents.loaders.pdf.document import pdf
from ragcli.index.documents.loaders.pdf.page_words import WordRun
from ragcli.index.documents.loaders.pdf.plain_lines import Line, plain_runs

WORDS = (
    *("harbour", "of", "I", "W", "2024-01-02", "1,248", "252", "GNU", "lll", "1.5e3"),
    *("na\xefve", "\u201cquoted\u201d", "\u05e9\u05dc\u05d5\u05dd", "10", "light-"),
)
FONTS = ("Helvetica", "Helvetica-Bold", "Times-Italic", "Courier")


def drawn(seed: int) -> bytes:
    """Returns a page of lines of words: in several fonts, with gaps, raised, turned."""
    rng = random.Random(seed)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for number in range(40):
        x, y = rng.choice((60.0, 60.0, 75.5)), 800 - 18 * number
        for _ in range(rng.randrange(1, 9)):
            font, size = rng.choice(FONTS), rng.choice((10, 10, 10, 7))
            canvas.setFont(font, size)
            word = rng.choice(WORDS)
            rise = rng.choice((0, 0, 0, 0, 4))
            canvas.drawString(x, y + rise, word)
            x += canvas.stringWidth(word, font, size)
            x += rng.choice((0.5, 2.8, 2.8, 2.8, 6, 11, 40, -3))
    canvas.rotate(90)
    canvas.drawString(100, -580, "Printed sideways on the edge")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def read(data: bytes) -> Document:
    return pdf(Content(data, "a.pdf", "pdf"))


def none_is_plain(lines: Sequence[Line], *_: object) -> list[list[WordRun] | None]:
    return [None] * len(lines)


@pytest.mark.parametrize("seed", range(25))
def test_a_line_read_whole_says_what_its_words_say(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = drawn(seed)
    plain: list[bool] = []

    def watched(*told: object) -> list[list[WordRun] | None]:
        runs = plain_runs(*told)  # type: ignore[arg-type]
        plain.extend(found is not None for found in runs)
        return runs

    monkeypatch.setattr(page, "plain_runs", watched)
    whole = read(data)
    monkeypatch.setattr(page, "plain_runs", none_is_plain)
    assert read(data) == whole
    assert any(plain)
    assert not all(plain)
