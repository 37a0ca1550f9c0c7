"""DOCX: all that Word shows of a document, from its XML.

Body, tables, lists, fields' results, inserted text, text boxes, charts; then headers
and footers once each, footnotes, endnotes and comments as notes.
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, flat, raised
from ragcli.index.documents.loaders.dispatch.inner_documents import InnerDocuments
from ragcli.index.documents.loaders.layout.grids import add_table
from ragcli.index.documents.loaders.layout.header_rows import Span
from ragcli.index.documents.loaders.office import drawings
from ragcli.index.documents.loaders.office.embedded import add_embedded, add_object
from ragcli.index.documents.loaders.office.packages import (
    Package,
    below,
    number,
    switch,
)
from ragcli.index.documents.loaders.office.styled_paragraphs import StyledParagraphs
from ragcli.index.documents.loaders.office.word_lists import Numbering
from ragcli.index.documents.loaders.office.word_styles import Styles

_TEXT = {
    "w:tab": "\t",
    "w:ptab": "\t",
    "w:br": "\n",
    "w:cr": "\n",
    "w:noBreakHyphen": "-",
}
_BLOCKS = frozenset({"w:p", "w:tbl", "w:altChunk"})
_UNSHOWN = frozenset(
    {
        "w:del",
        "w:moveFrom",
        "w:delText",
        "w:instrText",
        "w:delInstrText",
        "w:pPr",
        "w:rPrChange",
        "w:sdtPr",
        "w:sdtEndPr",
        "w:tblPr",
        "w:tblGrid",
        "w:trPr",
        "w:tcPr",
        "w:sectPr",
        "w:fldData",
        "w:rubyPr",
        "w:rt",
        "mc:Fallback",
    }
)
"""Elements with text in them that Word does not show, or shows elsewhere."""

_BOXES = frozenset({"w:drawing", "w:pict", "w:object"})
_ON = "\u2612"
_OFF = "\u2610"
_SYMBOLS = {
    "F0A8": _OFF,
    "F06F": _OFF,
    "F071": _OFF,
    "F0FE": "\u2611",
    "F0FD": _ON,
    "F078": _ON,
    "F0FC": "\u2713",
    "F0FB": "\u2717",
    "F0B7": "\u2022",
    "F0A7": "\u25aa",
    "F0E0": "\u2192",
    "F0B0": "\u00b0",
}
"""Characters of Wingdings and Symbol, by their code, as Unicode has them."""

_WITH_OBJECTS = frozenset({"header", "footer", "footnotes", "endnotes", "comments"})
_NOTES = (("footnotes", "w:footnote"), ("endnotes", "w:endnote"))


def docx(content: Content) -> Document:
    """Returns a Word document's headings, paragraphs, lists, tables and notes.

    Raises:
        UnreadableDocument: Protected by a password, damaged, a bomb, or none.
    """
    package = Package(content.data)
    main = package.main()
    body = below(package.xml(main), "w:body")
    if body is None:
        raise UnreadableDocument("not a readable Word document: it has no body")
    reader = _WordReader(package, main, content)
    reader.blocks(body)
    reader.notes(body)
    reader.objects()
    title = package.title()
    document = reader.builder
    document.title = title or document.title
    return document.document()


@dataclass
class _WordPiece:
    """What a paragraph says, and what hangs on it."""

    text: list[str] = field(default_factory=list)
    boxes: list[ET.Element] = field(default_factory=list)


class _WordReader:
    """One walk over a document; what it says goes to `builder`."""

    def __init__(self, package: Package, main: str, content: Content) -> None:
        self.builder = DocumentBuilder()
        self._package = package
        self._main = main
        self._inner = InnerDocuments(self.builder, content)
        self._relations = package.related(main)
        self._objects: dict[str, tuple[str, ...]] = {}
        """Ids of the objects in the text, and the headings that they stand under."""
        self._styles = Styles(self._other("styles"))
        self._numbering = Numbering(self._other("numbering"))
        self._styled = StyledParagraphs(self.builder)

    def _other(self, kind: str) -> ET.Element | None:
        for relation in self._relations.values():
            if relation.kind == kind and relation.target in self._package:
                return self._package.xml(relation.target)
        return None

    def blocks(self, parent: ET.Element) -> None:
        """Adds the paragraphs and tables below an element."""
        for block in _blocks(parent):
            if block.tag == "w:tbl":
                self._table(block)
            elif block.tag == "w:altChunk":
                self._chunk(block.get("r:id", ""))
            else:
                self._paragraph(block)

    def _chunk(self, name: str) -> None:
        """Adds a document of another format that Word shows as a part of this one."""
        relation = self._relations.get(name)
        if relation is None or relation.target not in self._package:
            return
        title = posixpath.basename(relation.target)
        try:
            data = self._package.read(relation.target)
        except UnreadableDocument as error:
            self._inner.leave(f"{title} ({error.message})")
        else:
            self._inner.add_in_place(title, data)

    def _paragraph(self, paragraph: ET.Element) -> None:
        piece = _WordPiece()
        _read(paragraph, piece)
        text = "".join(piece.text)
        label = self._list_label(paragraph)
        level = self._styles.heading_level(paragraph)
        role = "" if level or label is not None else self._styles.role(paragraph)
        is_taken = self._styled.take(role, text)
        if is_taken:
            pass
        elif level and text.strip():
            self.builder.heading(level, f"{label} {text}" if _counts(label) else text)
        elif label is not None:
            self.builder.item(text, bullet=f"{label} " if label else "- ")
        else:
            self.builder.paragraph(text)
        self._drawn(piece.boxes)

    def _list_label(self, paragraph: ET.Element) -> str | None:
        """Returns what numbers a paragraph: `2.1`, `-`; None when it is in no list."""
        list_level = self._styles.list_place(paragraph)
        label = self._numbering.label(*list_level) if list_level else None
        if label is None and self._styles.is_list(paragraph):
            return "-"
        return label

    def _drawn(self, boxes: Iterable[ET.Element]) -> None:
        """Adds what stands in text boxes, shapes, charts and diagrams."""
        for box in boxes:
            self._styled.end()
            inner = list(_nearest(box, {"w:txbxContent"}, {"mc:Fallback"}))
            for content in inner:
                self.blocks(content)
            if not inner:
                for text in drawings.paragraphs(box):
                    self.builder.figure(text)
                for shape in box.iter("v:textpath"):
                    self.builder.figure(shape.get("string", ""))
                for item in box.iter():
                    self._referred(item)

    def _referred(self, item: ET.Element) -> None:
        if item.tag == "OLEObject":
            self._objects.setdefault(item.get("r:id", ""), self.builder.headings)
        elif item.tag == "w:altChunk":
            self._chunk(item.get("r:id", ""))
        elif item.tag == "c:chart" and item.get("r:id"):
            root = self._target(item.get("r:id", ""))
            if root is not None:
                drawings.add_chart(self.builder, root)
        elif item.tag == "dgm:relIds":
            root = self._target(item.get("r:dm", ""))
            if root is not None:
                drawings.add_diagram(self.builder, root)

    def _target(self, name: str) -> ET.Element | None:
        relation = self._relations.get(name)
        if relation is None or relation.target not in self._package:
            return None
        return self._package.xml(relation.target)

    def _table(self, table: ET.Element) -> None:
        """Adds a table; one of a single column is a frame around what is in it."""
        lines = [list(_shallow(row, "w:tc")) for row in _rows(table)]
        if all(len(cells) < 2 for cells in lines):
            self._styled.end()
            for cell in itertools.chain.from_iterable(lines):
                self.blocks(cell)
            return
        self._grid(table)

    def _grid(self, table: ET.Element) -> None:
        rows: list[list[str]] = []
        spans: list[Span] = []
        later: list[ET.Element] = []
        nested: list[ET.Element] = []
        heading_rows = 0
        tops: dict[int, int] = {}
        """Of each column the row in which the merged cell begins that it is in."""
        for row in _rows(table):
            cells = [""] * _skipped(below(row, "w:trPr"))
            for cell in _shallow(row, "w:tc"):
                width = _width(cell)
                text, boxes, tables = self._cell(cell)
                later += boxes
                nested += tables
                at, left = len(rows), len(cells)
                if width > 1:
                    spans.append(Span(at, left, at, left + width - 1))
                if not _goes_on(cell):
                    tops[left] = at
                elif width == 1 and left in tops:
                    spans.append(Span(tops[left], left, at, left))
                cells += [text, *[""] * (width - 1)]
            is_heading = switch(below(row, "w:trPr/w:tblHeader"))
            heading_rows += is_heading and heading_rows == len(rows)
            rows.append(cells)
        if not heading_rows and _is_bold_above(list(_rows(table))):
            heading_rows = 1
        caption = self._styled.caption()
        add_table(self.builder, rows, spans, heading_rows, caption)
        for inner in nested:
            self._table(inner)
        self._drawn(later)

    def _cell(self, cell: ET.Element) -> tuple[str, list[ET.Element], list[ET.Element]]:
        """Returns a cell's text, its boxes, and the tables inside it."""
        lines: list[str] = []
        boxes: list[ET.Element] = []
        tables: list[ET.Element] = []
        if _goes_on(cell):
            return "", boxes, tables
        for block in _blocks(cell):
            if block.tag == "w:tbl":
                tables.append(block)
                continue
            if block.tag == "w:altChunk":
                boxes.append(block)
                continue
            piece = _WordPiece()
            _read(block, piece)
            boxes += piece.boxes
            label = self._list_label(block)
            text = "".join(piece.text)
            if text.strip():
                lines.append(f"{label} {text}" if label else text)
        return "\n".join(lines), boxes, tables

    def notes(self, body: ET.Element) -> None:
        """Adds headers and footers, each text once, then notes and comments.

        Args:
            body: Where notes are referred to; they count from 1 in that order.
        """
        self._styled.end()
        texts: set[str] = set()
        for relation in self._relations.values():
            if relation.kind in {"header", "footer"}:
                self._margin(relation.target, relation.kind, texts)
        for part, name in _NOTES:
            root = self._other(part)
            marks = {} if root is None else _marks(body, f"{name}Reference")
            for note in () if root is None else root.iter(name):
                if note.get("w:type", "normal") == "normal":
                    shown = note.get("w:id", "")
                    label = f"{name[2:]} {marks.get(shown, shown)}"
                    self.builder.note(_whole_text(note), label)
        root = self._other("comments")
        for comment in () if root is None else root.iter("w:comment"):
            author = flat(comment.get("w:author", ""))
            text = _whole_text(comment)
            label = f"comment {author}".strip()
            self.builder.note(f"{author}: {text}" if author and text else text, label)

    def objects(self) -> None:
        """Adds what is put into the text, its margins and its notes: workbooks, say."""
        for name, above in self._objects.items():
            relation = self._relations.get(name)
            if relation and relation.target in self._package:
                add_object(self._inner, self._package, relation.target, above=above)
        add_embedded(self._inner, self._package, self._main, without=self._objects)
        for relation in self._relations.values():
            if relation.kind in _WITH_OBJECTS:
                add_embedded(self._inner, self._package, relation.target)
        self._inner.tell()

    def _margin(self, part: str, kind: str, texts: set[str]) -> None:
        if part not in self._package:
            return
        root = self._package.xml(part)
        text = _whole_text(root)
        says = any(map(str.isalpha, text))  # more than the number of a page
        if says and flat(text) not in texts:
            texts.add(flat(text))
            self.builder.note(text, kind)


