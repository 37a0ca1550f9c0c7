"""Rich Text Format, version 1.9: paragraphs, headings, lists, tables and notes.

One pass over the tokens. A group inherits the state of the one around it; a group
that holds no text of the document (fonts, pictures, instructions of fields) is
passed over, and one that holds text of another place (a footnote, a header, a text
box) collects it apart.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    one_line,
    raised,
    well_formed,
)
from ragcli.index.documents.loaders.layout.grids import add_table
from ragcli.index.documents.loaders.layout.labelled import add_paragraph

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<symbol>[^a-zA-Z])"
    r"|(?P<brace>[{}])|[\r\n\0]+|(?P<text>[^\\{}\r\n\0]+)",
    re.DOTALL,
)
_HIDDEN = frozenset(
    re.findall(
        r"\w+",
        "info colortbl pict generator themedata listtable listoverridetable rsidtbl"
        " xmlnstbl datastore latentstyles fldinst objdata filetbl revtbl"
        " colorschememapping nonesttables nesttableprops datafield ftnsep ftnsepc"
        " aftnsep aftnsepc bkmkstart bkmkend xe tc rxe pgptbl userprops"
        " passwordhash docvar wgrffmtfilter mmathPr sp sn sv background",
    )
)
_APART = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "header"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "footer"),
    "footnote": "footnote",
    "annotation": "comment",
    "shptxt": "box",
    "listtext": "bullet",
    "pntext": "bullet",
    "title": "title",
    "author": "author",
}
"""Groups whose text is collected apart, and as what."""

_CHARACTERS = {
    "line": "\n", "tab": "\t", "emdash": "\u2014", "endash": "\u2013",
    "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c",
    "rdblquote": "\u201d", "bullet": "\u2022", "emspace": " ", "enspace": " ",
    "qmspace": " ", "nestcell": "\t", "nestrow": "\n",
    "~": "\xa0", "_": "-", "\\": "\\", "{": "{", "}": "}",
}  # fmt: skip
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab",
    134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437",
}  # fmt: skip
"""Encodings by the number that a font has as its `fcharset`."""

_HEADING = re.compile(
    r"\s*(?:heading|berschrift|.berschrift|titre|t[i\xed]tulo|titolo|kop|rubrik)\s*(\d)",
    re.IGNORECASE,
)
_MOST_CELLS = 1000
_HANGING = re.compile(
    r"\s*(?P<mark>[-*\u2022\u25e6\u25aa\u2013\u2014\xb7]"
    r"|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])[ ]?\t[ \t]*(?=\S)"
)
"""The mark of an item of a list that is written as words, before a tab."""


@dataclass(slots=True)
class _State:
    """What holds for the text of a group."""

    hidden: bool = False
    is_raised: bool = False
    skips: bool = False
    """Whether the group is passed over, with all groups in it that are not apart."""

    fallback: int = 1
    """Characters that stand for a `\\u` where that is not understood."""

    font: int = -1
    apart: str = ""
    table: str = ""
    """`fonts` or `styles`: which table of the file is being read."""

    begins_apart: bool = False
    """Whether this group began to collect apart."""


@dataclass(slots=True)
class _Paragraph:
    """The text of a paragraph so far, and what kind it is."""

    pieces: list[str] = field(default_factory=list)
    is_cell: bool = False
    level: int = 0
    style: int = -1
    is_item: bool = False
    is_code: bool = True
    """Whether all of its words are in letters of one width."""
    hangs: bool = False
    """Whether its first line begins further left than the others."""
    bullet: str = ""
    """What numbers the paragraph, or the paragraph of a cell that is being read."""

    line_start: int = 0
    """Of a cell how many pieces stand before its last paragraph."""

    def number_line(self) -> None:
        """Puts the bullet of a cell's last paragraph before it."""
        if self.bullet and "".join(self.pieces[self.line_start :]).strip():
            self.pieces.insert(self.line_start, f"{self.bullet} ")
        self.bullet = ""


def rich_text(content: Content) -> Document:
    """Reads a document.

    Raises:
        UnreadableDocument: Not RTF.
    """
    data = content.data
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableDocument("not RTF: it does not begin with {\\rtf")
    return _RtfReader().read(data.decode("latin-1"))


