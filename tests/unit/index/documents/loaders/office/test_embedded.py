"""Objects and chunks in office documents: parts that are named, or read in place."""

from __future__ import annotations

import io
import struct
import zipfile

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.parse import parse
from tests.make_samples import pdf
from tests.unit.index.documents.conftest import saved, zipped
from tests.unit.index.documents.loaders.office.test_opendocument import packed
from tests.unit.index.documents.loaders.office.test_word import SPACES, paragraph, run
from tests.unit.index.documents.loaders.office.workbooks.test_binary_workbooks import (
    Sheet,
    compound,
    relations,
    xls,
    xlsb,
    xlsx,
)

PRICES = Sheet(
    [[("Article", 0), ("Share", 0)], [("Bolt", 0), (0.5, 1)], [("Nut", 0), (0.25, 1)]]
)
KIND = bytes(28) + struct.pack("<I", 17) + b"Visio 11 Drawing\0"
HEADING = "<w:pStyle w:val='Heading1'/>"


def word(
    body: str, inside: dict[str, bytes], *, kind: str = "oleObject", part: str = ""
) -> bytes:
    """Returns a document with objects `o0`, `o1` … in its body or another part."""
    related = relations(
        [(f"o{at}", kind, f"embeddings/{name}") for at, name in enumerate(inside)]
    )
    styles = (
        f"<w:styles {SPACES}><w:style w:type='paragraph' w:styleId='Heading1'>"
        "<w:name w:val='heading 1'/></w:style></w:styles>"
    )
    main = [("s", "styles", "styles.xml")]
    members = {f"word/embeddings/{name}": data for name, data in inside.items()}
    if part:
        main.append(("p", part, f"{part}.xml"))
        members[f"word/{part}.xml"] = f"<w:hdr {SPACES}></w:hdr>".encode()
        members[f"word/_rels/{part}.xml.rels"] = related.encode()
        related = ""
    own = relations(main).replace("</Relationships>", "")
    rest = related.partition(">")[2] or "</Relationships>"
    return zipped(
        {
            "_rels/.rels": relations([("d", "officeDocument", "word/document.xml")]),
            "word/document.xml": f"<w:document {SPACES}><w:body>{body}</w:body>"
            "</w:document>",
            "word/_rels/document.xml.rels": own + rest,
            "word/styles.xml": styles,
            **members,
        }
    )


def object_in_text(name: str) -> str:
    office = "urn:schemas-microsoft-com:office:office"
    return paragraph(
        f"<w:r><w:object><o:OLEObject xmlns:o='{office}' ProgID='x' r:id='{name}'/>"
        "</w:object></w:r>"
    )


def stream(name: str, data: bytes) -> bytes:
    """Returns a compound file with one stream of any name."""
    made = bytearray(compound(data))
    at = made.index("Workbook\0".encode("utf-16-le"))
    encoded = name.encode("utf-16-le")
    made[at : at + 66] = encoded.ljust(64, b"\0") + struct.pack("<H", len(encoded) + 2)
    return bytes(made)


def packed_file(name: str, data: bytes) -> bytes:
    path = f"C:\\{name}\0".encode()
    inside = struct.pack("<H", 2) + f"{name}\0".encode() + path
    inside += struct.pack("<HHI", 0, 3, len(path)) + path
    inside += struct.pack("<I", len(data)) + data
    return struct.pack("<I", len(inside)) + inside


def read(data: bytes, suffix: str = "docx") -> Document:
    return parse(Content(data, f"a.{suffix}", suffix))


def parts(document: Document) -> list[tuple[str, tuple[str, ...], int | None]]:
    return [(item.part, item.heading, item.page) for item in document.sections]


def test_a_workbook_in_a_text_is_a_part_under_its_heading() -> None:
    body = (
        paragraph(run("Costs"), HEADING)
        + paragraph(run("As the table shows:"))
        + object_in_text("o0")
        + paragraph(run("Rents"), HEADING)
        + paragraph(run("They rose."))
    )
    document = read(word(body, {"Book1.xlsx": xlsx(PRICES)}, kind="package"))
    assert parts(document) == [
        ("", ("Costs",), None),
        ("", ("Rents",), None),
        ("Book1.xlsx", ("Costs", "Rates"), 1),
    ]
    assert [item.cells for item in document.sections[2].elements if item.cells] == [
        ("Bolt", "50%"),
        ("Nut", "25%"),
    ]
    assert document.facts == {"parts": {"Book1.xlsx": "xlsx"}}


