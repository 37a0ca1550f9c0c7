"""Text that is laid out with spaces: what it says by columns, fields, cues, records."""

from __future__ import annotations

import pytest

from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import contents


def test_aligned_columns_are_rows_and_two_of_them_fields(loaded: Load) -> None:
    text = """\
Workshop Adler GmbH                        Invoice 2031
Ring 4, Linz                               Date: 3 May 2025
Tax no.: 778                               Customer: 9

No   What                  Qty     Price
1    Oak board, 2 m         12     48.50
2    Screw, zinc-plated    150      1.10

Net total                          49.60
To be paid                         59.52

Thank you. It was a pleasure.
"""
    document = loaded("a.txt", text)
    assert contents(document) == [
        ("prose", "Workshop Adler GmbH                        Invoice 2031"),
        ("prose", "Ring 4, Linz"),
        ("field", ("Date", "3 May 2025")),
        ("field", ("Tax no.", "778")),
        ("field", ("Customer", "9")),
        ("columns", "No   What                  Qty     Price"),
        ("row", ("1", "Oak board, 2 m", "12", "48.50")),
        ("row", ("2", "Screw, zinc-plated", "150", "1.10")),
        ("field", ("Net total", "49.60")),
        ("field", ("To be paid", "59.52")),
        ("prose", "Thank you. It was a pleasure."),
    ]
    assert document.tables[0].columns == ("No", "What", "Qty", "Price")


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("Total ........ 12.00", ("Total", "12.00")),
        ("Chapter two . . . . . 17", ("Chapter two", "17")),
        ("Mon-Fri 9:00-17:00", ("Mon-Fri", "9:00-17:00")),
        ("Sauna   10:00 - 22:00, not in June", ("Sauna", "10:00 - 22:00, not in June")),
    ],
)
def test_leaders_and_hours_are_fields(
    loaded: Load, line: str, cells: tuple[str, str]
) -> None:
    text = f"Some words above.\n\n{line}\nWe are closed in June\n\nMore words.\n"
    assert ("field", cells) in contents(loaded("a.txt", text))


def test_a_row_whose_first_cells_are_empty_is_a_row(loaded: Load) -> None:
    text = """\
Qty  Part                 Amount
3    Pump P7               42.60
1    Valve, brass           9.90
                  Sum:     52.50
"""
    document = loaded("bill.txt", text)
    assert document.tables[0].columns == ("Qty", "Part", "Amount")
    assert [cells for kind, cells in contents(document) if kind == "row"] == [
        ("3", "Pump P7", "42.60"),
        ("1", "Valve, brass", "9.90"),
        ("", "Sum:", "52.50"),
    ]


def test_text_that_is_set_in_blocks_is_prose(loaded: Load) -> None:
    text = (
        "The  members  of  the  board  meet  once   a  month  in  the  old\n"
        "hall,  where the chair  reads  the minutes  of the last  meeting,\n"
        "unless  all  of them  have   said  before   that  they  know  it.\n"
    )
    assert [kind for kind, _ in contents(loaded("a.txt", text))] == ["prose"]


def test_wrapped_and_indented_text_is_prose(loaded: Load) -> None:
    text = (
        "         MTIME (Modification TIME)\n"
        "            This gives the most recent time.  If the data\n"
        "            did not come from a file, MTIME is the time at which\n"
        "            compression started.  MTIME = 0 means no time stamp is\n"
        "            available.\n"
    )
    assert [kind for kind, _ in contents(loaded("a.txt", text))] == ["prose"]


def test_a_page_of_a_manual_has_headings_and_options(loaded: Load) -> None:
    text = (
        "GREP(1)          User Commands          GREP(1)\n\n"
        "N\bNA\bAM\bME\bE\n       grep - print lines\n\n"
        "OPTIONS\n       -i, --ignore-case\n              Ignore case\n"
        "              of letters.\n\n       -m NUM, --max-count=NUM\n"
        "              Stop after NUM lines.\n"
    )
    document = loaded("grep.txt", text)
    assert document.title == "GREP(1)"
    assert [section.heading for section in document.sections] == [
        ("GREP(1)", "Name"),
        ("GREP(1)", "Options"),
    ]
    assert contents(document)[1:] == [
        ("field", ("-i, --ignore-case", "Ignore case of letters.")),
        ("field", ("-m NUM, --max-count=NUM", "Stop after NUM lines.")),
    ]


def test_help_of_a_program_is_one_field_an_option(loaded: Load) -> None:
    text = (
        "Options:\n  -h, --help            show this\n"
        "  --name ARG            the name that\n                        it has\n"
    )
    assert contents(loaded("a.txt", text))[1:] == [
        ("field", ("-h, --help", "show this")),
        ("field", ("--name ARG", "the name that it has")),
    ]


