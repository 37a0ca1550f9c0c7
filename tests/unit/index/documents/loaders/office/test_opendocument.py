"""OpenDocument texts, presentations and sheets, from their XML."""

from __future__ import annotations

import random

import pytest

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.parse import parse
from tests.unit.index.documents.conftest import Load, zipped
from tests.unit.index.documents.views import contents

O = "urn:oasis:names:tc:opendocument:xmlns"  # noqa: E741 - as short as the prefixes
SPACES = " ".join(
    [
        *(
            f'xmlns:{name}="{O}:{name}:1.0"'
            for name in ("office", "text", "table", "style", "presentation")
        ),
        f'xmlns:draw="{O}:drawing:1.0"',
        f'xmlns:svg="{O}:svg-compatible:1.0"',
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
        'xmlns:xlink="http://www.w3.org/1999/xlink"',
    ]
)


def packed(kind: str, body: str, styles: str = "", **members: str | bytes) -> bytes:
    content = (
        f"<office:document-content {SPACES}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    return zipped({"content.xml": content, **members})


def read(data: bytes, suffix: str = "odt") -> Document:
    return parse(Content(data, f"a.{suffix}", suffix))


def cells(*texts: str) -> str:
    inner = "".join(
        f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"
        for text in texts
    )
    return f"<table:table-row>{inner}</table:table-row>"


def test_spaces_tabs_and_changes_read_as_they_show() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone"
        "</text:p></text:deletion></text:changed-region></text:tracked-changes>"
        "<text:p>a<text:s text:c='2'/>b<text:tab/>c\n   d<text:line-break/>e</text:p>"
    )
    assert contents(read(packed("text", body))) == [("prose", "a  b\tc d\ne")]


def test_code_terms_captions_powers_and_formulas_read_as_they_show() -> None:
    styles = (
        "<style:style style:name='P1' style:parent-style-name='Preformatted_20_Text'/>"
        "<style:style style:name='T1'><style:text-properties"
        " style:text-position='super 58%'/></style:style>"
    )
    frame = (
        "<draw:frame text:anchor-type='as-char'><draw:object xlink:href='./F'/>"
        "</draw:frame>"
    )
    lines = "".join(
        f"<text:p text:style-name='{style}'>{text}</text:p>"
        for style, text in (
            ("P1", "import kiln"),
            ("P1", ""),
            ("P1", "kiln.start()"),
            ("Definition_20_Term", "Cone"),
            ("Definition_20_Definition", "A pyramid."),
            ("X", f"where {frame} is 10<text:span text:style-name='T1'>6</text:span>."),
            ("Table", "All wires"),
        )
    )
    rows = cells("a", "b", "c") + cells("1", "2", "3")
    body = f"{lines}<table:table>{rows}</table:table>"
    formula = "<math><mi>P</mi><annotation>no</annotation></math>"
    document = read(packed("text", body, styles, **{"F/content.xml": formula}))
    assert contents(document)[:3] == [
        ("code", "import kiln\n\nkiln.start()"),
        ("field", ("Cone", "A pyramid.")),
        ("prose", "where P is 10\u2076."),
    ]
    [facts] = document.tables
    assert facts.caption == "All wires"


def test_notes_comments_lists_and_frames() -> None:
    note = (
        "<text:note text:note-class='footnote'><text:note-citation>1"
        "</text:note-citation><text:note-body><text:p>below</text:p></text:note-body>"
        "</text:note>"
    )
    comment = (
        "<office:annotation><dc:creator>Eva</dc:creator><text:p>why?</text:p>"
        "</office:annotation>"
    )
    box = (
        "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"
    )
    item = "<text:list-item><text:p>one</text:p></text:list-item>"
    body = (
        "<text:h text:outline-level='1'>Locks</text:h>"
        f"<text:p>Kept{note} short{comment}.{box}</text:p><text:list>{item}</text:list>"
    )
    document = read(packed("text", body))
    assert document.sections[0].heading == ("Locks",)
    assert contents(document) == [
        ("prose", "Kept short."),
        ("note", "below"),
        ("note", "Eva: why?"),
        ("prose", "boxed"),
        ("item", "one"),
    ]


def test_headers_and_footers_are_told_once() -> None:
    header = "<style:header><text:p>secret</text:p></style:header>"
    styles = (
        f"<office:document-styles {SPACES}><office:master-styles><style:master-page>"
        f"{header}</style:master-page><style:master-page>{header}<style:footer>"
        "<text:p>Ulm</text:p></style:footer></style:master-page>"
        "</office:master-styles></office:document-styles>"
    )
    data = packed("text", "<text:p>body</text:p>", **{"styles.xml": styles})
    assert contents(read(data)) == [
        ("prose", "body"),
        ("note", "secret"),
        ("note", "Ulm"),
    ]


