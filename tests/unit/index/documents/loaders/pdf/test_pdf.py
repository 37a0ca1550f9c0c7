"""PDF: words become lines, columns, tables, fields and headings again."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.pdf.document import pdf
from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import elements, fields, rows

WIDTH, HEIGHT = A4
STYLES = getSampleStyleSheet()


def drawn(*pages: Callable[[Canvas], None], **options: Any) -> bytes:
    """Returns a PDF whose pages these functions draw."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, **options)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def laid_out(*flowables: Any) -> bytes:
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4).build(list(flowables))
    return out.getvalue()


def read(data: bytes) -> Document:
    return pdf(Content(data, "a.pdf", "pdf"))


LEFT = [
    "The reactor vessel was inspected by",
    "an outside firm in the early spring.",
    "Its report recommends replacing both",
    "inlet valves before the next season",
    "and a second look at the old pumps.",
]
RIGHT = [
    "Visitors must sign in at gate four",
    "and wear a blue badge at all times.",
    "The cafeteria closes at half past two",
    "in the afternoon on every working day",
    "except on the last Friday of a month.",
]


@pytest.mark.parametrize("by_row", [True, False])
@pytest.mark.parametrize("shift", [0, 5])
def test_columns_of_text_are_read_one_after_the_other(by_row: bool, shift: int) -> None:
    def page(canvas: Canvas) -> None:
        lines = [(60, 700 - 14 * n, text) for n, text in enumerate(LEFT)]
        lines += [(320, 700 - shift - 14 * n, text) for n, text in enumerate(RIGHT)]
        for x, y, text in sorted(lines, key=lambda line: -line[1] if by_row else 0):
            canvas.drawString(x, y, text)

    texts = [text for _, text in elements(read(drawn(page)))]
    assert texts == [" ".join(LEFT), " ".join(RIGHT)]


def test_words_divided_at_the_end_of_a_line_are_whole_again() -> None:
    def page(canvas: Canvas) -> None:
        for n, text in enumerate(
            (
                "The keeper of the light-",
                "house counts the steam-",
                "ers and self-",
                "made",
            )
        ):
            canvas.drawString(60, 700 - 14 * n, text)

    [(_, text)] = elements(read(drawn(page)))
    assert text == "The keeper of the lighthouse counts the steamers and selfmade"


TABLE = [
    ["Service", "Adults", "Children"],
    ["Annual card", "24.00", "0.00"],
    ["Interlibrary loan", "3.50", "1.50"],
    ["Late return", "0.40", ""],
    ["Lost card", "7.00", "2.00"],
]


@pytest.mark.parametrize("ruled", [True, False])
def test_tables_keep_their_rows_and_cells(ruled: bool) -> None:
    style = [("GRID", (0, 0), (-1, -1), 0.5, "black")] if ruled else []
    document = read(laid_out(Table(TABLE, style=TableStyle(style))))
    assert document.tables[0].columns == ("Service", "Adults", "Children")
    assert rows(document) == [tuple(row) for row in TABLE[1:]]


def test_cells_side_by_side_are_not_glued() -> None:
    def page(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 6)
        for n in range(5):
            for x, text in ((60, "Hawaii"), (104, "1,248"), (124, "0"), (131, "252")):
                canvas.drawString(x, 700 - 9 * n, text)

    assert "252" in " ".join(text for _, text in elements(read(drawn(page)))).split()


def test_raised_digits_make_neither_another_number_nor_a_heading() -> None:
    normal = getSampleStyleSheet()["Normal"]
    said = "The box holds 10<super>6</super> parts of H<sub>2</sub>O"
    document = read(laid_out(*(Paragraph(text, normal) for text in ("Begin.", said))))
    assert not document.sections[0].heading
    text = document.sections[0].text
    assert "holds 10\u2076 parts" in text


def test_a_cell_over_several_columns_stands_once() -> None:
    data = [["Region", "Sales", ""], ["", "2023", "2024"], ["North", "10", "12"]]
    data.append(["South", "20", "25"])
    style = TableStyle(
        [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("SPAN", (1, 0), (2, 0))]
    )
    document = read(laid_out(Table(data, style=style)))
    assert rows(document)[-1] == ("South", "20", "25")
    text = "\n".join(text for _, text in elements(document))
    assert text.count("Sales") == 1


