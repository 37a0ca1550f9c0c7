"""HTML: text by headings, with lists, tables and code as they read.

A tokenizer of one regular expression walks the page; it needs no tree, so that
neither depth nor missing end tags matter, and its time grows with the length of
the page alone.
"""

from __future__ import annotations

import re
from html import unescape

from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content, with_newlines
from ragcli.index.documents.elements import (
    Document,
    Section,
    TableFacts,
    one_line,
    well_formed,
)

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<(?P<close>/?)(?P<name>[a-zA-Z][^\s/<>]*)(?P<attributes>[^<>]*)>|<[!?][^<>]*>",
    re.DOTALL,
)
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_DECLARED = re.compile(
    rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_NO_CHARACTER = re.compile(r"&#(?:\d{20,}|[xX][\da-fA-F]{20,});?")
"""A reference to a character beyond all that there are."""

_HEADING_SIGN = re.compile(r"[\s\xb6#\u00a7\U0001f517]+$")

_OPAQUE = frozenset({"script", "style", "template", "svg", "math", "noscript"})
_ASIDE = frozenset({"nav", "button", "select", "iframe", "canvas", "dialog"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PARAGRAPHS = frozenset(
    re.findall(
        r"\w+",
        "p div section article main ul ol dl table blockquote figure figcaption header"
        " footer aside form fieldset address details summary hr body pre",
    )
)
_LINES = frozenset({"br", "tr", "dt", "dd", "li", "option", "caption", "legend"})
_LINE_MARKS = {"li": "- ", "dd": "  "}


def declared_text(data: bytes) -> str | None:
    """Returns the text by the encoding that the page declares; None without one."""
    match = _DECLARED.search(data[:2048])
    if not match:
        return None
    try:
        return data.decode(match[1].decode("ascii"), "replace")
    except (LookupError, UnicodeError):
        return None


def html(content: Content) -> Document:
    """Reads a page; one that is not UTF-8 may declare what it is in."""
    tables: list[TableFacts] = []
    title, sections = page_sections(_text(content), tables)
    return Document(title, tuple(sections), tuple(tables))


def page_sections(text: str, tables: list[TableFacts]) -> tuple[str, list[Section]]:
    """Returns a page's title and its sections; its tables are appended to `tables`."""
    page = _Page(text, _ASIDE, tables)
    if not page.sections:
        page = _Page(text, frozenset(), tables)
    return page.title or page.first_heading, page.sections


def _text(content: Content) -> str:
    if not content.data.isascii():
        try:
            content.data.decode("utf-8")
        except UnicodeDecodeError:
            declared = declared_text(content.data)
            return content.text if declared is None else with_newlines(declared)
    return content.text


class _Page:
    """One walk over a page; the result is in `title` and `sections`."""

    def __init__(
        self, text: str, aside: frozenset[str], tables: list[TableFacts]
    ) -> None:
        self._tables = tables
        self.title = ""
        self.first_heading = ""
        self.sections: list[Section] = []
        self._path: list[tuple[int, str]] = []
        self._out: list[str] = []
        self._heading = 0
        self._pre = 0
        self._cells = 0
        self._row_is_first = False
        self._aside = aside
        self._walk(text)
        self._end_section()

    def _walk(self, text: str) -> None:
        position = 0
        while match := _TOKEN.search(text, position):
            self._text(text[position : match.start()])
            position = match.end()
            name = (match["name"] or "").lower()
            if match["cdata"]:
                self._text(match["cdata"])
            elif match["close"]:
                self._end(name)
            elif name == "title" and not self.title:
                position = self._read_title(text, position)
            elif name in _OPAQUE or name in self._aside:
                if not match["attributes"].endswith("/"):
                    position = _after_element(text, position, name)
            elif name:
                self._start(name)
        self._text(text[position:])

    def _read_title(self, text: str, position: int) -> int:
        end = text.find("<", position)
        self.title = one_line(_unescaped(text[position:end]))
        return end if end >= 0 else len(text)

    def _text(self, piece: str) -> None:
        if not piece:
            return
        piece = _unescaped(piece) if "&" in piece else piece
        if not self._pre:
            piece = _SPACES.sub(" ", piece)
            if piece == " " and (not self._out or self._out[-1].endswith((" ", "\n"))):
                return
        self._out.append(piece)

    def _start(self, name: str) -> None:
        if name in _HEADINGS:
            self._begin_heading(_HEADINGS[name])
        elif name in {"td", "th"}:
            if self._cells:
                self._out.append(" | ")
            self._cells += 1
        elif name in _PARAGRAPHS:
            self._begin_block(name)
        elif name in _LINES and not self._heading:
            if name == "tr":
                self._finish_row()
            self._out.append("\n" + _LINE_MARKS.get(name, ""))

    def _begin_block(self, name: str) -> None:
        if self._heading or (self._cells and name != "table"):
            return
        if name == "p" and self._out and self._out[-1].endswith("\n- "):
            return
        self._out.append("\n\n")
        if name == "pre":
            self._pre += 1
            self._out.append("```\n")
        elif name == "table":
            self._row_is_first, self._cells = True, 0

    def _end(self, name: str) -> None:
        if name in _HEADINGS:
            self._finish_heading()
        elif name == "pre" and self._pre:
            self._pre -= 1
            self._out.append("\n```\n\n")
        elif name == "tr":
            self._finish_row()
        elif name == "table":
            self._finish_row()
            self._out.append("\n\n")
        elif name in _PARAGRAPHS and not self._heading and not self._cells:
            self._out.append("\n\n")

    def _finish_row(self) -> None:
        if self._row_is_first and self._cells > 1:
            self._out.append("\n" + " | ".join(["---"] * self._cells))
        self._row_is_first = self._row_is_first and not self._cells
        self._cells = 0

    def _begin_heading(self, level: int) -> None:
        self._finish_heading()
        self._end_section()
        self._heading = level
        self._cells = 0

    def _finish_heading(self) -> None:
        if not self._heading:
            return
        title = one_line(_HEADING_SIGN.sub("", "".join(self._out)))
        self._out = []
        while self._path and self._path[-1][0] >= self._heading:
            self._path.pop()
        if title:
            self._path.append((self._heading, title))
            self.first_heading = self.first_heading or title
        self._heading = 0

    def _end_section(self) -> None:
        lines = "".join(self._out).split("\n")
        self._out = []
        text = _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines))
        text = text.strip("\n")
        if text.strip():
            path = tuple(title for _, title in self._path)
            self.sections.append(
                text_structure.section(text, self._tables, heading=path)
            )


def _unescaped(text: str) -> str:
    """Returns text with its character references replaced."""
    try:
        return well_formed(unescape(text))
    except ValueError:  # Python takes no number of thousands of digits
        return well_formed(unescape(_NO_CHARACTER.sub("\ufffd", text)))


def _after_element(text: str, position: int, name: str) -> int:
    """Returns the offset after an element's end tag, or after the page."""
    edge = re.compile(rf"<(/?){re.escape(name)}\b[^<>]*>", re.IGNORECASE)
    depth = 1
    while depth:
        match = edge.search(text, position)
        if not match:
            return len(text)
        position = match.end()
        if not match[0].endswith("/>"):
            depth += -1 if match[1] else (name not in {"script", "style"})
    return position
