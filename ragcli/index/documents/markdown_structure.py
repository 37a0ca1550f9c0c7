"""What Markdown marks in a paragraph: tables, quotes, definitions, notes, admonitions.

What is in lines without any such mark is left to `text_structure`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from typing import TypeAlias

from ragcli.index.documents.elements import Element, TableFacts, flat, trimmed
from ragcli.language import markdown

Span: TypeAlias = tuple[int, int]

MARKED = re.compile(
    r"\n[ \t]*(?:[>|<]|[:~][ \t]|:{3}|!!!|\?\?\?|\*?\[[^\]\n]+\]:"
    r"|:?-+:?[ \t]*\|)"
)
"""What a line with a mark begins with, after its line break."""

_DELIMITER = re.compile(
    r"[ \t]*(?:\|[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*"
    r"|:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+)(?:\|[ \t]*)?$"
)
_BULLET = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+")
_QUOTE = re.compile(r"(?: {0,3}>[ \t]?){9,}| {0,3}>[ \t]?")
"""The mark of a quote; where nine stand in a row nobody means how deep it is."""
_ALERT = re.compile(r"\[!(?P<kind>\w+)\][-+]?[ \t]*(?P<title>.*)$")
_DEFINITION = re.compile(r" {0,3}[:~][ \t]+(?=\S)")
_NOTE = re.compile(r" {0,3}\[\^(?P<label>[^\]\s]{1,60})\]:[ \t]*")
_LINK = re.compile(
    r" {0,3}\[(?P<key>[^\]^\n][^\]\n]*)\]:[ \t]*"
    r"(?P<target><[^>\n]*>|[^\s/.#:]*[/.#:]\S*)"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*$"
)
_ABBREVIATION = re.compile(r" {0,3}\*\[(?P<key>[^\]\n]+)\]:[ \t]*(?P<value>\S.*)$")
_ADMONITION = re.compile(
    r" {0,3}(?:!!!|\?\?\?\+?)[ \t]+(?P<kind>[\w-]+(?:[ \t]+[\w-]+)*)"
    r"(?:[ \t]+\"(?P<title>[^\"\n]*)\")?[ \t]*$"
)
_FENCED = re.compile(r" {0,3}:{3,}[ \t]*(?P<said>[^\n]*)$")
_LAST_TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>[ \t]*")
_TAGS = re.compile(r"(?:[ \t]*</?[a-zA-Z][^<>\n]*>)+[ \t]*")
_HTML_TABLE = re.compile(r"^ {0,3}<table\b", re.MULTILINE)
_HTML_END = "</table>"
_HTML_ROW = re.compile(r"<tr\b.*?(?=<tr\b|</table|</thead|</tbody|\Z)", re.DOTALL)
_HTML_CELL = re.compile(
    r"<t(?P<kind>[hd])\b(?P<attributes>[^<>]*)>(?P<said>.*?)(?=<t[hd]\b|</t[hdr]|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_HTML_TAG = re.compile(r"<[^<>]*>")
_COLSPAN = re.compile(r"colspan=[\"']?(\d{1,3})")
_HOLDS = re.compile(
    r" {0,3}(?:[-*+][ \t]|\d{1,3}[.)][ \t]|\[\^[^\]\n]+\]:|!!!|\?\?\?|[:~][ \t])"
)


def holds_indented(paragraph: str) -> int:
    """Returns how far text is indented that goes on with a paragraph; 0 if none does.

    Items, notes, definitions and admonitions have such text.
    """
    for line in reversed(paragraph.split("\n")):
        if _HOLDS.match(line):
            bullet = _BULLET.match(line)
            return bullet.end() if bullet else 4
    return 0


def marked(
    text: str,
    spans: Sequence[Span],
    tables: list[TableFacts],
    term: str,
    inner: Callable[[str], list[Element]],
) -> Iterator[Element | list[Span]]:
    """Yields the elements of a paragraph, and lines between them that have no mark.

    Args:
        text: The text.
        spans: Start and end of each line of the paragraph.
        tables: The document's tables; those that are found here are appended.
        term: The paragraph above, of one line: it may be a term.
        inner: Returns the elements of a text of its own: what is quoted.
    """
    yield from _MarkedLines(text, spans, tables, term, inner).read()


class _MarkedLines:
    """One walk over the lines of a paragraph."""

    def __init__(
        self,
        text: str,
        spans: Sequence[Span],
        tables: list[TableFacts],
        term: str,
        inner: Callable[[str], list[Element]],
    ) -> None:
        self._text = text
        self._spans = spans
        self._tables = tables
        self._term = term
        self._inner = inner
        self._others: list[Span] = []
        """Lines without a mark, since the last one that has one."""

    def read(self) -> Iterator[Element | list[Span]]:
        """Yields elements, and lines without a mark."""
        at = 0
        while at < len(self._spans):
            elements, count = self._one(at)
            if count:
                if self._others:
                    yield self._others
                self._others = []
                yield from elements
            else:
                self._others.append(self._spans[at])
            at += count or 1
        if self._others:
            yield self._others

    def _line(self, at: int) -> str:
        return self._text[slice(*self._spans[at])]

    def _one(self, at: int) -> tuple[list[Element], int]:
        """Returns what begins at a line, and how many lines that has; 0 for no mark."""
        start, end = self._spans[at]
        line = self._line(at)
        mark = line.lstrip()[:1]
        stop = _table_end(self._text, self._spans, at)
        if stop > at:
            return _table(self._text, self._spans[at:stop], self._tables), stop - at
        if mark == ">" and _QUOTE.match(line):
            elements = _quoted(self._text, self._spans[at:], self._inner)
            return elements, len(self._spans) - at
        if mark in ":~" and (match := _DEFINITION.match(line)):
            return self._defined(at, match.end())
        if mark == "[" and (match := _NOTE.match(line)):
            stop = _goes_on(self._text, self._spans, at)
            span = start + match.end(), self._spans[stop - 1][1]
            return [Element("note", *span, label=match["label"])], stop - at
        if mark == "*" and (match := _ABBREVIATION.match(line)):
            cells = (match["key"].strip(), match["value"].strip())
            return [Element("field", start, end, -1, cells)], 1
        return _silent(line, start)

    def _defined(self, at: int, begin: int) -> tuple[list[Element], int]:
        """Returns a term with the first of its meanings, or another meaning of it."""
        start = first = self._spans[at][0]
        stop = _goes_on(self._text, self._spans, at)
        end = self._spans[stop - 1][1]
        if self._others:
            first = self._others[-1][0]
            self._term = self._text[slice(*self._others.pop())]
        if not self._term:
            return [], 0
        key = flat(markdown.without_emphasis(self._term))
        value = flat(self._text[start + begin : end])
        return [Element("field", first, end, -1, (key, value))], stop - at


def _silent(line: str, start: int) -> tuple[list[Element], int]:
    """Returns what a line shows that is a mark itself: a title, or nothing."""
    mark = line.lstrip()[:1]
    if mark == "[" and (match := _LINK.match(line)):
        cells = (match["key"], match["target"].strip("<>"))
        return [Element("field", start, start + len(line.rstrip()), -1, cells)], 1
    if mark in "!?" and (match := _ADMONITION.match(line)):
        group = "title" if match["title"] else "kind"
        return (
            [Element("heading", start + match.start(group), start + match.end(group))],
            1,
        )
    if mark == ":" and (match := _FENCED.match(line)):
        a, b = match.span("said")
        return (
            ([Element("heading", start + a, start + b)] if match["said"] else []),
            1,
        )
    if mark == "<" and (match := _TAGS.match(line)):
        said = line[match.end() :]
        said = said[: len(said) - len(_closing(said))].rstrip()
        if not said:
            return [], 1
        if "<" not in said:
            a = start + match.end()
            return [Element("prose", a, a + len(said))], 1
    return [], 0


def _closing(said: str) -> str:
    """Returns the tags that a line ends with."""
    end = len(said)
    while said.endswith((">", " ", "\t"), 0, end):
        start = said.rfind("<", 0, end)
        if start < 0 or not _LAST_TAG.fullmatch(said, start, end):
            break
        end = start
    return said[end:]


def _table_end(text: str, spans: Sequence[Span], at: int) -> int:
    """Returns the line after a table that begins at a line; that line if none does."""
    if at + 1 >= len(spans):
        return at
    first, second = (text[slice(*spans[number])] for number in (at, at + 1))
    if "|" not in first or not _DELIMITER.match(second) or _DELIMITER.match(first):
        return at
    if len(markdown.cells(_BULLET.sub("", first))) != len(markdown.cells(second)):
        return at
    end = at + 2
    while end < len(spans) and "|" in text[slice(*spans[end])]:
        end += 1
    return end


def _table(text: str, spans: Sequence[Span], tables: list[TableFacts]) -> list[Element]:
    """Returns the names and rows of a table; a row has as many cells as names."""
    start, _ = spans[0]
    bullet = _BULLET.match(text[slice(*spans[0])])
    start += bullet.end() if bullet else 0
    columns = markdown.cells(text[start : spans[0][1]])
    number = len(tables)
    tables.append(TableFacts(columns, "", len(spans) - 2))
    elements = [Element("columns", start, spans[1][1], number)]
    for a, b in spans[2:]:
        cells = markdown.cells(text[a:b])
        elements.append(Element("row", *trimmed(text, a, b), number, cells))
    return elements


def _quoted(
    text: str,
    spans: Sequence[Span],
    inner: Callable[[str], list[Element]],
) -> list[Element]:
    """Returns the elements of quoted lines, where they stand behind their marks."""
    lines, starts, begins = [], [], []
    length = 0
    for start, end in spans:
        match = _QUOTE.match(text, start, end)
        begin = match.end() if match else start
        lines.append(text[begin:end])
        starts.append(begin)
        begins.append(length)
        length += end - begin + 1
    elements: list[Element] = []
    if alert := _ALERT.match(lines[0]):
        group = "title" if alert["title"] else "kind"
        a, b = alert.span(group)
        elements.append(Element("heading", starts[0] + a, starts[0] + b))
        del lines[0], starts[0], begins[0]
        begins = [begin - begins[0] for begin in begins]

    def in_text(offset: int) -> int:
        line = bisect_right(begins, offset) - 1
        return starts[line] + offset - begins[line]

    elements += [
        item._replace(start=in_text(item.start), end=in_text(item.end - 1) + 1)
        for item in inner("\n".join(lines))
    ]
    return elements


def _goes_on(text: str, spans: Sequence[Span], at: int) -> int:
    """Returns the line after those that go on with a note or definition."""
    end = at + 1
    while end < len(spans):
        line = text[slice(*spans[end])]
        if _DEFINITION.match(line) or _NOTE.match(line) or _LINK.match(line):
            break
        end += 1
    return end


def html_tables(text: str, start: int) -> list[Span]:
    """Returns where tables stand that are written in HTML; some may be in code."""
    spans = []
    while (match := _HTML_TABLE.search(text, start)) and (
        (end := text.find(_HTML_END, match.end())) >= 0
    ):
        start = end + len(_HTML_END)
        spans.append((match.start(), start))
    return spans


def html_table(
    text: str, start: int, stop: int, tables: list[TableFacts]
) -> list[Element]:
    """Returns the names and rows of a table in HTML, each where it stands.

    Args:
        text: The text.
        start: Where the table begins.
        stop: Where it ends.
        tables: The document's tables; this one is appended.
    """
    rows = []
    for match in _HTML_ROW.finditer(text, start, stop):
        matches = list(_HTML_CELL.finditer(match[0]))
        cells: list[str] = []
        for cell in matches:
            span = _COLSPAN.search(cell["attributes"])
            shown = flat(unescape(_HTML_TAG.sub(" ", cell["said"])))
            cells += [shown, *[""] * (min(int(span[1]), 100) - 1 if span else 0)]
        end = match.start() + len(match[0].rstrip())
        if any(cells):
            is_head = all(cell["kind"].lower() == "h" for cell in matches)
            rows.append((match.start(), end, tuple(cells), is_head))
    if not rows:
        return [Element("prose", start, stop)]
    number = len(tables)
    named = rows[0][3] and len(rows) > 1
    tables.append(TableFacts(rows[0][2] if named else (), "", len(rows) - named))
    elements = [Element("row", a, b, number, cells) for a, b, cells, _ in rows[named:]]
    if named:
        return [Element("columns", *rows[0][:2], number), *elements]
    return elements
