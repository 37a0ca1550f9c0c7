"""OpenDocument: texts (ODT), presentations (ODP) and spreadsheets (ODS)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    flat,
    one_line,
    raised,
)
from ragcli.index.documents.loaders.dispatch.inner_documents import InnerDocuments
from ragcli.index.documents.loaders.layout.grids import (
    GridWriter,
    add_table,
    column_letters,
)
from ragcli.index.documents.loaders.layout.header_rows import GridRow, Span
from ragcli.index.documents.loaders.office.embedded import add_object
from ragcli.index.documents.loaders.office.number_formats import as_moment
from ragcli.index.documents.loaders.office.packages import (
    PASSWORD,
    Package,
    below,
    number,
    words,
)
from ragcli.index.documents.loaders.office.styled_paragraphs import (
    StyledParagraphs,
    role_of,
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
_DECLARED = {"presentation:footer-decl": "footer", "presentation:header-decl": "header"}
"""What all slides have in common, and what it is."""

_NOTES = frozenset({"presentation:notes", "office:annotation", "text:note", *_DECLARED})
_PARAGRAPHS = frozenset({"text:p", "text:h", "text:span", "text:a"})
_TICKED = {"form:checkbox": "\u2610\u2612", "form:radio": "\u25cb\u25c9"}
"""How a control of a form looks that is not ticked, and one that is."""

_BREAKS = {"text:tab": "\t", "text:line-break": "\n"}
_RAISED = "raised"
"""What spans are called here whose words are raised."""

_DEEPEST = 32
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
    reader = _OdfReader(package, root, styles, content)
    sheets = below(body, "office:spreadsheet")
    if sheets is None:
        reader.blocks(body)
        reader.margins()
    else:
        reader.sheets(sheets)
    reader.inner.tell()
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

    def __init__(
        self,
        package: Package,
        root: ET.Element,
        styles: ET.Element | None,
        content: Content,
    ) -> None:
        self.builder = DocumentBuilder()
        self.inner = InnerDocuments(self.builder, content)
        self._styled = StyledParagraphs(self.builder)
        self._package = package
        self._styles = styles
        self._roles = _roles(root, styles)
        self._pages = 0
        self._titles = {"Title"}
        self._table_headings = {"Table_20_Heading"}
        self._hidden: set[str] = set()
        _show_controls(root)
        self._show_formulas(root)
        _mark_raised(root, styles)
        for style in root.iter("style:style"):
            name = style.get("style:name", "")
            above = style.get("style:parent-style-name", "")
            for known in (self._titles, self._table_headings):
                if above in known:
                    known.add(name)
            for properties in style:
                is_hidden = properties.get("presentation:visibility") == "hidden"
                if is_hidden or properties.get("table:display") == "false":
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
            elif name in _NOTES:
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
        style = element.get("text:style-name", "")
        role = self._roles.get(style) or role_of(style)
        if self._styled.take("" if level or in_list else role, piece.whole):
            pass
        elif level and piece.whole.strip():
            self.builder.heading(level, piece.whole)
        elif in_list:
            self.builder.item(piece.whole)
        else:
            self.builder.paragraph(piece.whole)
        self._hanging(piece)

    def _hanging(self, piece: _OdfPiece, label: str = "") -> None:
        if piece.notes or piece.frames:
            self._styled.end()
        for note in piece.notes:
            self._note(note, label)
        for frame in piece.frames:
            self._frame(frame)

    def _page(self, page: ET.Element) -> None:
        self._pages += 1
        self._styled.end()
        self.builder.page(self._pages)
        title = next((f for f in page if f.get("presentation:class") == "title"), None)
        heading = "" if title is None else _all_text(title)
        if page.get("draw:style-name") in self._hidden:
            heading = f"{heading} (hidden)"
        self.builder.heading(1, heading, stands_alone=title is not None)
        if title is not None:
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
        elif frame.tag == "draw:object-ole":
            part = posixpath.normpath(name)
            if part in self._package:
                headings = self.builder.headings
                add_object(self.inner, self._package, part, above=headings)
        for kind in ("svg:title", "svg:desc"):
            self.builder.figure(words(below(frame, kind)))

    def _object(self, name: str) -> None:
        """Adds a chart's table, a formula or sheets that are kept in the same file."""
        part = f"{name}/content.xml"
        if part not in self._package:
            return
        root = self._package.xml(part)
        if root.tag == "math":
            self.builder.paragraph(_formula(root))
        for sheets in root.iter("office:spreadsheet"):
            for table in sheets.iter("table:table"):
                lines, spans, _, _ = _rows(table, in_sheet=True)
                GridWriter(self.builder, labelled=False).write_lines(lines, spans)
        for chart in root.iter("chart:chart"):
            titles = [flat(_all_text(t)) for t in chart.iter("chart:title")]
            for table in chart.iter("table:table"):
                lines, spans, _, _ = _rows(table)
                grid = [line.cells for line in lines]
                caption = ", ".join(filter(None, titles))
                if caption:
                    self.builder.paragraph(caption)
                add_table(self.builder, grid, spans, 1)

    def _show_formulas(self, root: ET.Element) -> None:
        """Puts the signs of formulas where they stand among words, as text."""
        for frame in root.iter("draw:frame"):
            kept = below(frame, "draw:object")
            if frame.get("text:anchor-type") != "as-char" or kept is None:
                continue
            name = posixpath.normpath(kept.get("xlink:href", ""))
            part = f"{name}/content.xml"
            formula = self._package.xml(part) if part in self._package else None
            if formula is not None and formula.tag == "math":
                tail = frame.tail
                frame.clear()
                frame.tag, frame.tail = "text:span", tail
                frame.text = _formula(formula)

    def _note(self, note: ET.Element, cell: str = "") -> None:
        if note.tag == "presentation:notes":
            self._speaker_notes(note)
            return
        if note.tag in _DECLARED:
            self.builder.note(words(note), _DECLARED[note.tag])
            return
        if note.tag == "office:annotation":
            author = flat(words(below(note, "dc:creator")))
            text = _all_text(note)
            text = f"{author}: {text}" if author and text else text
            self.builder.note(text, f"comment {cell or author}".strip())
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
        caption = self._styled.caption()
        add_table(self.builder, grid, spans, headings or int(first), caption)
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
        for page, table in enumerate(tables, 1):
            name = table.get("table:name", "")
            is_hidden = table.get("table:style-name") in self._hidden
            self.builder.page(page)
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

    def margins(self) -> None:
        """Adds headers and footers, each text once."""
        self._styled.end()
        texts: set[str] = set()
        for element in () if self._styles is None else self._styles.iter():
            kind = _MARGINS.get(
                element.tag.removesuffix("-left").removesuffix("-first")
            )
            text = _all_text(element) if kind else ""
            says = any(map(str.isalpha, text))  # more than the number of a page
            if kind and says and flat(text) not in texts:
                texts.add(flat(text))
                self.builder.note(text, kind)