def test_a_cell_that_wraps_stays_one_row() -> None:
    long = Paragraph(
        "A long remark that wraps over several lines of its cell", STYLES["Normal"]
    )
    data = [["Item", "Remark"], ["Pump", long], ["Valve", "short"]]
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")])
    document = read(laid_out(Table(data, colWidths=(80, 100), style=style)))
    found = [*rows(document), *fields(document)]
    assert ("Pump", "A long remark that wraps over several lines of its cell") in found


def test_a_table_goes_on_over_pages_under_its_columns() -> None:
    data = [["Number", "Amount", "Place"]]
    data += [[f"N-{n}", str(n * 3), f"Hall {n}"] for n in range(90)]
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")])
    document = read(laid_out(Table(data, style=style)))
    assert len(document.tables) > 1
    assert {table.columns for table in document.tables} == {tuple(data[0])}
    assert rows(document) == [tuple(row) for row in data[1:]]


def test_labels_beside_values_are_fields() -> None:
    def page(canvas: Canvas) -> None:
        for n, (key, value) in enumerate(
            (("Policy", "POL-555"), ("Holder", "Gabriel Diaz"), ("Year", "2022"))
        ):
            canvas.drawString(60, 700 - 16 * n, f"{key}:")
            canvas.drawString(200, 700 - 16 * n, value)
        canvas.drawString(60, 500, "Invoice no: 4711")

    assert fields(read(drawn(page))) == [
        ("Policy", "POL-555"),
        ("Holder", "Gabriel Diaz"),
        ("Year", "2022"),
        ("Invoice no", "4711"),
    ]


def test_what_was_filled_into_a_form_is_fields() -> None:
    def page(canvas: Canvas) -> None:
        form = canvas.acroForm
        canvas.drawString(60, 705, "Membership no.:")
        form.textfield(name="f1", x=160, y=700, value="MB-55012")
        form.textfield(name="f2", tooltip="Family name", x=160, y=650, value="Sommer")
        form.textfield(name="empty", x=160, y=600, value="")
        form.checkbox(name="news", x=60, y=550, checked=True)
        canvas.drawString(90, 555, "Send me the newsletter")
        form.choice(
            name="plan",
            tooltip="Plan",
            x=60,
            y=500,
            value="Gold",
            options=["Gold", "Tin"],
        )

    found = {name: value for name, value in fields(read(drawn(page)))}  # noqa: C416
    assert found["Membership no (f1)"] == "MB-55012"
    assert found["Family name (f2)"] == "Sommer"
    assert found["Send me the newsletter (news)"] == "yes"
    assert found["Plan"] == "Gold"
    assert "empty" not in found


def test_headers_and_footers_stand_once_as_notes() -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            canvas.drawString(60, HEIGHT - 40, "Annual report of the harbour")
            canvas.drawString(60, 400, f"The text of page {'abc'[number]} is here.")
            canvas.drawString(280, 30, f"Page {number + 1} of 3")

        return draw

    assert elements(read(drawn(*(page(number) for number in range(3))))) == [
        ("prose", "The text of page a is here."),
        ("note", "Annual report of the harbour"),
        ("prose", "The text of page b is here."),
        ("prose", "The text of page c is here."),
    ]


def test_headings_are_told_by_size_where_there_are_no_bookmarks() -> None:
    text = Paragraph("The tower is 41 metres high and stands by the sea. " * 4)
    document = read(
        laid_out(
            Paragraph("Harbours", STYLES["Heading1"]),
            text,
            Paragraph("Lights", STYLES["Heading2"]),
            text,
            Spacer(1, 20),
        )
    )
    assert [section.heading for section in document.sections] == [
        ("Harbours",),
        ("Harbours", "Lights"),
    ]


def test_bookmarks_are_headings_where_they_stand_on_the_page() -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "Before it.")
        canvas.bookmarkPage("k")
        canvas.addOutlineEntry("Lights", "k")
        canvas.drawString(60, 650, "Lights")
        canvas.drawString(60, 600, "After it.")

    assert [
        (section.heading, section.text) for section in read(drawn(page)).sections
    ] == [((), "Before it."), (("Lights",), "After it.")]


def test_items_of_a_list() -> None:
    def page(canvas: Canvas) -> None:
        for n, text in enumerate(
            ("1. Open the valve", "2. Wait", "(605) 574-2307 fax")
        ):
            canvas.drawString(60, 700 - 14 * n, text)

    kinds = elements(read(drawn(page)))
    assert kinds[:2] == [("item", "Open the valve"), ("item", "Wait")]
    assert "(605) 574-2307 fax" in [text for _, text in kinds]


