"""Files of programs with entries: each is a row, or fields under a name."""

from __future__ import annotations

import pytest

from tests.unit.index.documents.conftest import Load


@pytest.mark.parametrize(
    ("name", "text", "columns", "rows"),
    [
        (
            "a.bib",
            '@book{k1,\n title = {The {Red} Lamp},\n author = "M{\\"u}ller, A",\n}',
            ("key", "kind", "title", "author"),
            [("k1", "book", "The Red Lamp", "M\xfcller, A")],
        ),
        (
            "a.bib",
            "@misc{k,\nurl = {https://x.org/~a/a\\_b%20c},\n note = {5% {\\ss}--2},\n}",
            ("key", "kind", "url", "note"),
            [("k", "misc", "https://x.org/~a/a_b%20c", "5% \xdf\u20132")],
        ),
        (
            "a.po",
            'msgid ""\n"Open "\n"it"\nmsgstr "\\u00c5pne"\n',
            ("msgid", "msgstr"),
            [("Open it", "u00c5pne")],
        ),
        (
            "a.sql",
            """CREATE TABLE `b` (id int, note text, PRIMARY KEY (id));
            INSERT INTO `b` VALUES (1,'it''s (a), b'),(2,NULL);""",
            ("id", "note"),
            [("1", "it's (a), b"), ("2", "")],
        ),
        (
            "a.gpx",
            """<gpx><wpt lat="1" lon="2"><name>A &amp; B</name></wpt>
            <wpt lat="3" lon="4"><ele>5</ele></wpt></gpx>""",
            ("lat", "lon", "name", "ele"),
            [("1", "2", "A & B", ""), ("3", "4", "", "5")],
        ),
    ],
)
def test_an_entry_is_a_row(
    loaded: Load,
    name: str,
    text: str,
    columns: tuple[str, ...],
    rows: list[tuple[str, ...]],
) -> None:
    document = loaded(name, text)

    [section] = document.sections
    assert document.tables[0].columns == columns
    assert [x.cells for x in section.elements if x.kind == "row"] == rows


def test_events_and_persons_are_fields_under_their_names(loaded: Load) -> None:
    document = loaded(
        "a.ics",
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART:20240301T090000Z\n"
        "SUMMARY:Tea\\, later\nLOCATION:Pier\n  two\nEND:VEVENT\nEND:VCALENDAR\n",
    )

    [section] = document.sections
    assert (section.heading, section.first_line) == (("Tea, later",), 4)
    assert [item.cells for item in section.elements] == [
        ("Start", "2024-03-01 09:00 UTC"),
        ("Summary", "Tea, later"),
        ("Location", "Pier two"),
    ]


def test_values_of_xml_are_fields_by_their_path(loaded: Load) -> None:
    document = loaded(
        "a.plist",
        "<plist><dict><key>Port</key><integer>80</integer><key>On</key><true/>"
        "<key>In</key><dict><key>Name</key><string>a</string></dict></dict></plist>",
    )

    cells = [item.cells for item in document.sections[0].elements]
    assert cells == [("Port", "80"), ("On", "true"), ("In.Name", "a")]
