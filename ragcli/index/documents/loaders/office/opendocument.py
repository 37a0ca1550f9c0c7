"""OpenDocument: texts (ODT), presentations (ODP) and spreadsheets (ODS)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, flat, one_line
from ragcli.index.documents.loaders.layout.grids import (
    GridWriter,
    add_table,
    column_letters,
)
from ragcli.index.documents.loaders.layout.header_rows import GridRow, Span
from ragcli.index.documents.loaders.office.packages import (
    PASSWORD,
    Package,
    below,
    number,
    words,
)

_SPACES = re.compile(r"[ \t\r\n]+")
_UNSHOWN = frozenset(
    {
        "text:tracked-changes",
        "text:sequence-decls",
        "text:variable-decls",
        "text:user-field-decls",
        "text:ruby-text",
        "office:forms",
        "office:annotation-end",
        "table:covered-table-cell",
        "table:tracked-changes",
        "table:calculation-settings",
        "table:content-validations",
        "table:named-expressions",
        "text:note-citation",
        "svg:title",
        "svg:desc",
        "draw:glue-point",
    }
)
_BREAKS = {"text:tab": "\t", "text:line-break": "\n"}
_MARGINS = {"style:header": "header", "style:footer": "footer"}
_MOST_REPEATED = 1024
_MOST_COLUMNS = 16_384
_MOST_CELLS = 4_000_000
_VALUES = (
    "office:string-value",
    "office:date-value",
    "office:time-value",
    "office:boolean-value",
    "office:value",
)


def opendocument(content: Content) -> Document:
    """Returns the elements of an OpenDocument file, whichever kind it is.

    Raises:
        UnreadableDocument: Protected by a password, damaged, a bomb, or none.
    """
    package = Package(content.data)
    manifest = "META-INF/manifest.xml"
    if manifest in package and b"encryption-data" in package.read(manifest):
        raise UnreadableDocument(*PASSWORD)
    root = package.xml("content.xml")
    styles = package.xml("styles.xml") if "styles.xml" in package else None
    body = below(root, "office:body")
    if body is None:
        raise UnreadableDocument("not an OpenDocument file: it has no body")
    reader = _OdfReader(package, root)
    sheets = below(body, "office:spreadsheet")
    if sheets is None:
        reader.blocks(body)
        reader.margins(styles)
    else:
        reader.sheets(sheets)
    document = reader.builder
    title = _title(package)
    document.title = title or ("" if sheets is not None else document.title)
    return document.document()


def _title(package: Package) -> str:
    if "meta.xml" not in package:
        return ""
    title = below(package.xml("meta.xml"), "office:meta/dc:title")
    return one_line(words(title))


@dataclass
class _OdfPiece:
    """What a paragraph or cell says, and what hangs on it."""

    text: list[str] = field(default_factory=list)
    notes: list[ET.Element] = field(default_factory=list)
    frames: list[ET.Element] = field(default_factory=list)

    @property
    def whole(self) -> str:
        return "".join(self.text)


class _OdfReader:
    """One walk over a document; what it says goes to `builder`."""

    def __init__(self, package: Package, root: ET.Element) -> None:
        self.builder = DocumentBuilder()
        self._package = package
        self._pages = 0
        self._titles = {"Title"}
        self._table_headings = {"Table_20_Heading"}
        self._hidden: set[str] = set()
        for style in root.iter("style:style"):
            name = style.get("style:name", "")
            above = style.get("style:parent-style-name", "")
            for known in (self._titles, self._table_headings):
                if above in known:
                    known.add(name)
            shown = below(style, "style:table-properties")
            if shown is not None and shown.get("table:display") == "false":
                self._hidden.add(name)

    def blocks(self, parent: ET.Element, *, in_list: bool = False) -> None:
        """Adds what stands below an element, in order."""
        for element in parent:
            name = element.tag
            if name in _UNSHOWN:
                continue
            if name == "text:h":
                level = number(element.get("text:outline-level"), 1)
                self._paragraph(element, level=max(level, 1) + 1)
            elif name == "text:p":
                is_title = element.get("text:style-name") in self._titles
                self._paragraph(element, level=int(is_title), in_list=in_list)
            elif name == "table:table":
                self._table(element)
            elif name == "draw:page":
                self._page(element)
            elif name == "presentation:notes":
                self._speaker_notes(element)
            elif name in {"office:annotation", "text:note"}:
                self._note(element)
            elif name.startswith("draw:"):
                self._frame(element)
            else:
                is_item = name == "text:list-item" or (in_list and name == "text:list")
                self.blocks(element, in_list=is_item)

    def _paragraph(
        self, element: ET.Element, *, level: int = 0, in_list: bool = False
    ) -> None:
        piece = _OdfPiece()
        _read(element, piece)
        if level and piece.whole.strip():
            self.builder.heading(level, piece.whole)
        elif in_list:
            self.builder.item(piece.whole)
        else:
            self.builder.paragraph(piece.whole)
        self._hanging(piece)

    def _hanging(self, piece: _OdfPiece, label: str = "") -> None:
        for note in piece.notes:
            self._note(note, label)
        for frame in piece.frames:
            self._frame(frame)

    def _page(self, page: ET.Element) -> None:
        self._pages += 1
        self.builder.page(self._pages)
        title = next((f for f in page if f.get("presentation:class") == "title"), None)
        if title is not None:
            self.builder.heading(1, _all_text(title))
            page.remove(title)
        self.blocks(page)

    def _speaker_notes(self, element: ET.Element) -> None:
        for frame in element:
            if frame.get("presentation:class", "notes") == "notes":
                self.builder.note(_all_text(frame), "speaker notes")

    def _frame(self, frame: ET.Element) -> None:
        """Adds a text box, shape, table, chart or picture."""
        if frame.tag == "table:table":
            self._table(frame)
            return
        self.blocks(frame)
        name = frame.get("xlink:href", "")
        if frame.tag == "draw:object" and name:
            self._object(posixpath.normpath(name))
        for kind in ("svg:title", "svg:desc"):
            self.builder.figure(words(below(frame, kind)))

    def _object(self, name: str) -> None:
        """Adds the table of a chart that is kept in the same file."""
        part = f"{name}/content.xml"
        if part not in self._package:
            return
        for chart in self._package.xml(part).iter("chart:chart"):
            titles = [flat(_all_text(t)) for t in chart.iter("chart:title")]
            for table in chart.iter("table:table"):
                lines, spans, _, _ = _rows(table)
                grid = [line.cells for line in lines]
                caption = ", ".join(filter(None, titles))
                if caption:
                    self.builder.paragraph(caption)
                add_table(self.builder, grid, spans, 1)

    def _note(self, note: ET.Element, place: str = "") -> None:
        if note.tag == "office:annotation":
            author = flat(words(below(note, "dc:creator")))
            text = _all_text(note)
            told = f"{author}: {text}" if author and text else text
            self.builder.note(told, f"comment {place or author}".strip())
            return
        body = below(note, "text:note-body")
        kind = note.get("text:note-class", "footnote")
        mark = flat(words(below(note, "text:note-citation")))
        if body is not None:
            self.builder.note(_all_text(body), f"{kind} {mark}".strip())

    def _table(self, table: ET.Element) -> None:
        lines, spans, headings, pieces = _rows(table)
        first = table.get("table:use-first-row-styles") == "true"
        first = first or self._begins_with_heading(table)
        grid = [line.cells for line in lines]
        add_table(self.builder, grid, spans, headings or int(first))
        for _, piece in pieces:
            self._hanging(piece)

    def _begins_with_heading(self, table: ET.Element) -> bool:
        """Tells whether the first row is in the style for headings of tables."""
        first = next((row for row, _ in _rows_of(table)), None)
        styles = {
            item.get("text:style-name", "")
            for item in ([] if first is None else first.iter("text:p"))
        }
        return bool(styles) and styles <= self._table_headings

    def sheets(self, parent: ET.Element) -> None:
        """Adds the sheets of a workbook, each a page, hidden ones marked."""
        tables = [item for item in parent if item.tag == "table:table"]
        for place, table in enumerate(tables, 1):
            name = table.get("table:name", "")
            is_hidden = table.get("table:style-name") in self._hidden
            self.builder.page(place)
            self.builder.heading(
                1, f"{name} (hidden)" if is_hidden else name, stands_alone=False
            )
            lines, spans, _, pieces = _rows(table, in_sheet=True)
            GridWriter(self.builder).write_lines(lines, spans)
            for label, piece in pieces:
                self._hanging(piece, label)
            for shapes in table:
                if shapes.tag == "table:shapes":
                    self.blocks(shapes)

    def margins(self, styles: ET.Element | None) -> None:
        """Adds headers and footers, each text once."""
        told: set[str] = set()
        for element in () if styles is None else styles.iter():
            kind = _MARGINS.get(
                element.tag.removesuffix("-left").removesuffix("-first")
            )
            text = _all_text(element) if kind else ""
            if kind and flat(text) and flat(text) not in told:
                told.add(flat(text))
                self.builder.note(text, kind)


def _rows(
    table: ET.Element, *, in_sheet: bool = False
) -> tuple[list[GridRow], list[Span], int, list[tuple[str, _OdfPiece]]]:
    """Returns the rows that hold something, what is merged, how many are headers."""
    lines: list[GridRow] = []
    spans: list[Span] = []
    hanging: list[tuple[str, _OdfPiece]] = []
    headings = at = cells = 0
    for row, is_heading in _rows_of(table):
        found = list(_cells_of(row, at, hanging, in_sheet=in_sheet))
        told = tuple(text for text, _, _ in found)
        copies = max(number(row.get("table:number-rows-repeated"), 1), 1)
        spans += (
            Span(at, place, at + height - 1, place + width - 1)
            for place, (_, width, height) in enumerate(found)
            if width > 1 or height > 1
        )
        headings += is_heading and headings == len(lines)
        for copy in range(min(copies, _MOST_REPEATED) if any(told) else 0):
            lines.append(GridRow(at + copy, told))
            cells += len(told)
        at += copies
        if cells > _MOST_CELLS:
            raise UnreadableDocument(f"a table of more than {_MOST_CELLS} cells")
    return lines, spans, headings, hanging


def _rows_of(table: ET.Element) -> Iterator[tuple[ET.Element, bool]]:
    """Yields a table's rows, and whether each is marked as a header."""
    pending = [(item, False) for item in reversed(table)]
    while pending:
        element, is_heading = pending.pop()
        if element.tag == "table:table-row":
            yield element, is_heading
        elif element.tag.startswith("table:table-") and "row" in element.tag:
            inside = is_heading or element.tag == "table:table-header-rows"
            pending += [(item, inside) for item in reversed(element)]


