"""reStructuredText: its directives, tables, fields and definitions as a page has them.

A section's text stays as it stands in the file; what markup says nothing to a reader
(comments, places to link to, options of directives) is between its elements.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ragcli.index.documents import grid_tables
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    TableFacts,
    flat,
)
from ragcli.index.documents.loaders.markup.block_reader import (
    LONGEST_VALUE,
    BlockReader,
    PlacedRow,
    separated_cells,
)
from ragcli.index.documents.loaders.markup.lightweight import (
    sections_of,
    underlined_headings,
)
from ragcli.language import notations

_EXPLICIT = re.compile(r"[ \t]*(?:\.\.(?:[ \t]+|$)|__[ \t])")
_DIRECTIVE = re.compile(
    r"[ \t]*\.\.[ \t]+(?:\|(?P<sign>[^|\n]+)\|[ \t]+)?(?P<name>[\w:.+-]+?)[ ]?::"
    r"(?:[ \t]+(?P<said>\S.*)?)?$"
)
_NOTE = re.compile(r"[ \t]*\.\.[ \t]+\[(?P<label>[^\]\n]{1,60})\][ \t]*(?P<said>.*)$")
_LINK = re.compile(
    r"[ \t]*\.\.[ \t]+_(?P<key>`[^`\n]+`|[^:\n]+):[ \t]+(?P<link>\S[^\s:]*:\S+)[ \t]*$"
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


def restructured(content: Content) -> Document:
    """Reads reStructuredText.

    The level of a heading is told by its line's character, and whether there is
    one above as well, in the order in which these first appear.
    """
    text = content.text
    headings = list(underlined_headings(text))
    first = headings[0] if headings and headings[0].level == 1 else None
    tables: list[TableFacts] = []

    def read(body: str, _: int) -> list[Element]:
        return _RestructuredReader(body, tables).all()

    sections = tuple(sections_of(text, headings, tables, "rst", structure=read))
    return Document(first.title if first else "", sections, tuple(tables))


class _RestructuredReader(BlockReader):
    """One walk over the blocks of a section."""

    def __init__(self, text: str, tables: list[TableFacts]) -> None:
        super().__init__(text, tables, "rst")

    def one(self, line: str, at: int, stop: int) -> int:
        """Reads one block, and returns the line after it."""
        if _is_transition(line):
            return at + 1
        if _EXPLICIT.match(line):
            end = self.below(at, stop)
            self._explicit(at, end)
            return end
        end = self.block(at, stop)
        words = line.lstrip()
        if words.startswith("+-") and self._is_grid(at, end):
            self.add(grid_tables.drawn(self.text, self.lines[at:end], self.tables))
        elif grid_tables.is_simple_rule(line):
            end = self._simple_end(at, stop)
            self._simple(at, end)
        elif _FIELD.match(line):
            end = self._field_list(at, stop)
        elif words.startswith(">>> "):
            self.code(at, end)
        elif words.startswith("| "):
            for number in range(at, end):
                self.span("line", number, number + 1)
        elif self.is_definition(at, end):
            end = self._definition(at, stop)
        else:
            end = self._paragraph(at, end, stop)
        return end

    def said(self, at: int, end: int) -> str:
        """Returns what lines say, on one."""
        if at >= end:
            return ""
        return _plain(self.text[self.lines[at][0] : self.lines[end - 1][1]])

    def _is_grid(self, at: int, end: int) -> bool:
        lines = [self.line(number).strip() for number in range(at, end)]
        return len(lines) > 2 and all(line[0] in "+|" for line in lines)

    def _simple_end(self, at: int, stop: int) -> int:
        """Returns the line after the rule that ends a table."""
        last = at
        for number in range(at + 1, stop):
            if grid_tables.is_simple_rule(self.line(number)):
                last = number
                after = self.line(number + 1) if number + 1 < stop else ""
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
        lines = [self.line(number) for number in range(at + 1, first)]
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
        self.paragraph(at, end)
        if not self._ends_literal(end - 1):
            return end
        indent = min(self.indent(number) for number in range(at, end))
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
            cells = (match["key"].strip("`"), match["link"])
            self.span("field", at, at + 1, cells)
        elif match := _DIRECTIVE.match(line):
            _Directive(self, at, end, match).read()


class _Directive:
    """One directive: its argument, options and content."""

    def __init__(
        self, reader: _RestructuredReader, at: int, end: int, match: re.Match[str]
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
            self._others()

    def _listing(self) -> None:
        """Adds code under its caption; the argument of a formula is one as well."""
        if self._name != "literalinclude":
            self._option("caption", "prose")
            self._reader.code(self._content, self._end)
            if self._name == "math":
                self._argument("code")

    def _others(self) -> None:
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
        value = " ".join(
            filter(None, (_plain(self._said), reader.said(self._at + 1, first)))
        )
        reader.valued(self._at, max(first, self._at + 1), key, value)
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
        lines = [reader.line(number) for number in range(at, first)]
        is_prose = lines and not any(
            _is_marked(line) or line.rstrip().endswith("::") for line in lines
        )
        if is_prose and not reader.is_definition(at, first):
            start = self._said_at or reader.lines[self._at][0]
            value = reader.said(at, first)
            stop = reader.lines[first - 1][1]
            if len(value) <= LONGEST_VALUE:
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

    def _heading_rows(self) -> int:
        count = self._options.get("header-rows", ("", 0, 0))[0]
        return int(count) if count.isdecimal() and len(count) < 4 else 0

    def _csv_table(self) -> None:
        reader = self._reader
        mark = self._options.get("delim", (",", 0, 0))[0]
        mark = {"tab": "\t", "space": " ", "": ","}.get(mark, mark[:1])
        rows = reader.separated_rows(self._content, self._end, mark, _plain)
        caption = _plain(self._said)
        if header := self._options.get("header"):
            line, *span = header
            names = separated_cells(line, mark, _plain)
            reader.table(names, (span[0], span[1]), rows, caption)
        else:
            reader.headed_table(rows, self._heading_rows(), caption)

    def _list_table(self) -> None:
        rows = _list_rows(self._reader, self._content, self._end)
        self._reader.headed_table(rows, self._heading_rows(), _plain(self._said))


def _list_rows(reader: _RestructuredReader, at: int, stop: int) -> list[PlacedRow]:
    """Returns the rows of a list of lists: `* - first cell` and `  - second cell`."""
    rows: list[tuple[int, int, list[list[str]]]] = []
    inner = -1
    for number in range(at, stop):
        line = reader.line(number)
        if not line.strip():
            continue
        start, end = reader.lines[number]
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
        PlacedRow(start, end, tuple(_plain(" ".join(cell)) for cell in cells))
        for start, end, cells in rows
    ]


def _is_marked(line: str) -> bool:
    """Tells whether a line begins a directive, a field or an item."""
    return bool(_EXPLICIT.match(line) or _FIELD.match(line) or _BULLET.match(line))


def _is_transition(line: str) -> bool:
    return bool(_RULE.match(line)) and not line.strip().startswith("::")


def _plain(text: str) -> str:
    """Returns text on one line as a page shows it."""
    return flat(notations.restructured(text))