class _RtfReader:
    """One pass over the tokens."""

    def __init__(self) -> None:
        self._builder = DocumentBuilder()
        self._stack: list[_State] = []
        self._state = _State()
        self._encoding = "cp1252"
        self._fonts: dict[int, str] = {}
        self._styles: dict[int, int] = {}
        self._style = -1
        self._style_name: list[str] = []
        self._bytes = bytearray()
        self._skip = 0
        self._paragraph = _Paragraph()
        self._outer: list[_Paragraph] = []
        """Paragraphs that go on when what is collected apart has ended."""
        self._default_font = -1
        self._widths: set[int] = set()
        """The fonts whose letters are of one width."""
        self._notes: list[tuple[str, str]] = []
        self._margins: set[str] = set()
        """The headers and footers so far; several sections have the same."""
        self._titles: dict[str, str] = {}
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._headings = 0
        self._is_heading_row = False

    def read(self, source: str) -> Document:
        """Returns the document."""
        position = 0
        while match := _TOKEN.search(source, position):
            position = match.end() + self._take(match)
        self._decode()
        while self._outer:
            self._end_apart("")
        # What a file that breaks off leaves open ends with it.
        self._state, self._stack = _State(), []
        self._end_paragraph()
        self._end_table()
        builder = self._builder
        builder.title = self._titles.get("title", "") or builder.title
        if author := self._titles.get("author", ""):
            builder.facts["author"] = author
        return builder.document()

    def _take(self, match: re.Match[str]) -> int:
        """Takes a token, and returns how many bytes after it are no text."""
        if match["hex"]:
            self._byte(int(match["hex"], 16))
            return 0
        self._decode()
        number = None if match["number"] is None else int(match["number"])
        if match["brace"]:
            self._group(opens=match["brace"] == "{")
        elif match["word"] == "bin":
            return max(0, number or 0)
        elif match["word"]:
            self._control(match["word"], number)
        elif match["symbol"]:
            self._symbol(match["symbol"])
        elif match["text"] and match["text"].isascii():
            self._say(match["text"])
        elif match["text"]:
            # Some programs write the bytes of a code page as they are.
            for value in match["text"].encode("latin-1"):
                self._byte(value)
        return 0

    def _group(self, *, opens: bool) -> None:
        self._skip = 0
        if opens:
            self._stack.append(self._state)
            self._state = replace(self._state, begins_apart=False)
        elif self._stack:
            ended, self._state = self._state, self._stack.pop()
            if ended.begins_apart:
                self._end_apart(ended.apart)
            if ended.table == "styles":
                self._end_style()

    def _control(self, word: str, number: int | None) -> None:
        state = self._state
        if word in _APART and not state.table:
            self._begin_apart(_APART[word])
        elif word in _HIDDEN:
            state.skips = True
        elif word == "fonttbl":
            state.table = "fonts"
        elif word == "stylesheet":
            state.table = "styles"
        elif word == "u" and number is not None:
            self._skip = 0
            self._say(chr(number % 0x10000))
            self._skip = state.fallback
        elif word == "uc":
            state.fallback = min(max(0, number or 0), 16)
        elif state.table:
            self._define(word, number)
        elif not state.skips:
            self._format(word, number)

    def _define(self, word: str, number: int | None) -> None:
        """Takes a word of the table of fonts or of styles."""
        if word == "f" and number is not None:
            self._state.font = number
        elif word == "fmodern":
            self._widths.add(self._state.font)
        elif word == "fcharset" and number in _CHARSETS:
            self._fonts[self._state.font] = _CHARSETS[number]
        elif word == "cpg" and (name := _code_page(number)):
            self._fonts[self._state.font] = name
        elif word in {"s", "cs", "ds", "ts"}:
            self._style = number if word == "s" and number is not None else -1
        elif word == "outlinelevel" and number is not None and 0 <= number < 9:
            self._styles[self._style] = number + 1

    def _format(self, word: str, number: int | None) -> None:
        """Takes a word that says how text looks, or ends a part of it."""
        state = self._state
        if word in _CHARACTERS:
            self._say(_CHARACTERS[word])
        elif word in {"par", "sect", "page", "column"}:
            self._end_paragraph()
        elif word in {"cell", "row", "trowd", "trhdr"}:
            self._table_word(word)
        elif word in {"v", "deleted"}:
            state.hidden = number != 0
        elif word in {"super", "nosupersub"}:
            state.is_raised = word == "super" and number != 0
        elif word == "plain":
            state.hidden = state.is_raised = False
            state.font = self._default_font
        elif word == "deff" and number is not None:
            state.font = self._default_font = number
        elif word == "f" and number is not None:
            state.font = number
        elif word in {"ansicpg", "mac", "pc", "pca"}:
            self._set_encoding(word, number)
        else:
            self._format_paragraph(word, number)

    def _format_paragraph(self, word: str, number: int | None) -> None:
        paragraph = self._paragraph
        if word == "pard":
            paragraph.is_cell, paragraph.level, paragraph.style = False, 0, -1
            paragraph.is_item = paragraph.hangs = False
        elif word == "intbl":
            paragraph.is_cell = number != 0
        elif word == "s":
            paragraph.style = -1 if number is None else number
        elif word == "outlinelevel":
            is_level = number is not None and 0 <= number < 9
            paragraph.level = (number or 0) + 1 if is_level else 0
        elif word == "fi":
            paragraph.hangs = (number or 0) < 0
        elif word in {"ls", "pnlvlblt", "pnlvlbody"}:
            paragraph.is_item = True

    def _set_encoding(self, word: str, number: int | None) -> None:
        if word == "ansicpg":
            self._encoding = _code_page(number) or self._encoding
        else:
            self._encoding = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]

    def _table_word(self, word: str) -> None:
        if self._state.apart:
            # A header or a text box has its table as lines.
            self._paragraph.pieces.append({"cell": "\t", "row": "\n"}.get(word, ""))
        elif word == "trhdr":
            self._is_heading_row = True
        elif word == "trowd":
            self._is_heading_row = False
        elif word == "cell":
            self._paragraph.number_line()
            text = "".join(self._paragraph.pieces).strip()
            if len(self._cells) < _MOST_CELLS:
                self._cells.append(text)
            elif text:
                self._notes.append((text, ""))
            self._paragraph.pieces, self._paragraph.line_start = [], 0
        else:
            self._end_row()

    def _end_row(self) -> None:
        if not self._cells:
            return
        if self._is_heading_row and self._headings == len(self._rows):
            self._headings += 1
        self._rows.append(self._cells)
        self._cells = []

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            # Whoever does not know the word that follows passes the group over.
            self._state.skips = True
        elif symbol in "\r\n":
            self._end_paragraph()
        else:
            self._say(_CHARACTERS.get(symbol, ""))

    def _byte(self, value: int) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._bytes.append(value)

    def _decode(self) -> None:
        """Takes the bytes so far as text in the encoding of their font."""
        if self._bytes:
            name = self._fonts.get(self._state.font, self._encoding)
            if name == "cp1252" and self._encoding != "cp1252":
                name = self._encoding
            data, self._bytes = bytes(self._bytes), bytearray()
            self._say(data.decode(name, "replace"))

    def _say(self, text: str) -> None:
        r"""Adds text, less the characters that stand for a `\u` before them."""
        if self._skip:
            count = min(self._skip, len(text))
            self._skip -= count
            text = text[count:]
        state = self._state
        if not text:
            return
        if state.table == "styles":
            self._style_name.append(text)
        elif not (state.hidden or state.skips or state.table):
            pieces = self._paragraph.pieces
            if state.is_raised and pieces:
                text = raised(text, pieces[-1])
            if text.strip() and state.font not in self._widths:
                self._paragraph.is_code = False
            pieces.append(text)

    def _end_style(self) -> None:
        name = "".join(self._style_name)
        self._style_name = []
        match = _HEADING.match(name)
        if match and self._style >= 0:
            self._styles.setdefault(self._style, int(match[1]) or 1)
        self._style = -1

    def _begin_apart(self, what: str) -> None:
        state = self._state
        state.apart, state.begins_apart = what, True
        state.skips = state.hidden = False
        self._outer.append(self._paragraph)
        self._paragraph = _Paragraph()

    def _end_apart(self, what: str) -> None:
        """Ends text of another place, and goes on with the paragraph around it."""
        text = "".join(self._paragraph.pieces).strip()
        self._paragraph = self._outer.pop() if self._outer else _Paragraph()
        if what in {"title", "author"}:
            self._titles[what] = one_line(well_formed(text))
        elif what == "bullet":
            self._paragraph.bullet = text or "-"
        elif what in {"header", "footer"}:
            if text not in self._margins:
                self._margins.add(text)
                self._notes.append((text, what))
        elif text:
            self._notes.append((text, "" if what == "box" else what))

    def _end_paragraph(self) -> None:
        """Ends a paragraph: of a cell, of what is apart, or of the document."""
        paragraph = self._paragraph
        if self._state.apart or (paragraph.is_cell and self._stack):
            paragraph.number_line()
            paragraph.pieces.append("\n")
            paragraph.line_start = len(paragraph.pieces)
            return
        whole = well_formed("".join(paragraph.pieces))
        text = whole.strip()
        is_code, paragraph.is_code = paragraph.is_code, True
        bullet, is_item = paragraph.bullet, paragraph.is_item
        paragraph.pieces, paragraph.bullet, paragraph.line_start = [], "", 0
        if text or not self._cells:
            self._end_table()  # a blank line sets two tables apart
        level = paragraph.level or self._styles.get(paragraph.style, 0)
        if not text:
            pass
        elif level:
            is_numbered = any(map(str.isalnum, bullet))
            self._builder.heading(level, f"{bullet} {text}" if is_numbered else text)
        elif bullet or is_item:
            self._builder.item(text, bullet=f"{bullet or '-'} ")
        elif is_code and "\n" in text:
            self._builder.code(whole.strip("\r\n"))
        elif paragraph.hangs and (mark := _HANGING.match(text)):
            self._builder.item(text[mark.end() :], bullet=f"{mark['mark']} ")
        else:
            add_paragraph(self._builder, text)
        self._add_notes()

    def _add_notes(self) -> None:
        for text, label in self._notes:
            if label:
                self._builder.note(text, label)
            else:
                add_paragraph(self._builder, text)
        self._notes = []

    def _end_table(self) -> None:
        self._end_row()
        if self._rows:
            rows, self._rows = self._rows, []
            headings, self._headings = self._headings, 0
            add_table(self._builder, rows, (), headings)
            self._add_notes()


def _code_page(number: int | None) -> str:
    """Returns the encoding of a Windows code page, "" for one that nobody knows."""
    name = {65001: "utf-8", 10000: "mac_roman"}.get(number or 0, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""
