"""XLS and XLSB: numbers, errors, merged cells, comments read as those of XLSX are."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import openpyxl
import pytest
import xlwt
from openpyxl.comments import Comment
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from xlwt.CompoundDoc import XlsDoc

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document
from ragcli.index.documents.loaders.dispatch.parse import parse
from tests.unit.index.documents.conftest import Load, saved, zipped

ERRORS = {"#DIV/0!": 7, "#REF!": 0x17, "#N/A": 0x2A}
FORMATS = {
    160: "0.0%",
    161: '#,##0.00 "€"',
    162: "[$£-809]#,##0;[Red]-[$£-809]#,##0",
    163: "000-00-0000",
    164: "yyyy-mm-dd",
}
CODES = [0, 9, *FORMATS]
"""The format of each style: General, 0 %, then those above."""

Cell: TypeAlias = tuple[float | str, int]
"""A value, or an error, and the number of its style."""


class Sheet(NamedTuple):
    """What a test writes in each of the formats."""

    rows: Sequence[Sequence[Cell]]
    name: str = "Rates"
    merged: tuple[int, int, int, int] | None = None
    is_hidden: bool = False
    comment: str = ""
    has_chart: bool = False


def is_error(value: float | str) -> bool:
    return value in ERRORS


# --- XLSX


def xlsx(*sheets: Sheet, is_1904: bool = False) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    if is_1904:
        book.epoch = CALENDAR_MAC_1904
    for sheet in sheets:
        made = book.create_sheet(sheet.name)
        for row, cells in enumerate(sheet.rows, 1):
            for column, (value, style) in enumerate(cells, 1):
                cell = made.cell(row, column, value)
                name = CODES[style]
                cell.number_format = FORMATS.get(name, "0%" if name else "General")
        if sheet.merged:
            top, left, bottom, right = (place + 1 for place in sheet.merged)
            made.merge_cells(
                start_row=top, start_column=left, end_row=bottom, end_column=right
            )
        if sheet.is_hidden:
            made.sheet_state = "hidden"
        if sheet.comment:
            made["A2"].comment = Comment(sheet.comment, "Eva")
    return saved(book)


# --- XLS


def biff(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def compound(stream: bytes) -> bytes:
    file = io.BytesIO()
    XlsDoc().save(file, stream)
    return file.getvalue()


def characters(text: str, version: int, count: str) -> bytes:
    """Returns a string as BIFF8 has it, two bytes a character, or as BIFF5 has it."""
    if version < 0x600:
        return struct.pack("<B", len(text)) + text.encode("cp1252")
    return struct.pack(f"<{count}B", len(text), 1) + text.encode("utf-16-le")


def xls_cell(row: int, column: int, cell: Cell, version: int) -> bytes:
    value, style = cell
    place = struct.pack("<HHH", row, column, style)
    if isinstance(value, str) and is_error(value):
        if column % 2:  # a formula that comes to the error, or the error itself
            result = struct.pack("<6BH", 2, 0, ERRORS[value], 0, 0, 0, 0xFFFF)
            formula = struct.pack("<HIHBB", 0, 0, 2, 0x1C, 7)
            return biff(0x0006, place + result + formula)
        return biff(0x0205, place + bytes([ERRORS[value], 1]))
    if isinstance(value, str):
        text = value.encode("cp1252")
        if version < 0x600:
            return biff(0x0204, place + struct.pack("<H", len(text)) + text)
        return biff(0x0204, place + characters(value, version, "H"))
    if value == int(value):
        return biff(0x027E, place + struct.pack("<I", int(value) << 2 & 0xFFFFFFFF | 2))
    return biff(0x0203, place + struct.pack("<d", value))


def xls_comment(text: str) -> bytes:
    """Returns a comment on A2, its text in two records, and a shape with words."""
    half = len(text) // 2
    shape = struct.pack("<HHHHH12x", 0x15, 0x12, 6, 2, 0)
    return b"".join(
        (
            biff(0x005D, struct.pack("<HHHHH12x", 0x15, 0x12, 0x19, 1, 0)),
            biff(0x01B6, struct.pack("<HH6xHH4x", 0, 0, len(text), 16)),
            biff(0x003C, b"\1" + text[:half].encode("utf-16-le")),
            biff(0x003C, b"\0" + text[half:].encode("latin-1")),
            biff(0x003C, bytes(16)),
            biff(0x005D, shape),
            biff(0x01B6, struct.pack("<HH6xHH4x", 0, 0, 4, 16)),
            biff(0x003C, b"\0Ask!"),
            biff(0x003C, bytes(16)),
            biff(0x001C, struct.pack("<HHHH", 1, 0, 0, 1) + bytes(4)),
        )
    )


def xls_chart(version: int) -> bytes:
    """Returns a chart with a title, two series, and the numbers that it keeps."""

    def said(text: str) -> bytes:
        return biff(0x100D, b"\0\0" + characters(text, version, "B"))

    def reference(kind: int) -> bytes:
        return biff(0x1051, struct.pack("<BBHHH", kind, 2, 0, 0, 0))

    def kept(kind: int, series: int, *values: float | str) -> bytes:
        cells = [
            biff(0x0204, place + struct.pack("<H", len(value)) + b"\0" + value.encode())
            if isinstance(value, str)
            else biff(0x0203, place + struct.pack("<d", value))
            for point, value in enumerate(values)
            for place in [struct.pack("<HHH", point, series, 0)]
        ]
        return biff(0x1065, struct.pack("<H", kind)) + b"".join(cells)

    out = biff(0x1003, bytes(12)) + reference(0) + said("Rent") + reference(1)
    out += biff(0x1003, bytes(12)) + reference(0) + reference(1)
    for link, text in ((3, "Towns"), (1, "Costs"), (4, "a label")):
        out += biff(0x1025, bytes(32)) + reference(0) + said(text)
        out += biff(0x1027, struct.pack("<HHH", link, 0, 0))
    out += kept(1, 0, 3, 4.5) + kept(1, 1, 7, 8)
    return out + (kept(2, 0, "Ulm", "Kiel") if version == 0x600 else b"")


def xls_stream(
    *sheets: Sheet, version: int = 0x600, is_1904: bool = False, locked: bytes = b""
) -> bytes:
    begin = biff(0x0809, struct.pack("<HHHH8x", version, 5, 0x0DBB, 0x07CC))
    head = begin + locked + biff(0x0042, struct.pack("<H", 1252))
    head += biff(0x0022, struct.pack("<H", is_1904))
    for number, code in FORMATS.items():
        head += biff(0x041E, struct.pack("<H", number) + characters(code, version, "H"))
    for number in CODES:
        head += biff(0x00E0, struct.pack("<HH16x", 0, number))
    bodies = []
    for sheet in sheets:
        body = biff(0x0809, struct.pack("<HHHH8x", version, 0x10, 0x0DBB, 0x07CC))
        for row, cells in enumerate(sheet.rows):
            for column, cell in enumerate(cells):
                body += xls_cell(row, column, cell, version)
        if sheet.comment:
            body += xls_comment(sheet.comment)
        chart = biff(0x0809, struct.pack("<HHHH8x", version, 0x20, 0x0DBB, 0x07CC))
        chart += biff(0x0203, struct.pack("<HHHd", 0, 0, 1, 0.5))
        if sheet.has_chart:
            chart += xls_chart(version)
        body += chart + biff(0x000A)
        if sheet.merged:
            top, left, bottom, right = sheet.merged
            body += biff(0x00E5, struct.pack("<HHHHH", 1, top, bottom, left, right))
        bodies.append(body + biff(0x000A))
    names = [characters(sheet.name, version, "B") for sheet in sheets]
    at = len(head) + sum(10 + len(name) for name in names) + 4
    for sheet, name, body in zip(sheets, names, bodies, strict=True):
        head += biff(0x0085, struct.pack("<IBB", at, sheet.is_hidden, 0) + name)
        at += len(body)
    return head + biff(0x000A) + b"".join(bodies)


def xls(*sheets: Sheet, is_1904: bool = False) -> bytes:
    return compound(xls_stream(*sheets, is_1904=is_1904))


def xls5(*sheets: Sheet, is_1904: bool = False) -> bytes:
    return compound(xls_stream(*sheets, version=0x500, is_1904=is_1904))


# --- XLSB

RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KINDS = "http://schemas.openxmlformats.org/package/2006"


def record(kind: int, data: bytes = b"") -> bytes:
    """Returns a record of XLSB: seven bits a byte of its type and its length."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    while size > 0x7F:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    return head + bytes([size]) + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_cell(column: int, cell: Cell) -> bytes:
    value, style = cell
    place = struct.pack("<II", column, style)
    formula = struct.pack("<HIBBI", 0, 2, 0x1C, 7, 0)
    if isinstance(value, str) and is_error(value):
        error = place + bytes([ERRORS[value]])
        return record(11, error + formula) if column % 2 else record(3, error)
    if isinstance(value, str):
        return record(6, place + wide(value))
    if value == int(value):
        return record(2, place + struct.pack("<I", int(value) << 2 & 0xFFFFFFFF | 2))
    data = place + struct.pack("<d", value)
    return record(9, data + formula) if column % 2 else record(5, data)


