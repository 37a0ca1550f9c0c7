"""What the lines of a text are: paragraphs, items, fields, table rows, code, lines.

Everything is offsets into one string. Most paragraphs are plain prose, which one
search tells; only the others are looked at line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from operator import itemgetter

from ragcli.index.documents import grid_tables, markdown_structure
from ragcli.index.documents.elements import (
    Element,
    Section,
    TableFacts,
    flat,
    trimmed,
)
from ragcli.index.documents.text_layout import (
    laid_out,
    lone_field,
    may_be_laid_out,
)
from ragcli.language import markdown
from ragcli.language.sentences import DATED

_BLANK = re.compile(r"\n(?:[ \t\f]*\n)+")
_CAPTION = re.compile(r"(?:Table)?:[ \t]+(?=\S)")
_SPECIAL = re.compile(
    r"\n(?:[ \t]*(?:[-*+\u2022\u2023\u25e6\u2013][ \t]|\d{1,3}[.)][ \t]"
    r"|[a-z][.)][ \t]|#{1,6}[ \t]|\+-)|[^\n:]{1,60}:(?:[ \t]|$))",
    re.MULTILINE,
)
"""What a line of nothing but prose does not begin with, after its line break: a search
for one character is many times faster than for the start of any line."""

_BULLETS = frozenset("-*+\u2022\u2023\u25e6\u2013")
_WIDE_GAP = re.compile(r"[ \t]{3}")
_ITEM = re.compile(
    r"[ \t]*(?:[-*+\u2022\u2023\u25e6\u2013]|\d{1,3}[.)]|[a-z][.)])"
    rf"[ \t]+(?=\S)(?!{DATED})"
)
_FIELD = re.compile(
    r"[ \t]*(?:[-*+\u2022][ \t]+)?(?P<key>[^\s:|#>][^\n:|]{0,59}?)[ \t]*:"
    r"(?:[ \t]+(?P<value>\S[^\n]*))?$"
)
_AFTER_COLON = frozenset({"", " ", "\t"})
_KEY_WORDS = 5
_LONGEST_VALUE = 240
_RULE = re.compile(r"[ \t]*[|+]?[ \t:|+=-]*[-=]{3,}[ \t:|+=-]*")
_GOES_ON = re.compile(r"[^\W\d_A-Z]+(?:,| [^\s\d])")
_ENDS = (".", "!", "?", ":", ";", ",", "\u3002")
_LEADER = "...."
"""Leads the eye from words to a number at the end of their line."""

_FEWEST_LINES = 2
_FILLED_FROM = 45
"""Columns of the longest line from which lines may be filled with wrapped text."""

_STAMP = re.compile(
    r"[\[<(\"]?(?:\d{4}[-/.]\d\d[-/.]\d\d[T ,]|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d"
    r"|\d\d?/(?:\d\d?|[A-Z][a-z]{2})/\d{2,4}(?:[: ]|, \d)|\d\d:\d\d:\d\d"
    r"|\d\d?\.\d\d?\.\d{2,4},? \d\d?:\d\d|\d{10,13}[. ]"
    r"|\d{1,3}(?:\.\d{1,3}){3} \S+ \S+ \[|(?:[A-Z][a-z]{2} ){2}[ \d]\d \d\d:"
    r"|(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\b)"
)
"""What the records of a log begin with."""

_TRACE = re.compile(r"[ \t]|#\d|[\[\]{}()\"'.]|Traceback|Caused by|at |Exception|$")
_LONGEST_RECORD = 2000
"""Characters; what a longer record of a log goes on with is code."""


def section(
    text: str,
    tables: list[TableFacts],
    *,
    heading: tuple[str, ...] = (),
    page: int | None = None,
    first_line: int | None = None,
    format_name: str = "text",
) -> Section:
    """Returns a section of prose with its elements; see `elements`."""
    inside = tuple(elements(text, format_name, tables))
    return Section(text, heading, page, first_line, inside)


def elements(
    text: str, format_name: str, tables: list[TableFacts], start: int = 0
) -> list[Element]:
    """Returns the elements of a text of prose, in order.

    Args:
        text: A section's text.
        format_name: Fences are told in every format, indented code only in Markdown
            and reStructuredText: elsewhere indentation may be layout.
        tables: The document's tables; those that are found here are appended.
        start: Offset from which to read.
    """
    parts: list[Element] = []
    rules = format_name != "markdown"
    fenced = markdown.fenced(text, start, are_rules=rules)
    apart = [("code", *span) for span in fenced]
    apart += [("dashed", *span) for span in grid_tables.dashed_spans(text, start)]
    if not rules and "<table" in text:
        spans = markdown_structure.html_tables(text, start)
        apart += [("table", *x) for x in spans]
    if len(apart) > 1:
        apart.sort(key=itemgetter(1))
    for kind, begin, end in apart:
        if begin < start:  # in a table, or in code
            continue
        parts += _Paragraphs(text, format_name, tables).read(start, begin)
        if kind == "code":
            parts.append(Element("code", begin, end))
        elif kind == "dashed":
            parts += grid_tables.dashed(text, begin, end, tables)
        else:
            parts += markdown_structure.html_table(text, begin, end, tables)
        start = end
    parts += _Paragraphs(text, format_name, tables).read(start, len(text))
    if tables and ": " in text:
        return _captioned(text, parts, tables)
    return parts


def _captioned(
    text: str, parts: list[Element], tables: list[TableFacts]
) -> list[Element]:
    """Returns elements in which paragraphs that say so are captions of their tables.

    One begins with a colon, and stands right below its table or right above it.
    """
    told: list[Element] = []
    for at, part in enumerate(parts):
        begins = text.startswith((":", "Table:"), part.start)
        match = _CAPTION.match(text, part.start, part.end) if begins else None
        below = parts[at + 1].table if at + 1 < len(parts) else -1
        number = next(
            (
                table
                for table in (parts[at - 1].table if at else -1, below)
                if match and table >= 0 and not tables[table].caption
            ),
            -1,
        )
        if match and number >= 0:
            caption = flat(text[match.end() : part.end])
            tables[number] = tables[number]._replace(caption=caption)
            told.append(Element("prose", match.end(), part.end))
        else:
            told.append(part)
    return told


def stretch(
    text: str, format_name: str, tables: list[TableFacts], start: int, stop: int
) -> Iterator[Element]:
    """Yields the elements of part of a text of prose without fences, in order.

    Args:
        text: A section's text.
        format_name: As for `elements`.
        tables: The document's tables; those that are found here are appended.
        start: Offset from which to read.
        stop: Offset up to which to read.
    """
    return _Paragraphs(text, format_name, tables).read(start, stop)


class _Paragraphs:
    """One walk over the paragraphs between two blocks of code."""

    def __init__(self, text: str, format_name: str, tables: list[TableFacts]) -> None:
        self._text = text
        self._format = format_name
        self._tables = tables
        self._inner: int | None = None
        """How far text is indented that goes on with the last paragraph that is not;
        None until somebody asks."""

    def read(self, start: int, end: int) -> Iterator[Element]:
        kind, before = "prose", ""
        self._before = ""
        outer = ""
        """The last paragraph that is not indented."""
        for stop, following in _between_blanks(self._text, start, end):
            paragraph = self._text[start:stop]
            if paragraph.strip():
                if paragraph[0] not in " \t\n" or not outer:
                    outer, self._inner = paragraph, None
                if self._is_indented_code(paragraph, before, kind, outer):
                    kind = "code"
                    yield Element("code", start, stop)
                else:
                    kind = "prose"
                    yield from self._paragraph(paragraph, start, stop)
                before = self._before = paragraph
            start = following

    def _is_indented_code(
        self, paragraph: str, before: str, kind: str, outer: str
    ) -> bool:
        """Tells what a paragraph is, from its look and the paragraphs before it."""
        if self._format == "markdown":
            said = paragraph.lstrip("\n")
            if not said.startswith(("    ", "\t")):
                return False
            if outer == paragraph or not before:
                return True
            if self._inner is None:
                self._inner = markdown_structure.holds_indented(outer)
            inner = self._inner
            first = said.expandtabs(4)
            return not inner or len(first) - len(first.lstrip(" ")) >= inner + 4
        if self._format == "rst" and paragraph.startswith((" ", "\t")):
            literal = before.rstrip().endswith("::") or before.startswith(".. code")
            return literal or kind == "code"
        return False

    def _paragraph(self, paragraph: str, start: int, stop: int) -> Iterator[Element]:
        first, _, rest = paragraph.strip("\n").partition("\n")
        is_drawn = first.startswith("+-") and rest
        if not is_drawn and self._is_marked(paragraph):
            yield from self._marked(start, stop)
        elif rest and _is_ruled(first, rest.partition("\n")[0]):
            yield from self._ruled_table(start, stop)
        elif rest and _STAMP.match(first) and _is_log(rest):
            yield from self._records(start, stop)
        elif _is_special(paragraph):
            yield from self._lines(start, stop)
        elif rest and is_line_by_line(paragraph):
            for begin, end in _line_spans(self._text, start, stop):
                field = lone_field(self._text, begin, end)
                yield field or Element("line", begin, end)
        else:
            yield _trimmed(self._text, "prose", start, stop)

    def _is_marked(self, paragraph: str) -> bool:
        if self._format != "markdown":
            return False
        return bool(markdown_structure.MARKED.search(f"\n{paragraph}"))

    def _marked(self, start: int, stop: int) -> Iterator[Element]:
        """Yields the parts of a paragraph that has marks of Markdown."""
        text = self._text
        spans = list(_line_spans(text, start, stop))
        term = self._before if "\n" not in self._before.strip("\n") else ""
        inner = partial(elements, format_name=self._format, tables=self._tables)
        for part in markdown_structure.marked(text, spans, self._tables, term, inner):
            if isinstance(part, list):
                yield from self._unmarked(part)
            elif part.start < part.end:
                yield part

    def _unmarked(self, spans: Sequence[tuple[int, int]]) -> Iterator[Element]:
        start, stop = spans[0][0], spans[-1][1]
        paragraph = self._text[start:stop]
        if _is_special(paragraph):
            yield from self._written(spans)
        elif "\n" in paragraph and is_line_by_line(paragraph):
            for begin, end in spans:
                yield Element("line", begin, end)
        else:
            yield _trimmed(self._text, "prose", start, stop)

    def _ruled_table(self, start: int, stop: int) -> Iterator[Element]:
        """Yields the rows of a table with a rule under the names of its columns."""
        text, number = self._text, len(self._tables)
        spans = list(_line_spans(text, start, stop))
        if grid_tables.is_drawn(text, spans):
            yield from grid_tables.drawn(text, spans, self._tables)
            return
        rules = [bool(_RULE.fullmatch(text[a:b])) for a, b in spans]
        if all(rules):  # drawn and never filled in
            yield _trimmed(text, "prose", start, stop)
            return
        head = next((at for at, rule in enumerate(rules) if not rule), len(spans))
        named = head + 1 < len(spans) and rules[head + 1]
        columns = markdown.cells(text[slice(*spans[head])]) if named else ()
        rows = [
            span
            for at, span in enumerate(spans)
            if not rules[at] and not (named and at == head)
        ]
        self._tables.append(TableFacts(columns, "", len(rows)))
        if named:
            yield Element("columns", spans[0][0], spans[head + 1][1], number)
        for a, b in rows:
            yield Element("row", a, b, number, markdown.cells(text[a:b]))

    def _records(self, start: int, stop: int) -> Iterator[Element]:
        """Yields the records of a log, each with what it goes on with: a trace."""
        text = self._text
        records: list[list[tuple[int, int]]] = []
        for span in _line_spans(text, start, stop):
            if not records or _STAMP.match(text, *span):
                records.append([])
            records[-1].append(span)
        for spans in records:
            begin, end = spans[0][0], spans[-1][1]
            if end - begin <= _LONGEST_RECORD:
                yield _trimmed(text, "line", begin, end)
                continue
            yield _trimmed(text, "line", *spans[0])
            if len(spans) > 1:
                yield Element("code", spans[1][0], end)

    def _lines(self, start: int, stop: int) -> Iterator[Element]:
        """Yields the parts of a paragraph that is not prose throughout."""
        text = self._text
        spans = list(_line_spans(text, start, stop))
        if self._format == "markdown" or not may_be_laid_out(text, spans):
            yield from self._written(spans)
            return
        by_line = dict(laid_out(text, spans, self._tables))
        others: list[tuple[int, int]] = []
        for at, span in enumerate(spans):
            if at in by_line:
                yield from self._written(others)
                others = []
                yield from by_line[at]
            else:
                others.append(span)
        yield from self._written(others)

    def _written(self, spans: Sequence[tuple[int, int]]) -> Iterator[Element]:
        """Yields the parts of neighbouring lines that are not laid out with spaces."""
        text = self._text
        labels = [_label(text[a:b]) for a, b in spans]
        if "field" in labels and not _are_fields(text, spans, labels):
            labels = [
                _item_or_prose(text[a:b]) if label == "field" else label
                for label, (a, b) in zip(labels, spans, strict=True)
            ]
        for label, a, b in _joined(labels, spans):
            if label == "field":
                yield self._field(a, b)
            elif label == "item":
                bullet = _ITEM.match(text, a, b)
                yield _trimmed(text, "item", bullet.end() if bullet else a, b)
            elif label == "prose" and is_line_by_line(text[a:b]):
                for begin, end in _line_spans(text, a, b):
                    yield _trimmed(text, "line", begin, end)
            else:
                yield _trimmed(text, label, a, b)

    def _field(self, start: int, stop: int) -> Element:
        match = _FIELD.match(self._text, start, stop)
        assert match  # noqa: S101 - `_label` has matched the same line
        key = markdown.without_emphasis(match["key"]).strip()
        value = match["value"] or ""
        if "`" not in value:
            value = markdown.without_emphasis(value)
        return _trimmed(self._text, "field", start, stop)._replace(
            cells=(key, value.strip())
        )


def _is_special(paragraph: str) -> bool:
    """Tells whether a paragraph has what one of nothing but prose has nowhere."""
    if _LEADER in paragraph or "|" in paragraph or "   " in paragraph:
        return True
    if "\t" in paragraph and _WIDE_GAP.search(paragraph):
        return True
    return bool(_SPECIAL.search(f"\n{paragraph}"))


def _joined(
    labels: Sequence[str], spans: Sequence[tuple[int, int]]
) -> list[tuple[str, int, int]]:
    """Joins lines that go on with the paragraph or item above them."""
    joined: list[tuple[str, int, int]] = []
    for label, (start, end) in zip(labels, spans, strict=True):
        if label == "prose" and joined and joined[-1][0] in {"prose", "item"}:
            joined[-1] = (joined[-1][0], joined[-1][1], end)
        else:
            joined.append((label, start, end))
    return joined


def is_line_by_line(text: str) -> bool:
    """Tells whether each line says something of its own, as in the output of a command.

    Lines of wrapped text begin with a word in lower case for the most part, and
    sentences end with a full stop.
    """
    lines = text.strip().split("\n")
    if len(lines) < _FEWEST_LINES:
        return False
    joined = 0
    for line in lines:
        if _GOES_ON.match(line.lstrip()) or line.rstrip().endswith(_ENDS):
            joined += 1
            if 4 * joined >= len(lines):
                return False
    return not _is_filled(lines)


def _is_filled(lines: Sequence[str]) -> bool:
    """Tells whether no line has room for the first word of the next: wrapped text.

    Logs and tables have lines of chance lengths, two lines say nothing.
    """
    width = max(map(len, lines))
    if len(lines) <= _FEWEST_LINES or width < _FILLED_FROM:
        return False
    if not all(line.lstrip()[:1].isalpha() for line in lines[1:]):
        return False
    return all(
        len(line) + 1 + len(following.split(maxsplit=1)[0]) > width
        for line, following in pairwise(lines)
    )


def _is_log(rest: str) -> bool:
    """Tells whether what follows the first record of a log are records and traces."""
    lines = rest.split("\n")
    stamped = sum(bool(_STAMP.match(line)) for line in lines)
    traced = sum(bool(_TRACE.match(line)) for line in lines)
    return 4 * (stamped + traced) >= 3 * len(lines)


def _label(line: str) -> str:
    """Returns what a line looks like."""
    said = line.lstrip(" \t")
    first = said[:1]
    if first == "#" and markdown.HEADING.match(line):
        return "heading"
    colon = line.find(":")
    may_be_field = colon > 0 and line[colon + 1 : colon + 2] in _AFTER_COLON
    match = _FIELD.match(line) if may_be_field else None
    if match and _is_field(match):
        return "field"
    return _item_or_prose(line)


def _item_or_prose(line: str) -> str:
    """Returns what a line that is no heading and no field looks like."""
    said = line.lstrip(" \t")
    first = said[:1]
    may_be_item = first in _BULLETS or first.isdigit() or said[1:2] in {".", ")"}
    return "item" if may_be_item and _ITEM.match(line) else "prose"


def _is_field(match: re.Match[str]) -> bool:
    """Tells whether a line with a colon has a short key and a value."""
    key, value = match["key"], match["value"]
    if not value or len(value) > _LONGEST_VALUE or key.startswith(("http", "//")):
        return False
    return len(key.split()) <= _KEY_WORDS


def _are_fields(
    text: str, spans: Sequence[tuple[int, int]], labels: Sequence[str]
) -> bool:
    """Tells whether the lines with a colon are keys and values, not wrapped prose."""
    others = [
        text[a:b]
        for (a, b), label in zip(spans, labels, strict=True)
        if label == "prose"
    ]
    return not any(_GOES_ON.match(line.lstrip()) for line in others)


def _is_ruled(first: str, second: str) -> bool:
    if "|" in first:
        return bool(_RULE.fullmatch(second))
    return first.startswith("+-") and bool(_RULE.fullmatch(first))


def _between_blanks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yields the end of each paragraph and the start of the next."""
    for match in _BLANK.finditer(text, start, end):
        yield match.start(), match.end()
    yield end, end


def _line_spans(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yields the lines that are not blank, without their line breaks."""
    while start < stop:
        end = text.find("\n", start, stop)
        end = stop if end < 0 else end
        if text[start:end].strip():
            yield start, end
        start = end + 1


def _trimmed(text: str, kind: str, start: int, stop: int) -> Element:
    """Returns an element without the line breaks and blanks around it."""
    return Element(kind, *trimmed(text, start, stop))
