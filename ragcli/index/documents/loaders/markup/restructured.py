"""reStructuredText: its directives, tables, fields and definitions as a page has them.

A section's text stays as it stands in the file; what markup says nothing to a reader
(comments, places to link to, options of directives) is between its elements.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ragcli.index.documents import grid_tables, text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    TableFacts,
    flat,
    trimmed,
)
from ragcli.index.documents.loaders.markup.lightweight import (
    sections_of,
    underlined_headings,
)

_EXPLICIT = re.compile(r"[ \t]*(?:\.\.(?:[ \t]+|$)|__[ \t])")
_DIRECTIVE = re.compile(
    r"[ \t]*\.\.[ \t]+(?:\|(?P<sign>[^|\n]+)\|[ \t]+)?(?P<name>[\w:.+-]+?)[ ]?::"
    r"(?:[ \t]+(?P<said>\S.*)?)?$"
)
_NOTE = re.compile(r"[ \t]*\.\.[ \t]+\[(?P<label>[^\]\n]{1,60})\][ \t]*(?P<said>.*)$")
_LINK = re.compile(
    r"[ \t]*\.\.[ \t]+_(?P<key>`[^`\n]+`|[^:\n]+):[ \t]+(?P<place>\S[^\s:]*:\S+)[ \t]*$"
)
_FIELD = re.compile(
    r"[ \t]*:(?P<key>[^:\s`](?:[^:\n]|:(?!\s|$)){0,80}?):"
    r"(?:[ \t]+(?P<value>\S.*)|[ \t]*$)"
)
_BULLET = re.compile(
    r"[ \t]*(?:[-*+\u2022]|\(?(?:\d{1,3}|[a-zA-Z]|#|[ivx]+)[.)])[ \t]+\S"
)
_OPTION = re.compile(r"[ \t]*(?:-{1,2}|/)\w")
_RULE = re.compile(r"[ \t]*([!-/:-@\[-`{-~])\1{3,}[ \t]*$")
_ROLE = re.compile(
    r":[\w:+.-]{1,80}:`(?:[~!])?(?P<role>[^`]*)`|`(?P<link>[^`]*)`__?"
    r"|``(?P<code>[^`]*)``"
)
_TARGET = re.compile(r"(?<!\s)\s*<[^<>]*>\s*$")
_CLASSIFIER = re.compile(r"(?<!\s)\s+:\s+.*$")

_CODE = frozenset(
    {
        "code",
        "code-block",
        "digraph",
        "doctest",
        "graphviz",
        "ipython",
        "literalinclude",
        "math",
        "mermaid",
        "parsed-literal",
        "plot",
        "productionlist",
        "prompt",
        "raw",
        "sourcecode",
        "testcode",
        "testoutput",
        "testsetup",
        "tikz",
        "uml",
    }
)
_SILENT = frozenset(
    {
        "autoclass",
        "autofunction",
        "automodule",
        "autosummary",
        "contents",
        "cssclass",
        "currentlibrary",
        "currentmodule",
        "default-role",
        "footer",
        "header",
        "highlight",
        "include",
        "index",
        "meta",
        "module",
        "program",
        "role",
        "rst-class",
        "sectnum",
        "tabularcolumns",
        "title",
        "toctree",
    }
)
_DESCRIBES = frozenset(
    {
        "2to3fixer",
        "attribute",
        "class",
        "classmethod",
        "cmdoption",
        "command",
        "confval",
        "data",
        "decorator",
        "describe",
        "directive",
        "enum",
        "enumerator",
        "envvar",
        "exception",
        "function",
        "http:delete",
        "http:get",
        "http:patch",
        "http:post",
        "http:put",
        "macro",
        "member",
        "method",
        "module-option",
        "object",
        "opcode",
        "option",
        "pdbcommand",
        "property",
        "role",
        "rst:directive",
        "setting",
        "staticmethod",
        "struct",
        "type",
        "union",
        "var",
    }
)
_SINCE = {
    "versionadded": "Added in version", "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version", "versionremoved": "Removed in version",
    "deprecated-removed": "Deprecated since version",
}  # fmt: skip
_LONGEST_VALUE = 600
_DEEPEST = 40
"""Blocks inside each other; what is deeper is read as text."""


def restructured(content: Content) -> Document:
    """Reads reStructuredText.

    The level of a heading is told by its line's character, and whether there is
    one above as well, in the order in which these first appear.
    """
    text = content.text
    headings = list(underlined_headings(text))
    first = headings[0] if headings and headings[0].level == 1 else None
    tables: list[TableFacts] = []
    read = partial(_elements, tables=tables)
    found = tuple(sections_of(text, headings, tables, "rst", structure=read))
    return Document(first.title if first else "", found, tuple(tables))


def _elements(text: str, tables: list[TableFacts]) -> list[Element]:
    reader = _BlockReader(text, tables)
    reader.read(0, len(reader.lines))
    return reader.found


class _BlockReader:
    """One walk over the blocks of a section."""

    def __init__(self, text: str, tables: list[TableFacts]) -> None:
        self.text = text
        self.tables = tables
        self.found: list[Element] = []
        self.lines: list[tuple[int, int]] = []
        start = 0
        for line in text.split("\n"):
            self.lines.append((start, start + len(line)))
            start += len(line) + 1
        self._depth = 0
        self._blanks = [
            at for at in range(len(self.lines)) if not self.line(at).strip()
        ]

    def read(self, at: int, stop: int) -> None:
        """Reads the lines from one up to another."""
        if self._depth >= _DEEPEST:
            self.span("prose", at, stop)
            return
        self._depth += 1
        while at < stop:
            line = self.line(at)
            if not line.strip() or _is_transition(line):
                at += 1
            else:
                at = max(self._one(line, at, stop), at + 1)
        self._depth -= 1

    def _one(self, line: str, at: int, stop: int) -> int:
        """Reads one block, and returns the line after it."""
        if _EXPLICIT.match(line):
            end = self.below(at, stop)
            self._explicit(at, end)
            return end
        end = self.block(at, stop)
        said = line.lstrip()
        if said.startswith("+-") and self._is_grid(at, end):
            self.add(grid_tables.drawn(self.text, self.lines[at:end], self.tables))
        elif grid_tables.is_simple_rule(line):
            end = self._simple_end(at, stop)
            self._simple(at, end)
        elif _FIELD.match(line):
            end = self._field_list(at, stop)
        elif said.startswith(">>> "):
            self.code(at, end)
        elif said.startswith("| "):
            for place in range(at, end):
                self.span("line", place, place + 1)
        elif self.is_definition(at, end):
            end = self._definition(at, stop)
        else:
            end = self._paragraph(at, end, stop)
        return end

    def line(self, at: int) -> str:
        """Returns a line."""
        return self.text[slice(*self.lines[at])]

    def indent(self, at: int) -> int:
        """Returns how many blanks a line begins with."""
        line = self.line(at)
        return len(line) - len(line.lstrip())

    def block(self, at: int, stop: int) -> int:
        """Returns the number of the next blank line."""
        following = bisect_left(self._blanks, at)
        end = self._blanks[following] if following < len(self._blanks) else stop
        return max(at, min(end, stop))

    def below(self, at: int, stop: int, indent: int = -1) -> int:
        """Returns the line after those that are indented deeper than one."""
        indent = self.indent(at) if indent < 0 else indent
        end = at + 1
        for place in range(at + 1, stop):
            if self.line(place).strip():
                if self.indent(place) <= indent:
                    break
                end = place + 1
        return end

    def add(self, elements: Iterable[Element]) -> None:
        """Adds elements."""
        self.found += elements

    def span(
        self, kind: str, at: int, end: int, cells: tuple[str, ...] = (), label: str = ""
    ) -> None:
        """Adds lines as one element, without the blanks around it."""
        if at < end:
            self.piece(kind, self.lines[at][0], self.lines[end - 1][1], cells, label)

    def piece(
        self,
        kind: str,
        start: int,
        stop: int,
        cells: tuple[str, ...] = (),
        label: str = "",
    ) -> None:
        """Adds part of the text as one element, without the blanks around it."""
        start, stop = trimmed(self.text, start, stop)
        if start < stop:
            self.found.append(Element(kind, start, stop, -1, cells, label))

    def code(self, at: int, end: int) -> None:
        """Adds lines as code, without blank ones around them."""
        while at < end and not self.line(at).strip():
            at += 1
        while end > at and not self.line(end - 1).strip():
            end -= 1
        if at < end:
            span = self.lines[at][0], self.lines[end - 1][1]
            self.found.append(Element("code", *span))

    def said(self, at: int, end: int) -> str:
        """Returns what lines say, on one."""
        if at >= end:
            return ""
        return _plain(self.text[self.lines[at][0] : self.lines[end - 1][1]])

    def _is_grid(self, at: int, end: int) -> bool:
        lines = [self.line(place).strip() for place in range(at, end)]
        return len(lines) > 2 and all(line[0] in "+|" for line in lines)

    def _simple_end(self, at: int, stop: int) -> int:
        """Returns the line after the rule that ends a table."""
        last = at
        for place in range(at + 1, stop):
            if grid_tables.is_simple_rule(self.line(place)):
                last = place
                after = self.line(place + 1) if place + 1 < stop else ""
                if not after.strip():
                    break
        return last + 1

    def _simple(self, at: int, end: int, caption: str = "") -> None:
        spans = [self.lines[at] for at in range(at, end) if self.line(at).strip()]
        self.add(grid_tables.simple(self.text, spans, self.tables, caption))

    def _field_list(self, at: int, stop: int) -> int:
        """Adds fields that follow each other, each with the lines below it."""
        while at < stop and (match := _FIELD.match(self.line(at))):
            end = self.below(at, stop)
            first = self.block(at, end)
            value = " ".join(
                filter(None, (_plain(match["value"] or ""), self.said(at + 1, first)))
            )
            self.valued(at, first, _plain(match["key"]), value)
            self.read(first, end)
            at = end
        return at

    def valued(self, at: int, end: int, key: str, value: str) -> None:
        """Adds a key with its value, or an item where that is long."""
        if len(value) <= _LONGEST_VALUE:
            self.span("field", at, end, (key, value))
        else:
            self.span("item", at, end)

    def is_definition(self, at: int, end: int) -> bool:
        """Tells whether a line is a term with what it means below it."""
        if at + 1 >= end or self.indent(at + 1) <= self.indent(at):
            return False
        line = self.line(at)
        return not (
            _BULLET.match(line) or _OPTION.match(line) or line.rstrip().endswith("::")
        )

    def _definition(self, at: int, stop: int) -> int:
        end = self.below(at, stop)
        first = self.block(at, end)
        lines = [self.line(place) for place in range(at + 1, first)]
        if not any(map(_is_marked, lines)) and not self._ends_literal(first - 1):
            term = _CLASSIFIER.sub("", self.line(at)).strip()
            self.valued(at, first, _plain(term), self.said(at + 1, first))
            self.read(first, end)
        else:
            self.span("prose", at, at + 1)
            self.read(at + 1, end)
        return end

    def _ends_literal(self, at: int) -> bool:
        return self.line(at).rstrip().endswith("::")

    def _paragraph(self, at: int, end: int, stop: int) -> int:
        """Adds a paragraph or the items of a list, and the code that it leads to."""
        start, last = self.lines[at][0], self.lines[end - 1][1]
        self.add(text_structure.stretch(self.text, "rst", self.tables, start, last))
        if not self._ends_literal(end - 1):
            return end
        indent = min(self.indent(place) for place in range(at, end))
        below = self.below(end - 1, stop, indent)
        self.code(end, below)
        return max(below, end)

    def _explicit(self, at: int, end: int) -> None:
        """Reads a directive or a note; comments and targets say nothing."""
        line = self.line(at)
        if match := _NOTE.match(line):
            start = self.lines[at][0] + match.start("said")
            self.piece("note", start, self.lines[end - 1][1], (), match["label"])
        elif match := _LINK.match(line):
            cells = (match["key"].strip("`"), match["place"])
            self.span("field", at, at + 1, cells)
        elif match := _DIRECTIVE.match(line):
            _Directive(self, at, end, match).read()


class _Directive:
    """One directive: its argument, options and content."""

    def __init__(
        self, reader: _BlockReader, at: int, end: int, match: re.Match[str]
    ) -> None:
        self._reader = reader
        self._at = at
        self._end = end
        self._name = match["name"].rpartition(":")[2].lower() or match["name"]
        self._whole = match["name"].lower()
        self._said = match["said"] or ""
        self._said_at = reader.lines[at][0] + match.start("said") if self._said else 0
        self._sign = match["sign"]
        self._options: dict[str, tuple[str, int, int]] = {}
        """Of each option its value, and where that stands."""
        self._content = self._read_options()

    def _read_options(self) -> int:
        """Reads the lines right below, and returns where the content begins."""
        reader, at = self._reader, self._at + 1
        while at < self._end:
            match = _FIELD.match(reader.line(at))
            if not match:
                break
            end = min(reader.below(at, self._end), reader.block(at, self._end))
            start = reader.lines[at][0] + (
                match.start("value") if match["value"] else 0
            )
            self._options[match["key"]] = (
                reader.text[start : reader.lines[end - 1][1]].strip()
                if match["value"]
                else "",
                start,
                reader.lines[end - 1][1],
            )
            at = end
        return at

    def read(self) -> None:
        """Adds what the directive shows."""
        name, names = self._name, {self._name, self._whole}
        tables: dict[str, Callable[[], None]] = {
            "csv-table": self._csv_table,
            "list-table": self._list_table,
            "flat-table": self._list_table,
            "table": self._table,
        }
        if self._sign:
            self._named(self._sign)
        elif name in tables:
            self._argument("prose")
            tables[name]()
        elif names & _CODE:
            self._listing()
        elif name in _SINCE:
            self._named(_SINCE[name])
        elif names & _DESCRIBES:
            self._described()
        elif name not in _SILENT:
            self._told()

    def _listing(self) -> None:
        """Adds code under its caption; the argument of a formula is one as well."""
        if self._name != "literalinclude":
            self._option("caption", "prose")
            self._reader.code(self._content, self._end)
            if self._name == "math":
                self._argument("code")

    def _told(self) -> None:
        """Adds the argument with the lines right below it, then the rest."""
        reader, first = self._reader, self._content
        if self._name in {"image", "figure"}:
            self._option("alt", "figure")
        elif self._said and first == self._at + 1 and not self._options:
            first = max(first, reader.block(first, self._end))
            reader.piece("prose", self._said_at, reader.lines[first - 1][1])
        else:
            self._argument("prose")
        reader.read(first, self._end)

    def _argument(self, kind: str) -> None:
        if self._said:
            start = self._said_at
            self._reader.piece(kind, start, start + len(self._said))

    def _option(self, name: str, kind: str) -> None:
        if name in self._options:
            _, start, stop = self._options[name]
            self._reader.piece(kind, start, stop)

    def _named(self, key: str) -> None:
        """Adds the argument and the paragraph right below it under a name."""
        reader = self._reader
        first = self._content
        if first < self._end and reader.line(first).strip():
            first = reader.block(first, self._end)
        told = " ".join(
            filter(None, (_plain(self._said), reader.said(self._at + 1, first)))
        )
        reader.valued(self._at, max(first, self._at + 1), key, told)
        reader.read(first, self._end)

    def _described(self) -> None:
        """Adds the first paragraph of a description under what it describes."""
        reader = self._reader
        keys = [self._said]
        at = self._at + 1
        while at < self._end and reader.line(at).strip():
            line = reader.line(at)
            if not _FIELD.match(line):
                keys.append(line.strip())
            at += 1
        while at < self._end and not reader.line(at).strip():
            at += 1
        first = reader.block(at, self._end)
        key = ", ".join(filter(None, map(_plain, keys)))
        lines = [reader.line(place) for place in range(at, first)]
        is_prose = lines and not any(
            _is_marked(line) or line.rstrip().endswith("::") for line in lines
        )
        if is_prose and not reader.is_definition(at, first):
            start = self._said_at or reader.lines[self._at][0]
            value = reader.said(at, first)
            stop = reader.lines[first - 1][1]
            if len(value) <= _LONGEST_VALUE:
                reader.piece("field", start, stop, (key, value))
            else:
                reader.piece("item", start, stop)
            reader.read(first, self._end)
        else:
            self._argument("prose")
            reader.read(at, self._end)

    def _table(self) -> None:
        """Reads a drawn table under its caption."""
        reader = self._reader
        before = len(reader.tables)
        reader.read(self._content, self._end)
        for number in range(before, len(reader.tables)):
            facts = reader.tables[number]
            reader.tables[number] = facts._replace(caption=_plain(self._said))

    def _rows_named(self) -> int:
        told = self._options.get("header-rows", ("", 0, 0))[0]
        return int(told) if told.isdecimal() and len(told) < 4 else 0

    def _csv_table(self) -> None:
        reader = self._reader
        mark = self._options.get("delim", (",", 0, 0))[0]
        mark = {"tab": "\t", "space": " ", "": ","}.get(mark, mark[:1])
        rows = _csv_rows(reader, self._content, self._end, mark)
        header = self._options.get("header")
        names: tuple[str, ...] = ()
        span = None
        if header:
            names, span = _csv_cells(header[0], mark), header[1:]
        elif (count := self._rows_named()) and count < len(rows):
            names = rows[0][2]
            span, rows = (rows[0][0], rows[count - 1][1]), rows[count:]
        self._tell(names, span, rows)

    def _list_table(self) -> None:
        rows = _list_rows(self._reader, self._content, self._end)
        count = self._rows_named()
        names: tuple[str, ...] = ()
        span = None
        if 0 < count < len(rows):
            columns = zip(*(cells for _, _, cells in rows[:count]), strict=False)
            names = tuple(" ".join(filter(None, column)) for column in columns)
            span, rows = (rows[0][0], rows[count - 1][1]), rows[count:]
        self._tell(names, span, rows)

    def _tell(
        self,
        names: tuple[str, ...],
        span: tuple[int, int] | None,
        rows: Sequence[tuple[int, int, tuple[str, ...]]],
    ) -> None:
        reader = self._reader
        rows = [row for row in rows if any(row[2])]
        if not rows:
            return
        number = len(reader.tables)
        reader.tables.append(TableFacts(names, _plain(self._said), len(rows)))
        if span:
            reader.found.append(Element("columns", *span, number))
        reader.add([Element("row", a, b, number, cells) for a, b, cells in rows])


def _csv_rows(
    reader: _BlockReader, at: int, stop: int, mark: str
) -> list[tuple[int, int, tuple[str, ...]]]:
    """Returns the rows between two lines; a quoted cell may have line breaks."""
    rows = []
    first, quotes = -1, 0
    for place in range(at, stop):
        line = reader.line(place)
        if first < 0 and not line.strip():
            continue
        first = place if first < 0 else first
        quotes += line.count('"')
        if quotes % 2 == 0 or place + 1 == stop:
            start, end = reader.lines[first][0], reader.lines[place][1]
            start += reader.indent(first)
            end = start + len(reader.text[start:end].rstrip())
            rows.append((start, end, _csv_cells(reader.text[start:end], mark)))
            first, quotes = -1, 0
    return rows


def _csv_cells(row: str, mark: str) -> tuple[str, ...]:
    try:
        [cells] = csv.reader([flat(row)], delimiter=mark, skipinitialspace=True)
    except (csv.Error, ValueError, TypeError):
        cells = row.split(mark)
    return tuple(map(_plain, cells))


def _list_rows(
    reader: _BlockReader, at: int, stop: int
) -> list[tuple[int, int, tuple[str, ...]]]:
    """Returns the rows of a list of lists: `* - first cell` and `  - second cell`."""
    rows: list[tuple[int, int, list[list[str]]]] = []
    inner = -1
    for place in range(at, stop):
        line = reader.line(place)
        if not line.strip():
            continue
        start, end = reader.lines[place]
        begins = re.match(r"[ \t]*[*+-][ \t]+(?=[*+-](?:[ \t]|$))", line)
        if begins:
            inner = begins.end()
            rows.append((start + inner, end, []))
        if not rows:
            continue
        is_cell = re.match(r"[*+-](?:[ \t]+|$)", line[inner:]) and (
            begins or not line[:inner].strip()
        )
        row_start, _, cells = rows[-1]
        if is_cell:
            cells.append([line[inner + 1 :]])
        elif cells:
            cells[-1].append(line)
        end = start + len(line.rstrip())
        rows[-1] = (row_start, max(end, row_start + 1), cells)
    return [
        (start, end, tuple(_plain(" ".join(cell)) for cell in cells))
        for start, end, cells in rows
    ]


def _is_marked(line: str) -> bool:
    """Tells whether a line begins a directive, a field or an item."""
    return bool(_EXPLICIT.match(line) or _FIELD.match(line) or _BULLET.match(line))


def _is_transition(line: str) -> bool:
    return bool(_RULE.match(line)) and not line.strip().startswith("::")


def _plain(text: str) -> str:
    """Returns text on one line, roles, links and code as they read."""

    def shown(match: re.Match[str]) -> str:
        if match["code"] is not None:
            return match["code"]
        said = match["role"] if match["role"] is not None else match["link"]
        return _TARGET.sub("", said) or said.strip("<> ")

    return flat(_ROLE.sub(shown, text)) if "`" in text else flat(text)
