"""Rows and records: CSV, JSON and JSON Lines, however they were written."""

from __future__ import annotations

import json

import pytest

from ragcli.index.documents.elements import Document
from ragcli.index.documents.splitter import split
from tests.unit.index.documents.conftest import Load
from tests.unit.index.documents.views import rows


def told(document: Document, kind: str) -> list[str]:
    return [
        section.text[element.start : element.end]
        for section in document.sections
        for element in section.elements
        if element.kind == kind
    ]


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        ("item,price\nDowel,0.30\nHinge,4.75\n", ("item", "price"), ("Dowel", "0.30")),
        ("item;price\nDowel;0,30\nHinge;4,75\n", ("item", "price"), ("Dowel", "0,30")),
        ("item\tprice\nDowel, oak\t1\n", ("item", "price"), ("Dowel, oak", "1")),
        ("a|b|c\nx, y|1,2|z, w\n", ("a", "b", "c"), ("x, y", "1,2", "z, w")),
        ('sep=|\na|b\n"x|y"|1\n', ("a", "b"), ("x|y", "1")),
        ("Enno,keeper,1998\nWiebke,master,2011\n", (), ("Enno", "keeper", "1998")),
        ("Aero A310,310,A3\nBoe 747,747,B7\n", (), ("Aero A310", "310", "A3")),
        ("Austria,AT\nBelgium,BE\nChad,TD\nPeru,PE\n", (), ("Austria", "AT")),
        ("land,iso\nBali,BE\nChad,TD\nPeru,PE\n", ("land", "iso"), ("Bali", "BE")),
        ("land,1990\nPeru,1.5\nChad,1\n", ("land", "1990"), ("Peru", "1.5")),
        ("city,mayor\nGraz,Kahr\n", ("city", "mayor"), ("Graz", "Kahr")),
        ('a,b\n"said ""no"", went",2\n', ("a", "b"), ('said "no", went', "2")),
        ("item;net;no\nDowel;1.2,50;3\nHinge;9,90\nRod;0,75;1;x\nNut;1,5\n",
         ("item", "net", "no"), ("Dowel", "1.2,50", "3")),
        (",x,y\n0,1.5,2\n1,2.5,3\n", ("", "x", "y"), ("0", "1.5", "2")),
    ],
)  # fmt: skip
def test_separator_and_names_of_columns_are_found_out(
    loaded: Load,
    text: str,
    columns: tuple[str, ...],
    first: tuple[str, str] | tuple[str, str, str],
) -> None:
    document = loaded("a.csv", text)
    assert document.tables[0].columns == columns
    assert rows(document)[0] == first


def test_what_stands_above_the_names_is_said_and_captions_the_table(
    loaded: Load,
) -> None:
    text = "Sales 2024;;\nin euros;;\n\nmonth;sum\nJan;1,5\nFeb;2,5\n# checked\nMar;3\n"
    document = loaded("a.csv", text)
    assert document.tables == ((("month", "sum"), "Sales 2024 in euros", 3),)
    assert told(document, "prose") == ["Sales 2024", "in euros", "checked"]
    assert rows(document)[-1] == ("Mar", "3")


def test_ragged_rows_and_a_quote_that_nothing_closes_keep_their_cells(
    loaded: Load,
) -> None:
    text = 'no,what,size\n1,bolt\n2,nut,5,extra\n3,12" pipe,7\n4,pin,8\n'
    assert rows(loaded("a.csv", text)) == [
        ("1", "bolt"),
        ("2", "nut", "5", "extra"),
        ("3", '12" pipe', "7"),
        ("4", "pin", "8"),
    ]


def test_records_of_json_are_rows_and_other_values_fields(loaded: Load) -> None:
    text = """{
  "shop": {"name": "K\\u00f6nig", "open": true},
  "tags": ["a", "b"],
  "staff": [
    {"name": "Enno", "job": {"title": "keeper"}},
    {"name": "Wiebke", "since": 2011, "langs": ["de", "en"]}
  ],
  "servers": [{"name": "db", "disks": [{"gb": 5}, {"gb": 6}]}]
}
"""
    document = loaded("a.json", text)
    fields = [e.cells for e in document.sections[0].elements if e.kind == "field"]
    assert fields == [
        ("shop.name", "König"),
        ("shop.open", "true"),
        ("tags", "a, b"),
        ("servers[db].name", "db"),
    ]
    assert document.tables == (
        (("name", "job.title", "since", "langs"), "staff", 2),
        (("gb",), "servers[db].disks", 2),
    )
    assert rows(document) == [
        ("Enno", "keeper", "", ""),
        ("Wiebke", "", "2011", "de, en"),
        ("5",),
        ("6",),
    ]
    assert '{"name": "Enno", "job": {"title": "keeper"}}' in told(document, "row")


def test_a_long_text_in_json_is_prose(loaded: Load) -> None:
    text = json.dumps({"about": "It reads files. " * 30}, indent=1)
    assert told(loaded("a.json", text), "prose") == [("It reads files. " * 30).strip()]


def test_json_with_comments_is_read_and_what_is_none_is_code(loaded: Load) -> None:
    document = loaded("a.jsonc", '{\n  // why\n  "port": 80, /* x */\n}\n')
    assert document.sections[0].elements[0].cells == ("port", "80")
    for text in ('{"a": 1', "[1, 2}", '{"a" "b"}', "{1}", "[" * 500):
        assert loaded("b.json", text).sections[0].is_code


def test_json_on_one_line_is_laid_out_with_its_values(loaded: Load) -> None:
    records = [{"id": n, "word": f"w{n}"} for n in range(300)]
    document = loaded("a.json", json.dumps(records))
    assert document.sections[0].first_line is None
    assert rows(document)[7] == ("7", "w7")
    for chunk in split(document, size=500, overlap=0):
        assert chunk.kind == "table"
        assert chunk.tables[0].columns == ("id", "word")


def test_json_lines_are_rows_whose_columns_are_all_keys(loaded: Load) -> None:
    text = '{"a": 1, "b": {"c": "\\u00e9"}}\nno json\n{"a": 2, "d": null, "e": [1, 2]}'
    document = loaded("a.jsonl", text)
    assert document.tables[0].columns == ("a", "b.c", "d", "e")
    assert rows(document) == [("1", "é", "", ""), ("2", "", "", "1, 2")]
    assert told(document, "line") == ["no json"]
    many = "".join(json.dumps({f"k{n}": n}) + "\n" for n in range(100))
    document = loaded("b.jsonl", many)
    assert document.tables[0].columns == ()
    assert rows(document)[3] == ("k3: 3",)
