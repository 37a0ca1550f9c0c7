"""Word documents: everything that Word shows, once, as what it is."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.parse import parse
from tests.unit.index.documents.conftest import Load, saved, zipped
from tests.unit.index.documents.views import contents

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SPACES = (
    f'xmlns:w="{W}"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(inner: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(run(text))}</w:tc>"


def table(*rows: Sequence[str]) -> str:
    inner = "".join(f"<w:tr>{''.join(row)}</w:tr>" for row in rows)
    return f"<w:tbl>{inner}</w:tbl>"


def word(body: str, **parts: tuple[str, str]) -> bytes:
    """Returns a Word document of this body; parts are named by what they are."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    relations = "".join(
        f'<Relationship Id="r{at}" Type="{office}/{name.rstrip("0123456789")}"'
        f' Target="{name}.xml"/>'
        for at, name in enumerate(parts)
    )
    return zipped(
        {
            "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r"'
            f' Type="{office}/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}">'
            f"{relations}</Relationships>",
            "word/document.xml": f"<w:document {SPACES}><w:body>{body}</w:body>"
            "</w:document>",
            **{
                f"word/{name}.xml": f"<w:{root} {SPACES}>{inner}</w:{root}>"
                for name, (root, inner) in parts.items()
            },
        }
    )


def read(data: bytes) -> Document:
    return parse(Content(data, "a.docx", "docx"))


def elements(
    data: bytes,
) -> list[tuple[str, str | tuple[str, ...]]]:
    return contents(read(data))


DATE = (
    "<w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>DATE"
    "</w:instrText></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r>"
    f"{run('3 May')}<w:r><w:fldChar w:fldCharType='end'/></w:r>"
)
CHECKED = (
    "<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val='1'/></w14:checkbox>"
    f"</w:sdtPr><w:sdtContent>{run('?')}</w:sdtContent></w:sdt>"
)
UNCHECKED = (
    "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:checkBox>"
    "<w:default w:val='0'/></w:checkBox></w:ffData></w:fldChar></w:r>"
)
FOOTNOTES = (
    f"<w:footnote w:type='separator' w:id='0'>{paragraph(run('---'))}"
    f"</w:footnote><w:footnote w:id='1'>{paragraph(run('below'))}</w:footnote>"
)


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (f"{run('in ')}<w:ins>{run('new ')}</w:ins>{run('words')}", "in new words"),
        (f"{run('kept')}<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>", "kept"),
        (f"<w:moveTo>{run('here')}</w:moveTo>", "here"),
        (f"<w:moveFrom>{run('there')}</w:moveFrom>{run('here')}", "here"),
        (
            f"{run('in ')}<w:smartTag><w:sdt>{run('Ulm')}</w:sdt></w:smartTag>",
            "in Ulm",
        ),
        (f"<w:hyperlink>{run('a link')}</w:hyperlink>", "a link"),
        (f"<w:sdt><w:sdtContent>{run('control')}</w:sdtContent></w:sdt>", "control"),
        (f"<w:fldSimple w:instr='PAGE'>{run('7')}</w:fldSimple>", "7"),
        (DATE, "3 May"),
        ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>", "a\tb\nc"),
        (
            f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>{run('seen')}",
            "seen",
        ),
        (CHECKED + run(" yes"), "\u2612 yes"),
        (UNCHECKED + run(" no"), "\u2610 no"),
        ("<w:r><w:sym w:font='Wingdings' w:char='F0FE'/></w:r>" + run(" on"), "☑ on"),
    ],
    ids=range(14),
)
def test_what_a_paragraph_shows(inner: str, text: str) -> None:
    assert elements(word(paragraph(inner))) == [("prose", text)]


def test_content_controls_around_paragraphs_and_rows_part_them_as_they_are() -> None:
    control = "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>"
    paragraphs = paragraph(run("one")) + paragraph(run("two"))
    row = f"<w:tr>{cell('Ulm')}{cell('3')}</w:tr>"
    body = control.format(paragraphs) + f"<w:tbl>{control.format(row)}</w:tbl>"
    assert elements(word(body)) == [
        ("prose", "one"),
        ("prose", "two"),
        ("field", ("Ulm", "3")),
    ]