def test_objects_of_headers_are_read_too() -> None:
    body = paragraph(run("Text."))
    document = read(word(body, {"B.xlsb": xlsb(PRICES)}, part="header"))
    assert document.facts == {"parts": {"B.xlsb": "xlsb"}}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (xls(PRICES), "oleObject1.xls"),
        (stream("Package", xlsx(PRICES)), "oleObject1.xlsx"),
        (stream("Package", xlsb(PRICES)), "oleObject1.xlsb"),
        (stream("CONTENTS", pdf("Locks", (("One", "Kept."),))), "oleObject1.pdf"),
        (stream("\1Ole10Native", packed_file("a.csv", b"a,b\n1,2\n")), "a.csv"),
    ],
    ids=["xls", "xlsx", "xlsb", "pdf", "file"],
)
def test_what_a_compound_file_holds_is_told_by_its_streams(
    data: bytes, name: str
) -> None:
    document = read(word(object_in_text("o0"), {"oleObject1.bin": data}))
    assert {item.part for item in document.sections} == {name}
    assert "notices" not in document.facts


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (stream("WordDocument", b"\0" * 99), "oleObject1.doc (the old Word format"),
        (stream("\1CompObj", KIND), "oleObject1.bin (Visio 11 Drawing)"),
        (stream("VisioDocument", b"\0" * 99), "an object of no known format"),
        (stream("Package", b"PK\3\4 none"), "not a readable archive"),
        (compound(b"\0" * 99), "oleObject1.xls (no text in it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, "damaged inside"),
        (b"no object", "an object of no known format"),
        (stream("\1Ole10Native", b"\0" * 3), "an object of no known format"),
    ],
    ids=range(8),
)
def test_an_object_that_cannot_be_read_is_named_and_costs_itself(
    data: bytes, reason: str
) -> None:
    body = paragraph(run("Text.")) + object_in_text("o0")
    document = read(word(body, {"oleObject1.bin": data}))
    assert [section.text for section in document.sections] == ["Text."]
    [notice] = document.facts["notices"]
    assert notice.startswith("not read: oleObject1.")
    assert reason in notice


def test_documents_in_documents_end_somewhere() -> None:
    made = word(paragraph(run("innermost")), {})
    for number in range(8):
        inside = {f"{number}.docx": made}
        made = word(paragraph(run("Text.")) + object_in_text("o0"), inside)
    document = read(made)
    assert max(section.part.count("!") for section in document.sections) == 3
    assert "too deep inside other documents" in document.facts["notices"][0]


def test_a_workbook_on_a_slide_is_a_part_and_one_of_a_chart_is_not() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Costs"
    chart = CategoryChartData()
    chart.categories = ["Ulm", "Kiel"]
    chart.add_series("Rent", (3, 4))
    place = (Inches(1), Inches(1), Inches(3), Inches(3))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, chart)
    book = io.BytesIO(xlsx(PRICES))
    slide.shapes.add_ole_object(book, "Excel.Sheet.12", *place)
    document = read(saved(deck), "pptx")
    [name] = document.facts["parts"]
    assert name.endswith(".xlsx")
    assert parts(document) == [
        ("", ("Costs",), 1),
        (name, ("Costs", "Rates"), 1),
    ]
    assert ("Bolt", "50%") in [item.cells for item in document.sections[1].elements]


def test_an_object_in_an_opendocument_text_is_a_part() -> None:
    frame = (
        '<text:p>Costs<draw:frame><draw:object-ole xlink:href="./Object 1"/>'
        "</draw:frame></text:p>"
    )
    with zipfile.ZipFile(io.BytesIO(packed("text", frame))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = read(zipped({**members, "Object 1": xls(PRICES)}), "odt")
    assert document.facts == {"parts": {"Object 1.xls": "xls"}}
    assert document.sections[0].text == "Costs"


CHUNKS = {
    "a.html": b"<h2>Rules</h2><p>Keep the gate shut.</p><table><tr><th>Town<th>Rent"
    b"<tr><td>Ulm<td>3<tr><td>Kiel<td>4</table>",
    "a.txt": b"Keep the gate shut.\n",
    "a.rtf": rb"{\rtf1\ansi Keep the gate shut.}",
    "a.docx": word(paragraph(run("Keep the gate shut.")), {}),
}


@pytest.mark.parametrize("name", list(CHUNKS))
def test_a_chunk_of_another_format_is_read_where_it_stands(name: str) -> None:
    body = (
        paragraph(run("House"), HEADING)
        + paragraph(run("Before."))
        + "<w:altChunk r:id='o0'/>"
        + paragraph(run("After."))
    )
    document = read(word(body, {name: CHUNKS[name]}, kind="aFChunk"))
    told = [section.text for section in document.sections]
    assert (told[0], told[-1]) == ("Before.", "After.")
    assert told[1].startswith("Keep the gate shut.")
    assert document.sections[1].heading[0] == "House"
    assert {(item.part, item.page, item.first_line) for item in document.sections} == {
        ("", None, None)
    }
    assert document.facts == {}


def test_a_chunk_that_cannot_be_read_is_named() -> None:
    body = paragraph(run("Text.")) + "<w:altChunk r:id='o0'/>"
    document = read(word(body, {"a.docx": b"PK\3\4 none"}, kind="aFChunk"))
    assert [section.text for section in document.sections] == ["Text."]
    assert document.facts["notices"][0].startswith("not read: a.docx (")


def test_relations_beyond_reading_cost_the_objects_alone() -> None:
    data = word(paragraph(run("Text.")), {"B.xlsx": xlsx(PRICES)}, part="footer")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["word/_rels/footer.xml.rels"] = b"<Relationships"
    document = read(zipped(members))
    assert [section.text for section in document.sections] == ["Text."]
    assert "objects of footer.xml" in document.facts["notices"][0]
