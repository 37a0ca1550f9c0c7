"""What the lines of a text are: paragraphs, items, fields, table rows, code, lines.

Everything is offsets into one string. Most paragraphs are plain prose, which one
search tells; only the others are looked at line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ragcli.index.documents.elements import Element, Section, TableFacts
from ragcli.language import markdown

_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
_SPECIAL = re.compile(
    r"^[ \t]*(?:[-*+\u2022\u2023\u25e6\u2013][ \t]|\d{1,3}[.)][ \t]"
    r"|[a-z][.)][ \t]|#{1,6}[ \t]|\+-)|^[^\n:]{1,60}:(?:[ \t]|$)|\||[ \t]{4}",
    re.MULTILINE,
)
"""What a paragraph of nothing but prose has nowhere."""
_ITEM = re.compile(
    r"[ \t]*(?:[-*+\u2022\u2023\u25e6\u2013]|\d{1,3}[.)]|[a-z][.)])[ \t]+(?=\S)"
)
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_FIELD = re.compile(
    r"[ \t]*(?:[-*+\u2022][ \t]+)?(?P<key>[^\s:|#>][^\n:|]{0,59}?)[ \t]*:"
    r"(?:[ \t]+(?P<value>\S[^\n]*))?$"
)
_MARKS = re.compile(r"[*_`]+")
_KEY_WORDS = 5
_LONGEST_VALUE = 240
_RULE = re.compile(r"[ \t]*[|+]?[ \t:|+=-]*[-=]{3,}[ \t:|+=-]*")
_GOES_ON = re.compile(r"[^\W\d_A-Z]+(?:,| [^\s\d])")
_ENDS = (".", "!", "?", ":", ";", ",", "\u3002")
_FEWEST_LINES = 2


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
    found = elements(text, format_name, tables)
    return Section(text, heading, page, first_line, tuple(found))


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
    found: list[Element] = []
    for begin, end in markdown.fenced(text, start):
        found += _Paragraphs(text, format_name, tables).read(start, begin)
        found.append(Element("code", begin, end))
        start = end
    found += _Paragraphs(text, format_name, tables).read(start, len(text))
    return found


class _Paragraphs:
    """One walk over the paragraphs between two blocks of code."""

    def __init__(self, text: str, format_name: str, tables: list[TableFacts]) -> None:
        self._text = text
        self._format = format_name
        self._tables = tables

    def read(self, start: int, end: int) -> Iterator[Element]:
        kind, before = "prose", ""
        for stop, following in _between_blanks(self._text, start, end):
            paragraph = self._text[start:stop]
            if paragraph.strip():
                if self._is_indented_code(paragraph, before, kind):
                    kind = "code"
                    yield Element("code", start, stop)
                else:
                    kind = "prose"
                    yield from self._paragraph(paragraph, start, stop)
                before = paragraph
            start = following

    def _is_indented_code(self, paragraph: str, before: str, kind: str) -> bool:
        """Tells what a paragraph is, from its look and the paragraph before it."""
        if self._format == "markdown":
            indented = paragraph.lstrip("\n").startswith(("    ", "\t"))
            in_list = kind != "code" and _ITEM.match(before)
            return indented and not in_list
        if self._format == "rst" and paragraph.startswith((" ", "\t")):
            literal = before.rstrip().endswith("::") or before.startswith(".. code")
            return literal or kind == "code"
        return False

    def _paragraph(self, paragraph: str, start: int, stop: int) -> Iterator[Element]:
        first, _, rest = paragraph.strip("\n").partition("\n")
        if rest and _is_ruled(first, rest.partition("\n")[0]):
            yield from self._ruled_table(start, stop)
        elif _SPECIAL.search(paragraph):
            yield from self._lines(start, stop)
        elif rest and is_line_by_line(paragraph):
            for begin, end in _line_spans(self._text, start, stop):
                yield Element("line", begin, end)
        else:
            yield _trimmed(self._text, "prose", start, stop)

    def _ruled_table(self, start: int, stop: int) -> Iterator[Element]:
        """Yields the rows of a table with a rule under the names of its columns."""
        text, number = self._text, len(self._tables)
        spans = list(_line_spans(text, start, stop))
        rules = [bool(_RULE.fullmatch(text[a:b])) for a, b in spans]
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

    def _lines(self, start: int, stop: int) -> Iterator[Element]:
        """Yields the parts of a paragraph that is not prose throughout."""
        text = self._text
        spans = list(_line_spans(text, start, stop))
        labels = [_label(text[a:b]) for a, b in spans]
        fields = sum(label == "field" for label in labels)
        if fields and not _are_fields(text, spans, labels):
            labels = ["prose" if label == "field" else label for label in labels]
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
        key = _MARKS.sub("", match["key"]).strip()
        value = (
            _MARKS.sub("", match["value"] or "")
            if "`" not in (match["value"] or "")
            else match["value"]
        )
        return _trimmed(self._text, "field", start, stop)._replace(
            cells=(key, (value or "").strip())
        )


def _joined(
    labels: Sequence[str], spans: Sequence[tuple[int, int]]
) -> list[tuple[str, int, int]]:
    """Joins lines that go on with the paragraph or item above them."""
    found: list[tuple[str, int, int]] = []
    for label, (start, end) in zip(labels, spans, strict=True):
        if label == "prose" and found and found[-1][0] in {"prose", "item"}:
            found[-1] = (found[-1][0], found[-1][1], end)
        else:
            found.append((label, start, end))
    return found


def is_line_by_line(text: str) -> bool:
    """Tells whether each line says something of its own, as in the output of a command.

    Lines of wrapped text begin with a word in lower case for the most part, and
    sentences end with a full stop.
    """
    lines = text.strip().split("\n")
    if len(lines) < _FEWEST_LINES:
        return False
    apart = sum(
        not (_GOES_ON.match(line) or line.rstrip().endswith(_ENDS)) for line in lines
    )
    return 4 * apart > 3 * len(lines)


def _label(line: str) -> str:
    """Returns what a line looks like."""
    if _HEADING.match(line):
        return "heading"
    match = _FIELD.match(line)
    if match and _is_field(match):
        return "field"
    if _ITEM.match(line):
        return "item"
    return "prose"


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
    piece = text[start:stop]
    begin = start + len(piece) - len(piece.lstrip())
    return Element(kind, begin, start + len(piece.rstrip()))
