"""Tables of a page: ruled ones by their lines, others by how their cells stand.

A ruled table is a grid of level and upright lines; a cell may reach over several of
its fields. An unruled one is a run of rows whose segments leave the same strips blank.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, starmap
from operator import itemgetter
from statistics import median
from typing import NamedTuple

from ragcli.index.documents.loaders.pdf.page import Font, Rule
from ragcli.index.documents.loaders.pdf.page_layout import (
    PageRow,
    bullet,
    is_prose,
    joined,
    rows_of,
    segments_of,
    words_of,
)
from ragcli.index.documents.loaders.pdf.page_words import (
    PageWord,
    Piece,
    WordRun,
    follows,
    spoken,
)

_NEAR = 3.0
"""Points within which two lines are at the same place."""

_MOST_RULES = 4000
_FEWEST_ROWS = 3
_HEADING = 1.1
"""How much larger letters are from which a row between others is a heading."""

_LONGEST_CELL = 400
"""Characters of a cell, on average, from which boxes are layout and no table."""

_MOST_NAMES = 3
"""Rows at the top of a table that together name its columns, at most."""

_NUMBER = re.compile(
    r"[^\w]*\d[\d.,:/\s'%()\u00a0\u2013-]*\D{0,5}|[-\u2013\u2014]+|n/?a"
)

FontOf = Callable[[int], Font]


class Grid(NamedTuple):
    """A table as it stands on its page."""

    top: float
    left: float
    bottom: float
    edges: tuple[float, ...]
    """Where its columns begin."""

    columns: tuple[str, ...]
    """Names of the columns, () when nobody named them."""

    rows: tuple[tuple[str, ...], ...]
    """Its rows, one cell a column."""

    caption: str = ""
    """What stands in rows of one cell above the names of its columns."""


def ruled(
    pieces: Sequence[Piece], rules: Sequence[Rule], font: FontOf
) -> tuple[list[Grid], list[Piece]]:
    """Returns the ruled tables, and what of the page stands in none of them."""
    tables: list[Grid] = []
    taken: set[int] = set()
    words: list[PageWord] = []
    for levels, uprights in _lattices(rules[:_MOST_RULES]):
        ys = _places(rule.top for rule in levels)
        xs = _places(rule.left for rule in uprights)
        if len(xs) < 3 or len(ys) < 2:
            continue
        words = words or list(words_of(pieces))
        inside = [
            word
            for word in words
            if word.character not in taken
            and xs[0] < (word.left + word.right) / 2 < xs[-1]
            and ys[0] < (word.top + word.bottom) / 2 < ys[-1]
        ]
        table = _filled(inside, (xs, ys), (levels, uprights), font)
        if table:
            tables.append(table)
            taken.update(word.character for word in inside)
    return tables, list(_untaken(pieces, taken)) if taken else list(pieces)


def _untaken(pieces: Sequence[Piece], taken: set[int]) -> Iterator[Piece]:
    """Yields what of some pieces is not in the tables that took these places."""
    for piece in pieces:
        if isinstance(piece, WordRun):
            free = [word for word in piece.words if word.character not in taken]
            if len(free) == piece.count:
                yield piece
            else:
                yield from free
        elif piece.character not in taken:
            yield piece


def _places(values: Iterable[float]) -> list[float]:
    """Returns places, those within `_NEAR` as one."""
    apart: list[float] = []
    for value in sorted(values):
        if not apart or value - apart[-1] > _NEAR:
            apart.append(value)
    return apart


def _lattices(rules: Sequence[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Groups level and upright lines that touch."""
    levels = sorted((rule for rule in rules if rule.is_level), key=lambda r: r.top)
    uprights = [rule for rule in rules if not rule.is_level]
    group = list(range(len(levels) + len(uprights)))

    def root(at: int) -> int:
        while group[at] != at:
            group[at] = group[group[at]]
            at = group[at]
        return at

    tops = [rule.top for rule in levels]
    for number, upright in enumerate(uprights, len(levels)):
        at = bisect_right(tops, upright.top - _NEAR)
        while at < len(levels) and tops[at] <= upright.bottom + _NEAR:
            level = levels[at]
            if level.left - _NEAR <= upright.left <= level.right + _NEAR:
                group[root(number)] = root(at)
            at += 1
    parts: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for number, rule in enumerate([*levels, *uprights]):
        part = parts.setdefault(root(number), ([], []))
        part[0 if rule.is_level else 1].append(rule)
    lattices = [part for part in parts.values() if part[0] and part[1]]
    return sorted(lattices, key=lambda part: len(part[0]) + len(part[1]))


