"""Lines that run along: headers, footers and page numbers that repeat over pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

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


def running(
    pages: Sequence[tuple[float, Sequence[PageRow]]],
) -> list[dict[int, str]]:
    """Finds headers and footers.

    Args:
        pages: The height and the rows of each page.

    Returns:
        For each page its rows that run along, by number, each with what is to be
        said of it there: its text where it stands first, else "".
    """
    seen: dict[tuple[bool, str], list[tuple[int, int, float]]] = defaultdict(list)
    for page, (height, rows) in enumerate(pages):
        for number in {*range(min(_MOST_LINES, len(rows)))} | {
            *range(max(0, len(rows) - _MOST_LINES), len(rows))
        }:
            row = rows[number]
            is_top = row.bottom < _MARGIN * height
            if is_top or row.top > (1 - _MARGIN) * height:
                place = row.top if is_top else height - row.top
                text = _NUMBERS.sub("#", row.text.lower())
                seen[is_top, text].append((page, number, place))
    found: list[dict[int, str]] = [{} for _ in pages]
    for told in seen.values():
        rows_there = [pages[page][1][number] for page, number, _ in told]
        if not _repeats(told, len(pages), rows_there[0].text):
            continue
        for at, (page, number, _) in enumerate(told):
            text = rows_there[at].text
            is_said = not at and not _PAGE_NUMBER.fullmatch(text)
            found[page][number] = text if is_said else ""
    return found


def _repeats(told: Sequence[tuple[int, int, float]], pages: int, text: str) -> bool:
    """Tells whether lines of one text stand at one height of enough pages."""
    places = [place for _, _, place in told]
    different = len({page for page, _, _ in told})
    if max(places) - min(places) > _SAME:
        return False
    if _PAGE_NUMBER.fullmatch(text):
        return different >= 2 or pages == 1
    return different >= 2 and (different >= 3 or 2 * different > pages)