def xlsb_sheet(sheet: Sheet) -> bytes:
    width = max(map(len, sheet.rows))
    out = record(129) + record(
        148, struct.pack("<IIII", 0, len(sheet.rows) - 1, 0, width - 1)
    )
    out += record(145)
    for row, cells in enumerate(sheet.rows):
        out += record(0, struct.pack("<IIHHBII", row, 0, 300, 0, 0, 1, 0) + bytes(4))
        for column, cell in enumerate(cells):
            out += xlsb_cell(column, cell)
    out += record(146)
    if sheet.merged:
        top, left, bottom, right = sheet.merged
        out += record(177, struct.pack("<I", 1))
        out += record(176, struct.pack("<IIII", top, bottom, left, right))
        out += record(178)
    return out + record(130)


def relations(items: Sequence[tuple[str, str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="{name}" Type="{RELATION}/{kind}" Target="{target}"/>'
        for name, kind, target in items
    )
    return f'<Relationships xmlns="{KINDS}/relationships">{inner}</Relationships>'


def xlsb(*sheets: Sheet, is_1904: bool = False) -> bytes:
    book = record(131) + record(153, struct.pack("<II", is_1904, 0) + wide(""))
    book += record(143)
    related = [("s", "styles", "styles.bin")]
    types = ["/xl/workbook.bin|main", "/xl/styles.bin|styles"]
    members: dict[str, bytes | str] = {}
    for number, sheet in enumerate(sheets, 1):
        state = struct.pack("<II", sheet.is_hidden, number)
        book += record(156, state + wide(f"r{number}") + wide(sheet.name))
        related.append((f"r{number}", "worksheet", f"worksheets/sheet{number}.bin"))
        types.append(f"/xl/worksheets/sheet{number}.bin|worksheet")
        members[f"xl/worksheets/sheet{number}.bin"] = xlsb_sheet(sheet)
        if sheet.comment:
            place = struct.pack("<IIIII", 0, 1, 1, 0, 0) + bytes(16)
            said = record(635, place) + record(637, b"\0" + wide(sheet.comment))
            members[f"xl/comments{number}.bin"] = record(628) + said + record(629)
            inner = relations([("c", "comments", f"../comments{number}.bin")])
            members[f"xl/worksheets/_rels/sheet{number}.bin.rels"] = inner
    styles = record(278) + record(615, struct.pack("<I", len(FORMATS)))
    for name, code in FORMATS.items():
        styles += record(44, struct.pack("<H", name) + wide(code))
    styles += record(616) + record(626, struct.pack("<I", 1))
    styles += record(47, struct.pack("<HH12x", 0xFFFF, 10)) + record(627)
    styles += record(617, struct.pack("<I", len(CODES)))
    for name in CODES:
        styles += record(47, struct.pack("<HH12x", 0, name))
    styles += record(618) + record(279)
    overrides = "".join(
        f'<Override PartName="{part}" ContentType="application/vnd.ms-excel.'
        f'{"sheet.binary.macroEnabled." if kind == "main" else ""}{kind}"/>'
        for part, _, kind in (item.partition("|") for item in types)
    )
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{KINDS}/content-types"><Default '
            'Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            f'relationships+xml"/>{overrides}</Types>',
            "_rels/.rels": relations([("b", "officeDocument", "xl/workbook.bin")]),
            "xl/workbook.bin": book + record(144) + record(132),
            "xl/_rels/workbook.bin.rels": relations(related),
            "xl/styles.bin": styles,
            **members,
        }
    )


