"""Spreadsheets of every kind, through python-calamine: a sheet a page.

The library gives typed values; how a number is shown, and what notes and drawings
say, is read from the parts of an XLSX file itself.
"""

from __future__ import annotations

import io
import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeAlias

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, one_line
from ragcli.index.documents.loaders.dispatch.parse import parse
from ragcli.index.documents.loaders.layout.grids import GridWriter
from ragcli.index.documents.loaders.layout.header_rows import Span
from ragcli.index.documents.loaders.office import drawings
from ragcli.index.documents.loaders.office.number_formats import (
    SheetFacts,
    as_moment,
    plain,
    sheet_facts,
    shown,
)
from ragcli.index.documents.loaders.office.packages import (
    PASSWORD,
    Package,
    words,
)

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|meta|table)", re.IGNORECASE
)

_Value: TypeAlias = float | str | bool | time | date | datetime | timedelta


def spreadsheet(content: Content) -> Document:
    """Returns the sheets of a workbook, hidden ones marked.

    What many programs call a spreadsheet is a web page with a table: read as that.

    Raises:
        UnreadableDocument: Protected by a password, damaged, a bomb, or no workbook.
    """
    from python_calamine import CalamineError, PasswordError

    if _PAGE.match(content.data):
        return parse(Content(content.data, content.name, "html"))
    package = _package(content)
    try:
        return _workbook(content.data, package)
    except PasswordError:
        raise UnreadableDocument(*PASSWORD) from None
    except CalamineError as error:
        raise UnreadableDocument(
            f"not a readable spreadsheet: {one_line(str(error))}"
        ) from None


def _package(content: Content) -> Package | None:
    """Returns the parts of a file that has them as XML; a bomb is refused."""
    if not content.data.startswith(b"PK"):
        return None
    package = Package(content.data)
    return package if "xl/workbook.xml" in package else None


def _workbook(data: bytes, package: Package | None) -> Document:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    builder = DocumentBuilder()
    facts = sheet_facts(package) if package else {}
    parts = _sheet_parts(package) if package else {}
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
        for number, sheet in enumerate(book.sheets_metadata, 1):
            builder.page(number)
            is_hidden = sheet.visible is not SheetVisibleEnum.Visible
            name = f"{sheet.name} (hidden)" if is_hidden else sheet.name
            builder.heading(1, name, stands_alone=False)
            if sheet.typ is SheetTypeEnum.WorkSheet:
                _sheet(builder, book, sheet.name, facts.get(sheet.name, SheetFacts()))
            if package and sheet.name in parts:
                _beside_cells(builder, package, parts[sheet.name])
    builder.title = package.title() if package else ""
    return builder.document()


def _sheet(
    builder: DocumentBuilder, book: CalamineWorkbook, name: str, facts: SheetFacts
) -> None:
    sheet = book.get_sheet_by_name(name)
    formats = facts.formats
    rows = [
        [as_shown(value, formats.get((row, column), "")) for column, value in cells]
        for row, cells in enumerate(
            map(enumerate, sheet.to_python(skip_empty_area=False))
        )
    ]
    for (row, column), error in facts.errors.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = rows[row][column] or error
    GridWriter(builder).write(rows, _merged(sheet))


def _merged(sheet: CalamineSheet) -> list[Span]:
    return [Span(*start, *end) for start, end in sheet.merged_cell_ranges or ()]


def as_shown(value: _Value, code: str = "") -> str:
    """Returns a cell's value as a person sees it; dates as ISO 8601 has them.

    Args:
        value: The value.
        code: The format of its number, "" for none.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return shown(value, code) if code else plain(value)
    if isinstance(value, timedelta):
        return _duration(value)
    return _moment(value)


def _moment(value: date | time) -> str:
    """Returns a date or time; the binary noise in its seconds is rounded away."""
    half = timedelta(microseconds=500_000)
    if isinstance(value, time):
        rounded = datetime.combine(date(2000, 1, 1), value) + half
        return rounded.strftime("%H:%M:%S").removesuffix(":00")
    if isinstance(value, datetime):
        rounded = value + half if value.year < 9999 else value
        return as_moment(rounded.isoformat())
    return value.isoformat()


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    minutes, rest = divmod(abs(seconds), 60)
    text = f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}"
    return f"{text}:{rest:02}" if rest else text


def _sheet_parts(package: Package) -> dict[str, str]:
    """Returns the members that are the sheets, by the sheets' names."""
    book = package.main()
    relations = package.related(book)
    return {
        sheet.get("name", ""): relations[sheet.get("r:id", "")].target
        for sheet in package.xml(book).iter("s:sheet")
        if sheet.get("r:id", "") in relations
    }


def _beside_cells(builder: DocumentBuilder, package: Package, part: str) -> None:
    """Adds a sheet's comments, and what its shapes and charts say."""
    for relation in package.related(part).values():
        if relation.target not in package:
            continue
        if relation.kind == "comments":
            for comment in package.xml(relation.target).iter("s:comment"):
                text = "".join(words(piece) for piece in comment.iter("s:t"))
                builder.note(text, f"comment {comment.get('ref', '')}".strip())
        elif relation.kind == "drawing":
            for text in drawings.paragraphs(package.xml(relation.target)):
                builder.figure(text)
            drawings.add_related(builder, package, relation.target)