def _filled(
    words: Sequence[PageWord],
    places: tuple[list[float], list[float]],
    lines: tuple[list[Rule], list[Rule]],
    font: FontOf,
) -> Grid | None:
    """Puts words into the fields of a grid; None when they make no table."""
    xs, ys = places
    levels, uprights = lines
    cells: list[list[list[PageWord]]] = [[[] for _ in xs[1:]] for _ in ys[1:]]
    by_row: list[list[PageWord]] = [[] for _ in ys[1:]]
    for word in words:
        at = bisect_right(ys, (word.top + word.bottom) / 2) - 1
        by_row[min(at, len(by_row) - 1)].append(word)
    beside = _reaches(xs, ((rule.left, rule.top, rule.bottom) for rule in uprights))
    above = _reaches(ys, ((rule.top, rule.left, rule.right) for rule in levels))
    for at, inside in enumerate(by_row):
        if not inside:
            continue
        middle = (ys[at] + ys[at + 1]) / 2
        numbers = [
            number for number, reaches in enumerate(beside) if _holds(reaches, middle)
        ] or [0]
        borders = [xs[number] for number in numbers]
        for word in inside:
            center = _middle(word)
            column = numbers[max(0, bisect_right(borders, center) - 1)]
            row = at
            while row and not _holds(above[row], center):
                row -= 1
            cells[row][min(column, len(xs) - 2)].append(word)
    lists = [reaches for row in cells for reaches in _lines(row)]
    lists = [row for row in lists if any(row)]
    kept = [
        at for at in range(len(xs) - 1) if any(row[at] for row in lists)
    ]  # a column between two strokes of one double line holds nothing
    if len(kept) < 2 or len(lists) < 2:
        return None
    lists = [[row[at] for at in kept] for row in lists]
    filled = [cell for row in lists for cell in row if cell]
    if not _holds_cells(filled):
        return None
    size = sum(len(word.text) + 1 for cell in filled for word in cell)
    if len(filled) < 4 or size > _LONGEST_CELL * len(filled):
        return None
    bold = _bold_rows(lists, font)
    texts = [tuple(_text(cell) for cell in row) for row in lists]
    caption, texts, bold = _captioned(texts, bold)
    columns, rows = _named(texts, bold)
    edges = tuple(xs[at] for at in kept)
    return Grid(ys[0], xs[0], ys[-1], edges, columns, tuple(rows), caption)


def _holds_cells(cells: Sequence[list[PageWord]]) -> bool:
    """Tells whether rules part all that stands apart, as no mere frame does."""
    lines = pieces = 0
    for cell in cells:
        if all(starmap(follows, pairwise(cell))):
            lines += 1
            pieces += 1
            continue
        for row in rows_of(segments_of(cell)):
            lines += 1
            pieces += len(row.segments)
    return 5 * pieces <= 6 * lines


def _middle(word: PageWord) -> float:
    return (word.left + word.right) / 2


def _bold_rows(
    rows: Iterable[Sequence[Sequence[PageWord]]], font: FontOf
) -> list[bool]:
    """Tells of each row whether all of its cells begin in bold."""
    return [
        all(font(cell[0].character).is_bold for cell in row if cell) for row in rows
    ]


def _reaches(
    places: Sequence[float], rules: Iterable[tuple[float, float, float]]
) -> list[list[tuple[float, float]]]:
    """Returns from where to where rules run at each place.

    Args:
        places: The places, ascending.
        rules: Where each rule is, and from where to where it runs.
    """
    reaches: list[list[tuple[float, float]]] = [[] for _ in places]
    for place, begin, end in rules:
        first = bisect_left(places, place - _NEAR)
        for at in range(first, bisect_right(places, place + _NEAR)):
            reaches[at].append((begin - 1, end + 1))
    return reaches


