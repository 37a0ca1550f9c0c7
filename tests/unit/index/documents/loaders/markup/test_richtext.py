"""RTF: code pages, tables, headings, lists, notes and what is hidden."""

from __future__ import annotations

import random

import pytest

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.markup.richtext import rich_text
from tests.unit.index.documents.views import elements, fields, rows


def read(body: str | bytes, head: str = r"\ansi\ansicpg1252") -> Document:
    body = body if isinstance(body, bytes) else body.encode("ascii")
    data = b"{\\rtf1" + head.encode() + b" " + body + b"}"
    return rich_text(Content(data, "a.rtf", "rtf"))


def escaped(text: str, encoding: str) -> str:
    return "".join(f"\\'{byte:02x}" for byte in text.encode(encoding))


def test_a_raised_number_does_not_make_another_number() -> None:
    document = read(r"About 10{\super 6} parts, 5 km{\super 2}, H{\sub 2}O.\par")
    assert elements(document) == [("prose", "About 10\u2076 parts, 5 km2, H2O.")]


@pytest.mark.parametrize(
    ("page", "text"),
    [(1252, "Grüße €5"), (1251, "Привет, мир"), (1250, "Źródło"), (932, "図書室の鍵")],
)
def test_bytes_are_of_the_code_page_of_the_file(page: int, text: str) -> None:
    document = read(escaped(text, f"cp{page}") + r"\par", rf"\ansi\ansicpg{page}")
    assert elements(document) == [("prose", text)]


def test_bytes_are_of_the_character_set_of_their_font() -> None:
    body = r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}}"
    body += rf"\f1 {escaped('Привет', 'cp1251')}\f0  {escaped('Grüße', 'cp1252')}\par"
    assert elements(read(body)) == [("prose", "Привет Grüße")]


def test_unicode_stands_before_what_older_readers_show() -> None:
    assert elements(read(r"\u8364?5, \uc2\u1055\'cf\'cf{\uc0\u1088}\u1080xx.\par")) == [
        ("prose", "€5, При."),
    ]
    assert elements(read(r"\u-10179?\u-8704?\par")) == [("prose", "\U0001f600")]


def test_words_with_capitals_are_control_words() -> None:
    document = read(
        r"\trowd\trwWidth1\trftsWidthA3\clvertalc\cellx100 "
        r"\intbl Day\cell Soup\cell\row"
        r"\trowd \intbl Monday\cell Fennel\cell\row\pard After.\par"
    )
    text = "\n".join(text for _, text in elements(document))
    assert "Width" not in text
    assert "Fennel" in text


def test_tables_keep_rows_cells_and_their_header() -> None:
    def row(*cells: str) -> str:
        return r"\intbl " + "".join(rf"{cell}\cell " for cell in cells) + r"\row "

    document = read(
        r"\trowd\trhdr " + row("Number", "Amount", "Place")
        + r"\trowd " + row("N-1", r"3\par and more", "Hall 1")
        + r"\trowd " + row("N-2", "", "Hall 2") + r"\pard Done.\par"
    )  # fmt: skip
    assert document.tables[0].columns == ("Number", "Amount", "Place")
    [section] = document.sections
    assert [element.cells for element in section.elements if element.cells] == [
        ("N-1", "3 and more", "Hall 1"),
        ("N-2", "", "Hall 2"),
    ]


def test_headings_by_style_and_by_outline_level() -> None:
    document = read(
        r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\s2\outlinelevel1 Mine;}}"
        r"\pard\s1 Locks\par\pard\s0 Kept short.\par\pard\s2 Keys\par\pard Secret.\par"
        r"\pard\outlinelevel0 End\par\pard Words.\par"
    )
    assert [(section.heading, section.text) for section in document.sections] == [
        (("Locks",), "Kept short."),
        (("Locks", "Keys"), "Secret."),
        (("End",), "Words."),
    ]


def test_items_fields_and_notes() -> None:
    document = read(
        r"\pard{\listtext\'b7\tab}First thing\par\pard{\pntext 2.\tab}Second\par"
        r"\pard Invoice no: 4711\par"
        r"\pard It burns oil.{\footnote\pard Whale oil.} Always.\par"
        r"{\header\pard Annual report\par}{\headerf\pard Annual report\par}"
        r"\pard End.\par"
    )
    assert elements(document) == [
        ("item", "First thing"),
        ("item", "Second"),
        ("field", "Invoice no: 4711"),
        ("prose", "It burns oil. Always."),
        ("note", "Whale oil."),
        ("prose", "End."),
        ("note", "Annual report"),
    ]


def test_what_a_reader_does_not_see_is_left_out() -> None:
    document = read(
        r"{\info{\title The book}{\company Hidden}}{\*\unknown hidden}"
        r"{\field{\*\fldinst HYPERLINK hidden}{\fldrslt a link}} {\v hidden}"
        r"{\deleted hidden}{\pict 0011}seen\par"
        r"{\*\shpinst{\sp hidden}{\shptxt A box.\par}}"
        r"\bin5 }}}}}end\par"
    )
    assert document.title == "The book"
    text = " ".join(text for _, text in elements(document))
    assert "hidden" not in text.lower()
    assert "a link seen" in text
    assert "A box." in text
    assert text.count("end") == 1