def _cells_of(
    row: ET.Element,
    at: int,
    hanging: list[tuple[str, _OdfPiece]],
    *,
    in_sheet: bool,
) -> Iterator[tuple[str, int, int]]:
    """Yields text, width and height of a row's cells up to the last with a text."""
    blank = place = 0
    for cell in row:
        if cell.tag not in {"table:table-cell", "table:covered-table-cell"}:
            continue
        copies = max(number(cell.get("table:number-columns-repeated"), 1), 1)
        piece = _OdfPiece()
        if cell.tag == "table:table-cell":
            _read_cell(cell, piece)
        if piece.notes or piece.frames:
            hanging.append((f"{column_letters(place + blank)}{at + 1}", piece))
        text = piece.whole.strip()
        if in_sheet and cell.get("office:value-type") == "date":
            text = _date(cell.get("office:date-value", "")) or text
        if not text:
            blank += copies
            continue
        if place + blank + copies > _MOST_COLUMNS:
            raise UnreadableDocument(f"a table of more than {_MOST_COLUMNS} columns")
        yield from [("", 1, 1)] * blank
        width = min(max(number(cell.get("table:number-columns-spanned"), 1), 1), 1024)
        height = min(max(number(cell.get("table:number-rows-spanned"), 1), 1), 1024)
        yield from [(text, width, height)] * copies
        place += blank + copies
        blank = 0