def _holds(reaches: Sequence[tuple[float, float]], place: float) -> bool:
    for begin, end in reaches:  # noqa: SIM110 - asked for each word
        if begin <= place <= end:
            return True
    return False


def _lines(row: list[list[PageWord]]) -> list[list[list[PageWord]]]:
    """Returns a row of a grid as its lines where no rules part these.

    Lines that most columns have are rows of their own; a cell whose text wraps has
    more lines than its neighbours.
    """
    words = [word for cell in row for word in cell]
    lines = [] if _are_level(words) else rows_of(WordRun([word]) for word in words)
    if len(lines) < 3:
        return [row]
    which = {
        word.character: number
        for number, line in enumerate(lines)
        for word in line.words
    }
    by_line = [
        [[word for word in cell if which[word.character] == number] for cell in row]
        for number in range(len(lines))
    ]
    used = sum(bool(cell) for cell in row)
    full = sum(
        sum(bool(cell) for cell in line) >= max(2, 0.6 * used) for line in by_line
    )
    return by_line if used > 1 and full > 0.75 * len(lines) else [row]


def _text(words: list[PageWord]) -> str:
    """Returns the text of a cell, its lines joined."""
    if len(words) < 2:
        return words[0].text if words else ""
    if _are_level(words):
        return joined((spoken(sorted(words, key=itemgetter(0))),))
    return joined(row.text for row in rows_of(WordRun([word]) for word in words))


def _are_level(words: Sequence[PageWord]) -> bool:
    """Tells whether words, if there are any, stand at one height."""
    if not words:
        return True
    _, top, _, bottom, _, _, _ = words[0]
    heights = {(word[1], word[3]) for word in words}
    return len(heights) == 1 and top < bottom


def unruled(rows: Sequence[PageRow], font: FontOf) -> list[tuple[int, int, Grid]]:
    """Returns the tables among the rows of a stretch: first row, last row, table."""
    tables = []
    at = 0
    while at < len(rows):
        end = _run(rows, at)
        if end - at >= _FEWEST_ROWS:
            table = _aligned(rows[at:end], font)
            if table:
                tables.append((at, end, table))
                at = end
                continue
        at += 1 if end <= at + 1 else end - at
    return tables


def _run(rows: Sequence[PageRow], start: int) -> int:
    """Returns the end of a run of rows with several segments.

    Between them may be a row of one segment: a cell that goes on, a row's own title.
    """
    first = rows[start]
    if len(first.segments) < 2 or _has_tag(first) or _is_item(first):
        return start
    end = at = start + 1
    gaps: list[float] = []
    while at < len(rows) and not _ends_run(rows[at], first):
        row, above = rows[at], rows[at - 1]
        gap = row.top - above.bottom
        usual = median(gaps) if len(gaps) > 1 else row.height
        if gap > max(1.3 * row.height, 2 * usual + 0.5 * row.height):
            break
        gaps.append(gap)
        if len(row.segments) > 1:
            end = at + 1
        elif at - end >= 2 or (gap > row.height and at - end >= 1):
            break
        at += 1
    # What goes on below the last row is of its last cells.
    while end < len(rows) and _goes_on(rows, end, start):
        end += 1
    return end


def _goes_on(rows: Sequence[PageRow], at: int, start: int) -> bool:
    row, above = rows[at], rows[at - 1]
    if len(row.segments) != 1 or _has_tag(row):
        return False
    is_close = row.top - above.bottom < 0.4 * row.height
    return (
        is_close
        and row.left > rows[start].left + 2 * row.height
        and any(abs(row.left - item.left) < 2 for item in above.segments)
    )


def _has_tag(row: PageRow) -> bool:
    return any(segment.tag is not None for segment in row.segments)


def _is_item(row: PageRow) -> bool:
    """Tells whether a row is an item of a list whose mark stands apart from it."""
    first = row.segments[0].text
    mark = bullet(first) if len(row.segments) == 2 else None
    return mark is not None and mark.end() == len(first)