def test_a_text_box_is_told_once() -> None:
    box = (
        "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>"
        f"<w:txbxContent>{paragraph(run('in the box'))}</w:txbxContent></wps:txbx>"
        "</w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>"
        f"{paragraph(run('in the box'))}</w:txbxContent></v:textbox></w:pict>"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )
    told = elements(word(paragraph(run("around") + box)))
    assert told == [("prose", "around"), ("prose", "in the box")]


def test_notes_comments_headers_and_footers_are_notes() -> None:
    data = word(
        paragraph(run("body")),
        footnotes=("footnotes", FOOTNOTES),
        endnotes=(
            "endnotes",
            f"<w:endnote w:id='1'>{paragraph(run('at the end'))}</w:endnote>",
        ),
        comments=(
            "comments",
            f"<w:comment w:id='1' w:author='Eva'>{paragraph(run('why?'))}</w:comment>",
        ),
        header1=("hdr", paragraph(run("secret"))),
        header2=("hdr", paragraph(run("secret"))),
        footer1=("ftr", table((cell("Ulm"), cell("page 1")))),
    )
    [section] = read(data).sections
    assert [
        (item.label, section.text[item.start : item.end])
        for item in section.elements
        if item.kind == "note"
    ] == [
        ("header", "secret"),
        ("footer", "Ulm | page 1"),
        ("footnote 1", "below"),
        ("endnote 1", "at the end"),
        ("comment Eva", "Eva: why?"),
    ]


def test_headings_are_found_by_style_base_and_outline() -> None:
    styles = (
        "<w:style w:styleId='T'><w:name w:val='Title'/></w:style>"
        "<w:style w:styleId='U1'><w:name w:val='heading 1'/></w:style>"
        "<w:style w:styleId='Own'><w:name w:val='Chapter'/>"
        "<w:basedOn w:val='U1'/></w:style>"
        "<w:style w:styleId='Out'><w:name w:val='x'/><w:pPr><w:outlineLvl w:val='1'/>"
        "</w:pPr></w:style>"
        "<w:style w:styleId='A'><w:name w:val='y'/><w:basedOn w:val='B'/></w:style>"
        "<w:style w:styleId='B'><w:name w:val='z'/><w:basedOn w:val='A'/></w:style>"
    )
    body = "".join(
        paragraph(run(text), f"<w:pStyle w:val='{style}'/>")
        for text, style in (
            ("Book", "T"),
            ("One", "Own"),
            ("Deep", "Out"),
            ("text", "A"),
        )
    )
    [section] = read(word(body, styles=("styles", styles))).sections
    assert section.heading == ("Book", "One", "Deep")
    assert section.text == "text"


def test_headings_and_items_are_numbered_as_word_numbers_them() -> None:
    def level(place: int, kind: str, text: str, start: int = 1) -> str:
        return (
            f"<w:lvl w:ilvl='{place}'><w:start w:val='{start}'/>"
            f"<w:numFmt w:val='{kind}'/><w:lvlText w:val='{text}'/></w:lvl>"
        )

    numbering = (
        "<w:abstractNum w:abstractNumId='0'>"
        + level(0, "decimal", "%1.")
        + level(1, "lowerLetter", "%1.%2)")
        + "</w:abstractNum><w:abstractNum w:abstractNumId='1'>"
        + level(0, "upperRoman", "%1", start=4)
        + "</w:abstractNum>"
        "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
        "<w:num w:numId='2'><w:abstractNumId w:val='1'/></w:num>"
    )

    def listed(text: str, name: int, place: int, more: str = "") -> str:
        at = f"<w:ilvl w:val='{place}'/><w:numId w:val='{name}'/>"
        return paragraph(run(text), f"{more}<w:numPr>{at}</w:numPr>")

    body = (
        listed("Scope", 2, 0, "<w:outlineLvl w:val='0'/>")
        + listed("first", 1, 0)
        + listed("under", 1, 1)
        + listed("also", 1, 1)
        + listed("second", 1, 0)
        + listed("again", 1, 1)
    )
    [section] = read(word(body, numbering=("numbering", numbering))).sections
    assert section.heading == ("IV Scope",)
    assert section.text.split("\n") == [
        "1. first",
        "1.a) under",
        "1.b) also",
        "2. second",
        "2.a) again",
    ]
    assert {item.kind for item in section.elements} == {"item"}