_PIECES = (
    "{", "}", r"\par ", r"\cell ", r"\row ", r"\trowd\trhdr ", r"\intbl ", r"\'e9",
    r"\u233?", r"\uc3 ", r"\*", r"\footnote ", r"\header ", r"\shptxt ", r"\pard ",
    r"\listtext ", r"\stylesheet ", r"\fonttbl ", r"\s1 ", r"\bin3 ", "word ", r"\v ",
    r"\ansicpg99999 ", r"\fcharset128 ", r"\outlinelevel3 ", r"\{", r"\title ",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(80))
def test_any_sequence_of_tokens_is_read(seed: int) -> None:
    rng = random.Random(seed)
    body = "".join(rng.choices(_PIECES, k=rng.randrange(1, 500)))
    assert read(body) == read(body)


@pytest.mark.slow
def test_deep_groups_and_long_rows_end() -> None:
    [deep] = read("{" * 200_000 + "x" + "}" * 200_000).sections
    [wide] = read(r"\intbl x\cell " * 100_000 + r"\row\pard y\par").sections

    assert deep.text == "x"
    assert wide.text.splitlines()[-1] == "y"


def test_what_is_no_rtf_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="not RTF"):
        rich_text(Content(b"words", "a.rtf", "rtf"))


def test_numbers_of_headings_and_items_in_cells_stand_before_them() -> None:
    document = read(
        r"{\listtext 2.1\tab}\pard\outlinelevel0 Locks\par\pard Words.\par"
        r"\trowd{\listtext 1.\tab}\pard\intbl one\par{\listtext 2.\tab}two\cell"
        r"\pard\intbl b\cell\row\pard After.\par"
    )
    assert document.sections[0].heading == ("2.1 Locks",)
    assert rows(document) == []
    assert fields(document) == [("1. one 2. two", "b")]
    assert elements(document)[-1] == ("prose", "After.")


def test_a_table_in_a_header_is_of_the_header() -> None:
    document = read(
        r"\trowd\pard\intbl a\cell{\header\trowd\intbl Acme\cell Offer\cell\row}b\cell"
        r"\row\pard End.\par"
    )
    assert ("note", "Acme\tOffer") in elements(document)
    assert fields(document) == [("a", "b")]


def test_bytes_as_they_are_and_the_default_font_follow_the_code_page() -> None:
    fonts = rb"{\rtf1\ansi\deff1{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}"
    word = "\u0417\u0430\u043c\u043e\u043a".encode("cp1251")
    hexed = "".join(f"\\'{value:02x}" for value in word).encode()
    data = fonts + rb"\f0 caf\'e9 \plain " + hexed + b" " + word + rb"\par}"
    document = rich_text(Content(data, "a.rtf", "rtf"))
    said = "caf\xe9 \u0417\u0430\u043c\u043e\u043a \u0417\u0430\u043c\u043e\u043a"
    assert elements(document) == [("prose", said)]


@pytest.mark.parametrize("tail", [r"{\footnote cut", r"\trowd\intbl cut", r"{\b cut"])
def test_what_a_file_that_breaks_off_says_is_read(tail: str) -> None:
    data = rb"{\rtf1 Whole.\par Half, " + tail.encode()
    document = rich_text(Content(data, "a.rtf", "rtf"))
    assert "cut" in " ".join(text for _, text in elements(document))
    assert ("prose", "Whole.") in elements(document)


def test_a_blank_line_sets_two_tables_apart() -> None:
    row = r"\trowd\pard\intbl {}\cell\pard\intbl {}\cell\pard\intbl {}\cell\row\pard "
    one = row.format("Town", "Rent", "Size") + row.format("Ulm", "10", "3")
    document = read(
        rf"{one}\pard\par {row.format('Day', 'Tide', 'Wind')}"
        rf"{row.format('Monday', '3.2', '5')}"
    )
    columns = [table.columns for table in document.tables]
    assert columns == [("Town", "Rent", "Size"), ("Day", "Tide", "Wind")]


def test_items_whose_marks_are_words_and_code_by_its_letters() -> None:
    document = read(
        r"{\fonttbl{\f0\fswiss A;}{\f1\fmodern C;}}"
        r"{\pard\f0\li360\fi-360 1.\tx360\tab Check it.\par}"
        r"{\pard\f0\li720\fi-360 \bullet \tx360\tab A lamp.\par}"
        r"{\pard\f0\li0\fi0 2.\tab No item.\par}"
        r"{\pard\f0\li0\fi0\f1 import kiln\line   kiln.start()\par}"
        r"{\pard\f0 Words.\par}"
    )
    assert elements(document) == [
        ("item", "Check it."),
        ("item", "A lamp."),
        ("prose", "2.\tNo item."),
        ("code", "import kiln\n  kiln.start()"),
        ("prose", "Words."),
    ]
