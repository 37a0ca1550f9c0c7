"""Cuts a passage into what can be quoted: whole sentences, list items, rows, code.

Rule-based, for many languages: a sentence ends at `.`, `!`, `?` or their like before
a space and no lower-case letter, except after abbreviations and initials; at the full
stops of Chinese, Japanese and Indic scripts anywhere. Markdown's lines (headings,
lists, tables, fences) end it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

_TERMINAL = re.compile(
    r"[.!?\u2026\u061f\u06d4]+[\"'\u2019\u201d\u00bb)\]]*(?=\s|$)"
    r"|[\u3002\uff01\uff1f\uff0e\u0964\u0965]+[\"'\u2019\u201d\u300d\u300f\uff09)\]]*"
)
_WHOLE = re.compile(
    r"[.!?:;\u2026\u061f\u06d4\u3002\uff01\uff1f\uff0e\u0964\u0965\uff1a\uff1b]"
    r"[\"'\u2019\u201d\u300d\u300f\u00bb\uff09)\]*_]*\s*$"
)
_LAST_WORD = re.compile(r"([^\s(\[\"'\u201c\u2018\u00ab]*)$")
_LONGEST_WORD = 64
"""Characters before a full stop that are looked at; abbreviations are shorter."""
_NEXT = re.compile(r"\s*(\S)")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_ORDINAL = re.compile(r"\d{1,2}")
_AFTER_ORDINAL = re.compile(
    r"\s+(?:Jan|Feb|M\u00e4r|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert|Jh\b)"
)
_HEADING = re.compile(r"\s{0,3}(?:#{1,6}\s|={3,}\s*$|-{3,}\s*$|~{3,}$|\*{3,}\s*$)")
_UNDERLINE = re.compile(r"\s{0,3}(?:={3,}|-{3,}|~{3,}|\^{3,})\s*$")
_ITEM = re.compile(r"\s*(?:[-*+\u2022\u2013]|\d{1,3}[.)]|[a-z][.)])\s+(?=\S)")
_PAIR = re.compile(r"\s*(?=[^:\n]{1,30}:\s)\w[\w./-]*(?:[ ][\w./()-]+){0,3}:[ \t]+\S")
"""A line of its own like `gate code: 4711`; a key has four words at the most."""
_TABLE = re.compile(r"\s*\||.*\|\s*$|.*\S\s*\|\s*\S.*\||.*\t.*\t")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_INDENTED = re.compile(
    r"(?: {4}|\t)\s*(?:[$>%#]|.*(?:[{}=<>$\\]|\(\)|;\s*$|\w\(\w)|\S+\s*$)"
)
"""Indented four columns, and it looks like code; indented prose is prose."""
_WRAPPED = ("item", "prose")
"""A plain line after a list item's first goes on with it."""
_FEWEST_WORDS = 3
_LONGEST_TITLE = 70
"""Characters up to which a line of its own without a full stop is a title."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of a passage."""

    text: str
    """Verbatim, without the white space around it."""

    start: int
    """Place of its first character in the passage."""

    kind: str
    """`sentence`, `item`, `fragment`, `heading`, `table` or `code`.

    An item has a bullet or number before it, or is a key with its value.
    """

    @property
    def quotable(self) -> bool:
        """Whether it may stand in an answer as a sentence."""
        return self.kind in {"sentence", "item"}

    @property
    def spoken(self) -> str:
        """The text on one line, without a list item's bullet."""
        text = _ITEM.sub("", self.text, count=1) if self.kind == "item" else self.text
        return " ".join(text.split())


def split_sentences(text: str) -> list[str]:
    """Returns the sentences and list items of a text, each on one line."""
    return [unit.spoken for unit in units(text) if unit.kind not in {"table", "code"}]


def units(text: str) -> list[Unit]:
    """Returns the stretches of a passage in order; nothing but white space is lost."""
    found: list[Unit] = []
    for kind, start, end in _blocks(text):
        if kind == "prose":
            found += _sentences(text, start, end)
        else:
            _append(found, text, start, end, kind)
    return found


def _sentences(text: str, start: int, end: int) -> Iterator[Unit]:
    """Yields the sentences of a paragraph or list item."""
    block = text[start:end]
    bullet = _ITEM.match(block)
    if bullet or _PAIR.match(block):
        offset = bullet.end() if bullet else 0
        cuts = [offset + cut for cut in _ends(block[offset:])]
        kind = "item"
    else:
        cuts, kind = _ends(block), "sentence"
    first = 0
    for cut in [*cuts, len(block)]:
        piece = block[first:cut]
        if piece.strip():
            yield _unit(piece, start + first, kind, block)
        first, kind = cut, "sentence"