def _roles(root: ET.Element, styles: ET.Element | None) -> dict[str, str]:
    """Returns what is in paragraphs of each style that tells it; see `role_of`."""
    above: dict[str, str] = {}
    for part in (root, styles):
        for style in () if part is None else part.iter("style:style"):
            name = style.get("style:name", "")
            above.setdefault(name, style.get("style:parent-style-name", ""))
    roles: dict[str, str] = {}
    for name in above:
        chain = [name]
        while len(chain) < _DEEPEST and above.get(chain[-1]):
            chain.append(above[chain[-1]])
        role = next(filter(None, map(role_of, chain)), "")
        if role:
            roles[name] = role
    return roles


def _mark_raised(root: ET.Element, styles: ET.Element | None) -> None:
    """Names what is raised, which `_read` shows as powers."""
    names = set()
    for part in (root, styles):
        for style in () if part is None else part.iter("style:style"):
            position = below(style, "style:text-properties")
            if position is not None and position.get(
                "style:text-position", ""
            ).startswith("super"):
                names.add(style.get("style:name", ""))
    for span in root.iter("text:span") if names else ():
        if span.get("text:style-name") in names and not len(span):
            span.tag = _RAISED


def _show_controls(root: ET.Element) -> None:
    """Puts what the controls of a form show where they stand, as text."""
    controls = {
        item.get("form:id", item.get("id", "")): item
        for item in root.iter()
        if item.tag.startswith("form:")
    }
    for parent in list(root.iter()) if controls else ():
        for child in parent:
            if child.tag != "draw:control":
                continue
            text = _control_text(controls.get(child.get("draw:control", "")))
            if parent.tag in _PARAGRAPHS:
                child.tag, child.text = "text:span", text
            else:
                ET.SubElement(child, "text:p").text = text


