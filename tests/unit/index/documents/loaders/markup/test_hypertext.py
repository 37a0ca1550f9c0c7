"""HTML and EPUB: tables, fields, lists, code and notes as a browser shows them."""

from __future__ import annotations

import random

import pytest

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.markup.hypertext import html
from tests.unit.index.documents.conftest import Load, zipped
from tests.unit.index.documents.views import cells, elements


def read(page: str) -> Document:
    return html(Content(page.encode(), "a.html", "html"))


@pytest.mark.parametrize(
    "head",
    [
        "<thead><tr><td>Country<td>Depot</thead>",
        "<tr><th>Country</th><th>Depot</th></tr>",
        "<tr><td><b>Country</b></td><td><strong>Depot</strong></td></tr>",
    ],
)
def test_the_first_row_names_the_columns(head: str) -> None:
    document = read(
        f"<table><caption>Where we are</caption>{head}<tr><td>Austria<td>Linz, Hafen 8"
        "<tr><td>Italy<td>Trieste<br>Via Carducci</table>"
    )
    assert document.tables[0].columns == ("Country", "Depot")
    assert document.tables[0].caption == "Where we are"
    assert cells(document, "row") == [
        ("Austria", "Linz, Hafen 8"),
        ("Italy", "Trieste Via Carducci"),
    ]


def test_a_table_of_keys_and_values_is_fields() -> None:
    document = read(
        "<table><tr><th>Height</th><td>41 metres</td></tr>"
        "<tr><th>Built</th><td>1874</td></tr></table>"
        "<table><tr><td>Unit price</td><td>14.20 EUR</td></tr></table>"
    )
    assert cells(document, "field") == [
        ("Height", "41 metres"),
        ("Built", "1874"),
        ("Unit price", "14.20 EUR"),
    ]


def test_merged_cells_stand_once_and_in_their_column() -> None:
    document = read(
        "<table><tr><th rowspan=2>Region<th colspan=2>Sales<tr><th>2023<th>2024"
        "<tr><td rowspan=2>North<td>10<td>12<tr><td>20<td>25</table>"
    )
    assert document.tables[0].columns == ("Region", "Sales 2023", "Sales 2024")
    assert cells(document, "row") == [("North", "10", "12"), ("North", "20", "25")]
    assert document.sections[0].text.count("North") == 1


def test_a_number_that_is_merged_is_of_its_own_row_alone() -> None:
    document = read(
        "<table><tr><th>Town<th>Rent<th>Year<tr><td>Ulm<td rowspan=2>640<td>2022"
        "<tr><td>Linz<td>2023</table>"
    )
    assert cells(document, "row") == [("Ulm", "640", "2022"), ("Linz", "", "2023")]


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("10<sup>6</sup> cells", "10\u2076 cells"),
        ("10<sup>-3</sup> m", "10\u207b\xb3 m"),
        ("in 2019<sup>3</sup>.", "in 2019\xb3."),
        ("H<sub>2</sub>O, 40 km<sup>2</sup>", "H2O, 40 km2"),
        ("the 5<sup>th</sup>", "the 5th"),
    ],
)
def test_a_raised_number_does_not_make_another_number(markup: str, said: str) -> None:
    assert read(f"<p>{markup}</p>").sections[0].text == said


def test_a_table_that_is_layout_is_read_in_its_order() -> None:
    document = read(
        "<table><tr><td><h2>News</h2><p>The pier is open.</p></td>"
        "<td><table><tr><th>Day<th>Tide<tr><td>1<td>3.2</table></td></tr></table>"
    )
    assert document.sections[0].heading == ("News",)
    assert elements(document)[0] == ("prose", "The pier is open.")
    assert cells(document, "row") == [("1", "3.2")]


def test_code_in_cells_and_between_paragraphs_stays_code() -> None:
    document = read(
        "<p>Run it:</p><pre>a &lt; b\n\n  c</pre>"
        "<table><tr><td>Loop</td><td><pre>for x in y:\n    z()</pre></td></tr></table>"
    )
    assert ("code", "a < b\n\n  c") in elements(document)
    assert ("code", "for x in y:\n    z()") in elements(document)


def test_definitions_are_fields_and_lists_are_items() -> None:
    document = read(
        "<dl><dt>Port</dt><dd>8080</dd><dt>Host<dd><p>localhost</p></dl>"
        "<ol><li>Open <b>it</b><ul><li><p>gently</p></ul><li>Wait</ol>"
    )
    assert cells(document, "field") == [("Port", "8080"), ("Host", "localhost")]
    assert [text for kind, text in elements(document) if kind == "item"] == [
        "Open it",
        "gently",
        "Wait",
    ]


