"""Spreadsheets of every kind, through python-calamine: a sheet a page.

The library gives typed values; how a number is shown, what a formula comes to that
fails, and what notes and drawings say, is read from the file itself.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeAlias

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, one_line
from ragcli.index.documents.formats import HEAD, is_binary
from ragcli.index.documents.loaders.dispatch.inner_documents import InnerDocuments
from ragcli.index.documents.loaders.dispatch.parse import parse
from ragcli.index.documents.loaders.layout.grids import GridWriter, column_letters
from ragcli.index.documents.loaders.layout.header_rows import Span
from ragcli.index.documents.loaders.office import drawings
from ragcli.index.documents.loaders.office.compound_files import (
    COMPOUND,
    CompoundFile,
)
from ragcli.index.documents.loaders.office.embedded import add_embedded
from ragcli.index.documents.loaders.office.number_formats import as_moment, plain, shown
from ragcli.index.documents.loaders.office.packages import (
    PASSWORD,
    Package,
    words,
)
from ragcli.index.documents.loaders.office.workbooks.sheet_facts import SheetFacts
from ragcli.index.documents.loaders.office.workbooks.xls_cells import (
    is_locked,
    xls_facts,
)
from ragcli.index.documents.loaders.office.workbooks.xlsb_cells import (
    xlsb_comments,
    xlsb_facts,
    xlsb_sheets,
)
from ragcli.index.documents.loaders.office.workbooks.xlsx_cells import xlsx_facts

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|meta|table)", re.IGNORECASE
)

_BEFORE_STREAMS = re.compile(rb"\t[\0\2\4\b][\4\6\b\x10]\0")
"""How a workbook of Excel 2 to 4 begins, and one of Excel 5 in no compound file."""

_ARCHIVE = b"PK"
_PACKED = (_ARCHIVE, COMPOUND)
"""What the files begin with that can be workbooks."""

_XML_BOOK, _BINARY_BOOK = "xl/workbook.xml", "xl/workbook.bin"

_Value: TypeAlias = float | str | bool | time | date | datetime | timedelta


def spreadsheet(content: Content) -> Document:
    """Returns the sheets of a workbook, hidden ones marked.

    What many programs call a spreadsheet is a web page with a table, or lines with
    tabs: read as that.

    Raises:
        UnreadableDocument: Protected by a password, damaged, a bomb, too old, or no
            workbook.
    """
    from python_calamine import CalamineError, PasswordError

    data = content.data
    if _PAGE.match(data):
        return parse(Content(data, content.name, "html"))
    head = data[:HEAD]
    if b"\t" in head and not head.startswith(_PACKED) and not is_binary(head):
        return parse(Content(data, content.name, "tsv"))
    if _BEFORE_STREAMS.match(data):
        raise UnreadableDocument(
            "a workbook of Excel 4 or older",
            "convert it, for example with `soffice --headless --convert-to xlsx FILE`",
        )
    package = _package(data)
    try:
        return _workbook(content, package)
    except PasswordError:
        raise UnreadableDocument(*PASSWORD) from None
    except CalamineError as error:
        if _needs_password(data):
            raise UnreadableDocument(*PASSWORD) from None
        raise UnreadableDocument(
            f"not a readable spreadsheet: {one_line(str(error))}"
        ) from None
    except BaseException as error:
        # A panic of the library is no `Exception`, and its class is in no module.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableDocument("not a readable spreadsheet: damaged") from None


def _package(data: bytes) -> Package | None:
    """Returns the parts of a file that is packed as XLSX is; a bomb is refused."""
    if not data.startswith(_ARCHIVE):
        return None
    package = Package(data)
    is_book = _XML_BOOK in package or _BINARY_BOOK in package
    return package if is_book else None


def _needs_password(data: bytes) -> bool:
    """Tells of a workbook that cannot be read whether only a password opens it."""
    if not data.startswith(COMPOUND):
        return False
    try:
        return is_locked(CompoundFile(data))
    except UnreadableDocument:
        return False


def _workbook(content: Content, package: Package | None) -> Document:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    data = content.data
    builder = DocumentBuilder()
    inner = InnerDocuments(builder, content)
    parts = _sheet_parts(package) if package else {}
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
        sheets = book.sheets_metadata
        title, facts = _facts(data, package, [sheet.name for sheet in sheets])
        for number, sheet in enumerate(sheets, 1):
            builder.page(number)
            is_hidden = sheet.visible is not SheetVisibleEnum.Visible
            name = f"{sheet.name} (hidden)" if is_hidden else sheet.name
            builder.heading(1, name, stands_alone=False)
            known = facts.get(sheet.name, SheetFacts())
            if sheet.typ is SheetTypeEnum.WorkSheet:
                _sheet(builder, book, sheet.name, known)
            _beside_values(builder, known)
            if package and sheet.name in parts:
                _beside_cells(builder, package, parts[sheet.name])
                above = builder.headings
                add_embedded(inner, package, parts[sheet.name], above=above)
    inner.tell()
    builder.title = title
    return builder.document()


def _facts(
    data: bytes, package: Package | None, names: Sequence[str]
) -> tuple[str, dict[str, SheetFacts]]:
    """Returns a workbook's title, and what cells have beside values, by sheet."""
    if package:
        is_xml = _XML_BOOK in package
        facts = xlsx_facts(package) if is_xml else xlsb_facts(package)
        return package.title(), facts
    if not data.startswith(COMPOUND):
        return "", {}
    try:
        file = CompoundFile(data)
        return file.title(), dict(zip(names, xls_facts(file), strict=False))
    except UnreadableDocument:
        # The values were read: where the rest is damaged, they alone are told.
        return "", {}


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
    for (row, column), moment in facts.moments.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = as_shown(moment)
    GridWriter(builder).write(rows, _merged(sheet) or facts.spans)