def test_a_log_is_read_by_record_with_its_trace(loaded: Load) -> None:
    text = (
        "2025-01-02 10:00:00 INFO  [main   ] up.\n"
        "2025-01-02 10:00:01 ERROR failed:\n"
        "Traceback:\n  at a.b(c)\n  at d.e(f)\n"
        "2025-01-02 10:00:02 INFO  done.\n"
    )
    lines = [said for _, said in contents(loaded("a.log", text))]
    assert [line.count("\n") for line in lines] == [0, 3, 0]
    assert {kind for kind, _ in contents(loaded("a.log", text))} == {"line"}


def test_subtitles_are_lines_with_their_time(loaded: Load) -> None:
    text = (
        "WEBVTT\n\nNOTE not said\n\nintro\n00:00:15.000 --> 00:00:17.951 line:0\n"
        "<v Emo>At the <i>left</i></v>\nwe see\n\n00:01:18.166 --> 00:01:20.083\nIt.\n"
    )
    document = loaded("a.vtt", text)
    [section] = document.sections
    assert contents(document) == [("line", "Emo: At the left we see"), ("line", "It.")]
    found = [(element.label, element.lines) for element in section.elements]
    assert found == [("00:00:15", (7, 8)), ("00:01:18", (11, 11))]
    document = loaded("a.sub", "{50}{100}Hello|there\n")
    assert contents(document) == [("line", "Hello there")]
    assert document.sections[0].elements[0].label == "00:00:02"


def test_columns_of_a_fixed_width_need_no_more_than_one_blank(loaded: Load) -> None:
    text = """\
 No Won Lost Team         Code
  1  12    3 Ulm United   A1
  2  11    4 Kiel         B10
  3  10    5 Graz City    C4
  4   9    6 Linz         A12
  5   8    7 Bern         B2
"""
    document = loaded("a.txt", text)
    assert contents(document)[0] == ("columns", "No Won Lost Team         Code")
    assert ("row", ("3", "10", "5", "Graz City", "C4")) in contents(document)
    assert document.tables[0].columns == ("No", "Won", "Lost", "Team", "Code")


def test_short_lines_of_prose_are_no_columns_of_a_fixed_width(loaded: Load) -> None:
    text = """\
it was a day as any day
we ran to the old house
no one was in the yard
so we sat on the stone
by the door to wait
and ate   the last pear
"""
    document = loaded("a.txt", text)
    assert not document.tables


@pytest.mark.parametrize("mark", [":", ";", "|", "\t", ","])
def test_lines_of_cells_under_names_in_a_comment_are_a_table(
    loaded: Load, mark: str
) -> None:
    rows = [
        ("# Code", " Town ", "State"),
        ("ULM", "Ulm", "BW"),
        ("GRZ", "Graz", ""),
        ("LNZ", "Linz", "OO"),
        ("BRN", "Bern", "BE"),
    ]
    text = "\n".join(mark.join(row) for row in rows)
    document = loaded("a.txt", f"{text}\n# checked in May\n")
    [table] = document.tables
    assert (table.columns, table.rows) == (("Code", "Town", "State"), 4)
    assert ("row", ("LNZ", "Linz", "OO")) in contents(document)
    assert ("prose", "checked in May") in contents(document)


def test_two_cells_a_line_are_a_table_where_a_comment_names_both(loaded: Load) -> None:
    south = "# The south\n\n7:Graz\n8:Linz\n"
    text = f"# Code : Town\n\n{south}\n# The north\n\n9:Kiel\n10:Husum\n"
    document = loaded("codes", text)
    assert document.tables[0].columns == ("Code", "Town")
    assert ("row", ("10", "Husum")) in contents(document)


@pytest.mark.parametrize(
    "text",
    [
        "09:10:11 started\n09:10:12 ready\n09:11:15 stopped\n09:12:15 gone\n",
        "Port: 80\nHost: a\nUser: b\nName: c\n",
        "One, two, three\nfour, five, six\nOld, new, blue\nred, bad, sad\n",
        "a:b\nc:d\ne:f\ng:h\n",
    ],
)
def test_colons_and_commas_of_other_texts_part_no_cells(
    loaded: Load, text: str
) -> None:
    assert not loaded("a.txt", text).tables


@pytest.mark.parametrize("mark", ["-", "\u2022", "1.", "b)", "(iv)"])
def test_a_mark_that_stands_apart_from_its_item_is_no_key(
    loaded: Load, mark: str
) -> None:
    lines = "".join(f"{mark}   {words}\n" for words in ("two people", "a level"))
    kinds = [kind for kind, _ in contents(loaded("a.txt", lines))]
    assert set(kinds) <= {"item", "line"}


def test_a_date_that_begins_a_line_keeps_its_day(loaded: Load) -> None:
    text = "12. Februar 2027\n\n1. Februar ist kurz.\n2. M\u00e4rz ist lang.\n"
    assert contents(loaded("a.txt", text)) == [
        ("prose", "12. Februar 2027"),
        ("item", "Februar ist kurz."),
        ("item", "M\u00e4rz ist lang."),
    ]