def _date(value: str) -> str:
    """Returns a date as sheets of every kind show it here: ISO 8601, no midnight."""
    told = value.replace("T", " ").partition(".")[0]
    return told.removesuffix(" 00:00:00").removesuffix(":00")


def _read_cell(cell: ET.Element, piece: _OdfPiece) -> None:
    """Reads a cell's paragraphs; its value where none shows it."""
    for element in cell:
        if element.tag in {"office:annotation", "text:note"}:
            piece.notes.append(element)
        elif element.tag == "table:table" or element.tag.startswith("draw:"):
            piece.frames.append(element)
        elif element.tag in {"text:p", "text:h"}:
            piece.text.append("\n")
            _read(element, piece)
        elif element.tag not in _UNSHOWN:
            _read_cell(element, piece)
    if not piece.whole.strip():
        piece.text += filter(None, (cell.get(name) for name in _VALUES))


def _all_text(parent: ET.Element) -> str:
    """Returns all paragraphs inside an element, a line each."""
    lines = []
    for element in parent.iter("text:p"):
        piece = _OdfPiece()
        _read(element, piece)
        lines.append(piece.whole.strip())
    return "\n".join(filter(None, lines))


def _read(parent: ET.Element, piece: _OdfPiece) -> None:
    """Reads what a paragraph says; notes and frames are kept for later."""
    piece.text.append(_SPACES.sub(" ", parent.text or ""))
    for element in parent:
        name = element.tag
        if name in {"text:note", "office:annotation"}:
            piece.notes.append(element)
        elif name in _BREAKS:
            piece.text.append(_BREAKS[name])
        elif name == "text:s":
            piece.text.append(" " * min(max(number(element.get("text:c"), 1), 1), 200))
        elif name.startswith("draw:") and name != "draw:a":
            piece.frames.append(element)
        elif name not in _UNSHOWN:
            _read(element, piece)
        piece.text.append(_SPACES.sub(" ", element.tail or ""))