def test_marks_of_items_that_stand_apart_are_no_keys() -> None:
    def page(canvas: Canvas) -> None:
        for n, (mark, text) in enumerate(
            (
                ("1.", "Check the gasket."),
                ("2.", "Check the vent."),
                ("\u2022", "the plug must be out"),
                ("\u2022", "the lamp must be on"),
                ("3.", "Empty the tray."),
            )
        ):
            canvas.drawString(60, 700 - 14 * n, mark)
            canvas.drawString(90, 700 - 14 * n, text)
        canvas.drawString(60, 600, "12. Februar 2027")

    assert elements(read(drawn(page))) == [
        ("item", "Check the gasket."),
        ("item", "Check the vent."),
        ("item", "the plug must be out"),
        ("item", "the lamp must be on"),
        ("item", "Empty the tray."),
        ("prose", "12. Februar 2027"),
    ]


def test_a_heading_parts_two_tables_that_nothing_rules() -> None:
    def page(canvas: Canvas) -> None:
        for n, cells in enumerate(
            (
                ("Paper", "Price"),
                ("Laid", "0.48"),
                ("Kozo", "2.20"),
                ("Cloth",),
                ("Kind", "Metre"),
                ("Linen", "11.25"),
                ("Felt", "7.10"),
            )
        ):
            canvas.setFont("Helvetica", 12.5 if len(cells) == 1 else 11)
            for column, cell in enumerate(cells):
                canvas.drawString(60 + 160 * column, 700 - 15 * n, cell)

    document = read(drawn(page))
    assert [table.columns for table in document.tables] == [
        ("Paper", "Price"),
        ("Kind", "Metre"),
    ]
    assert rows(document)[2:] == [("Linen", "11.25"), ("Felt", "7.10")]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_page_reads_as_it_is_shown(turn: int) -> None:
    def page(canvas: Canvas) -> None:
        canvas.setPageRotation(turn)
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(turn)
        for n, text in enumerate(("First line of the page", "second line of it")):
            canvas.drawString(-100, 100 - 14 * n, text)

    [(_, text)] = elements(read(drawn(page)))
    assert text == "First line of the page second line of it"


def picture() -> ImageReader:
    out = io.BytesIO()
    pixels = random.Random(1).randbytes(64 * 64 * 3)
    out.write(b"P6 64 64 255\n" + pixels)
    out.seek(0)
    return ImageReader(out)


def test_a_scanned_page_among_others_is_named() -> None:
    def scan(canvas: Canvas) -> None:
        canvas.drawImage(picture(), 0, 0, WIDTH, HEIGHT)

    def words(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "A page that has words.")

    document = read(drawn(words, scan, words, scan))
    assert document.facts["scanned"] == [2, 4]
    [notice] = document.facts["notices"]
    assert "pages 2, 4" in notice


def test_a_password_is_one_line() -> None:
    with pytest.raises(UnreadableDocument, match="protected by a password"):
        read(drawn(lambda canvas: canvas.drawString(9, 9, "x"), encrypt="secret"))


def test_reading_twice_gives_the_same() -> None:
    data = laid_out(Table(TABLE), Paragraph("Fees are due at the desk."))
    assert read(data) == read(data)


def test_no_word_is_lost() -> None:
    rng = random.Random(7)
    words = [f"w{n}x" for n in range(300)]

    def page(canvas: Canvas) -> None:
        for word in words:
            canvas.drawString(rng.uniform(20, 520), rng.uniform(20, 800), word)

    document = read(drawn(page))
    text = " ".join(
        part
        for section in document.sections
        for part in (*section.heading, section.text)
    )
    assert sorted(text.replace("|", " ").replace(":", " ").split()) == sorted(words)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_bytes_are_read_or_refused(seed: int, loaded: Load) -> None:
    rng = random.Random(seed)
    data = bytearray(laid_out(Table(TABLE), Paragraph("Fees are due.")))
    for _ in range(rng.randrange(1, 40)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    cut = rng.randrange(len(data)) if seed % 3 == 0 else len(data)
    try:
        document = loaded("a.pdf", bytes(data[:cut]))
    except UnreadableDocument as error:
        told_why = error.message
        document = None
    else:
        told_why = ""
    assert document is not None or ("a.pdf" in told_why and "\n" not in told_why)
