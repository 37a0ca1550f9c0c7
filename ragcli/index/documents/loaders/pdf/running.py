"""Lines that run along: headers, footers and page numbers that repeat over pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ragcli.index.documents.loaders.pdf.page_layout import PageRow

_MARGIN = 0.13
"""Share of a page's height, above and below, where headers and footers are."""

_SAME = 6.0
"""Points within which lines of two pages stand at the same height."""

_MOST_LINES = 4
_NUMBERS = re.compile(r"\d+|\b[ivxlc]+\b")
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|p\.|pag\.|p[aá]gina|страница)?\s*(?:\d{1,4}|[ivxlc]{1,6})"
    r"(?:\s*(?:/|of|von|de|sur|di|из)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)


class MarginLine(NamedTuple):
    """A line at the top or the bottom of a page."""

    number: int
    """Which of the page's rows it is."""

    is_top: bool
    distance: float
    """Points from the edge of the page."""

    text: str


def margins(height: float, rows: Sequence[PageRow]) -> list[MarginLine]:
    """Returns the lines of a page that may run along.

    Args:
        height: The height of the page.
        rows: Its rows.
    """
    lines: list[MarginLine] = []
    count = len(rows)
    ends = {*range(min(_MOST_LINES, count)), *range(max(0, count - _MOST_LINES), count)}
    for number in sorted(ends):
        row = rows[number]
        is_top = row.bottom < _MARGIN * height
        if is_top or row.top > (1 - _MARGIN) * height:
            distance = row.top if is_top else height - row.top
            lines.append(MarginLine(number, is_top, distance, row.text))
    return lines


def running(pages: Sequence[Sequence[MarginLine]]) -> list[dict[int, str]]:
    """Finds headers and footers.

    Args:
        pages: The lines at the top and bottom of each page.

    Returns:
        For each page its rows that run along, by number, each with what is to be
        said of it there: its text where it stands first, else "".
    """
    seen: dict[tuple[bool, str], list[tuple[int, MarginLine]]] = defaultdict(list)
    for page, lines in enumerate(pages):
        for line in lines:
            text = _NUMBERS.sub("#", line.text.lower())
            seen[line.is_top, text].append((page, line))
    said: list[dict[int, str]] = [{} for _ in pages]
    for alike in seen.values():
        standing = [(page, line.number, line.distance) for page, line in alike]
        if not _repeats(standing, len(pages), alike[0][1].text):
            continue
        for at, (page, line) in enumerate(alike):
            is_said = not at and not _PAGE_NUMBER.fullmatch(line.text)
            said[page][line.number] = line.text if is_said else ""
    return said


def _repeats(standing: Sequence[tuple[int, int, float]], pages: int, text: str) -> bool:
    """Tells whether lines of one text stand at one height of enough pages."""
    distances = [distance for _, _, distance in standing]
    different = len({page for page, _, _ in standing})
    if max(distances) - min(distances) > _SAME:
        return False
    if _PAGE_NUMBER.fullmatch(text):
        return different >= 2 or pages == 1
    return different >= 2 and (different >= 3 or 2 * different > pages)
