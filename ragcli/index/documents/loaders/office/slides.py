"""PPTX: what each slide says, from its XML: shapes, tables, charts, diagrams, notes."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, DocumentBuilder, flat
from ragcli.index.documents.loaders.dispatch.inner_documents import InnerDocuments
from ragcli.index.documents.loaders.layout.grids import add_table
from ragcli.index.documents.loaders.layout.header_rows import Span
from ragcli.index.documents.loaders.office import drawings
from ragcli.index.documents.loaders.office.embedded import add_embedded
from ragcli.index.documents.loaders.office.packages import (
    Package,
    Relation,
    below,
    number,
    words,
)

_TITLES = frozenset({"title", "ctrTitle"})
_MARGINS = frozenset({"sldNum", "dt", "hdr", "ftr"})
_NOT_NOTES = _MARGINS | {"sldImg"}


def pptx(content: Content) -> Document:
    """Returns a presentation's slides, each a page, with its notes.

    Raises:
        UnreadableDocument: Protected by a password, damaged, a bomb, or none.
    """
    package = Package(content.data)
    main = package.main()
    root = package.xml(main)
    if root.tag != "p:presentation":
        raise UnreadableDocument("not a readable presentation: no slides named in it")
    relations = package.related(main)
    builder = DocumentBuilder()
    inner = InnerDocuments(builder, content)
    footers: set[str] = set()
    names = [item.get("r:id", "") for item in root.iter("p:sldId")]
    for page, name in enumerate(names, 1):
        if name in relations and relations[name].target in package:
            builder.page(page)
            _Slide(builder, package, relations[name].target).read(footers)
            add_embedded(inner, package, relations[name].target, above=builder.headings)
    inner.tell()
    # Programs write a title of their own making into the properties of slides.
    builder.title = builder.title or package.title()
    return builder.document()


class _Slide:
    """One walk over a slide; what it says goes to the document."""

    def __init__(self, builder: DocumentBuilder, package: Package, part: str) -> None:
        self._builder = builder
        self._package = package
        self._root = package.xml(part)
        self._relations = package.related(part)

    def read(self, footers: set[str]) -> None:
        """Adds the slide: its title first, its notes and comments last.

        Args:
            footers: Those that slides before it have; new ones are added.
        """
        shapes = list(_shapes(below(self._root, "p:cSld/p:spTree")))
        title = next((s for s in shapes if _placeholder(s) in _TITLES), None)
        texts = () if title is None else drawings.paragraphs(title)
        heading = " ".join(map(flat, texts))
        if self._root.get("show") in {"0", "false"}:
            heading = f"{heading} (hidden)"
        self._builder.heading(1, heading, stands_alone=title is not None)
        for shape in shapes:
            if _placeholder(shape) in _MARGINS:
                self._margin(shape, footers)
            elif shape is not title:
                self._shape(shape)
        for relation in self._relations.values():
            if relation.target in self._package:
                self._related(relation)

    def _margin(self, shape: ET.Element, footers: set[str]) -> None:
        text = "\n".join(drawings.paragraphs(shape))
        if text and text not in footers and _placeholder(shape) != "sldNum":
            footers.add(text)
            self._builder.note(text, "footer")

    def _shape(self, shape: ET.Element) -> None:
        if shape.tag == "p:sp":
            self._text(shape)
        elif shape.tag == "p:graphicFrame":
            for table in shape.iter("a:tbl"):
                _table(self._builder, table)
            for item in shape.iter():
                if item.tag in {"c:chart", "dgm:relIds"}:
                    self._drawn(item)
        elif shape.tag == "p:pic":
            properties = below(shape, "p:nvPicPr/p:cNvPr")
            self._builder.figure(
                "" if properties is None else properties.get("descr", "")
            )

    def _text(self, shape: ET.Element) -> None:
        """Adds a shape's paragraphs: points of a list where it is a place for them."""
        body = below(shape, "p:txBody")
        if body is None:
            return
        is_list = _placeholder(shape) in {"body", "obj"}
        for paragraph in body.iter("a:p"):
            text = drawings.text_of(paragraph)
            properties = below(paragraph, "a:pPr")
            marks = set() if properties is None else {item.tag for item in properties}
            is_item = bool(marks & {"a:buChar", "a:buAutoNum", "a:buBlip"})
            if is_item or (is_list and "a:buNone" not in marks):
                self._builder.item(text)
            else:
                self._builder.paragraph(text)

    def _drawn(self, item: ET.Element) -> None:
        name = item.get("r:id", "") or item.get("r:dm", "")
        relation = self._relations.get(name)
        if relation is None or relation.target not in self._package:
            return
        root = self._package.xml(relation.target)
        if item.tag == "c:chart":
            drawings.add_chart(self._builder, root)
        else:
            drawings.add_diagram(self._builder, root)

    def _related(self, relation: Relation) -> None:
        if relation.kind == "notesSlide":
            root = self._package.xml(relation.target)
            for shape in _shapes(below(root, "p:cSld/p:spTree")):
                if _placeholder(shape) not in _NOT_NOTES:
                    text = "\n".join(drawings.paragraphs(shape))
                    self._builder.note(text, "speaker notes")
        elif relation.kind == "comments":
            for comment in self._package.xml(relation.target).iter():
                if comment.tag.rpartition(":")[2] in {"cm", "reply"}:
                    text = words(below(comment, "p:text"))
                    text = text or "\n".join(drawings.paragraphs(comment))
                    self._builder.note(text, "comment")


def _shapes(tree: ET.Element | None) -> Iterator[ET.Element]:
    """Yields the shapes in their order, those inside groups as well."""
    pending = [] if tree is None else list(tree)[::-1]
    while pending:
        element = pending.pop()
        if element.tag in {"p:sp", "p:graphicFrame", "p:pic", "p:cxnSp"}:
            yield element
        elif element.tag in {"p:grpSp", "mc:AlternateContent", "mc:Choice"}:
            pending.extend(reversed(element))


def _placeholder(shape: ET.Element) -> str:
    """Returns what a shape is the place for, "" for none."""
    placeholder = below(shape, "p:nvSpPr/p:nvPr/p:ph")
    return "" if placeholder is None else placeholder.get("type", "obj")


def _table(builder: DocumentBuilder, table: ET.Element) -> None:
    properties = below(table, "a:tblPr")
    first_row = "" if properties is None else properties.get("firstRow", "")
    rows: list[list[str]] = []
    spans: list[Span] = []
    for row in table.iter("a:tr"):
        cells: list[str] = []
        for cell in row.iter("a:tc"):
            is_merged = {cell.get("hMerge"), cell.get("vMerge")} & {"1", "true"}
            width = min(max(number(cell.get("gridSpan"), 1), 1), 1000)
            if width > 1:
                at = len(cells)
                spans.append(Span(len(rows), at, len(rows), at + width - 1))
            height = min(max(number(cell.get("rowSpan"), 1), 1), 1000)
            if height > 1 and width == 1:
                at, top = len(cells), len(rows)
                spans.append(Span(top, at, top + height - 1, at))
            text = "" if is_merged else "\n".join(drawings.paragraphs(cell))
            cells.append(text)
        rows.append(cells)
    add_table(builder, rows, spans, int(first_row in {"1", "true"}))