@pytest.mark.parametrize(
    "mark",
    [
        '<sup id="c1"><a href="#r1">[1]</a></sup>',
        "<sup>[3]</sup>",
        '<a href="#n2"><sup>2</sup></a>',
        '<a href="#cite-2">[2]</a>',
        '<a epub:type="noteref" href="notes.xhtml#n4">4</a>',
        '<sup class="footnote-ref"><a href="#fn1">1</a></sup>',
    ],
)
def test_marks_of_notes_are_not_glued_to_sentences(mark: str) -> None:
    document = read(
        f"<p>The tower was finished in 1874.{mark} Its lamp burned oil.</p>"
    )
    assert elements(document) == [
        ("prose", "The tower was finished in 1874. Its lamp burned oil.")
    ]


def test_what_is_raised_but_no_mark_stays() -> None:
    document = read(
        "<p>An area of 5 m<sup>2</sup>, see <a href='#a'>Chapter 2</a>.</p>"
    )
    assert elements(document) == [("prose", "An area of 5 m2, see Chapter 2.")]


def test_notes_are_notes_and_know_their_number() -> None:
    document = read(
        '<p>Text.</p><section role="doc-endnotes"><ol><li id="fn1"><p>See the log. '
        '<a href="#r1" role="doc-backlink">\u21a9</a></p></li></ol></section>'
    )
    [_, section] = [(kind, text) for kind, text in elements(document)]
    assert section == ("note", "See the log.")
    assert document.sections[0].elements[1].label == "fn1"


def test_navigation_is_left_out_unless_it_is_all() -> None:
    bar = '<nav><a href=x>Home</a></nav><div role="navigation"><p>Menu</p></div>'
    assert elements(read(f"{bar}<p>Words.</p>")) == [("prose", "Words.")]
    assert [text for _, text in elements(read(bar))] == ["Home", "Menu"]


def test_lines_of_a_paragraph_may_be_fields() -> None:
    document = read("<p>Phone: 123 456<br><b>Mail:</b> a@b.example</p>")
    assert cells(document, "field") == [("Phone", "123 456"), ("Mail", "a@b.example")]


def test_an_epub_keeps_tables_and_notes(loaded: Load) -> None:
    chapter = (
        "<html><head><title>One</title></head><body><p>It burns oil."
        '<a epub:type="noteref" href="#n1">1</a></p>'
        '<aside epub:type="footnote" id="n1"><p>Whale oil.</p></aside>'
        "<table><tr><th>Day</th><th>Tide</th></tr><tr><td>1</td><td>3.2</td></tr></table>"
        "</body></html>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="b.opf"/></rootfiles></container>'
    )
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a"'
        ' href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    document = loaded(
        "a.epub",
        zipped(
            {"META-INF/container.xml": container, "b.opf": book, "a.xhtml": chapter}
        ),
    )
    assert document.sections[0].heading == ("One",)
    assert elements(document)[:2] == [
        ("prose", "It burns oil."),
        ("note", "Whale oil."),
    ]
    assert cells(document, "row") == [("1", "3.2")]


_PIECES = (
    "<table>", "</table>", "<tr>", "<td colspan=900 rowspan=900>", "<th>", "</td>",
    "<pre>", "</pre>", "<li>", "<ul>", "</ol>", "<dt>", "<dd>", "<h2>", "</h2>", "<p>",
    "<a href='#x'>", "</a>", "<sup>", "[1]", "</sup>", "<br>", "word", " ", "&amp;",
    "<section role='doc-endnotes'>", "</section>", "<b>", "<caption>", "<nav>", "<!--",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_any_sequence_of_tags_is_read(seed: int) -> None:
    rng = random.Random(seed)
    page = "".join(rng.choices(_PIECES, k=rng.randrange(1, 400)))
    document = read(page)
    assert document == read(page)
    assert all(
        element.start < element.end for s in document.sections for element in s.elements
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "letters"),
    [
        ("<table><tr>" * 20_000, 0),
        ("<table>" + "<tr><td colspan=1000 rowspan=1000>x" * 3000, 3000),
        ("<li><br>" * 60_000 + "<p>" * 1000, 0),
        ("<a>" * 50_000 + "</a>" * 50_000, 0),
        ("<td>" * 50_000, 0),
        ("<table><tr><td>" * 150 + "x" * 100 + "</table>" * 150, 100),
        ("<a b=\"<a c='" * 50_000, 0),
        ("<text <svg <title " * 50_000 + "<svg>" + "<text>" * 50_000, 50_000),
    ],
    ids=["tables", "spans", "breaks", "links", "cells", "nested", "quotes", "drawn"],
)
def test_a_page_built_to_take_long_is_read_in_time(page: str, letters: int) -> None:
    text = "".join(section.text for section in read(page).sections)

    assert text.count("x") == letters


