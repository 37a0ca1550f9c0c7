"""HTML and EPUB: tables, fields, lists, code and notes as a browser shows them."""

from __future__ import annotations

import random

import pytest

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.markup.hypertext import html
from tests.unit.index.documents.conftest import Load, zipped
from tests.unit.index.documents.views import cells, told


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
    assert told(document)[0] == ("prose", "The pier is open.")
    assert cells(document, "row") == [("1", "3.2")]


def test_code_in_cells_and_between_paragraphs_stays_code() -> None:
    document = read(
        "<p>Run it:</p><pre>a &lt; b\n\n  c</pre>"
        "<table><tr><td>Loop</td><td><pre>for x in y:\n    z()</pre></td></tr></table>"
    )
    assert ("code", "a < b\n\n  c") in told(document)
    assert ("code", "for x in y:\n    z()") in told(document)


def test_definitions_are_fields_and_lists_are_items() -> None:
    document = read(
        "<dl><dt>Port</dt><dd>8080</dd><dt>Host<dd><p>localhost</p></dl>"
        "<ol><li>Open <b>it</b><ul><li><p>gently</p></ul><li>Wait</ol>"
    )
    assert cells(document, "field") == [("Port", "8080"), ("Host", "localhost")]
    assert [text for kind, text in told(document) if kind == "item"] == [
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
    assert told(document) == [
        ("prose", "The tower was finished in 1874. Its lamp burned oil.")
    ]


def test_what_is_raised_but_no_mark_stays() -> None:
    document = read(
        "<p>An area of 5 m<sup>2</sup>, see <a href='#a'>Chapter 2</a>.</p>"
    )
    assert told(document) == [("prose", "An area of 5 m2, see Chapter 2.")]


def test_notes_are_notes_and_know_their_number() -> None:
    document = read(
        '<p>Text.</p><section role="doc-endnotes"><ol><li id="fn1"><p>See the log. '
        '<a href="#r1" role="doc-backlink">\u21a9</a></p></li></ol></section>'
    )
    [_, section] = [(kind, text) for kind, text in told(document)]
    assert section == ("note", "See the log.")
    assert document.sections[0].elements[1].label == "fn1"


def test_navigation_is_left_out_unless_it_is_all() -> None:
    bar = '<nav><a href=x>Home</a></nav><div role="navigation"><p>Menu</p></div>'
    assert told(read(f"{bar}<p>Words.</p>")) == [("prose", "Words.")]
    assert [text for _, text in told(read(bar))] == ["Home", "Menu"]


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
    assert told(document)[:2] == [("prose", "It burns oil."), ("note", "Whale oil.")]
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
    "page",
    [
        "<table><tr>" * 20_000,
        "<table>" + "<tr><td colspan=1000 rowspan=1000>x" * 3000,
        "<li><br>" * 60_000 + "<p>" * 1000,
        "<a>" * 50_000 + "</a>" * 50_000,
        "<td>" * 50_000,
        "<table><tr><td>" * 150 + "x" * 100 + "</table>" * 150,
    ],
    ids=["tables", "spans", "breaks", "links", "cells", "nested"],
)
def test_a_page_built_to_take_long(page: str) -> None:
    read(page)


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
    assert [kind for kind, _ in told(document)] == ["code"]


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
    assert told(read(f"<form>{page}</form>")) == [("field", wanted)]


def test_a_form_shows_what_is_ticked_and_no_secrets() -> None:
    page = (
        "<p><input type=checkbox id=a checked><label for=a>Berth</label></p>"
        "<p><label for=b>Lamp</label><input type=checkbox id=b></p>"
        "<input type=hidden value=x1><input type=password value=x2>"
        "<select><option>Language</select>"
    )

    assert [said for _, said in told(read(page))] == ["\u2612 Berth", "\u2610 Lamp"]


def test_each_meaning_of_several_terms_is_a_field() -> None:
    page = "<dl><dt>Width<dt>Beam<dd>12 m<dd>14 m<dt>Depth<dd><pre>4 m</pre></dl>"

    assert told(read(page)) == [
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
