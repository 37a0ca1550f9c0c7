"""Answers at the width of a terminal: prose is broken between words, code is not."""

from __future__ import annotations

import re

from ragcli.chat.presentation import columns
from ragcli.language import markdown

_PIECE = re.compile(r"\n|[ \t]+|[^ \t\n]+")


class WordWrap:
    """Breaks a stream of text between words, as it comes.

    A word is held back until what follows shows that it is whole. Lines between code
    fences, lines indented by four columns, and tables stay as they are.

    Args:
        width: Columns of the terminal.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._column = 0
        self._space = ""
        self._word = ""
        self._verbatim = False
        self._fenced = False
        self._indent = ""

    def add(self, text: str) -> str:
        """Returns what can be written of the text so far."""
        written: list[str] = []
        for piece in _PIECE.findall(text):
            if piece == "\n":
                written += [self._flush(), "\n"]
                self._begin_line()
            elif piece[0] in " \t":
                written.append(self._flush())
                self._space += piece
            else:
                self._word += piece
        return "".join(written)

    def end(self) -> str:
        """Returns what was held back."""
        return self._flush()

    def _begin_line(self) -> None:
        self._column, self._space, self._indent = 0, "", ""
        self._verbatim = self._fenced

    def _flush(self) -> str:
        """Returns the held word behind its space, or on a line of its own."""
        word, space = self._word, self._space
        if not word:
            return ""
        self._word, self._space = "", ""
        if not self._column:
            self._look_at_line(space, word)
        size = columns.width(word)
        gap = columns.width(space)
        fits = self._column + gap + size <= self._width
        if fits or self._verbatim or not self._column:
            self._column += gap + size
            return f"{space}{word}"
        self._column = len(self._indent) + size
        return f"\n{self._indent}{word}"

    def _look_at_line(self, space: str, word: str) -> None:
        """Tells by its first word how a line is to be broken."""
        if markdown.FENCE.match(word):
            self._fenced = not self._fenced
            self._verbatim = True
        elif len(space.expandtabs(4)) >= 4 or word.startswith("|"):
            self._verbatim = True
        elif word in {"-", "*", "+", "•"} or re.fullmatch(r"\d{1,3}[.)]", word):
            self._indent = " " * (len(space) + len(word) + 1)