def _marks(body: ET.Element, name: str) -> dict[str, int]:
    """Returns the number that a reader sees of each note, by its name in the file."""
    names = [
        mark.get("w:id", "")
        for mark in body.iter(name)
        if mark.get("w:customMarkFollows", "0") in {"0", "false"}
    ]
    return {name: at for at, name in enumerate(dict.fromkeys(names), 1)}


def _whole_text(root: ET.Element) -> str:
    """Returns a note's or header's text, its boxes and tables with it."""
    lines = []
    pending = [root]
    while pending:
        parent = pending.pop()
        for block in _blocks(parent):
            if block.tag == "w:tbl":
                for row in _rows(block):
                    cells = [_whole_text(cell) for cell in _shallow(row, "w:tc")]
                    lines.append(" | ".join(filter(None, map(flat, cells))))
                continue
            piece = _WordPiece()
            _read(block, piece)
            lines.append("".join(piece.text).strip())
            for box in piece.boxes:
                pending += _nearest(box, {"w:txbxContent"}, {"mc:Fallback"})
    return "\n".join(filter(None, lines))


def _blocks(parent: ET.Element) -> Iterator[ET.Element]:
    """Yields paragraphs and tables, those inside content controls and the like too."""
    return _nearest(parent, _BLOCKS)


