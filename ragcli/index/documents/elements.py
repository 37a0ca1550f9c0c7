"""What a loader makes of a file: a title, facts, and elements in reading order.

An element is a heading's path, a paragraph, an item, a table's row, a field, code, a
line, a note or a figure. Elements are spans of their section's text, so that what is
cut out of it later is verbatim, and lines follow from counting. For text formats a
section's text stands in the file as it is; for others `DocumentBuilder` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ragcli.paths import PART_MARK

LONGEST_HEADING = 200
"""Characters; a longer heading is cut where it is named, and told whole below it."""

_BLANK_LINES = re.compile(r"\n[ \t\f\r]*(?:\n[ \t\f\r]*)+")


class Element(NamedTuple):
    """One element of a section: a span of its text that is of one kind."""

    kind: str
    """`prose`, `item`, `row`, `columns`, `field`, `code`, `line`, `note` or `figure`;
    see `ragcli.language.units.Unit`."""

    start: int
    """Offset of its first character in the section's text."""

    end: int
    """Offset after its last one."""

    table: int = -1
    """Of a row or columns: which of the document's tables, counted from 0."""

    cells: tuple[str, ...] = ()
    """Of a row its cells by column; of a field its key and value."""

    label: str = ""
    """Where it stands when that is no line: a time, a footnote's number, a cell."""

    lines: tuple[int, int] | None = None
    """Its lines in the file, where they do not follow from counting line breaks."""