def _ends_run(row: PageRow, first: PageRow) -> bool:
    """Tells whether a row is of no table that begins with `first`.

    An item of a list in a cell stands further right than the table begins, a heading
    has larger letters than the cells.
    """
    if len(row.segments) == 1 and row.height > _HEADING * first.height:
        return True
    is_left = row.left < first.left + 2 * first.height
    return _has_tag(row) or (is_left and _is_item(row))


def _aligned(rows: Sequence[PageRow], font: FontOf) -> Grid | None:
    """Returns the table that rows make whose segments stand below each other."""
    several = [row for row in rows if len(row.segments) > 1]
    strips = _strips(several)
    if not strips:
        return None
    edges = (min(row.left for row in rows), *(right for _, right in strips))
    borders = [(left + right) / 2 for left, right in strips]
    cells = [_cells(row, borders) for row in rows]
    if sum(sum(bool(cell) for cell in row) > 1 for row in cells) < _FEWEST_ROWS:
        return None
    lines = [[WordRun(row[at]) for row in cells if row[at]] for at in range(len(edges))]
    if sum(len(line) >= _FEWEST_ROWS and is_prose(line) for line in lines) > 1:
        return None
    if median(len(cell) for row in cells for cell in row if cell) > 8:
        return None
    merged: list[list[list[PageWord]]] = []
    kept: list[PageRow] = []
    for row, found in zip(rows, cells, strict=True):
        if merged and _continues(kept[-1], row, merged[-1], found):
            for at, cell in enumerate(found):
                merged[-1][at] += cell
        else:
            merged.append(found)
        kept.append(row)
    bold = _bold_rows(merged, font)
    texts = [tuple(_text(cell) for cell in row) for row in merged]
    columns, body = _named(texts, bold)
    if columns:
        columns = _names_over(rows, cells, texts, body, columns, borders)
    return Grid(rows[0].top, edges[0], rows[-1].bottom, edges, columns, tuple(body))


def _names_over(
    rows: Sequence[PageRow],
    cells: Sequence[list[list[PageWord]]],
    texts: Sequence[tuple[str, ...]],
    body: Sequence[tuple[str, ...]],
    columns: tuple[str, ...],
    borders: Sequence[float],
) -> tuple[str, ...]:
    """Adds a name that stands over several columns to the name of each of them."""
    named = len(texts) - len(body)
    if named < 2 or len(texts) != len(rows):
        return columns
    names: list[list[str]] = [[] for _ in columns]
    for row in rows[:named]:
        for segment in row.segments:
            first = bisect_right(borders, segment.left)
            last = bisect_right(borders, segment.right)
            if first == last:
                names[first].append(segment.text)
            else:
                for at, cell in enumerate(cells[rows.index(row)]):
                    inside = [word for word in cell if word in segment.words]
                    if inside or first < at <= last:
                        names[at].append(spoken(inside) if inside else "")
    return tuple(" ".join(filter(None, parts)) for parts in names)


def _strips(rows: Sequence[PageRow]) -> list[tuple[float, float]]:
    """Returns the strips between columns that nearly every row leaves blank."""
    allowed = len(rows) // 8 + (1 if len(rows) >= 4 else 0)
    height = median(row.height for row in rows)
    events = sorted(
        event
        for row in rows
        for segment in row.segments
        for event in ((segment.left, 1), (segment.right, -1))
    )
    if not events:
        return []
    strips: list[tuple[float, float]] = []
    depth = 0
    start = events[0][0]
    for at, change in events:
        if change > 0 and depth <= allowed and at > start:
            strips.append((start, at))
        depth += change
        if (change < 0 and depth == allowed) or (change > 0 and depth > allowed):
            start = at
    whole: list[tuple[float, float]] = []
    for left, right in strips:
        if whole and left <= whole[-1][1] + 0.01:
            whole[-1] = (whole[-1][0], right)
        else:
            whole.append((left, right))
    return _useful(rows, [s for s in whole if s[1] - s[0] >= 0.3 * height])


