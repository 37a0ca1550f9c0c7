"""Where the sentences of a stretch of prose begin and end.

Rule-based, for many languages: a sentence ends at `.`, `!`, `?` or their like before
a space and no lower-case letter, except after abbreviations and initials; at the full
stops of Chinese, Japanese and Indic scripts anywhere.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

from ragcli.language.patterns import deferred

_TERMINAL = deferred(
    r"[.!?\u2026\u061f\u06d4]+[\"'\u2019\u201d\u00bb)\]]*(?=\s|$)"
    r"|[\u3002\uff01\uff1f\uff0e\u0964\u0965]+[\"'\u2019\u201d\u300d\u300f\uff09)\]]*"
)
_WHOLE = deferred(
    r"[.!?:;\u2026\u061f\u06d4\u3002\uff01\uff1f\uff0e\u0964\u0965\uff1a\uff1b]"
    r"[\"'\u2019\u201d\u300d\u300f\u00bb\uff09)\]*_]*\s*$"
)
_LAST_WORD = deferred(r"([^\s(\[\"'\u201c\u2018\u00ab]*)$")
_LONGEST_WORD = 64
"""Characters before a full stop that are looked at; abbreviations are shorter."""
_NEXT = deferred(r"\s*(\S)")
_INITIALS = deferred(r"(?:[^\W\d_]\.)*[^\W\d_]")
_LABEL = deferred(
    r"\s*(?:fig(?:ure|\.)?|tab(?:le|\.)?|box|chart|exhibit|listing|example|plate|map|abb(?:ildung|\.)|tabelle"
    r"|tableau|figura|tabla)\s?\d+(?:[-.\u2013]\d+)*\.",
    re.IGNORECASE,
)
"""The number of a figure or table, which its caption follows."""
_LONGEST_LABEL = 120
"""Characters of such a number with its word; looked at for each full stop."""
_ORDINAL = deferred(r"\d{1,2}")
_AFTER_ORDINAL = deferred(
    r"\s+(?:Jan|Feb|M\u00e4r|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert|Jh\b)"
)
DATED = r"[^\W\d_]{3,12}\.? (?:19|20)\d\d\W*$"
"""What goes on with a number at the start of a line that is a date: `12. Mai 2027`."""
_BLANK = deferred(r"\n[ \t]*(?:\n[ \t]*)+")
_ITEM = deferred(
    r"^[ \t]*(?:[-*+\u2022\u2013]|\d{1,3}[.)]|[a-z][.)])[ \t]+(?=\S)"
    rf"(?!{DATED})",
    re.MULTILINE,
)


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Returns where the sentences of a paragraph stand, without the blanks around them.

    Args:
        text: The text that holds it.
        start: Offset of the paragraph.
        end: Offset after it.
    """
    block = text[start:end]
    spans = []
    first = 0
    for cut in [*_ends(block), len(block)]:
        piece = block[first:cut]
        said = piece.strip()
        if said:
            begin = start + first + len(piece) - len(piece.lstrip())
            spans.append((begin, begin + len(said)))
        first = cut
    return spans


def split_sentences(text: str) -> list[str]:
    """Returns the sentences and list items of a text, each on one line."""
    sentences = []
    for paragraph in _BLANK.split(text):
        marks = [match.start() for match in _ITEM.finditer(paragraph)]
        borders = [0, *(mark for mark in marks if mark), len(paragraph)]
        for start, end in pairwise(borders):
            bullet = _ITEM.match(paragraph, start, end)
            begin = bullet.end() if bullet else start
            for first, last in sentence_spans(paragraph, begin, end):
                sentences.append(" ".join(paragraph[first:last].split()))
    return sentences


def is_whole(text: str) -> bool:
    """Tells whether a text ends as a sentence does, with a full stop or its like."""
    return bool(_WHOLE.search(text))


def is_abbreviation(word: str, following: str) -> bool:
    """Tells whether a word's full stop belongs to it; `no.` only before a number."""
    known = _abbreviations()
    return word in known or (f"{word}#" in known and following.isdigit())


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
    last = _LAST_WORD.search(block, max(0, start - _LONGEST_WORD), start)
    word = last[1] if last else ""
    if following[1].islower() or is_abbreviation(word.lower(), following[1]):
        return False
    if word[-1:].isdecimal():
        if _LABEL.fullmatch(block, _begin(block, start), end):
            return False
        if _ORDINAL.fullmatch(word) and _AFTER_ORDINAL.match(block, end):
            return False
    return not (word and _INITIALS.fullmatch(word) and word != "I")


def _begin(block: str, before: int) -> int:
    """Returns about where a sentence begins, or `before` where that is far away."""
    near = max(0, before - _LONGEST_LABEL)
    marks = ("\n", ". ", "! ", "? ")
    begin = max(block.rfind(mark, near, before) + 1 for mark in marks)
    return begin if begin or not near else before


@cache
def _abbreviations() -> frozenset[str]:
    """Returns words whose full stop does not end a sentence, lower case, without it.

    With a `#` behind them those that are abbreviations only before a number.
    """
    path = Path(__file__).with_name("abbreviations.txt")
    return frozenset(path.read_text(encoding="utf-8").split())
