"""From words to lines, from lines to columns of text, in the order of reading.

Words that stand together on a line are a segment; segments at one height are a row.
Where a blank strip runs down between segments over several rows, and both sides of it
read as prose, the page has columns of text there: the left one is read first.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf
from operator import attrgetter
from statistics import median

from ragcli.index.documents.loaders.pdf.page import Font, Rule
from ragcli.index.documents.loaders.pdf.page_words import (
    PageWord,
    Piece,
    WordRun,
    follows,
    is_turned,
    spoken,
)
from ragcli.index.documents.loaders.pdf.plain_lines import HYPHENS
from ragcli.language.sentences import DATED

_FEWEST = 3
"""Rows that a column of text or a table has at least."""

_DEEPEST = 12
"""How often a page is cut into columns inside columns."""

_MOST_GUTTERS = 16
_LETTERS = re.compile(r"[^\W\d_]{2,}|[aIàéyoeu]\b")


class PageRow:
    """Segments at one height, from left to right."""

    __slots__ = ("_text", "bottom", "height", "left", "right", "segments", "top")

    def __init__(self, segments: list[WordRun]) -> None:
        self.segments = segments
        self.left = segments[0].left
        if len(segments) == 1:
            only = segments[0]
            self.top, self.bottom, self.right = only.top, only.bottom, only.right
            self.height = only.height
        else:
            self.top = min(segment.top for segment in segments)
            self.bottom = max(segment.bottom for segment in segments)
            self.right = max(segment.right for segment in segments)
            self.height = max(segment.height for segment in segments)
        self._text = ""

    @property
    def words(self) -> list[PageWord]:
        """All its words."""
        return [word for segment in self.segments for word in segment.words]

    @property
    def text(self) -> str:
        """Its text, in the order of reading."""
        if not self._text:
            text = " ".join([segment.text for segment in self.segments])
            is_whole = len(self.segments) == 1 or not is_turned(text)
            self._text = text if is_whole else spoken(self.words)
        return self._text


def segments_of(pieces: Iterable[Piece], rules: Sequence[Rule] = ()) -> list[WordRun]:
    """Joins words that stand together; a rule between two keeps them apart.

    Runs of one line come in parts already.
    """
    uprights = sorted(
        (rule.left, rule.top, rule.bottom) for rule in rules if not rule.is_level
    )
    if uprights:
        pieces = _uncrossed(pieces, uprights)
    groups: list[list[Piece]] = []
    last: Piece | None = None
    for piece in pieces:
        if (
            last is not None
            and piece.top < last.bottom
            and not (type(piece) is type(last) is WordRun and piece.line == last.line)
            and follows(_last(last), _first(piece))
            and not (uprights and _is_between(uprights, _last(last), _first(piece)))
        ):
            groups[-1].append(piece)
        else:
            groups.append([piece])
        last = piece
    return list(map(_as_run, groups))


def _first(piece: Piece) -> PageWord:
    return piece.ends[0] if isinstance(piece, WordRun) else piece


def _last(piece: Piece) -> PageWord:
    return piece.ends[1] if isinstance(piece, WordRun) else piece


def _as_run(group: Sequence[Piece]) -> WordRun:
    if len(group) == 1 and isinstance(group[0], WordRun):
        return group[0]
    return WordRun(list(words_of(group)))


def words_of(pieces: Iterable[Piece]) -> Iterator[PageWord]:
    """Yields the words of pieces one by one."""
    for piece in pieces:
        if isinstance(piece, WordRun):
            yield from piece.words
        else:
            yield piece


def _uncrossed(
    pieces: Iterable[Piece], uprights: Sequence[tuple[float, float, float]]
) -> Iterator[Piece]:
    """Yields pieces, those that a rule may cross as single words.

    Args:
        pieces: The pieces.
        uprights: Left, top and bottom of each upright rule, from left to right.
    """
    for piece in pieces:
        if isinstance(piece, WordRun):
            first = bisect_left(uprights, (piece.left - 1,))
            last = bisect_right(uprights, (piece.right + 1, inf))
            if any(
                top <= piece.bottom and bottom >= piece.top
                for _, top, bottom in uprights[first:last]
            ):
                yield from piece.words
                continue
        yield piece


def _is_between(
    uprights: Sequence[tuple[float, float, float]], last: PageWord, word: PageWord
) -> bool:
    """Tells whether a rule stands between two words.

    Args:
        uprights: Left, top and bottom of each upright rule, from left to right.
        last: A word.
        word: The one after it.
    """
    low, high = min(last.right, word.right), max(last.left, word.left)
    middle = (word.top + word.bottom) / 2
    for at in range(bisect_left(uprights, (low - 1,)), len(uprights)):
        left, top, bottom = uprights[at]
        if left > high + 1:
            return False
        if top <= middle <= bottom:
            return True
    return False


def rows_of(segments: Iterable[WordRun]) -> list[PageRow]:
    """Groups segments at one height, from top to bottom."""
    groups: list[list[WordRun]] = []
    top, bottom = 0.0, 0.0
    for segment in sorted(segments, key=_twice_middle):
        high, low = segment.top, segment.bottom
        if (
            high < bottom  # most rows: the rest is not worth a look
            and groups
            and segment.tag is None
            and min(bottom, low) - max(top, high)
            > 0.5 * min(bottom - top, segment.height)
        ):
            insort(groups[-1], segment, key=_left)
            # The line is where its first words are: a high one must not swallow more.
            if segment.height > 1.5 * (bottom - top):
                top, bottom = high, low
        else:
            groups.append([segment])
            top, bottom = high, low
            if segment.tag is not None:
                top = bottom = -1e9
    return [PageRow(_joined(group) if len(group) > 1 else group) for group in groups]


def _twice_middle(segment: WordRun) -> float:
    return segment.top + segment.bottom


_left = attrgetter("left")


def _joined(group: list[WordRun]) -> list[WordRun]:
    """Joins neighbours of one row that touch though they are apart in the file."""
    joined = [group[0]]
    for segment in group[1:]:
        last = joined[-1]
        gap = segment.left - last.right
        height = min(last.height, segment.height)
        if last.tag is None and -height < gap < 0.3 * height:
            joined[-1] = WordRun([*last.words, *segment.words])
        else:
            joined.append(segment)
    return joined


def in_order(rows: list[PageRow], depth: int = 0) -> list[list[PageRow]]:
    """Returns the stretches of a page, column by column, in the order of reading."""
    split = _columns(rows) if depth < _DEEPEST and len(rows) >= _FEWEST else None
    if split is None:
        return [rows] if rows else []
    first, last, edge = split
    inside = [segment for row in rows[first:last] for segment in row.segments]
    left = rows_of(item for item in inside if _middle(item) < edge)
    right = rows_of(item for item in inside if _middle(item) >= edge)
    stretches = in_order(rows[:first], depth + 1)
    for part in (left, right, rows[last:]):
        stretches += in_order(part, depth + 1)
    return stretches


def _middle(segment: WordRun) -> float:
    return (segment.left + segment.right) / 2


def _columns(rows: list[PageRow]) -> tuple[int, int, float] | None:
    """Returns the longest run of rows in two columns: first, last, where they part."""
    height = median(row.height for row in rows)
    begin = min(row.left for row in rows)
    edges = Counter(
        round(segment.left / 3)
        for row in rows
        for segment in row.segments
        if segment.left > begin + 3 * height
    )
    best: tuple[int, int, float] | None = None
    most = 0
    for edge, count in edges.most_common(_MOST_GUTTERS):
        if count < _FEWEST:
            break
        at = 3 * edge - 1.5
        for first, last in _runs(rows, at, 0.6 * height):
            run = rows[first:last]
            size = sum(len(row.segments) for row in run)
            if size > most and _are_columns(run, at):
                best, most = (first, last, at), size
    return best


def _runs(rows: list[PageRow], edge: float, width: float) -> list[tuple[int, int]]:
    """Returns the runs of rows that leave a strip left of `edge` blank."""
    runs: list[tuple[int, int]] = []
    start = 0
    begin, end = edge - 0.5, edge - width
    for number in range(len(rows) + 1):
        if number < len(rows):
            for segment in rows[number].segments:
                if segment.left < begin and segment.right > end:
                    break
            else:
                continue
        if number - start >= _FEWEST:
            first, last = _trimmed(rows, start, number, edge)
            if last - first >= _FEWEST:
                runs.append((first, last))
        start = number + 1
    return runs


def _trimmed(
    rows: list[PageRow], first: int, last: int, edge: float
) -> tuple[int, int]:
    """Leaves out rows on one side alone that stand well apart at either end."""

    def is_apart(outer: int, inner: int) -> bool:
        row, other = rows[outer], rows[inner]
        gap = max(other.top - row.bottom, row.top - other.bottom)
        sides = {segment.left >= edge - 0.5 for segment in row.segments}
        return len(sides) == 1 and gap > 0.9 * min(row.height, other.height)

    while last - first > _FEWEST and is_apart(first, first + 1):
        first += 1
    while last - first > _FEWEST and is_apart(last - 1, last - 2):
        last -= 1
    return first, last


def _are_columns(rows: list[PageRow], edge: float) -> bool:
    """Tells whether two sides of a strip are text of their own, not cells of rows."""
    left, right, aligned = [], [], 0
    for row in rows:
        near = [item for item in row.segments if item.left < edge - 0.5]
        far = [item for item in row.segments if item.left >= edge - 0.5]
        left += near[-1:]
        right += far[:1]
        if near and far:
            aligned += abs(near[-1].bottom - far[0].bottom) < 1.5
    fewest = min(len(left), len(right))
    if fewest < _FEWEST:
        return False
    if 2 * aligned < fewest and fewest > _FEWEST:
        return True
    return is_prose(left) and is_prose(right)


def is_prose(segments: Sequence[WordRun]) -> bool:
    """Tells whether lines below each other read as running text, not as cells."""
    counts = [segment.count for segment in segments]
    if median(counts) < 3:
        return False
    words = [text for segment in segments for text in segment.texts]
    if 4 * sum(bool(_LETTERS.match(word.lstrip("(\"'“"))) for word in words) < 3 * len(
        words
    ):
        return False
    widths = sorted(item.right - item.left for item in segments)
    fill = median(widths) / max(1.0, widths[9 * len(widths) // 10])
    going_on = sum(segment.texts[0][:1].islower() for segment in segments)
    return fill > 0.6 and (8 * going_on >= len(segments) or fill > 0.85)


def paragraphs(
    rows: Sequence[PageRow], font: Callable[[int], Font]
) -> list[tuple[list[PageRow], bool]]:
    """Groups the rows of a stretch of text into paragraphs.

    Args:
        rows: The rows, from top to bottom.
        font: Tells the font of a character.

    Returns:
        Each paragraph's rows, and whether all of them begin in bold.
    """
    paragraphs: list[tuple[list[PageRow], bool]] = []
    if not rows:
        return paragraphs
    tops = [row.top for row in rows]
    pitch = _usual([b - a for a, b in pairwise(tops) if b > a])
    edges = min([row.left for row in rows]), max([row.right for row in rows])
    before: tuple[Font, Font] | None = None
    inside: list[PageRow] = []
    is_item = False
    for row in rows:
        segments = row.segments
        fonts = font(segments[0].characters[0]), font(segments[-1].characters[1])
        bold = fonts[0].is_bold and fonts[1].is_bold
        if (
            not inside
            or (before != fonts and before and _is_other(before, fonts))
            or _begins(inside, row, pitch, edges, is_item=is_item)
        ):
            inside = [row]
            paragraphs.append((inside, bold))
            is_item = bool(bullet(row.text))
        else:
            inside.append(row)
            if not bold:
                paragraphs[-1] = (inside, False)
        before = fonts
    return paragraphs


def _is_other(before: tuple[Font, Font], fonts: tuple[Font, Font]) -> bool:
    """Tells whether a line is in another font than the one above, from end to end."""
    is_whole = before[0] == before[1] and fonts[0] == fonts[1]
    return is_whole and before[0] != fonts[0] and before[0].is_bold != fonts[0].is_bold


def _usual(gaps: Sequence[float]) -> float:
    """Returns the distance of lines that is most common, the smaller of two."""
    if not gaps:
        return 0.0
    counted = Counter(round(gap * 2) for gap in gaps)
    most = max(counted.values())
    return min(gap for gap, count in counted.items() if 2 * count >= most) / 2


_BULLET = re.compile(
    r"(?:[•◦▪■●○‣\u2043∙·\u2013\uf0b7\uf0a7o*-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,5})[.)])"
    rf"(?:\s(?!{DATED})|$)"
)


def bullet(text: str) -> re.Match[str] | None:
    """Returns the mark that an item of a list begins with."""
    return _BULLET.match(text)


def _begins(
    above: list[PageRow],
    row: PageRow,
    pitch: float,
    edges: tuple[float, float],
    *,
    is_item: bool,
) -> bool:
    """Tells whether a row begins a paragraph.

    Args:
        above: The rows of the paragraph above it.
        row: The row.
        pitch: The usual distance of rows.
        edges: Where rows begin and end at most.
        is_item: Whether the paragraph above begins with the mark of an item.
    """
    last = above[-1]
    height = min(last.height, row.height)
    distance = row.top - last.top
    if distance > 1.3 * pitch + 0.1 * height or distance < 0:
        return True
    if abs(last.height - row.height) > 0.15 * height:
        return True
    text = row.text
    if bullet(text) and (len(text) > 3 or len(row.segments) > 1):
        return True
    first = above[0]
    is_indented = row.left > edges[0] + 0.8 * height
    was_short = last.right < edges[1] - 4 * height
    if is_item:
        # An item goes on below its text, not below its mark.
        return row.left < first.left + 0.3 * height and not (
            text[:1].islower() and not was_short
        )
    if is_indented and row.left > last.left + 0.8 * height and was_short:
        return True
    is_first_line = is_indented and last.left < row.left - 0.8 * height
    return is_first_line and last.text.endswith((".", "!", "?", ":"))


def joined(lines: Iterable[str]) -> str:
    """Returns lines of a paragraph as one, words that a line's end divides whole."""
    text = ""
    for line in map(str.strip, lines):
        if not text:
            text = line
        elif text.endswith(HYPHENS[0]) or _is_divided(text, line):
            text = text[:-1] + line
        else:
            text = f"{text} {line}"
    return text.replace(HYPHENS[0], "-")


def _is_divided(text: str, line: str) -> bool:
    """Tells whether a word goes on at the next line, after a hyphen."""
    if text[-1] not in "-\u2010\u00ad":
        return False
    return text[-2:-1].isalpha() and line[:1].islower()