# --- tests

Writer: TypeAlias = Callable[..., bytes]
BINARY = pytest.mark.parametrize(
    ("suffix", "write"), [("xls", xls), ("xls", xls5), ("xlsb", xlsb)]
)

PRICES = Sheet(
    [
        [("Article", 0), ("Share", 0), ("Price", 0), ("Change", 0), ("Number", 0)],
        [("Bolt", 0), (0.125, 2), (1234.5, 3), (-2500, 4), (123456789, 5)],
        [("Nut", 0), (0.5, 1), (7, 3), ("#N/A", 4), ("#REF!", 0)],
        [("Cog", 0), ("#DIV/0!", 2), (-1.005, 3), (12, 4), (5.25, 0)],
    ],
    comment="Two are on leave, says André",
)
MERGED = Sheet(
    [
        [("Plant", 0), ("2022", 0), ("", 0), ("2023", 0)],
        [("", 0), ("H1", 0), ("H2", 0), ("H1", 0)],
        [("Ulm", 0), (0.25, 1), (0.5, 2), (3, 0)],
        [("Kiel", 0), (0.75, 1), (0.1, 2), (4, 0)],
    ],
    "Plants",
    merged=(0, 1, 0, 2),
)
WAGES = Sheet([[("secret", 0), (0.5, 1)]], "Wages", is_hidden=True)


