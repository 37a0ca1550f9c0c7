"""Rich Text Format, version 1.9: its text, without its looks."""

from __future__ import annotations

import re

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import Document, TableFacts, well_formed

_TOKEN = re.compile(
    r"\\(?P<word>[a-z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9a-fA-F]{2})"
    r"|\\(?P<symbol>[^a-z])|(?P<brace>[{}])|[\r\n]+|(?P<text>[^\\{}\r\n]+)",
)
_HIDDEN = frozenset(
    re.findall(
        r"\w+",
        "fonttbl colortbl stylesheet info pict object header footer generator themedata"
        " listtable listoverridetable rsidtbl xmlnstbl datastore latentstyles",
    )
)
_SPOKEN = {
    "par": "\n\n", "line": "\n", "tab": "\t", "cell": " | ", "row": "\n",
    "sect": "\n\n", "page": "\n\n", "emdash": "\u2014", "endash": "\u2013",
    "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c",
    "rdblquote": "\u201d", "bullet": "\u2022", "~": "\xa0", "_": "-",
    "\\": "\\", "{": "{", "}": "}",
}  # fmt: skip


def rich_text(content: Content) -> Document:
    """Returns the text as one part.

    Raises:
        UnreadableDocument: Not RTF.
    """
    data = content.data
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableDocument("not RTF: it does not begin with {\\rtf")
    text = well_formed("".join(_Reader().read(data.decode("latin-1"))))
    if not text.strip():
        return Document()
    tables: list[TableFacts] = []
    found = text_structure.section(text, tables)
    return Document("", (found,), tuple(tables))


class _Reader:
    """One pass over the tokens; groups that are not text are passed over."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._hidden = [False]
        self._fallback = 0

    def read(self, source: str) -> list[str]:
        """Returns the pieces of text."""
        for match in _TOKEN.finditer(source):
            if match["brace"]:
                self._group(opens=match["brace"] == "{")
            elif match["word"]:
                self._control(match["word"], match["number"])
            elif match["symbol"]:
                self._symbol(match["symbol"])
            elif match["hex"]:
                byte = bytes.fromhex(match["hex"])
                self._say(byte.decode("cp1252", "replace"))
            elif match["text"]:
                self._say(match["text"])
        return self._out

    def _group(self, *, opens: bool) -> None:
        if opens:
            self._hidden.append(self._hidden[-1])
        elif len(self._hidden) > 1:
            self._hidden.pop()

    def _control(self, word: str, number: str | None) -> None:
        if word in _HIDDEN:
            self._hidden[-1] = True
        elif word == "u" and number:
            self._fallback = 0
            self._say(chr(int(number) % 0x10000))
            self._fallback = 1
        elif word in _SPOKEN:
            self._say(_SPOKEN[word])

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._hidden[-1] = True
        else:
            self._say(_SPOKEN.get(symbol, ""))

    def _say(self, text: str) -> None:
        r"""Adds text, less the fallback character that follows a `\\u`."""
        if self._fallback and text:
            text, self._fallback = text[1:], 0
        if not self._hidden[-1]:
            self._out.append(text)
