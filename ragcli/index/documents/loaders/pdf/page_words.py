"""What stands on a page: words, and runs of them that stand together on a line.

Most lines of most pages are plain. A run of such words knows its box and its text; its
words are made when somebody asks for them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

CELL_GAP = 1.0
"""Width of a gap between two segments, in the height of their words."""

OVERLAP = 0.5
"""By how much two words that follow each other may overlap, in their height."""

SHARED = 0.4
"""How much of its height a word on the same line shares with the one before."""

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


class PageWord(NamedTuple):
    """A word, or as much of it as stands together."""

    left: float
    top: float
    right: float
    bottom: float
    text: str
    character: int
    """Its first character among those of the page, in PDFium's order."""

    line: int
    """Which of PDFium's lines it is of."""


class WordColumns(NamedTuple):
    """Words of a page that is not turned, one list for each thing that is known.

    Boxes are as in the file: `top` is more than `bottom`.
    """

    origin: tuple[float, float, float]
    """Left and bottom of the page in the file, and its height."""

    lefts: Sequence[float]
    tops: Sequence[float]
    rights: Sequence[float]
    bottoms: Sequence[float]
    texts: Sequence[str]
    characters: Sequence[int]

    def word(self, at: int, line: int = -1) -> PageWord:
        """Returns one of them, as the page is shown."""
        (left, bottom, height), lefts, tops, rights, bottoms, texts, characters = self
        return PageWord(
            lefts[at] - left,
            height - (tops[at] - bottom),
            rights[at] - left,
            height - (bottoms[at] - bottom),
            texts[at],
            characters[at],
            line,
        )


class WordRun:
    """Words that stand together on one line."""

    __slots__ = (
        *("_columns", "_text", "_words", "bottom", "first", "height", "last"),
        *("left", "line", "right", "tag", "top"),
    )

    def __init__(self, words: list[PageWord], tag: object = None) -> None:
        self._words: list[PageWord] | None = words
        self._columns: WordColumns | None = None
        self.first, self.last, self.line = 0, len(words), -1
        self.tag = tag
        """What stands here instead of words: a table that was found already."""
        if len(words) == 1:
            self.left, self.top, self.right, self.bottom = words[0][:4]
        else:
            lefts, tops, rights, bottoms, _, _, _ = zip(*words, strict=True)
            self.left, self.top = min(lefts), min(tops)
            self.right, self.bottom = max(rights), max(bottoms)
        self.height = self.bottom - self.top
        self._text = ""

    @classmethod
    def plain(cls, columns: WordColumns, first: int, last: int, line: int) -> WordRun:
        """Returns a run of words whose text has no ligature and is not turned.

        Args:
            columns: The words of the page.
            first: The first word among them.
            last: The one after the last.
            line: Which of PDFium's lines they are of.
        """
        run = object.__new__(cls)
        run.first, run.last, run.line, run.tag = first, last, line, None
        run._take(columns)
        return run

    def _take(self, columns: WordColumns) -> None:
        first, last = self.first, self.last
        (left, bottom, height), lefts, tops, rights, bottoms, texts, _ = columns
        self._words, self._columns = None, columns
        if last - first == 1:
            self._text = texts[first]
            self.left, self.right = lefts[first] - left, rights[first] - left
            self.top = height - (tops[first] - bottom)
            self.bottom = height - (bottoms[first] - bottom)
        else:
            self._text = " ".join(texts[first:last])
            self.left = min(lefts[first:last]) - left
            self.right = max(rights[first:last]) - left
            self.top = height - (max(tops[first:last]) - bottom)
            self.bottom = height - (min(bottoms[first:last]) - bottom)
        self.height = self.bottom - self.top

    @property
    def count(self) -> int:
        """How many words it has."""
        return self.last - self.first

    @property
    def words(self) -> list[PageWord]:
        """Its words, as they stand in the file."""
        if self._words is None:
            columns = self._columns
            self._words = [
                columns.word(at, self.line)
                for at in range(self.first, self.last)
                if columns
            ]
        return self._words

    @property
    def ends(self) -> tuple[PageWord, PageWord]:
        """Its first word and its last."""
        if self._words is None and self._columns:
            return (
                self._columns.word(self.first, self.line),
                self._columns.word(self.last - 1, self.line),
            )
        return self.words[0], self.words[-1]

    @property
    def characters(self) -> tuple[int, int]:
        """Where its first word begins among the page's characters, and its last."""
        if self._words is None and self._columns is not None:
            characters = self._columns.characters
            return characters[self.first], characters[self.last - 1]
        return self.words[0].character, self.words[-1].character

    @property
    def texts(self) -> Sequence[str]:
        """What each of its words says."""
        if self._words is None and self._columns is not None:
            return self._columns.texts[self.first : self.last]
        return [word.text for word in self.words]

    @property
    def text(self) -> str:
        """Its words, in the order of reading."""
        self._text = self._text or spoken(self.words)
        return self._text


Piece = PageWord | WordRun
"""What is read of a page: runs of plain words, and single words of all else."""


def follows(last: PageWord, word: PageWord) -> bool:
    """Tells whether a word goes on with the run of the one before it."""
    last_left, last_top, last_right, last_bottom, last_text, _, _ = last
    left, top, right, bottom, text, _, _ = word
    height = min(last_bottom - last_top, bottom - top)
    gap = max(left - last_right, last_left - right)
    if not -OVERLAP * height < gap < CELL_GAP * height:
        return False
    shared = min(last_bottom, bottom) - max(last_top, top)
    if shared <= SHARED * height:
        return False
    return right > last_left or is_turned(last_text + text)


def spoken(words: Sequence[PageWord]) -> str:
    """Returns words of one line in the order of reading.

    What is written from right to left is read so; PDFium has its words in order.
    """
    text = " ".join([word.text for word in words])
    if not is_turned(text):
        return text
    if not _is_right_to_left(text):
        return text
    if len({word.line for word in words}) == 1:
        words = sorted(words, key=lambda word: word.character)
    else:
        words = _turned(words)
    return unicodedata.normalize("NFKC", " ".join(word.text for word in words))


def is_turned(text: str) -> bool:
    """Tells whether anything in a text is written from right to left."""
    return not text.isascii() and bool(_RIGHT_TO_LEFT.search(text))


def _is_right_to_left(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return 2 * len(_RIGHT_TO_LEFT.findall(text)) > letters > 0


def _turned(words: Sequence[PageWord]) -> list[PageWord]:
    """Returns words from right to left, runs of other scripts in their own order."""
    turned: list[PageWord] = []
    run: list[PageWord] = []
    for word in sorted(words, key=lambda word: -word.left):
        if _RIGHT_TO_LEFT.search(word.text):
            turned += [*reversed(run), word]
            run = []
        else:
            run.append(word)
    return turned + run[::-1]