RULED = """
  Dial            Range   Meaning
  -------------------------------------------
  HEAT                 8  How hot the kiln is &amp; was
  DAMPER              16  Whether it is open
                          or shut
"""


@pytest.mark.parametrize(
    "frame", ["<pre>{}</pre>", "<table><tr><td><pre>{}</pre></table>"]
)
def test_columns_below_a_rule_are_a_table(frame: str) -> None:
    document = read("<p>Dials of the kiln:</p>" + frame.format(RULED))

    assert document.tables[0].columns == ("Dial", "Range", "Meaning")
    assert cells(document, "row") == [
        ("HEAT", "8", "How hot the kiln is & was"),
        ("DAMPER", "16", "Whether it is open or shut"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=====\nfirst line of it\nsecond line of it",
        "name  value\n-----------\nx = 1, which overlaps\ny = 2, which overlaps",
        "a  b\n----\n1  2",
        "def f():\n    return 1\n\nx  =  2",
    ],
)
def test_other_text_of_one_width_stays_as_it_is(text: str) -> None:
    document = read(f"<pre>{text}</pre>")

    assert not document.tables
    assert [kind for kind, _ in elements(document)] == ["code"]


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<label for=n>Name</label><input id=n value='Ada L'>", "Name: Ada L"),
        ("<p><label>Name <input value='Ada L'></label>", "Name: Ada L"),
        ("Name: <input value='Ada L'>", "Name: Ada L"),
        ("<input placeholder=Name value='Ada L'>", "Name: Ada L"),
        ("<label for=n>Name</label><textarea id=n>Ada\nL</textarea>", "Name: Ada L"),
        (
            "<label for=n>Name</label><select id=n><option>Bo<option selected>Ada L",
            "Name: Ada L",
        ),
    ],
)
def test_what_a_form_was_filled_with_is_a_field(page: str, wanted: str) -> None:
    assert elements(read(f"<form>{page}</form>")) == [("field", wanted)]


def test_a_form_shows_what_is_ticked_and_no_secrets() -> None:
    page = (
        "<p><input type=checkbox id=a checked><label for=a>Berth</label></p>"
        "<p><label for=b>Lamp</label><input type=checkbox id=b></p>"
        "<input type=hidden value=x1><input type=password value=x2>"
        "<select><option>Language</select>"
    )

    assert [said for _, said in elements(read(page))] == [
        "\u2612 Berth",
        "\u2610 Lamp",
    ]


def test_each_meaning_of_several_terms_is_a_field() -> None:
    page = "<dl><dt>Width<dt>Beam<dd>12 m<dd>14 m<dt>Depth<dd><pre>4 m</pre></dl>"

    assert elements(read(page)) == [
        ("field", "Width, Beam: 12 m"),
        ("field", "Width, Beam: 14 m"),
        ("prose", "Depth"),
        ("code", "4 m"),
    ]


def test_a_listing_in_a_cell_makes_no_layout_of_a_headed_table() -> None:
    page = "<table><tr><th>Do<th>What<tr><td><pre>ls -l\nls</pre><td>lists</table>"

    assert cells(read(page), "row") == [("ls -l ls", "lists")]