def test_all_rows_that_a_merged_cell_reaches_over_have_its_words() -> None:
    rows = (
        ("Town", "Year", "Rent"), ("Ulm", "2022", "610"), ("", "2023", "640"),
    )  # fmt: skip
    cells = [
        "".join(
            "<table:covered-table-cell/>"
            if not text
            else "<table:table-cell"
            + (' table:number-rows-spanned="2"' if text == "Ulm" else "")
            + f"><text:p>{text}</text:p></table:table-cell>"
            for text in row
        )
        for row in rows
    ]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    document = parse(
        Content(packed("text", f"<table:table>{body}</table:table>"), "a.odt", "odt")
    )
    [section] = document.sections
    assert [item.cells for item in section.elements if item.kind == "row"] == [
        ("Ulm", "2022", "610"),
        ("Ulm", "2023", "640"),
    ]
    assert section.text.count("Ulm") == 1


def test_a_table_with_marked_header_and_merged_cells() -> None:
    merged = (
        "<table:table-row><table:table-cell table:number-columns-spanned='2'><text:p>"
        "Sum</text:p></table:table-cell><table:covered-table-cell><text:p>no</text:p>"
        "</table:covered-table-cell></table:table-row>"
    )
    body = (
        f"<table:table><table:table-header-rows>{cells('Land', 'Town')}"
        f"</table:table-header-rows>{cells('Italy', 'Trieste')}{merged}</table:table>"
    )
    document = read(packed("text", body))
    assert document.tables[0].columns == ("Land", "Town")
    assert contents(document)[1:] == [
        ("row", ("Italy", "Trieste")),
        ("row", ("Sum", "")),
    ]


def test_slides_are_pages_with_titles_and_notes() -> None:
    page = (
        "<draw:page><draw:frame><draw:text-box><text:p>body</text:p></draw:text-box>"
        "</draw:frame><draw:frame presentation:class='title'><draw:text-box><text:p>"
        "Plan</text:p></draw:text-box></draw:frame><presentation:notes><draw:frame"
        " presentation:class='notes'><draw:text-box><text:p>Say this.</text:p>"
        "</draw:text-box></draw:frame></presentation:notes></draw:page>"
    )
    document = read(packed("presentation", page), "odp")
    [section] = document.sections
    assert (section.page, section.heading) == (1, ("Plan",))
    assert contents(document) == [("prose", "body"), ("note", "Say this.")]


def test_sheets_read_as_they_show() -> None:
    date = (
        "<table:table-cell office:value-type='date' office:date-value='2024-03-01'>"
        "<text:p>01.03.24</text:p></table:table-cell>"
    )
    row = cells("Bolt", "12,50 €").replace("</table:table-row>", date)
    blank = "<table:table-row table:number-rows-repeated='1000000'/>"
    body = (
        "<table:table table:name='Prices' table:style-name='h'>"
        f"{cells('Article', 'Price', 'Since')}{row}</table:table-row>"
        f"{row}</table:table-row>{blank}{cells('far below')}</table:table>"
    )
    styles = (
        "<style:style style:name='h'><style:table-properties table:display='false'/>"
        "</style:style>"
    )
    document = read(packed("spreadsheet", body, styles), "ods")
    [section] = document.sections
    assert (section.page, section.heading) == (1, ("Prices (hidden)",))
    assert [item.label for item in section.elements] == ["", "A2", "A3", ""]
    assert contents(document)[1] == ("row", ("Bolt", "12,50 €", "2024-03-01"))


def test_a_password_is_asked_for_by_name() -> None:
    manifest = {"META-INF/manifest.xml": "<a><encryption-data/></a>"}
    with pytest.raises(UnreadableDocument, match="password"):
        read(packed("text", "", **manifest))


REPEATED = (
    "<table:table><table:table-row table:number-rows-repeated='99999999'>"
    "<table:table-cell table:number-columns-repeated='99999999'><text:p>x</text:p>"
    "</table:table-cell></table:table-row></table:table>"
)


@pytest.mark.parametrize(
    "body",
    [
        REPEATED,
        "<text:p>x<text:s text:c='999999999'/>y</text:p>",
        "<text:list><text:list-item>" * 20_000
        + "<text:p>x</text:p>"
        + "</text:list-item></text:list>" * 20_000,
        "<draw:frame><draw:object xlink:href='../x'/></draw:frame><text:p>x</text:p>",
    ],
    ids=range(4),
)
def test_a_body_that_is_built_to_hurt(loaded: Load, body: str) -> None:
    try:
        document = loaded("a.odt", packed("text", body))
    except UnreadableDocument as error:
        said = error.message
    else:
        said = "".join(part.text for part in document.sections)
        assert len(said) < 10_000
    assert said
    assert loaded("b.odt", packed("text", "<text:p>alive</text:p>")).sections