def _control_text(control: ET.Element | None) -> str:
    """Returns what was typed or chosen, or a box with the words beside it."""
    if control is None or control.tag in {"form:password", "form:hidden"}:
        return ""
    label = control.get("form:label", "")
    if control.tag in _TICKED:
        state = control.get("form:current-state", control.get("form:state", ""))
        chosen = control.get("form:current-selected", control.get("form:selected"))
        is_ticked = state == "checked" or chosen == "true"
        return f"{_TICKED[control.tag][is_ticked]} {label}"
    options = [
        item.get("form:label", "")
        for item in control
        if "true" in {item.get("form:current-selected"), item.get("form:selected")}
    ]
    value = control.get("form:current-value", control.get("form:value", ""))
    return value or ", ".join(filter(None, options)) or label


def _formula(root: ET.Element) -> str:
    """Returns the signs of a formula, less what keeps it in another notation."""
    pieces: list[str] = []
    pending = [root]
    while pending:
        element = pending.pop()
        if element.tag != "annotation":
            pieces.append((element.text or "").strip())
            pending += reversed(element)
    return " ".join(filter(None, pieces))


def _rows(
    table: ET.Element, *, in_sheet: bool = False
) -> tuple[list[GridRow], list[Span], int, list[tuple[str, _OdfPiece]]]:
    """Returns the rows that hold something, what is merged, how many are headers."""
    lines: list[GridRow] = []
    spans: list[Span] = []
    hanging: list[tuple[str, _OdfPiece]] = []
    headings = at = cells = 0
    for row, is_heading in _rows_of(table):
        row_cells = list(_cells_of(row, at, hanging, in_sheet=in_sheet))
        texts = tuple(text for text, _, _ in row_cells)
        copies = max(number(row.get("table:number-rows-repeated"), 1), 1)
        spans += (
            Span(at, column, at + height - 1, column + width - 1)
            for column, (_, width, height) in enumerate(row_cells)
            if width > 1 or height > 1
        )
        headings += is_heading and headings == len(lines)
        for copy in range(min(copies, _MOST_REPEATED) if any(texts) else 0):
            lines.append(GridRow(at + copy, texts))
            cells += len(texts)
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
    blank = column = 0
    for cell in row:
        if cell.tag not in {"table:table-cell", "table:covered-table-cell"}:
            continue
        copies = max(number(cell.get("table:number-columns-repeated"), 1), 1)
        piece = _OdfPiece()
        if cell.tag == "table:table-cell":
            _read_cell(cell, piece)
        if piece.notes or piece.frames:
            hanging.append((f"{column_letters(column + blank)}{at + 1}", piece))
        text = piece.whole.strip()
        if in_sheet and cell.get("office:value-type") == "date":
            text = as_moment(cell.get("office:date-value", "")) or text
        if not text:
            blank += copies
            continue
        if column + blank + copies > _MOST_COLUMNS:
            raise UnreadableDocument(f"a table of more than {_MOST_COLUMNS} columns")
        yield from [("", 1, 1)] * blank
        width = min(max(number(cell.get("table:number-columns-spanned"), 1), 1), 1024)
        height = min(max(number(cell.get("table:number-rows-spanned"), 1), 1), 1024)
        yield from [(text, width, height)] * copies
        column += blank + copies
        blank = 0


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
        elif name == _RAISED:
            before = "".join(piece.text[-1:])
            piece.text.append(raised(element.text or "", before))
        elif name.startswith("draw:") and name != "draw:a":
            piece.frames.append(element)
        elif name not in _UNSHOWN:
            _read(element, piece)
        piece.text.append(_SPACES.sub(" ", element.tail or ""))