def _shallow(parent: ET.Element, name: str) -> Iterator[ET.Element]:
    """Yields rows of a table or cells of a row, not those of tables inside."""
    return _nearest(parent, {name}, _UNSHOWN | _BLOCKS)


def _nearest(
    parent: ET.Element, names: AbstractSet[str], closed: AbstractSet[str] = _UNSHOWN
) -> Iterator[ET.Element]:
    """Yields the elements of some names, in order, none of them inside another.

    Args:
        parent: Where they are, however deep.
        names: What they are called.
        closed: Names of elements that are not looked into.
    """
    pending = list(parent)[::-1]
    while pending:
        element = pending.pop()
        if element.tag in names:
            yield element
        elif element.tag not in closed:
            pending.extend(reversed(element))


def _rows(table: ET.Element) -> Iterator[ET.Element]:
    """Yields the rows of a table that are not deleted."""
    for row in _shallow(table, "w:tr"):
        if below(row, "w:trPr/w:del") is None:
            yield row


def _read(parent: ET.Element, piece: _WordPiece) -> None:
    """Reads what a paragraph says, in order; boxes are kept for later."""
    pending = list(parent)[::-1]
    while pending:
        element = pending.pop()
        name = element.tag
        if name in _BOXES:
            piece.boxes.append(element)
        elif name in {"w:t", "m:t"}:
            piece.text.append(element.text or "")
        elif name in _TEXT:
            piece.text.append(_TEXT[name])
        elif name == "w:sym":
            piece.text.append(_symbol(element))
        elif name == "w:fldChar":
            piece.text.append(_form_value(element))
        elif name == "w:sdt" and (mark := _check_box(element)):
            piece.text.append(mark)
        elif name == "w:r" and _is_read(element, piece):
            continue
        elif name not in _UNSHOWN:
            pending.extend(reversed(element))