def outcome(loaded: Load, name: str, data: bytes) -> str:
    """Returns the title of a document, or the line that it is refused with."""
    try:
        return loaded(name, data).title
    except UnreadableDocument as error:
        return error.message


@pytest.mark.parametrize("suffix", ["docx", "pptx", "xlsx", "odt", "ods"])
def test_damaged_files_are_read_or_refused(
    loaded: Load,
    suffix: str,
    word_document: bytes,
    presentation: bytes,
    workbook_file: bytes,
) -> None:
    sheet = packed("spreadsheet", f"<table:table>{cells('a', 'b')}</table:table>")
    sound = {
        "docx": word_document,
        "pptx": presentation,
        "xlsx": workbook_file,
        "odt": packed("text", "<text:p>body</text:p>" * 20),
        "ods": sheet,
    }[suffix]
    chance = random.Random(suffix)
    for _ in range(15):
        data = bytearray(sound)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = bytes(data[: chance.choice([None, None, 500, -9])])
        assert "\n" not in outcome(loaded, f"a.{suffix}", cut)
    assert loaded(f"b.{suffix}", sound).sections


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["docx", "pptx", "xlsx", "odt", "ods"])
def test_shuffled_xml_is_read_or_refused(
    loaded: Load,
    suffix: str,
    word_document: bytes,
    presentation: bytes,
    workbook_file: bytes,
) -> None:
    import io
    import re
    import zipfile

    sound = {
        "docx": word_document,
        "pptx": presentation,
        "xlsx": workbook_file,
        "odt": packed("text", f"<table:table>{cells('a', 'b')}</table:table>" * 3),
        "ods": packed("spreadsheet", f"<table:table>{cells('a')}</table:table>"),
    }[suffix]
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chance = random.Random(suffix)
    values = [b"", b"-1", b"99999999999999999999", b"x", b"true"]
    for _ in range(10):
        hurt = {
            name: re.sub(
                rb'(?<==")[^"]{1,12}(?=")',
                lambda at: chance.choice(values) if chance.random() < 0.2 else at[0],
                data,
            )
            if name.endswith(".xml") and "Content" not in name
            else data
            for name, data in members.items()
        }
        assert "\n" not in outcome(loaded, f"a.{suffix}", zipped(hurt))


FORM = f'xmlns:form="{O}:form:1.0"'


def test_what_a_form_shows_stands_where_its_controls_are() -> None:
    body = (
        f"<office:forms {FORM}><form:form><form:text form:id='a' form:value='no'"
        " form:current-value='Ada'/><form:checkbox form:id='b' form:label='Member'"
        " form:current-state='checked'/><form:listbox form:id='c'><form:option"
        " form:label='red'/><form:option form:label='blue' form:selected='true'/>"
        "</form:listbox><form:password form:id='d' form:value='secret'/></form:form>"
        "</office:forms><text:p>Name: <draw:control draw:control='a'/></text:p>"
        "<text:p><draw:control draw:control='b'/></text:p>"
        "<draw:control draw:control='c'/><draw:control draw:control='d'/>"
    )
    assert contents(read(packed("text", body))) == [
        ("prose", "Name: Ada"),
        ("prose", "\u2612 Member"),
        ("prose", "blue"),
    ]


def test_formulas_and_sheets_inside_a_text_are_told() -> None:
    body = "".join(
        f'<text:p>{name}<draw:frame><draw:object xlink:href="./{name}"/></draw:frame>'
        "</text:p>"
        for name in ("Formula", "Sheet")
    )
    formula = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mi>x</mi>'
        "<mo>=</mo><mn>2</mn></mrow><annotation>x=2</annotation></semantics></math>"
    )
    table = f"<table:table>{cells('Town', 'Rent')}{cells('Ulm', '10')}</table:table>"
    sheet = (
        f"<office:document-content {SPACES}><office:body><office:spreadsheet>{table}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    members = {"Formula/content.xml": formula, "Sheet/content.xml": sheet}
    assert contents(read(packed("text", body, **members))) == [
        ("prose", "Formula"),
        ("prose", "x = 2"),
        ("prose", "Sheet"),
        ("field", ("Town", "Rent")),
        ("field", ("Ulm", "10")),
    ]


def test_hidden_slides_are_marked_and_footers_of_all_told() -> None:
    style = (
        '<style:style style:name="h"><style:drawing-page-properties'
        ' presentation:visibility="hidden"/></style:style>'
    )
    title = '<draw:frame presentation:class="title"><text:p>Locks</text:p></draw:frame>'
    body = (
        "<presentation:footer-decl>Acme</presentation:footer-decl>"
        f'<draw:page draw:style-name="h">{title}</draw:page>'
    )
    document = read(packed("presentation", body, style), "odp")
    assert contents(document) == [("note", "Acme"), ("prose", "Locks (hidden)")]
    assert document.sections[1].heading == ("Locks (hidden)",)