def test_cells_are_whole_and_merged_ones_told_once() -> None:
    long = "word " * 400
    across = "<w:gridSpan w:val='2'/>"
    data = word(
        table(
            (cell("Town"), cell("Rent", across)),
            (cell(""), cell("2022"), cell("2023")),
            (cell("Ulm", "<w:vMerge w:val='restart'/>"), cell("10"), cell("20")),
            (cell("Ulm", "<w:vMerge/>"), cell("30"), cell(long)),
        )
    )
    document = read(data)
    assert document.tables[0].columns == ("Town", "Rent 2022", "Rent 2023")
    assert [cells for kind, cells in elements(data) if kind == "row"] == [
        ("Ulm", "10", "20"),
        ("Ulm", "30", long.strip()),
    ]
    assert document.sections[0].text.count("Ulm") == 1


def test_a_raised_number_does_not_make_another_number() -> None:
    power = "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>6</w:t></w:r>"
    data = word(paragraph(f"<w:r><w:t>10</w:t></w:r>{power}"))
    assert elements(data) == [("prose", "10\u2076")]


def test_two_columns_without_a_header_are_fields() -> None:
    data = word(table((cell("Tenant:"), cell("Ada Wolf")), (cell("Rent"), cell("640"))))
    assert elements(data) == [
        ("field", ("Tenant", "Ada Wolf")),
        ("field", ("Rent", "640")),
    ]


def test_a_marked_or_bold_first_row_names_the_columns() -> None:
    bold = "<w:r><w:rPr><w:b/></w:rPr><w:t>{}</w:t></w:r>"
    names = (paragraph(bold.format(name)) for name in ("Land", "Town"))
    body = "".join(f"<w:tc>{name}</w:tc>" for name in names)
    marked = "<w:trPr><w:tblHeader/></w:trPr>"
    for first in (body, f"{marked}{cell('Land')}{cell('Town')}"):
        data = word(table((first,), (cell("Italy"), cell("Trieste"))))
        assert read(data).tables[0].columns == ("Land", "Town")


def test_nested_and_framing_tables_keep_what_is_in_them() -> None:
    inner = table((cell("Bolt"), cell("2")), (cell("Nut"), cell("3")))
    frame = table((f"<w:tc>{paragraph(run('Offer'))}{inner}</w:tc>",))
    beside = table(
        (cell("left"), f"<w:tc>{inner}{paragraph('')}</w:tc>", cell("right"))
    )
    told = elements(word(frame + beside))
    assert told[:3] == [
        ("prose", "Offer"),
        ("field", ("Bolt", "2")),
        ("field", ("Nut", "3")),
    ]
    assert ("field", ("Nut", "3")) in told[4:]


def test_a_strict_document_is_read_too() -> None:
    data = word(paragraph(run("strict")))
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    import zipfile

    members = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            members[name] = archive.read(name).replace(W.encode(), strict.encode())
    assert elements(zipped(members)) == [("prose", "strict")]


def test_a_password_is_asked_for_by_name(loaded: Load) -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    for name in ("a.docx", "a.pptx", "a.xlsx"):
        with pytest.raises(UnreadableDocument, match="password"):
            loaded(name, data)


TEXT = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]),
    min_size=1,
    max_size=30,
)


@pytest.mark.slow
@given(st.lists(TEXT | st.lists(st.lists(TEXT, min_size=2, max_size=3), max_size=3)))
@settings(max_examples=30, deadline=None)
def test_no_word_that_another_reader_sees_is_lost(
    blocks: list[str | list[list[str]]],
) -> None:
    made = docx.Document()
    for block in blocks:
        if isinstance(block, str):
            made.add_paragraph(block)
            continue
        grid = made.add_table(len(block), 3)
        for row, texts in enumerate(block):
            for column, text in enumerate(texts):
                grid.cell(row, column).text = text
    data = saved(made)
    told = " ".join(part.text for part in read(data).sections)
    again = docx.Document(io.BytesIO(data))
    seen = [text.text for text in again.paragraphs]
    seen += [c.text for grid in again.tables for row in grid.rows for c in row.cells]
    for text in seen:
        for part in text.split():
            assert part.rstrip(":") in told