def read(data: bytes, suffix: str) -> Document:
    return parse(Content(data, f"a.{suffix}", suffix))


def cells_of(document: Document) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (item.label, item.cells)
        for section in document.sections
        for item in section.elements
        if item.cells
    ]


def notes_of(document: Document) -> list[tuple[str, str]]:
    return [
        (item.label, section.text[item.start : item.end])
        for section in document.sections
        for item in section.elements
        if item.kind == "note"
    ]


@BINARY
def test_a_binary_workbook_reads_as_its_xlsx_does(suffix: str, write: Writer) -> None:
    sheets = [PRICES, MERGED, WAGES]
    if write is xls5:
        sheets[0] = PRICES._replace(comment="")
    document, wanted = read(write(*sheets), suffix), read(xlsx(*sheets), "xlsx")
    assert cells_of(document) == cells_of(wanted)
    assert cells_of(document)[:3] == [
        ("A2", ("Bolt", "12.5%", "1,234.50 €", "-£2,500", "123-45-6789")),
        ("A3", ("Nut", "50%", "7.00 €", "#N/A", "#REF!")),
        ("A4", ("Cog", "#DIV/0!", "-1.01 €", "£12", "5.25")),
    ]
    assert document.tables == wanted.tables
    assert document.tables[1].columns == ("Plant", "2022 H1", "2022 H2", "2023 H1")
    assert [part.heading for part in document.sections] == [
        ("Rates",),
        ("Plants",),
        ("Wages (hidden)",),
    ]
    assert notes_of(document) == notes_of(wanted)


