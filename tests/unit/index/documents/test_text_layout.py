"""Text that is laid out with spaces: what it says by columns, fields, cues, records."""

from __future__ import annotations

import pytest

from ragcli.index.documents.elements import Document
from tests.unit.index.documents.conftest import Load


def told(
    document: Document,
) -> list[tuple[str, str | tuple[str, ...]]]:
    return [
        (element.kind, element.cells or section.text[element.start : element.end])
        for section in document.sections
        for element in section.elements
    ]


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
    assert told(document) == [
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
    assert ("field", cells) in told(loaded("a.txt", text))


def test_text_that_is_set_in_blocks_is_prose(loaded: Load) -> None:
    text = (
        "The  members  of  the  board  meet  once   a  month  in  the  old\n"
        "hall,  where the chair  reads  the minutes  of the last  meeting,\n"
        "unless  all  of them  have   said  before   that  they  know  it.\n"
    )
    assert [kind for kind, _ in told(loaded("a.txt", text))] == ["prose"]


def test_wrapped_and_indented_text_is_prose(loaded: Load) -> None:
    text = (
        "         MTIME (Modification TIME)\n"
        "            This gives the most recent time.  If the data\n"
        "            did not come from a file, MTIME is the time at which\n"
        "            compression started.  MTIME = 0 means no time stamp is\n"
        "            available.\n"
    )
    assert [kind for kind, _ in told(loaded("a.txt", text))] == ["prose"]


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
    assert told(document)[1:] == [
        ("field", ("-i, --ignore-case", "Ignore case of letters.")),
        ("field", ("-m NUM, --max-count=NUM", "Stop after NUM lines.")),
    ]


def test_help_of_a_program_is_one_field_an_option(loaded: Load) -> None:
    text = (
        "Options:\n  -h, --help            show this\n"
        "  --name ARG            the name that\n                        it has\n"
    )
    assert told(loaded("a.txt", text))[1:] == [
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
    lines = [said for _, said in told(loaded("a.log", text))]
    assert [line.count("\n") for line in lines] == [0, 3, 0]
    assert {kind for kind, _ in told(loaded("a.log", text))} == {"line"}


def test_subtitles_are_lines_with_their_time(loaded: Load) -> None:
    text = (
        "WEBVTT\n\nNOTE not said\n\nintro\n00:00:15.000 --> 00:00:17.951 line:0\n"
        "<v Emo>At the <i>left</i></v>\nwe see\n\n00:01:18.166 --> 00:01:20.083\nIt.\n"
    )
    document = loaded("a.vtt", text)
    [section] = document.sections
    assert told(document) == [("line", "Emo: At the left we see"), ("line", "It.")]
    found = [(element.label, element.lines) for element in section.elements]
    assert found == [("00:00:15", (7, 8)), ("00:01:18", (11, 11))]
    document = loaded("a.sub", "{50}{100}Hello|there\n")
    assert told(document) == [("line", "Hello there")]
    assert document.sections[0].elements[0].label == "00:00:02"