class TableFacts(NamedTuple):
    """What is known of a table of a document."""

    columns: tuple[str, ...] = ()
    """Names of the columns; () when nobody named them."""

    caption: str = ""
    """What stands above it, or ""."""

    rows: int = 0
    """How many rows it has, without the one that names the columns."""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document that stands under one heading, on one page."""

    text: str
    """The stretch; for text formats whole lines, verbatim."""

    heading: tuple[str, ...] = ()
    """Headings above it, outermost first."""

    page: int | None = None
    """Page, slide, sheet or cell, counted from 1, where the format has them."""

    first_line: int | None = None
    """Line of the file at which `text` starts, counted from 1, for text formats.

    Lines end with a newline, a carriage return or both, and with nothing else.
    """

    elements: tuple[Element, ...] = ()
    """In order, not overlapping; between them is nothing that says anything."""

    part: str = ""
    """Which document inside the file it is of: `price.xlsx`, `b.eml!c.xlsx`.

    Names from the outermost to the innermost; "" for the file's own text. Page and
    lines are then those of that document. A label that others wrote, never a path.
    """

    @property
    def is_code(self) -> bool:
        """Whether all of it is source code."""
        return len(self.elements) == 1 and self.elements[0].kind == "code"


@dataclass(frozen=True, slots=True)
class Document:
    """A document as its loader read it."""

    title: str = ""
    """Its own title, "" when it has none."""

    sections: tuple[Section, ...] = ()
    """In reading order."""

    tables: tuple[TableFacts, ...] = ()
    """Its tables; elements name them by number."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else is known, JSON values: `tags`, `aliases`, `date`, `author`,
    `encoding` (where it was guessed), `notices` (lines a user should read)."""

    format: str = ""
    """`markdown`, `pdf`, `python` …: a name of `ragcli.index.documents.formats`."""

    language: str = ""
    """ISO 639-1 code of the language that most of it is in, or ""."""


def packed(document: Document) -> dict[str, Any]:
    """Returns a document as JSON values, for another process."""
    return {
        "title": document.title,
        "facts": dict(document.facts),
        "tables": document.tables,
        "sections": [
            (
                *(item.text, item.heading, item.page, item.first_line, item.elements),
                item.part,
            )
            for item in document.sections
        ],
    }


def unpacked(packed: Mapping[str, Any]) -> Document:
    """Returns the document that `packed` described."""
    return Document(
        packed["title"],
        tuple(
            Section(
                text, tuple(heading), page, line, tuple(map(_element, elements)), part
            )
            for text, heading, page, line, elements, part in packed["sections"]
        ),
        tuple(
            TableFacts(tuple(columns), caption, rows)
            for columns, caption, rows in packed["tables"]
        ),
        packed["facts"],
    )


def _element(values: Sequence[Any]) -> Element:
    kind, start, end, table, cells, label, lines = values
    return Element(
        kind, start, end, table, tuple(cells), label, tuple(lines) if lines else None
    )


class DocumentBuilder:
    """Takes a document's elements in order and writes its text; `document` ends it.

    For formats whose bytes are no text: a section begins with a heading or a page.
    """

    def __init__(self) -> None:
        self.title = ""
        """The first heading of the document, until a loader sets a better one."""
        self.facts: dict[str, Any] = {}
        self.lines: tuple[int, int] | None = None
        """Lines of the file at which what is added next stands, where it has any."""
        self._sections: list[Section] = []
        self._tables: list[TableFacts] = []
        self._path: list[tuple[int, str]] = []
        self._unsaid = ""
        """The text of the last heading, while nothing stands below it."""
        self._page: int | None = None
        self._text: list[str] = []
        self._length = 0
        self._elements: list[Element] = []

    @property
    def tables(self) -> int:
        """How many tables there are so far."""
        return len(self._tables)

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings that what is added next stands under, outermost first."""
        return tuple(title for _, title in self._path)

    def page(self, number: int | None, *, keep_headings: bool = False) -> None:
        """Begins a page, slide or sheet; headings start anew unless they are kept."""
        self._close()
        if not keep_headings:
            self._say_heading()
            self._path = []
        self._page = number

    def heading(self, level: int, text: str, *, stands_alone: bool = True) -> None:
        """Begins a section; level 1 is the outermost.

        Args:
            level: How deep it is.
            text: The heading.
            stands_alone: Whether it says something where nothing stands below it.
        """
        self._close()
        if self._path and self._path[-1][0] >= level:
            self._say_heading()
        while self._path and self._path[-1][0] >= level:
            self._path.pop()
        whole = flat(text)
        title = one_line(whole)
        if title:
            self._path.append((level, title))
            self.title = self.title or title
            self._unsaid = whole if stands_alone else ""
            if title != whole:
                self.paragraph(whole)

    def paragraph(self, text: str, *, label: str = "") -> None:
        """Adds a paragraph; line breaks in it stay."""
        self._add(text, Element("prose", 0, 0, label=label))

    def item(self, text: str, *, bullet: str = "- ") -> None:
        """Adds an item of a list."""
        self._add(text, Element("item", 0, 0), before=bullet, joined=True)

    def field(self, key: str, value: str, *, label: str = "") -> None:
        """Adds a key with its value."""
        key, value = flat(key), flat(value)
        if key or value:
            element = Element("field", 0, 0, cells=(key, value), label=label)
            self._add(f"{key}: {value}", element, joined=True)

    def code(self, text: str) -> None:
        """Adds code; blank lines in it stay."""
        self._add(text.strip("\n"), Element("code", 0, 0))

    def line(
        self, text: str, *, label: str = "", lines: tuple[int, int] | None = None
    ) -> None:
        """Adds a line of a log or transcript.

        Args:
            text: The line.
            label: Its time, say.
            lines: Where it stands in the file.
        """
        element = Element("line", 0, 0, label=label, lines=lines)
        self._add(text, element, joined=True)

    def note(self, text: str, label: str) -> None:
        """Adds a footnote, comment, header or footer; `label` says which."""
        self._add(text, Element("note", 0, 0, label=label))

    def figure(self, text: str) -> None:
        """Adds what a picture or chart says."""
        self._add(text, Element("figure", 0, 0))

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        caption: str = "",
        labels: Sequence[str] = (),
        places: Sequence[tuple[int, int]] = (),
        repeated: Collection[tuple[int, int]] = (),
    ) -> None:
        """Adds a table.

        Args:
            columns: Names of its columns, () when there are none.
            rows: Its rows; one without any text is left out.
            caption: What stands above it.
            labels: Where each row stands, `A7` say, as far as there are any.
            places: Lines of the file at which each row stands, where they are not
                those of the whole table.
            repeated: Row and column, counted from 0, of the cells that a merged one
                above reaches over: the row has its words, the text has them once.
        """
        names = tuple(flat(name) for name in columns)
        names = names if any(names) else ()
        caption = flat(caption)
        number = len(self._tables)
        wanted: list[tuple[Element, tuple[str, ...]]] = []
        for at, row in enumerate(rows):
            cells = tuple(flat(cell) for cell in row)
            said = cells
            if repeated:
                said = tuple(
                    "" if (at, column) in repeated else cell
                    for column, cell in enumerate(cells)
                )
            if any(said):
                label = labels[at] if at < len(labels) else ""
                place = places[at] if at < len(places) else None
                row_of = Element("row", 0, 0, number, cells, label, place)
                wanted.append((row_of, said))
        if not wanted and not names:
            return
        self._tables.append(TableFacts(names, caption, len(wanted)))
        if caption:
            self.paragraph(caption)
        if names:
            self._add(" | ".join(names), Element("columns", 0, 0, number))
        for at, (row_of, said) in enumerate(wanted):
            self._add(
                " | ".join(said).strip(" "),
                row_of,
                joined=bool(names) or at > 0,
            )

    def include(self, document: Document, *above: str, part: str = "") -> None:
        """Adds the sections of another document.

        An attachment, a chapter or an embedded page is read by its own loader.

        Args:
            document: The other one.
            above: The headings that it stands under.
            part: Its name where it is a document of its own, and has pages or lines
                of its own.
        """
        self._close()
        self._say_heading()
        begin = len(self._tables)
        self._tables += document.tables
        for section in document.sections:
            elements = tuple(
                item._replace(table=item.table + begin) if item.table >= 0 else item
                for item in section.elements
            )
            heading = (*filter(None, map(one_line, above)), *section.heading)
            self._sections.append(
                replace(
                    section,
                    heading=heading,
                    elements=elements,
                    part=PART_MARK.join(filter(None, (part, section.part))),
                )
            )

    def document(self) -> Document:
        """Ends the document and returns it."""
        self._close()
        self._say_heading()
        title = one_line(well_formed(self.title))
        return Document(title, tuple(self._sections), tuple(self._tables), self.facts)

    def _add(
        self,
        text: str,
        element: Element,
        *,
        before: str = "",
        joined: bool = False,
    ) -> None:
        """Appends an element whose offsets are not known yet.

        Args:
            text: What it says; blank lines stay in code alone.
            element: All else that is known of it.
            before: What stands before it on its line: a bullet.
            joined: Whether it stands on the line below its like, without a blank one.
        """
        text = well_formed(text)
        if element.kind != "code":
            text = text.strip()
            if "\n" in text:
                text = _BLANK_LINES.sub("\n", text)
        if not text or text.isspace():
            return
        self._unsaid = ""
        if self._elements:
            near = joined and self._elements[-1].kind in {element.kind, "columns"}
            self._put("\n" if near else "\n\n")
        if before:
            self._put(before)
        start = self._length
        self._put(text)
        kind, _, _, table, cells, label, lines = element
        label = flat(label) if label else ""
        self._elements.append(
            Element(kind, start, self._length, table, cells, label, lines or self.lines)
        )

    def _put(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)

    def _close(self) -> None:
        """Ends the section; a heading with others below it is in their paths."""
        if self._elements:
            self._sections.append(
                Section(
                    "".join(self._text),
                    self.headings,
                    self._page,
                    None,
                    tuple(self._elements),
                )
            )
        self._text, self._length, self._elements = [], 0, []

    def _say_heading(self) -> None:
        """Adds the last heading as words of its own, if nothing stands below it."""
        if self._unsaid:
            self.paragraph(self._unsaid)
            self._close()