def test_the_words_of_shapes_in_xls_are_no_comments() -> None:
    document = read(xls(PRICES), "xls")
    assert notes_of(document) == [("comment A2", PRICES.comment)]
    assert "Ask!" in document.sections[0].text


@pytest.mark.parametrize(("write", "names"), [(xls, ("Ulm", "Kiel")), (xls5, ("", ""))])
def test_a_chart_is_a_table_of_the_numbers_that_it_keeps(
    write: Writer, names: tuple[str, str]
) -> None:
    document = read(write(WAGES._replace(has_chart=True)), "xls")
    [table] = document.tables
    assert (table.columns, table.caption) == (("", "Rent", "Series 2"), "Costs, Towns")
    assert [cells for _, cells in cells_of(document)[-2:]] == [
        (names[0], "3", "7"),
        (names[1], "4.5", "8"),
    ]


@BINARY
@pytest.mark.parametrize("is_1904", [False, True])
def test_days_are_counted_from_where_the_workbook_counts(
    suffix: str, write: Writer, *, is_1904: bool
) -> None:
    day = 45293 - (1462 if is_1904 else 0)
    sheet = Sheet([[("Town", 0), ("Since", 0)], [("Ulm", 0), (day, 6)]])
    document = read(write(sheet, is_1904=is_1904), suffix)
    assert cells_of(document)[-1][1] == ("Ulm", "2024-01-02")


def test_many_numbers_in_one_record_each_have_their_format() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Rates")
    for column, code in enumerate(("0%", "General", "0.00%")):
        sheet.write(0, column, f"Name {column}")
        sheet.write(1, column, 3, xlwt.easyxf(num_format_str=code))
    assert cells_of(read(saved(book), "xls"))[-1][1] == ("300%", "3", "300.00%")


def test_a_workbook_with_a_password_costs_one_line(loaded: Load) -> None:
    locked = biff(0x002F, struct.pack("<HHH", 1, 1, 1) + bytes(48))
    data = compound(xls_stream(PRICES, locked=locked))
    with pytest.raises(UnreadableDocument, match="protected by a password"):
        loaded("a.xls", data)


@pytest.mark.parametrize(
    "begin",
    [b"\t\0\4\0\7\0\x10\0", b"\t\2\6\0\0\0\x10\0\0\0", b"\t\4\6\0\0\0\x10\0\0\0"],
)
def test_a_workbook_before_excel_5_names_its_conversion(
    loaded: Load, begin: bytes
) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        loaded("a.xls", begin + b"\n\0\0\0" * 200)
    assert "Excel 4" in caught.value.message
    assert "--convert-to xlsx" in caught.value.hint


def test_values_are_read_where_the_rest_of_a_workbook_is_damaged() -> None:
    stream = xls_stream(PRICES)
    at = stream.index(biff(0x00E0, struct.pack("<HH16x", 0, 160)))
    cut = stream[:at] + biff(0x00E0, struct.pack("<HH16x", 0, 999)) + stream[at + 24 :]
    rows = dict(cells_of(read(compound(cut), "xls")))
    assert rows["A2"][1:3] == ("0.125", "1,234.50 €")


@pytest.mark.slow
def test_a_sheet_of_more_rows_than_there_can_be_costs_one_line(loaded: Load) -> None:
    sheet = biff(0x0200, struct.pack("<IIHHH", 0, 0x7FFFFFFF, 0, 0x7FFF, 0))
    stream = xls_stream(WAGES)
    at = stream.rindex(biff(0x0809, struct.pack("<HHHH8x", 0x600, 0x10, 0x0DBB, 0x7CC)))
    with pytest.raises(
        UnreadableDocument, match="damaged, or too large to read as XLS"
    ):
        loaded("a.xls", compound(stream[: at + 20] + sheet + stream[at + 20 :]))
    assert loaded("b.xls", xls(WAGES)).sections