def test_insertions_next_to_other_readers_blind_spots() -> None:
    made = docx.Document()
    made.add_paragraph("before ")._p.append(
        parse_xml(f"<w:ins xmlns:w='{W}'><w:r><w:t>after</w:t></w:r></w:ins>")
    )
    assert made.paragraphs[0]._p.findall(qn("w:ins"))
    assert elements(saved(made)) == [("prose", "before after")]


@pytest.mark.parametrize(
    "body",
    [
        "<w:p>" * 30_000 + "</w:p>" * 30_000,
        "<w:tbl><w:tr><w:tc>" * 3000 + "</w:tc></w:tr></w:tbl>" * 3000,
        table((cell("a", "<w:gridSpan w:val='999999999'/>"), cell("b"))),
        table(("<w:trPr><w:gridBefore w:val='-5'/></w:trPr>", cell("b"))),
        paragraph(
            run("x"), "<w:numPr><w:ilvl w:val='99999'/><w:numId w:val='x'/></w:numPr>"
        ),
        paragraph("<w:r><w:sym w:char='FFFFFFFFFF'/></w:r>" + run("x")),
    ],
    ids=range(6),
)
def test_a_body_that_is_built_to_hurt(loaded: Load, body: str) -> None:
    try:
        document = loaded("a.docx", word(body))
    except UnreadableDocument as error:
        message = error.message
    else:
        message = document.title
    assert "\n" not in message
    assert loaded("b.docx", word(paragraph(run("alive")))).sections


STYLES = (
    "<w:style w:styleId='Quelltext'><w:name w:val='Source Code'/></w:style>"
    "<w:style w:styleId='T'><w:name w:val='Definition Term'/></w:style>"
    "<w:style w:styleId='D'><w:name w:val='Definition'/></w:style>"
    "<w:style w:styleId='Beschriftung'><w:name w:val='caption'/></w:style>"
    "<w:style w:styleId='TC'><w:name w:val='Table Caption'/>"
    "<w:basedOn w:val='Beschriftung'/></w:style>"
)


def styled(style: str, *texts: str) -> str:
    return "".join(
        paragraph(run(text), f"<w:pStyle w:val='{style}'/>") for text in texts
    )


def test_code_terms_and_captions_are_told_by_their_styles() -> None:
    wires = table((cell("Wire"), cell("Use")), (cell("1"), cell("2")))
    wires = wires.replace("<w:tr>", "<w:tr><w:trPr><w:tblHeader/></w:trPr>", 1)
    body = (
        styled("Quelltext", "import kiln", "", "kiln.start()")
        + styled("T", "Cone")
        + styled("D", "A small pyramid.", "It bends.")
        + styled("T", "Alone")
        + styled("TC", "All wires")
        + wires
        + styled("Beschriftung", "Figure 2: the box")
        + wires
        + styled("T", "At the end")
    )
    document = read(word(body, styles=("styles", STYLES)))
    assert contents(document) == [
        ("code", "import kiln\n\nkiln.start()"),
        ("field", ("Cone", "A small pyramid.")),
        ("prose", "It bends."),
        ("prose", "Alone"),
        ("prose", "All wires"),
        ("columns", "Wire | Use"),
        ("row", ("1", "2")),
        ("prose", "Figure 2: the box"),
        ("columns", "Wire | Use"),
        ("row", ("1", "2")),
        ("prose", "At the end"),
    ]
    assert [facts.caption for facts in document.tables] == ["All wires", ""]


def test_notes_have_the_numbers_that_a_reader_sees() -> None:
    marks = "".join(f"<w:r><w:footnoteReference w:id='{n}'/></w:r>" for n in (21, 7))
    notes = "".join(
        f"<w:footnote w:id='{n}'>{paragraph(run(f'note {n}'))}</w:footnote>"
        for n in (7, 21)
    )
    footer = ("ftr", paragraph(run("17")))
    data = word(paragraph(marks), footnotes=("footnotes", notes), footer1=footer)
    [section] = read(data).sections
    assert [item.label for item in section.elements] == ["footnote 2", "footnote 1"]
