"""Scanned pages are read by recognition: their words, tables and fields."""

from __future__ import annotations

import io
import math
import shutil
from email.message import EmailMessage
from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.loaders.dispatch.isolation import Worker
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.loaders.pdf import recognition
from ragcli.index.documents.loaders.pdf.document import pdf
from ragcli.index.documents.loaders.pdf.recognition import RecognizedLine
from tests.unit.index.documents.views import cells

WIDTH, HEIGHT = 420, 300
NOTE = (
    (40, 260, "Harbour lights"),
    (40, 220, "Keeper: Ada Winter"),
    (40, 200, "Height: 27 m"),
)
TABLE = (
    ("Light", "Colour", "Range"),
    ("North", "red", "12 km"),
    ("South", "green", "9 km"),
    ("West", "white", "15 km"),
)

needs_engine = pytest.mark.skipif(
    not recognition.engine(), reason="nothing that recognizes text is installed"
)


def scanned(*, first: str = "", turned: float = 0.0) -> bytes:
    """Returns a PDF whose last page is a picture of the note and the table."""
    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=(WIDTH, HEIGHT))
    canvas.setFont("Helvetica", 13)
    canvas.rotate(turned)
    for x, y, text in NOTE:
        canvas.drawString(x, y, text)
    for row, line in enumerate(TABLE):
        for column, cell in enumerate(line):
            canvas.drawString(40 + 120 * column, 150 - 24 * row, cell)
    canvas.save()
    with pypdfium2.PdfDocument(drawn.getvalue()) as document:
        page = document[0]
        pixels = page.render(scale=2, rev_byteorder=True).to_numpy()
        page.close()
    height, width = pixels.shape[:2]
    picture = io.BytesIO(b"P6 %d %d 255\n" % (width, height) + pixels.tobytes())
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT))
    if first:
        canvas.drawString(40, 200, first)
        canvas.showPage()
    canvas.drawImage(ImageReader(picture), 0, 0, WIDTH, HEIGHT)
    canvas.save()
    return out.getvalue()


@pytest.mark.slow
@needs_engine
def test_fields_and_tables_of_a_scanned_page_are_read() -> None:
    data = scanned(first="The harbour has four lights.")
    document = load(Path("lights.pdf"), data, ocr=True)
    assert ("Keeper", "Ada Winter") in cells(document, "field")
    assert cells(document, "row") == list(TABLE[1:])
    assert document.tables[0].columns == TABLE[0]
    assert {section.page for section in document.sections} == {1, 2}
    assert document.facts["recognized"] == [2]
    [notice] = document.facts["notices"]
    assert "page 2 was read by text recognition" in notice


@pytest.mark.slow
@needs_engine
def test_a_page_that_lies_askew_is_read_in_rows() -> None:
    document = load(Path("lights.pdf"), scanned(turned=-2), ocr=True)
    assert cells(document, "row") == list(TABLE[1:])


@pytest.mark.slow
@needs_engine
def test_a_scan_that_is_attached_to_a_message_is_read() -> None:
    message = EmailMessage()
    message["Subject"] = "Lights"
    message.set_content("See the list.")
    message.add_attachment(
        scanned(), maintype="application", subtype="pdf", filename="lights.pdf"
    )
    off = load(Path("lights.eml"), bytes(message))
    assert off.facts["scanned"] == ["lights.pdf"]
    assert "lights.pdf: page 1 is a picture" in "".join(off.facts["notices"])
    document = load(Path("lights.eml"), bytes(message), ocr=True)
    assert ("Keeper", "Ada Winter") in cells(document, "field")


@pytest.mark.slow
@needs_engine
def test_each_scanned_page_has_time_of_its_own() -> None:
    worker = Worker(cpu_limit=1, wall_limit=100)
    try:
        document = worker.load(scanned(), "lights.pdf", "pdf", ocr=True)
    finally:
        worker.close()
    assert document.facts["recognized"] == [1]


def test_an_engine_that_does_not_start_is_named_and_costs_the_scans_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: str) -> None:
        raise UnreadableDocument("text recognition does not start: no library")

    monkeypatch.setattr(recognition, "engine", lambda: "rapidocr")
    monkeypatch.setattr(recognition, "recognizer", broken)
    data = scanned(first="The harbour has four lights.")
    document = pdf(Content(data, "lights.pdf", "pdf", ocr=True))
    assert "four lights" in document.sections[0].text
    assert "does not start: no library" in document.facts["notices"][0]
    assert document.facts["ocr"] == "rapidocr", "else each sync would try again"


def test_without_recognition_a_scan_is_one_line_that_says_what_to_do() -> None:
    with pytest.raises(UnreadableDocument) as caught:
        load(Path("lights.pdf"), scanned())
    assert "page 1 is a picture without text: not read" in caught.value.message
    assert "ragcli profile set documents.ocr true" in caught.value.message


def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(recognition, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    recognition.models_at_hand.cache_clear()
    try:
        document = pdf(Content(scanned(), "lights.pdf", "pdf", ocr=True))
    finally:
        recognition.models_at_hand.cache_clear()
    assert "'rapidocr" in document.facts["notices"][0]
    assert "ocr" not in document.facts


def lines(turn: float) -> list[RecognizedLine]:
    """Returns two lines of a page that is turned about its corner."""

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            x * math.cos(turn) - y * math.sin(turn),
            x * math.sin(turn) + y * math.cos(turn),
        )

    whole = ((0.0, 1.0, "word"),)
    return [
        RecognizedLine(at(100, 100), at(900, 100), 20, whole),
        RecognizedLine(at(100, 140), at(900, 140), 21.5, whole),
    ]


def test_words_stand_straight_and_as_high_as_their_like() -> None:
    first, second = recognition.words(lines(math.radians(3)), scale=2.0)
    assert (first.left, first.right) == pytest.approx((50, 450))
    assert (first.top + first.bottom) / 2 == pytest.approx(50)
    assert (second.top + second.bottom) / 2 == pytest.approx(70)
    assert second.bottom - second.top == pytest.approx(first.bottom - first.top)
    assert first.line != second.line
    assert len({first.character, second.character}) == 2


@pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is not installed")
def test_tesseract_reads_fields_and_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "engine", lambda: recognition.TESSERACT)
    document = pdf(Content(scanned(), "lights.pdf", "pdf", ocr=True))
    assert ("Keeper", "Ada Winter") in cells(document, "field")
    assert cells(document, "row") == list(TABLE[1:])


def test_a_table_of_tesseract_is_read_as_lines() -> None:
    head = "level page_num block_num par_num line_num word_num left top width height"
    rows = (
        f"{head} conf text",
        "4 1 1 1 1 0 100 50 200 20 -1 ",
        "5 1 1 1 1 1 100 52 80 16 96 Keeper:",
        "5 1 1 1 1 2 200 50 100 20 91 Ada",
        "4 1 1 1 2 0 100 90 100 20 -1 ",
        "5 1 1 1 2 1 100 90 100 20 95 Height",
    )
    table = "\n".join(rows).replace(" ", "\t")
    first, second = recognition.tabulated_lines(table)
    assert first.words == ((0.0, 0.4, "Keeper:"), (0.5, 1.0, "Ada"))
    assert (first.left, first.right, first.height) == ((100, 60), (300, 60), 20)
    assert second.words == ((0.0, 1.0, "Height"),)