def _is_read(run: ET.Element, piece: _WordPiece) -> bool:
    """Tells whether nothing is left to be read of a run: it is hidden, or raised."""
    if switch(below(run, "w:rPr/w:vanish")):
        return True
    power = _raised(run)
    if power:
        piece.text.append(raised(power, "".join(piece.text[-1:])))
    return bool(power)


def _raised(run: ET.Element) -> str:
    """Returns the text of a run that is raised and nothing but text, else ""."""
    alignment = below(run, "w:rPr/w:vertAlign")
    if alignment is None or alignment.get("w:val") != "superscript":
        return ""
    if any(child.tag not in {"w:rPr", "w:t"} for child in run):
        return ""
    return "".join(child.text or "" for child in run if child.tag == "w:t")


def _symbol(element: ET.Element) -> str:
    code = element.get("w:char", "").upper()
    if code in _SYMBOLS:
        return _SYMBOLS[code]
    try:
        character = chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
    return "" if "\ue000" <= character <= "\uf8ff" else character


def _check_box(control: ET.Element) -> str:
    """Returns the sign of a content control that is a check box, else ""."""
    box = below(control, "w:sdtPr/w14:checkbox")
    if box is None:
        return ""
    checked = below(box, "w14:checked")
    is_on = checked is not None and checked.get("w14:val", "1") in {"1", "true", "on"}
    return _ON if is_on else _OFF


def _form_value(mark: ET.Element) -> str:
    """Returns what a form field of the old kind shows where that is no text."""
    data = below(mark, "w:ffData")
    box = below(data, "w:checkBox")
    if box is not None:
        chosen = below(box, "w:checked")
        chosen = below(box, "w:default") if chosen is None else chosen
        return _ON if switch(chosen) else _OFF
    choices = below(data, "w:ddList")
    if choices is not None:
        entries = [item for item in choices if item.tag == "w:listEntry"]
        result = below(choices, "w:result")
        at = number(result.get("w:val")) if result is not None else 0
        return entries[at].get("w:val", "") if 0 <= at < len(entries) else ""
    return ""


def _is_bold_above(rows: list[ET.Element]) -> bool:
    """Tells whether the first row of a table is set in bold, and the next is not."""
    return len(rows) > 1 and _is_bold(rows[0]) and not _is_bold(rows[1])


def _is_bold(row: ET.Element) -> bool:
    runs = [run for run in row.iter("w:r") if below(run, "w:t") is not None]
    return bool(runs) and all(switch(below(run, "w:rPr/w:b")) for run in runs)


def _width(cell: ET.Element) -> int:
    span = below(cell, "w:tcPr/w:gridSpan")
    return min(max(number(span.get("w:val"), 1), 1), 63) if span is not None else 1


def _skipped(properties: ET.Element | None) -> int:
    """Returns how many columns a row leaves free before its first cell."""
    skipped = below(properties, "w:gridBefore")
    return min(max(number(skipped.get("w:val")), 0), 63) if skipped is not None else 0


def _goes_on(cell: ET.Element) -> bool:
    """Tells whether a cell is the rest of the merged one above it."""
    merge = below(cell, "w:tcPr/w:vMerge")
    return merge is not None and merge.get("w:val", "continue") == "continue"


def _counts(label: str | None) -> bool:
    return bool(label) and any(map(str.isalnum, label or ""))