def _merged(sheet: CalamineSheet) -> list[Span]:
    return [Span(*start, *end) for start, end in sheet.merged_cell_ranges or ()]


def _beside_values(builder: DocumentBuilder, facts: SheetFacts) -> None:
    """Adds comments, shapes and charts of a sheet that is no XML."""
    for (row, column), text in facts.notes:
        builder.note(text, f"comment {column_letters(column)}{row + 1}")
    for text in facts.figures:
        builder.figure(text)
    for chart in facts.charts:
        chart.add(builder)


def as_shown(value: _Value, code: str = "") -> str:
    """Returns a cell's value as a person sees it; dates as ISO 8601 has them.

    Args:
        value: The value.
        code: The format of its number, "" for none.
    """
    if isinstance(value, str):
        return value.replace("\0", "").strip()
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
    if _XML_BOOK in package:
        sheets = [
            (sheet.get("name", ""), sheet.get("r:id", ""))
            for sheet in package.xml(book).iter("s:sheet")
        ]
    else:
        sheets = list(xlsb_sheets(package.read(book)))
    return {name: relations[at].target for name, at in sheets if at in relations}


def _beside_cells(builder: DocumentBuilder, package: Package, part: str) -> None:
    """Adds a sheet's comments, and what its shapes and charts say."""
    for relation in package.related(part).values():
        if relation.target not in package:
            continue
        if relation.kind == "comments" and relation.target.endswith(".bin"):
            for (row, column), text in xlsb_comments(package.read(relation.target)):
                builder.note(text, f"comment {column_letters(column)}{row + 1}")
        elif relation.kind == "comments":
            for comment in package.xml(relation.target).iter("s:comment"):
                text = "".join(words(piece) for piece in comment.iter("s:t"))
                builder.note(text, f"comment {comment.get('ref', '')}".strip())
        elif relation.kind == "drawing":
            for text in drawings.paragraphs(package.xml(relation.target)):
                builder.figure(text)
            drawings.add_related(builder, package, relation.target)