def test_rows_without_names_know_the_cell_that_reaches_over_them() -> None:
    page = "<table><tr><td rowspan=2>Lamp<td>Red<td>a b c<tr><td>Green<td>d</table>"

    assert cells(read(page), "row") == [
        ("Lamp", "Red", "a b c"),
        ("Lamp", "Green", "d"),
    ]


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<p title='a > b' x=\"<i>\">One", [("prose", "One")]),
        ("<p class=\"x>One<p don't>two", [("prose", "One"), ("prose", "two")]),
        ("<!-->One<p>two<!-- x --!>", [("prose", "One"), ("prose", "two")]),
        ("<p>So <math><mi>x</mi><mo>=</mo><mn>2</mn></math>.", [("prose", "So x=2.")]),
        (
            "<svg><title>icon</title><text x=1>Speed <tspan>m/s</tspan></text></svg>a",
            [("figure", "Speed m/s"), ("prose", "a")],
        ),
        ("<ol start=5><li>a<li value=9>b</ol>", [("item", "a"), ("item", "b")]),
        (
            "<table><tr><th>Head<tr><td>a<table><tr><td>in<td>1<tr><td>b<td>2</table>",
            [("prose", "Head"), ("prose", "a"), ("field", "in: 1"), ("field", "b: 2")],
        ),
        (
            (
                "<label for=a>Name</label> * <input id=a value=Ada>"
                "<label for=b>Born</label> in <input id=c value=1815>"
            ),
            [("field", "Name *: Ada"), ("field", "Born in: 1815")],
        ),
        (
            "<dl><dt>Tides<dd><table><tr><td>Linz<td>3<tr><td>Graz<td>4</table></dl>",
            [("prose", "Tides"), ("field", "Linz: 3"), ("field", "Graz: 4")],
        ),
    ],
)
def test_nothing_that_a_browser_shows_is_lost(
    page: str, wanted: list[tuple[str, str]]
) -> None:
    assert elements(read(page)) == wanted


def test_a_list_goes_on_from_the_number_that_it_names() -> None:
    document = read("<ol start=5><li>a<li value=9>b<li>c</ol>")
    assert document.sections[0].text == "5. a\n9. b\n10. c"


def test_a_heading_keeps_its_signs_and_loses_its_link_to_itself() -> None:
    document = read(
        "<title>a < b</title><h1>Calls from C#</h1>Words."
        '<h2>Locks<a class="headerlink" href="#locks">#</a></h2>Words.'
    )
    assert document.title == "a < b"
    assert document.sections[1].heading == ("Calls from C#", "Locks")


def test_a_heading_with_nothing_below_it_and_a_long_one_are_told() -> None:
    document = read(f"<h1>Alone</h1><h1>{'long ' * 60}</h1><h2>Last</h2>")
    assert elements(document) == [
        ("prose", "Alone"),
        ("prose", ("long " * 60).strip()),
        ("prose", "Last"),
    ]
    assert len(document.sections[1].heading[0]) <= 200


CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/b.opf"/></rootfiles></container>'
)
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><manifest>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="nav" href="nav.xhtml" properties="scripted nav"
 media-type="application/xhtml+xml"/>
<item id="a" href="a%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="z" href="../z.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine toc="ncx"><itemref idref="nav"/><itemref idref="z"/><itemref idref="a"
linear="no"/><itemref idref="none"/></spine></package>"""
CHAPTER = "<?xml version='1.0' encoding='windows-1251'?><html><body><p>{}</p></html>"


SECOND = CHAPTER.format("\u0412\u0442\u043e\u0440\u0430\u044f.")


def book_of(**members: str) -> bytes:
    return zipped(
        {
            "META-INF/container.xml": CONTAINER,
            "OPS/b.opf": PACKAGE,
            "OPS/nav.xhtml": "<nav><a href='a%20b.xhtml'>Contents</a></nav>",
            "OPS/toc.ncx": "<ncx><text>Contents</text></ncx>",
            "OPS/a b.xhtml": SECOND.encode("cp1251"),
            "z.xhtml": CHAPTER.format("First."),
            **members,
        }
    )  # fmt: skip


def test_a_book_is_its_chapters_in_the_order_of_its_spine(loaded: Load) -> None:
    assert elements(loaded("a.epub", book_of())) == [
        ("prose", "First."),
        ("prose", "\u0412\u0442\u043e\u0440\u0430\u044f."),
    ]


def test_a_book_that_only_a_key_opens_is_one_line(loaded: Load) -> None:
    listing = (
        '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
        '<e:CipherData><e:CipherReference URI="{}"/></e:CipherData></e:EncryptedData>'
        "</encryption>"
    )
    rights = "META-INF/encryption.xml"
    assert loaded("a.epub", book_of(**{rights: listing.format("OPS/f.otf")})).sections
    with pytest.raises(UnreadableDocument, match="protected against copying"):
        loaded("a.epub", book_of(**{rights: listing.format("OPS/a%20b.xhtml")}))
