"""AsciiDoc: headings, tables, definitions, listings and admonitions.

A section's text stays as it stands in the file; what markup says nothing to a reader
(comments, styles of blocks, conditions, places to link to) is between its elements.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    TableFacts,
    flat,
    one_line,
    trimmed,
)
from ragcli.index.documents.loaders.markup.block_reader import (
    MOST_COLUMNS,
    BlockReader,
    PlacedRow,
)
from ragcli.index.documents.loaders.markup.lightweight import TextHeading, sections_of
from ragcli.language import notations

_HEADING = re.compile(r"(?P<marks>={1,6}|#{1,6})[ \t]+(?P<title>\S.*)$")
_UNDERLINE = re.compile(r"(?P<mark>[=\-~^+])(?P=mark){2,}[ \t]*$")
_LEVELS = "=-~^+"
"""What underlines headings, the outermost first."""

_DELIMITER = re.compile(
    r"(?:-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```[\w+-]{0,40}|[|,:!]={3,})"
    r"[ \t]*$"
)
_COMMENT = re.compile(r"//(?!/)")
_STYLE = re.compile(r"\[(?P<style>.*)\][ \t]*$")
_TITLE = re.compile(r"\.(?P<title>[^\s.].*)$")
_ATTRIBUTE = re.compile(
    r"^:(?P<name>!?[\w][\w-]*!?):(?:[ \t]+(?P<value>.*))?$", re.MULTILINE
)
_FOR_PROGRAMS = re.compile(
    r"(?:toc|icons|sect|source-|highlight|imagesdir|experimental|id(?:prefix|separator)"
    r"|doctype|stem|xrefstyle|figure-|table-|[\w-]*caption$|[\w-]*dir$|hardbreaks|nofooter"
    r"|compat|attribute-|data-uri|linkcss|stylesheet|docinfo|env|leveloffset|page-|pdf-"
    r"|[\w-]*uri|url-|link|!)"
)
"""Attributes that say how a page looks or what programs do with it."""

_ADMONITION = re.compile(r"(?P<kind>NOTE|TIP|IMPORTANT|WARNING|CAUTION)\b")
_SILENT = re.compile(
    r"(?:'{3,}|-{3}|\*{3}|<{3,}|\+)[ \t]*$"
    r"|(?:toc|include|ifn?def|ifeval|endif)::\S*\[.*$|(?:toc|endif)::"
)
"""What says nothing by itself: rules, page breaks, conditions, what joins blocks."""

_CONDITION = re.compile(r"(?:ifn?def|ifeval|endif|include)::")
_SEPARATORS = {",": ",", ":": ":", "csv": ",", "dsv": ":", "tsv": "\t"}
"""What separates cells, by format and by the sign that a table begins with."""

_NAMING_COLUMN = re.compile(r"[ ]*[<^>.\d]*h[ ]*[,;]")
"""Columns of which the first one names what is in the second: keys with values."""

_PICTURE = re.compile(r"(?:image|video|audio)::[^\s\[]*\[(?P<alt>[^\]]*)\]")
_ITEM = re.compile(
    r"[ \t]*(?:\*{1,5}|-|\.{1,5}|\d{1,3}\.|[a-zA-Z]\.|[ivxIVX]{1,6}\)|<(?:\d{1,2}|\.)>)"
    r"[ \t]+(?=\S)"
)
_TERM = re.compile(
    r"[ \t]*(?P<term>[^\s:](?:.{0,200}?\S)?)(?::{2,4}|;;)"
    r"(?:[ \t]+(?P<value>\S.*))?[ \t]*$"
)
_BREAK = re.compile(r"[ \t]+\+[ \t]*$")
_AUTHOR = re.compile(
    r"[^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){0,3}(?: <[^<>\s]+>)?"
    r"(?:; [^\W\d_][\w.' -]{0,80}(?: <[^<>\s]+>)?)*[ \t]*$"
)
_REVISION = re.compile(r"v?\d[\w.-]*(?:,.*|:.*)?$|v\w+,")
_REPEATED = re.compile(r"(?P<times>\d{1,3})\*(?P<rest>.*)$", re.DOTALL)
_REACH = re.compile(r"(?P<columns>\d{1,2})?(?:\.(?P<rows>\d{1,2}))?(?P<kind>[*+])")
_NAMED = re.compile(
    r"(?P<name>[\w-]+)[ \t]*=[ \t]*"
    r"(?:(?P<mark>[\"'])(?P<quoted>.*?)(?P=mark)|(?P<plain>[^,\"']*))"
)
_VERBATIM = frozenset(
    {
        "asciimath",
        "ditaa",
        "graphviz",
        "latexmath",
        "listing",
        "literal",
        "mermaid",
        "pass",
        "plantuml",
        "source",
        "stem",
        "subs",
    }
)
"""Blocks whose text is shown as it stands."""


def asciidoc(content: Content) -> Document:
    """Reads AsciiDoc; its title is the heading of the first level."""
    text = content.text
    attributes = {
        match["name"]: match["value"] or "" for match in _ATTRIBUTE.finditer(text)
    }
    headings = list(_headings(text, attributes))
    tables: list[TableFacts] = []
    title = next((item for item in headings if item.level == 1), None)
    header = title.end if title and _has_header(text, title.end) else -1

    def read(body: str, start: int) -> list[Element]:
        reader = _AsciiDocReader(body, tables, attributes)
        return reader.all(has_header=start == header)

    sections = tuple(sections_of(text, headings, tables, "asciidoc", structure=read))
    return Document(title.title if title else "", sections, tuple(tables))


class _Delimiters:
    """The lines that begin and end blocks of a text.

    Args:
        lines: Its lines.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._numbers: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            if _DELIMITER.match(line):
                self._numbers.setdefault(line.rstrip(), []).append(number)

    def closing(self, line: str, at: int) -> int:
        """Returns the line that ends the block that one begins; 0 if it begins none."""
        if not _DELIMITER.match(line):
            return 0
        mark = "```" if line.startswith("```") else line.rstrip()
        numbers = self._numbers.get(mark, [])
        following = bisect_right(numbers, at)
        return numbers[following] if following < len(numbers) else 0