def _unit(piece: str, start: int, kind: str, block: str) -> Unit:
    text = piece.strip()
    if kind == "sentence" and not _WHOLE.search(text):
        alone = text == block.strip() and "\n" not in text
        kind = "heading" if alone and len(text) <= _LONGEST_TITLE else "fragment"
    if kind != "heading" and _too_short(text):
        kind = "fragment"
    return Unit(text, start + len(piece) - len(piece.lstrip()), kind)


def _too_short(text: str) -> bool:
    """Tells whether a text is too short to say something."""
    return len(text.split()) < _FEWEST_WORDS and len(text) < 12 and text.isascii()


def _ends(block: str) -> list[int]:
    """Returns the places in a paragraph right after its sentences."""
    return [match.end() for match in _TERMINAL.finditer(block) if _is_end(block, match)]


def _is_end(block: str, match: re.Match[str]) -> bool:
    end = match.end()
    following = _NEXT.match(block, end)
    if not following:
        return False
    if not match[0].startswith("."):
        return not following[1].islower() or following.start(1) == end
    start = match.start()
    found = _LAST_WORD.search(block, max(0, start - _LONGEST_WORD), start)
    word = found[1] if found else ""
    if following[1].islower() or _is_abbreviation(word.lower(), following[1]):
        return False
    if _ORDINAL.fullmatch(word) and _AFTER_ORDINAL.match(block, end):
        return False
    return not (word and _INITIALS.fullmatch(word) and word != "I")


def _is_abbreviation(word: str, following: str) -> bool:
    """Tells whether a word's full stop belongs to it; `no.` only before a number."""
    known = _abbreviations()
    return word in known or (f"{word}#" in known and following.isdigit())


@cache
def _abbreviations() -> frozenset[str]:
    """Returns words whose full stop does not end a sentence, lower case, without it.

    With a `#` behind them those that are abbreviations only before a number.
    """
    path = Path(__file__).with_name("abbreviations.txt")
    return frozenset(path.read_text(encoding="utf-8").split())


def _blocks(text: str) -> Iterator[tuple[str, int, int]]:
    """Yields kind, start and end of paragraphs, items, headings, tables and code."""
    lines = _classified(text)
    for (kind, _), group in groupby(lines, key=lambda line: line[0]):
        members = [span for _, span in group]
        if kind != "blank":
            yield kind, members[0][0], members[-1][1]


def _classified(text: str) -> list[tuple[tuple[str, int], tuple[int, int]]]:
    """Returns the kind and block number of each line, with its span."""
    found: list[tuple[tuple[str, int], tuple[int, int]]] = []
    position, fenced, block, before = 0, False, 0, "blank"
    for line in text.splitlines(keepends=True):
        fence = bool(_FENCE.match(line))
        kind = "code" if fence or fenced else _line_kind(line, before)
        fenced ^= fence
        if kind == "underline":
            kind = "heading"
            if found and found[-1][0][0] == "prose":
                found[-1] = (("heading", block), found[-1][1])
        block += kind == "item" or (kind != before and (before, kind) != _WRAPPED)
        label = "prose" if kind == "item" else kind
        found.append(((label, block), (position, position + len(line))))
        position += len(line)
        before = "item" if (before, kind) == _WRAPPED else kind
    return found


def _line_kind(line: str, before: str) -> str:
    """Returns what a line is, given what the line before it was."""
    if not line.strip():
        return "blank"
    if _UNDERLINE.match(line) and before == "prose":
        return "underline"
    if _HEADING.match(line):
        return "heading"
    if _TABLE.match(line):
        return "table"
    if before in {"blank", "code"} and _INDENTED.match(line) and not _ITEM.match(line):
        return "code"
    begins = _ITEM.match(line) or (before != "prose" and _PAIR.match(line))
    return "item" if begins else "prose"


def _append(found: list[Unit], text: str, start: int, end: int, kind: str) -> None:
    piece = text[start:end]
    if piece.strip():
        lead = len(piece) - len(piece.lstrip("\n"))
        found.append(Unit(piece.strip("\n").rstrip(), start + lead, kind))
