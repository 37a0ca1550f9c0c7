"""Spreadsheets: what each sheet says, where its tables are, how its numbers read."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.workbook.workbook import Workbook

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.parse import parse
from ragcli.index.documents.loaders.office.number_formats import shown
from tests.unit.index.documents.conftest import Load, saved, zipped


def workbook(*rows: Sequence[object], title: str = "Sheet") -> Workbook:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def read(book: Workbook, suffix: str = "xlsx") -> Document:
    return parse(Content(saved(book), f"a.{suffix}", suffix))


def rows_of(
    document: Document, table: int = 0
) -> (
    list[tuple[str, tuple[str, ...]]]
    | list[tuple[str, tuple[str, str]]]
    | list[tuple[str, tuple[str, str, str]]]
):
    return [
        (item.label, item.cells)
        for section in document.sections
        for item in section.elements
        if item.kind == "row" and item.table == table
    ]


def elements_of(document: Document, kind: str) -> list[str | tuple[str, ...]]:
    return [
        item.cells or section.text[item.start : item.end]
        for section in document.sections
        for item in section.elements
        if item.kind == kind
    ]


def test_a_sheet_is_a_page_with_a_table_under_its_title(loaded: Load) -> None:
    book = workbook(
        ["Price list"], [], ["Article", "Price"], ["Bolt", 2], ["Nut", 4.75]
    )
    book.active.title = "Prices"
    document = loaded("a.xlsx", saved(book))
    assert document.title == "a"
    [section] = document.sections
    assert (section.page, section.heading) == (1, ("Prices",))
    [table] = document.tables
    assert (table.columns, table.caption) == (("Article", "Price"), "Price list")
    assert rows_of(document) == [("A4", ("Bolt", "2")), ("A5", ("Nut", "4.75"))]


def test_hidden_sheets_are_marked_and_sheets_counted(loaded: Load) -> None:
    book = workbook(["Town", "Staff"], ["Ulm", 3], ["Kiel", 4])
    other = book.create_sheet("Wages")
    other.sheet_state = "hidden"
    other.append(["secret"])
    document = loaded("a.xlsx", saved(book))
    assert [(part.page, part.heading) for part in document.sections] == [
        (1, ("Sheet",)),
        (2, ("Wages (hidden)",)),
    ]


def test_values_read_as_a_person_sees_them() -> None:
    book = workbook(
        ["What", "Share", "Price", "Since", "At", "Open"],
        ["a", 0.125, 1234.5, dt.date(2024, 3, 1), dt.time(9, 30), True],
        [
            "b",
            1,
            -2,
            dt.datetime.fromisoformat("2024-03-01T14:30"),
            dt.time(10, 0, 5),
            False,
        ],
    )
    for row in (2, 3):
        book.active.cell(row, 2).number_format = "0.0%"
        book.active.cell(row, 3).number_format = '#,##0.00 "€"'
    assert [cells for _, cells in rows_of(read(book))] == [
        ("a", "12.5%", "1,234.50 €", "2024-03-01", "09:30", "TRUE"),
        ("b", "100.0%", "-2.00 €", "2024-03-01 14:30", "10:00:05", "FALSE"),
    ]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (3.0, "", "3"),
        (0.1 + 0.2, "", "0.3"),
        (0.00002, "", "0.00002"),
        (12345678901234.0, "", "12345678901234"),
        (1234.5, "#,##0", "1,235"),
        (-285, "#,##0;(#,##0)", "(285)"),
        (0, '#,##0;-#,##0;"none"', "none"),
        (0.5, "0%", "50%"),
        (5, "[$€-407] #,##0.00", "€ 5.00"),
        (7, "000", "007"),
        (1.5, "0.0##", "1.5"),
        (2_500_000, '0.0,,"M"', "2.5M"),
        (-0.001, "0.00", "0.00"),
        (12, '_-* #,##0.00\\ "kr"_-', "12.00 kr"),
        (5, "[>100]0.0;0.00", "5"),
        (44000, "yyyy-mm-dd", "44000"),
        (9, '"unbalanced', "9"),
        (123456789, "000-00-0000", "123-45-6789"),
        (5551234567, '"Tel. "(000) 000-0000', "Tel. (555) 123-4567"),
        (1234567.5, '#\\ ##0.0" t"', "1234 567.5 t"),
        (7, "#-##0", "7"),
    ],
)
def test_number_formats(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


@given(st.floats(allow_nan=True), st.text('#0?.,%;"\\[]_*- €Ee$()', max_size=24))
@settings(max_examples=200, deadline=None)
def test_any_format_of_any_number_is_told(value: float, code: str) -> None:
    assert isinstance(shown(value, code), str)


def test_merged_cells_are_told_once_and_name_their_columns() -> None:
    book = workbook(
        ["Plant", "2022", None, "2023", None],
        [None, "H1", "H2", "H1", "H2"],
        ["Ulm", 1, 2, 3, 4],
        ["Kiel", 5, 6, 7, 8],
    )
    for cells in ("A1:A2", "B1:C1", "D1:E1", "B4:C4"):
        book.active.merge_cells(cells)
    document = read(book)
    assert document.tables[0].columns == (
        "Plant",
        "2022 H1",
        "2022 H2",
        "2023 H1",
        "2023 H2",
    )
    assert [cells for _, cells in rows_of(document)] == [
        ("Ulm", "1", "2", "3", "4"),
        ("Kiel", "5", "", "7", "8"),
    ]


def test_blank_rows_and_columns_set_tables_apart() -> None:
    book = workbook(
        ["Town", "Staff", None, "Item", "Price"],
        ["Ulm", 3, None, "Bolt", 1.5],
        ["Kiel", 4, None, "Nut", 2.5],
        [],
        ["Ship", "Crew"],
        ["Ada", 7],
        ["Eva", 9],
    )
    document = read(book)
    assert {table.columns for table in document.tables} == {
        ("Town", "Staff"),
        ("Item", "Price"),
        ("Ship", "Crew"),
    }
    labels = {label for table in range(3) for label, _ in rows_of(document, table)}
    assert labels == {"A2", "A3", "D2", "D3", "A6", "A7"}


def test_a_blank_row_below_the_names_parts_nothing() -> None:
    book = workbook(
        ["Town", "Staff", "Rent"],
        [],
        ["Ulm", 3, 10],
        ["Kiel", 4, 20],
        [],
        ["Sum", 7, 30],
    )
    document = read(book)
    assert [table.columns for table in document.tables] == [("Town", "Staff", "Rent")]
    assert [label for label, _ in rows_of(document)] == ["A3", "A4", "A6"]


def test_two_columns_without_names_are_fields() -> None:
    book = workbook(["Tenant", "Ada Wolf"], ["Rent:", 640], ["Since", "May 2021"])
    document = read(book)
    assert elements_of(document, "field") == [
        ("Tenant", "Ada Wolf"),
        ("Rent", "640"),
        ("Since", "May 2021"),
    ]
    assert document.sections[0].elements[1].label == "A2"


def test_comments_and_shapes_are_told() -> None:
    book = workbook(["Town", "Staff"], ["Ulm", 3], ["Kiel", 4])
    book.active["A2"].comment = Comment("Two are on leave", "Eva")
    [note] = [item for item in read(book).sections[0].elements if item.kind == "note"]
    assert note.label == "comment A2"


def test_the_old_binary_format(loaded: Load) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Rates")
    sheet.write_merge(0, 0, 0, 2, "Rates")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for row, cells in enumerate(
        (("Room", "Price", "From"), ("Blue", 80.5, dt.date(2024, 1, 2))), 1
    ):
        for column, value in enumerate(cells):
            style = day if isinstance(value, dt.date) else xlwt.easyxf()
            sheet.write(row, column, value, style)
    document = loaded("a.xls", saved(book))
    assert document.tables[0].columns == ("Room", "Price", "From")
    assert rows_of(document) == [("A3", ("Blue", "80.5", "2024-01-02"))]


def test_a_file_is_read_as_what_it_is_whatever_it_is_called(loaded: Load) -> None:
    page = "<html><table><tr><th>Town</th></tr><tr><td>Ulm</td></tr></table></html>"
    assert "Ulm" in loaded("page.xls", page).sections[0].text
    for encoding in ("utf-8", "cp1252", "utf-16"):
        lines = "Town\tRent\tOwner\nUlm\t3\tZoë\nKiel\t4\tAda\n".encode(encoding)
        document = loaded("lines.xls", lines)
        assert document.tables[0].columns == ("Town", "Rent", "Owner")
        assert rows_of(document)[0] == ("", ("Ulm", "3", "Zoë"))
    book = workbook(["Town", "Rent"], ["Ulm", 0.5], ["Kiel", 1])
    for place in ("B2", "B3"):
        book.active[place].number_format = "0%"
    document = loaded("new.xls", saved(book))
    assert rows_of(document)[0] == ("A2", ("Ulm", "50%"))


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=12)
CELLS = st.none() | WORDS | st.integers(-(10**6), 10**6) | st.booleans()


@pytest.mark.slow
@given(st.lists(st.lists(CELLS, max_size=7), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_no_cell_is_lost(rows: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    for at, row in enumerate(rows, 1):
        for place, value in enumerate(row, 1):
            cell = book.active.cell(at, place)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    data = saved(book)
    told = "\n".join(
        "\n".join([*section.heading, section.text])
        for section in parse(Content(data, "a.xlsx", "xlsx")).sections
    )
    again = openpyxl.load_workbook(io.BytesIO(data)).active
    for row in again.iter_rows(values_only=True):
        for value in row:
            if value is not None:
                text = str(value).upper() if isinstance(value, bool) else str(value)
                assert text.strip().removesuffix(":").strip() in told


@pytest.mark.parametrize("suffix", ["xlsx", "xls", "xlsb", "ods"])
@pytest.mark.parametrize("content", [b"\0" * 600, b"no such format", b"PK\3\4 none"])
def test_what_is_no_spreadsheet_is_one_line(
    loaded: Load, suffix: str, content: bytes
) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        loaded(f"a.{suffix}", content)
    assert "\n" not in caught.value.message


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["xlsx", "xlsb", "ods"])
def test_a_bomb_is_refused(loaded: Load, suffix: str) -> None:
    zeros = b"\0" * (64 << 20)
    with pytest.raises(UnreadableDocument, match="bomb"):
        loaded(f"a.{suffix}", zipped({"content.xml": zeros, "xl/workbook.xml": zeros}))


@pytest.mark.slow
def test_cells_at_the_far_end_of_a_sheet_cost_only_their_file(loaded: Load) -> None:
    book = workbook(["here"])
    book.active["XFD1048576"] = "there"
    with pytest.raises(UnreadableDocument) as caught:
        loaded("a.xlsx", saved(book))
    assert "\n" not in caught.value.message
    assert loaded("b.xlsx", saved(workbook(["word"]))).sections


@pytest.mark.slow
def test_a_sheet_with_a_gap_after_every_row_and_column_takes_no_ages() -> None:
    book = openpyxl.Workbook()
    for row in range(1, 1200, 2):
        for column in range(1, 60, 2):
            book.active.cell(row, column, f"cell {row}")
    assert read(book).sections


def test_notes_in_cells_around_a_table_name_no_columns(loaded: Load) -> None:
    book = workbook(
        ["Our members"],
        [None, "of the choir,", None, "as of", "May"],
        ["ask Ida", None, "before you", None, "change it!"],
        ["Name", "Voice", "Since", "Town", "Paid"],
        ["Ada", "alto", 2011, "Ulm", True],
        ["Ben", "bass", 2014, "Kiel", False],
        ["Cleo", "tenor", 2020, "Graz", True],
        [None, "see also"],
        [None, None, "the archive", "down here"],
    )
    document = loaded("a.xlsx", saved(book))
    [table] = document.tables
    assert (table.columns, table.rows) == (
        ("Name", "Voice", "Since", "Town", "Paid"),
        3,
    )
    said = elements_of(document, "prose")
    assert said[-2:] == ["see also", "the archive down here"]


def test_a_sum_below_a_table_stays_a_row_of_it(loaded: Load) -> None:
    book = workbook(
        ["Item", "Unit", "Count", "Price"],
        ["Bolt", "piece", 3, 2.5],
        ["Nut", "piece", 4, 1.5],
        ["Sum", None, None, 4],
    )
    document = loaded("a.xlsx", saved(book))
    assert rows_of(document)[-1] == ("A4", ("Sum", "", "", "4"))


def test_errors_of_formulas_are_told_as_the_sheet_shows_them() -> None:
    book = workbook(["Town", "Rate"], ["Ulm", "#DIV/0!"], ["Graz", "#N/A"])
    for cell in ("B2", "B3"):
        book.active[cell].data_type = "e"
    with zipfile.ZipFile(io.BytesIO(saved(book))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    members[name] = members[name].replace(b"<v>#D", b"<f>1/0</f><v>#D")
    data = zipped(members)
    document = parse(Content(data, "a.xlsx", "xlsx"))
    assert elements_of(document, "field")[1:] == [
        ("Ulm", "#DIV/0!"),
        ("Graz", "#N/A"),
    ]


def test_days_of_a_workbook_that_counts_from_1904_and_hidden_rows_are_read() -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for row in (["Town", "Since"], ["Ulm", dt.date(2024, 1, 2)], ["Graz", None]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    assert elements_of(read(book), "field")[1:] == [
        ("Ulm", "2024-01-02"),
        ("Graz", ""),
    ]