def _headings(text: str, attributes: Mapping[str, str]) -> Iterator[TextHeading]:
    """Yields the headings that stand in no block."""
    lines = text.split("\n")
    delimiters = _Delimiters(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    at, is_free = 0, True
    while at < len(lines):
        line = lines[at]
        below = lines[at + 1] if at + 1 < len(lines) else ""
        taken = 1
        if closing := delimiters.closing(line, at):
            taken = closing + 1 - at
        elif match := _HEADING.match(line):
            title = re.sub(rf"[ \t]+{match['marks']}[ \t]*$", "", match["title"])
            level = len(match["marks"])
            shown = one_line(_plain(title, attributes))
            yield TextHeading(level, shown, starts[at], starts[at + 1])
        elif is_free and _is_underlined(line, below):
            level = _LEVELS.index(below[0]) + 1
            shown = one_line(_plain(line, attributes))
            yield TextHeading(level, shown, starts[at], starts[at + 2])
            taken = 2
        is_free = not line.strip() or line.startswith(("[", ":", "//"))
        at += taken


def _is_underlined(line: str, below: str) -> bool:
    """Tells whether a line is a heading with signs below it, about as many."""
    if not _UNDERLINE.match(below) or abs(len(line) - len(below.rstrip())) > 1:
        return False
    return line[:1].isalnum() and any(map(str.isalpha, line))


def _has_header(text: str, start: int) -> bool:
    """Tells whether authors stand right below the title that ends at `start`."""
    line = text[start:].partition("\n")[0] if start < len(text) else ""
    return bool(_AUTHOR.match(line))


class _AsciiDocReader(BlockReader):
    """One walk over the blocks of a section."""

    def __init__(
        self, text: str, tables: list[TableFacts], attributes: Mapping[str, str]
    ) -> None:
        super().__init__(text, tables, "asciidoc")
        self._attributes = attributes
        self._delimiters = _Delimiters([self.line(at) for at in range(len(self.lines))])
        self._style = ""
        """What brackets above the next block say of it."""
        self._caption = ""
        """The title above the next block."""
        self._continued = -1
        """The line of a paragraph that goes on with an item of a list."""

    def all(self, *, has_header: bool = False) -> list[Element]:
        """Reads the whole text.

        Args:
            has_header: Whether it begins with the authors of the document.
        """
        at = 0
        if has_header:
            self.span("field", 0, 1, ("Author", self._plain(self.line(0))))
            at = 1
            if at < len(self.lines) and _REVISION.match(self.line(at)):
                self.span("field", 1, 2, ("Revision", self.line(at).strip()))
                at = 2
        self.read(at, len(self.lines))
        return self.elements

    def one(self, line: str, at: int, stop: int) -> int:
        """Reads one block, and returns the line after it."""
        closing = self._delimiters.closing(line, at)
        closing = closing if closing < stop else 0
        if line.strip() == "+":
            self._continued = at + 1
            return at + 1
        if not closing and (_COMMENT.match(line) or _SILENT.match(line)):
            return at + 1
        if match := _STYLE.match(line):
            self._take_style(match, at)
            return at + 1
        if not closing and (match := _TITLE.match(line)) and not _ITEM.match(line):
            self._caption = self._plain(match["title"])
            self.piece("prose", self.lines[at][0] + 1, self.lines[at][1])
            return at + 1
        style, caption = self._style, self._caption
        self._style = self._caption = ""
        if closing:
            self._delimited(line, at, closing, style, caption)
            return closing + 1
        return self._undelimited(line, at, stop, style)

    def _take_style(self, match: re.Match[str], at: int) -> None:
        """Keeps what is said of the next block; a reader sees of it who is quoted."""
        style = match["style"]
        if style.startswith("["):
            return
        self._style = f"{self._style},{style}".strip(",")
        start = self.lines[at][0] + match.start("style")
        if kind := _ADMONITION.match(style):
            self.piece("heading", start, start + kind.end())
        elif style.startswith(("quote,", "verse,")):
            words = style.partition(",")[2]
            self.piece("prose", start + len(style) - len(words), start + len(style))

    def _delimited(
        self, line: str, at: int, closing: int, style: str, caption: str
    ) -> None:
        """Reads what stands between two delimiters."""
        sign = line[0]
        if line.rstrip() == "--" and _kind(style) in _VERBATIM:
            sign = "-"
        elif line.rstrip() == "--":
            sign = "="
        if line[1:].startswith("==") and sign in "|,:!":
            self._table(sign, at + 1, closing, style, caption)
        elif sign == "_" and _kind(style) == "verse":
            for number in range(at + 1, closing):
                self.span("line", number, number + 1)
        elif sign in "-.+`":
            self.code(at + 1, closing)
        elif sign != "/":
            self.read(at + 1, closing)

    def _undelimited(self, line: str, at: int, stop: int, style: str) -> int:
        """Reads a block that ends at a blank line or where another begins."""
        if match := _ATTRIBUTE.match(line):
            value = self._plain(match["value"] or "")
            if value and not _FOR_PROGRAMS.match(match["name"]):
                self.span("field", at, at + 1, (match["name"], value))
            return at + 1
        if match := _PICTURE.match(line):
            start, (first, last) = self.lines[at][0], match.span("alt")
            self.piece("figure", start + first, start + last)
            return at + 1
        if _kind(style) in _VERBATIM:
            end = self.block(at, stop)
            self.code(at, end)
        elif match := _ITEM.match(line):
            end = self._end(at, stop, in_list=True)
            self.piece("item", self.lines[at][0] + match.end(), self.lines[end - 1][1])
        elif _TERM.match(line):
            end = self._definition(at, stop)
        elif line[0] in " \t" and at != self._continued:
            end = self.block(at, stop)
            self.code(at, end)
        else:
            end = self._end(at, stop, in_list=at == self._continued)
            self._prose(line, at, end, style)
        return end

    def _prose(self, line: str, at: int, end: int, style: str) -> None:
        """Adds a paragraph; where it has breaks, each line says something."""
        lines = [self.line(number) for number in range(at, end)]
        if any(map(_BREAK.search, lines)) or _kind(style) == "verse":
            for number, said in enumerate(lines, at):
                start = self.lines[number][0]
                self.piece("line", start, start + len(_BREAK.sub("", said)))
        elif _ADMONITION.match(line) and ":" in line:
            self.span("prose", at, end)
        else:
            self.paragraph(at, end)

    def _end(self, at: int, stop: int, *, in_list: bool = False) -> int:
        """Returns the line after a paragraph, or after one item of a list."""
        for number in range(at + 1, self.block(at, stop)):
            line = self.line(number)
            if line.strip() == "+" or self._delimiters.closing(line, number):
                return number
            if _STYLE.match(line) or _COMMENT.match(line) or _CONDITION.match(line):
                return number
            if in_list and (_ITEM.match(line) or _TERM.match(line)):
                return number
        return self.block(at, stop)

    def _definition(self, at: int, stop: int) -> int:
        """Reads terms that share what is said of them."""
        terms, value, following = [], "", at
        while (
            not value
            and following < stop
            and (match := _TERM.match(self.line(following)))
        ):
            terms.append(self._plain(match["term"]))
            value = match["value"] or ""
            following += 1
        end = following
        if value:
            end = self._end(following - 1, stop, in_list=True)
        else:
            while following < stop and not self.line(following).strip():
                following += 1
            if following < stop and self._is_plain(following):
                end = self._end(following, stop, in_list=True)
        words = [value, *(self.line(number) for number in range(following, end))]
        said = self._plain(" ".join(words))
        if said:
            self.valued(at, end, ", ".join(terms), said)
        else:
            self.span("prose", at, end)
        return end

    def _is_plain(self, at: int) -> bool:
        """Tells whether a line begins a paragraph, which may say what a term is."""
        line = self.line(at)
        if self._delimiters.closing(line, at) or _SILENT.match(line):
            return False
        kinds = (_STYLE, _TITLE, _COMMENT, _ITEM, _TERM, _ATTRIBUTE)
        return not any(kind.match(line) for kind in kinds)

    def _table(self, sign: str, at: int, end: int, style: str, caption: str) -> None:
        """Reads a table of cells behind bars, or of separated values."""
        options = _options(style)
        separator = options.get("separator", "")
        first = next((n for n in range(at, end) if self.line(n).strip()), end)
        if first == end:
            return
        mark = _SEPARATORS.get(options.get("format", sign))
        is_alone = first + 1 < end and not self.line(first + 1).strip()
        columns = options.get("cols", "")
        if mark:
            mark = {"\\t": "\t"}.get(separator, separator[:1]) or mark
            rows = self.separated_rows(at, end, mark, self._plain)
        else:
            cells = list(self._cells(separator[:1] or sign, at, end))
            below = self.lines[first][1]
            above = [cell for cell in cells if cell.start < below]
            count = sum(cell.times * cell.columns for cell in above)
            width = min(_width(columns) or count, MOST_COLUMNS)
            rows = _rows(cells, width)
            is_alone = is_alone and first == at and count == width
        named = re.split(r"[,%]", options.get("options", options.get("opts", "")))
        if "header" in named or (is_alone and "noheader" not in named):
            self.headed_table(rows, 1, caption)
        elif _NAMING_COLUMN.match(columns) and all(len(row.cells) == 2 for row in rows):
            for start, stop, (key, value) in rows:
                self.piece("field", start, stop, (key, value))
        else:
            self.table((), None, rows, caption)

    def _cells(self, sign: str, at: int, end: int) -> Iterator[_TableCell]:
        """Yields the cells of a table, each with what stands before its bar."""
        bar = re.compile(
            r"(?:(?<=\s)|^)(?:\d{1,2}(?:\.\d{1,2})?[*+]|\.\d{1,2}[*+])?[<^>]?(?:\.[<^>])?"
            rf"[adehlmsv]?{re.escape(sign)}|(?<!\\){re.escape(sign)}",
            re.MULTILINE,
        )
        start, stop = self.lines[at][0], self.lines[end - 1][1]
        bars = list(bar.finditer(self.text, start, stop))
        stops = [*(match.start() for match in bars[1:]), stop]
        for match, last in zip(bars, stops, strict=False):
            _, after = trimmed(self.text, match.end(), last)
            reach = _REACH.match(match[0])
            columns = int(reach["columns"] or 1) if reach else 1
            is_repeated = bool(reach and reach["kind"] == "*")
            yield _TableCell(
                match.start(),
                max(after, match.end()),
                self._plain(self.text[match.end() : last]).replace(f"\\{sign}", sign),
                columns if is_repeated else 1,
                1 if is_repeated else columns,
                int(reach["rows"] or 1) if reach else 1,
            )

    def _plain(self, text: str) -> str:
        return _plain(text, self._attributes)


class _TableCell(NamedTuple):
    """A cell of a table with its bar."""

    start: int
    end: int
    text: str
    times: int
    """How many cells say the same, one behind the other."""

    columns: int
    """How many columns it reaches over."""

    rows: int
    """How many rows it reaches over."""


def _rows(cells: Sequence[_TableCell], width: int) -> list[PlacedRow]:
    """Returns the rows that cells fill, each of `width` columns.

    A row that a cell above reaches over has the words of that cell as well.
    """
    rows: list[PlacedRow] = []
    above: dict[int, tuple[int, str]] = {}
    row: list[str] = []
    start, end = -1, -1

    def reach_down() -> None:
        while len(row) < width and len(row) in above:
            left, words = above.pop(len(row))
            if left > 1:
                above[len(row)] = left - 1, words
            row.append(words)

    for cell in cells:
        for _ in range(cell.times):
            reach_down()
            start = cell.start if start < 0 else start
            end = cell.end
            if cell.rows > 1:
                above[len(row)] = cell.rows - 1, cell.text
            row += [cell.text, *[""] * (cell.columns - 1)]
            reach_down()
            if len(row) >= width:
                if not rows or start >= rows[-1].end:
                    rows.append(PlacedRow(start, end, tuple(row[:width])))
                row, start = [], -1
    if row and start >= 0 and (not rows or start >= rows[-1].end):
        rows.append(PlacedRow(start, end, tuple(row)))
    return rows


def _width(columns: str) -> int:
    """Returns how many columns `cols` announces: of `1,2` and of `2*`, two."""
    width = 0
    for part in re.split(r"[,;]", columns) if columns.strip() else []:
        repeated = _REPEATED.match(part.strip())
        width += int(repeated["times"]) if repeated else 1
    return width


def _options(style: str) -> dict[str, str]:
    """Returns what brackets say of a table, by name."""
    options = {
        match["name"]: match["quoted"]
        if match["quoted"] is not None
        else match["plain"]
        for match in _NAMED.finditer(style)
    }
    short = re.match(r"%([\w%]+)", style)
    if short and "options" not in options:
        options["options"] = short[1]
    return {name: value.strip() for name, value in options.items()}


def _kind(style: str) -> str:
    """Returns what kind of block brackets say the next one is."""
    return re.split(r"[,.#%]", style, maxsplit=1)[0].strip().lower()


def _plain(text: str, attributes: Mapping[str, str]) -> str:
    """Returns text on one line as a page shows it."""
    return flat(notations.asciidoc(text, attributes))