def trimmed(text: str, start: int, stop: int) -> tuple[int, int]:
    """Returns a span without the blanks around it; an empty one where all is blank."""
    piece = text[start:stop]
    said = piece.strip()
    if len(said) < len(piece):
        start += len(piece) - len(piece.lstrip())
    return start, start + len(said)


def well_formed(text: str) -> str:
    """Returns `text` without lone surrogates, which no encoding can store."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        paired = text.encode("utf-16-le", "surrogatepass")
        return paired.decode("utf-16-le", "replace")
    return text


_RAISED = str.maketrans(
    "0123456789+-\u2212",
    "\u2070\xb9\xb2\xb3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207b",
)


def raised(text: str, before: str) -> str:
    """Returns raised text as it reads behind other text: of `10` and `6`, `\u2076`.

    Elsewhere than behind a digit, where it would make another number, it stays.
    """
    is_power = text.strip("+-\u2212").isdecimal() and before[-1:].isdecimal()
    return text.translate(_RAISED) if is_power and text.isascii() else text


def one_line(text: str) -> str:
    """Returns a heading or title on one line, cut where it is no longer one."""
    return flat(text[: 4 * LONGEST_HEADING])[:LONGEST_HEADING]


def flat(text: str) -> str:
    """Returns a cell's or field's text on one line, whole."""
    return " ".join((text if text.isascii() else well_formed(text)).split())