def _useful(
    rows: Sequence[PageRow], strips: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Leaves out strips that part nothing: too few rows have text on both sides."""
    kept: list[tuple[float, float]] = []
    places = [row.left for row in rows]
    begin = min(places)
    for left, right in strips:
        if left <= begin:
            continue
        before = kept[-1][1] if kept else begin - 1
        own = sum(
            any(
                before - 1 <= item.left and item.right <= right + 1
                for item in r.segments
            )
            for r in rows
        )
        after = sum(any(item.left >= right - 1 for item in r.segments) for r in rows)
        if own >= min(2, len(rows)) and after >= 2:
            kept.append((left, right))
    return kept


def _cells(row: PageRow, borders: Sequence[float]) -> list[list[PageWord]]:
    """Returns the words of a row by column; a segment over a border is cut at a gap."""
    cells: list[list[PageWord]] = [[] for _ in range(len(borders) + 1)]
    for segment in row.segments:
        first = bisect_right(borders, segment.left)
        if segment.right <= (borders[first] if first < len(borders) else 1e9):
            cells[first] += segment.words
            continue
        column = first
        for last, word in pairwise([None, *segment.words]):
            assert word is not None  # noqa: S101 - only the first of all is None
            own = bisect_right(borders, _middle(word))
            if last is not None and own > column:
                gap = word.left - last.right
                if gap > 0.4 * segment.height:
                    column = own
            cells[column].append(word)
    return cells


def _continues(
    above: PageRow,
    row: PageRow,
    before: list[list[PageWord]],
    cells: list[list[PageWord]],
) -> bool:
    """Tells whether a row is the rest of the cells above it."""
    if row.top - above.bottom > 0.5 * row.height:
        return False
    filled = [at for at, cell in enumerate(cells) if cell]
    if len(filled) >= max(2, len([cell for cell in before if cell])):
        return False
    if any(not before[at] for at in filled):
        return False
    if 0 not in filled:
        return len(filled) < len(cells) - 1 or len(cells) == 2
    return filled == [0] and cells[0][0].text[:1].islower()


def _captioned(
    texts: list[tuple[str, ...]], bold: list[bool]
) -> tuple[str, list[tuple[str, ...]], list[bool]]:
    """Takes the rows of one cell at the top of a table as what stands above it."""
    count = 0
    while count < min(2, len(texts) - 2) and sum(map(bool, texts[count])) == 1:
        count += 1
    if len(texts[0]) == 2 and not all(texts[count][1:]):
        count = 0
    above = " ".join("".join(row) for row in texts[:count])
    return above, texts[count:], bold[count:]


def _named(
    rows: list[tuple[str, ...]], bold: Sequence[bool]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Tells the rows that name the columns from the others.

    They hold no numbers where the others do, or are bold where the others are not.
    """
    if len(rows) < 2:
        return (), rows
    numeric = [
        at
        for at in range(1, len(rows[0]))
        if _is_numeric([row[at] for row in rows[1:]])
    ]
    count = 0
    for row, is_bold in zip(rows[:_MOST_NAMES], bold, strict=False):
        filled = [at for at, cell in enumerate(row) if cell]
        holds_numbers = any(_NUMBER.fullmatch(row[at]) for at in numeric if row[at])
        if (numeric and not holds_numbers and any(at in filled for at in numeric)) or (
            is_bold
            and not all(bold[count:])
            and 2 * len(filled) > len(row)
            and not holds_numbers
        ):
            count += 1
        else:
            break
    if count == len(rows):
        count = 1
    if not count and len(rows[0]) > 2 and not numeric and all(rows[0]):
        is_name = all(
            len(cell.split()) <= 5 and not _NUMBER.fullmatch(cell) for cell in rows[0]
        )
        count = int(is_name and len(set(rows[0])) == len(rows[0]))
    if not count:
        return (), rows
    names = tuple(
        " ".join(row[at] for row in rows[:count] if row[at])
        for at in range(len(rows[0]))
    )
    return names, rows[count:]


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in filled)
    return bool(filled) and 10 * numbers >= 6 * len(filled)
