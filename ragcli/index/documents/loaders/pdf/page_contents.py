"""What a page says, as plain values: what can be told of it without the other pages.

`PageReader` reads the pages of a share of the document. Headings, which depend on what
is usual in the whole document, and tables that go on over pages are told later.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any, NamedTuple

from ragcli.index.documents import text_structure
from ragcli.index.documents.loaders.layout.labelled import labelled
from ragcli.index.documents.loaders.pdf import forms, page_tables
from ragcli.index.documents.loaders.pdf.bookmarks import same
from ragcli.index.documents.loaders.pdf.page import Font, Page
from ragcli.index.documents.loaders.pdf.page_layout import (
    PageRow,
    bullet,
    in_order,
    joined,
    paragraphs,
    rows_of,
    segments_of,
)
from ragcli.index.documents.loaders.pdf.page_tables import Grid
from ragcli.index.documents.loaders.pdf.page_words import PageWord, Piece, WordRun
from ragcli.index.documents.loaders.pdf.plain_lines import SIDEWAYS, SIDEWAYS_FROM
from ragcli.index.documents.loaders.pdf.running import MarginLine, margins
from ragcli.index.documents.loaders.pdf.scans import Scans

_PICTURED = 0.3
"""Share of a page that pictures cover from which a page without text is a scan."""

_FEWEST_WORDS = 4
LONGEST_HEADING = 120
MOST_ROWS = 3
"""Of a heading."""

_KEY_WORDS = 6
_SAYS = re.compile(r"[^\W_]")
_FARTHEST = 150.0
"""Points between a field and its label."""

_COLON = re.compile("[:\uff1a]")
_SENTENCES = re.compile(r"[a-z]{3}[.!?] +[A-Z]")


class PageBlock(NamedTuple):
    """A paragraph or a table of a page."""

    text: str = ""
    """Its lines as one."""

    rows: int = 0
    """How many lines it has; none of a table."""

    letters: float = 0.0
    """The height of most of its letters, 0 of what is no heading for sure."""

    is_bold: bool = False
    parts: Sequence[tuple[str, str, str]] = ()
    """What it is when it is no heading: `item` with its text and mark, `paragraph` or
    `line` with its text, `field` with key and value."""

    table: Grid | None = None


class PageContents(NamedTuple):
    """All that a page says."""

    number: int
    """Counted from 1."""

    sizes: Sequence[tuple[float, int]]
    """How many characters lines of each height have."""

    blocks: Sequence[PageBlock]
    sideways: str
    """What runs from top to bottom."""

    fields: Sequence[tuple[str, str]]
    """What was filled into its form."""

    notes: Sequence[tuple[str, str]]
    """Headers and footers, each with what it is."""

    is_picture: bool
    """Whether it is a picture without text."""


@dataclass(slots=True)
class _Sheet:
    """What was read of a page."""

    number: int
    height: float
    rows: list[PageRow]
    font: Callable[[int], Font]
    sideways: list[PageWord] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    is_picture: bool = False


class PageReader:
    """Reads pages of one document, some at a time.

    Args:
        document: PDFium's document, its form opened if it has one.
        scans: Recognizes what pictures say.
        titles: The bookmarks that lead to each page, counted from 0.
    """

    def __init__(
        self,
        document: Any,
        scans: Scans,
        titles: Mapping[int, Sequence[tuple[int, str]]],
    ) -> None:
        self._document = document
        self._scans = scans
        self._titles = titles
        self._opened: list[tuple[Any, Page]] = []
        self._sheets: list[_Sheet] = []

    def margins(self, numbers: Sequence[int]) -> list[tuple[int, list[MarginLine]]]:
        """Reads some pages; returns the number of each with its first and last lines.

        Args:
            numbers: The pages, counted from 0; one that cannot be opened is left out.
        """
        import pypdfium2.raw as api

        self.close()
        for number in numbers:
            handle = api.FPDF_LoadPage(self._document.raw, number)
            if not handle:
                continue
            page = Page(handle)
            self._opened.append((handle, page))
            self._sheets.append(self._sheet(number + 1, handle, page))
        return [(item.number, margins(item.height, item.rows)) for item in self._sheets]

    def contents(self, known: Mapping[int, Mapping[int, str]]) -> list[PageContents]:
        """Returns what the pages say that `margins` read, and closes them.

        Args:
            known: Of each page, by number, its rows that run along, and what is to be
                said of them there.
        """
        try:
            return [
                self._contents(sheet, known.get(sheet.number, {}))
                for sheet in self._sheets
            ]
        finally:
            self.close()

    def name_picture(self, number: int) -> None:
        """Remembers a page that is a picture and that another process has read."""
        self._scans.words(number, self._document)

    def close(self) -> None:
        """Lets go of the pages that are open."""
        import pypdfium2.raw as api

        for handle, page in self._opened:
            page.close()
            api.FPDF_ClosePage(handle)
        self._opened, self._sheets = [], []

    def _sheet(self, number: int, handle: Any, page: Page) -> _Sheet:
        pieces = page.pieces()
        rules, pictured = page.drawn()
        is_picture = pictured > _PICTURED and _count(pieces) < _FEWEST_WORDS
        if is_picture:
            pieces = [*self._scans.words(number, self._document)] or pieces
        pieces, sideways = _sorted_out(pieces)
        grids, free = page_tables.ruled(pieces, rules, page.font)
        segments = segments_of(free, rules)
        for grid in grids:
            box = PageWord(
                grid.left, grid.top, grid.edges[-1] + 1, grid.bottom, "", -1, -1
            )
            segments.append(WordRun([box], grid))
        rows = rows_of(segments)
        fields = []
        if self._document.formenv:
            fields = [
                (
                    forms.key_of(item, _beside(rows, page.shown(*item.box), item)),
                    item.value,
                )
                for item in forms.filled(self._document.formenv.raw, handle)
            ]
        return _Sheet(
            number, page.height, rows, page.font, sideways, fields, is_picture
        )

    def _contents(self, sheet: _Sheet, known: Mapping[int, str]) -> PageContents:
        sizes: Counter[float] = Counter()
        for row in sheet.rows:
            sizes[round(row.height, 1)] += len(row.text)
        rows = [row for at, row in enumerate(sheet.rows) if at not in known]
        titles = {same(title) for _, title in self._titles.get(sheet.number - 1, ())}
        half = sheet.height / 2
        return PageContents(
            sheet.number,
            list(sizes.items()),
            [
                block
                for stretch in in_order(rows)
                for block in _blocks(stretch, sheet.font, titles)
            ],
            joined(_sideways_lines(sheet.sideways)) if sheet.sideways else "",
            sheet.fields,
            [
                (text, "header" if sheet.rows[at].top < half else "footer")
                for at, text in known.items()
                if text
            ],
            sheet.is_picture,
        )


def _beside(
    rows: Sequence[PageRow], box: tuple[float, float, float, float], item: forms.Filled
) -> str:
    """Returns what labels a field on its page: beside it, else above it."""
    left, top, right, bottom = box
    nearest: tuple[float, str] = (_FARTHEST, "")
    for row in rows:
        level = min(bottom, row.bottom) - max(top, row.top)
        for segment in row.segments:
            if segment.tag is not None:
                continue
            if level > 0.4 * min(segment.height, bottom - top):
                before, after = left - segment.right, segment.left - right
                distance = after if item.is_box and after > -3 else before
            elif segment.left < right and segment.right > left:
                distance = 3 * (top - segment.bottom)
            else:
                continue
            if -3 <= distance < nearest[0]:
                nearest = (distance, segment.text)
    return nearest[1] if len(nearest[1]) <= LONGEST_HEADING else ""


def _blocks(
    rows: Sequence[PageRow], font: Callable[[int], Font], titles: set[str]
) -> Iterator[PageBlock]:
    """Yields the paragraphs and tables of a stretch of text.

    Args:
        rows: The stretch.
        font: Tells the font of a character.
        titles: The bookmarks of the page; a line of that text stands by itself.
    """
    start = 0
    for first, last, table in page_tables.unruled(rows, font):
        yield from _text_blocks(rows[start:first], font, titles)
        yield PageBlock(table=table)
        start = last
    yield from _text_blocks(rows[start:], font, titles)


def _text_blocks(
    rows: Sequence[PageRow], font: Callable[[int], Font], titles: set[str]
) -> Iterator[PageBlock]:
    plain: list[PageRow] = []
    for row in rows:
        tags = [item.tag for item in row.segments if item.tag]
        is_title = bool(titles) and not tags and same(row.text) in titles
        if not (tags or is_title):
            if _SAYS.search(row.text):
                plain.append(row)
            continue
        yield from starmap(_block, paragraphs(plain, font))
        plain = []
        if is_title:
            yield _block([row], is_bold=False)
        yield from (PageBlock(table=tag) for tag in tags if isinstance(tag, Grid))
    yield from starmap(_block, paragraphs(plain, font))


def _block(rows: Sequence[PageRow], is_bold: bool) -> PageBlock:  # noqa: FBT001 - as `paragraphs` gives them
    texts = [row.text for row in rows]
    text = joined(texts)
    letters = _heading_letters(rows, text) if len(rows) <= MOST_ROWS else 0.0
    return PageBlock(text, len(rows), letters, is_bold, _parts(rows, texts, text))


def _heading_letters(rows: Sequence[PageRow], text: str) -> float:
    """Returns how high the letters of a heading are, 0 of what is none for sure."""
    if len(text) > LONGEST_HEADING or sum(map(str.isalpha, text)) * 2 < len(text):
        return 0.0
    if text[:1].islower() or _SENTENCES.search(text):
        return 0.0
    if len(rows[0].segments) > 1 or labelled(text):
        return 0.0
    return min(map(_letters, rows))


def _letters(row: PageRow) -> float:
    """Returns the height of most letters of a line: raised ones make it higher."""
    heights = sorted(
        (word.bottom - word.top, len(word.text)) for word in row.words if word.text
    )
    middle = sum(length for _, length in heights) / 2
    for height, length in heights:
        middle -= length
        if middle <= 0:
            return min(height, row.height)
    return row.height


def _parts(
    rows: Sequence[PageRow], texts: Sequence[str], text: str
) -> list[tuple[str, str, str]]:
    """Returns a paragraph as what it is: an item, fields, lines, or running text."""
    mark = bullet(texts[0])
    if mark and (len(rows) > 1 or len(texts[0]) > len(mark[0])):
        said = text[mark.end() :].strip()
        if said:
            return [("item", said, f"{mark[0].strip()} ")]
    by_line = len(texts) > 1 and text_structure.is_line_by_line("\n".join(texts))
    if not (by_line or _told_fields(rows)):
        return [("paragraph", text, "")]
    return [
        ("field", key, value) if key else ("line", joined([value]), "")
        for row in rows
        for key, value in _fields(row)
    ]


def _told_fields(rows: Sequence[PageRow]) -> bool:
    """Tells whether the lines of a paragraph are keys and values for the most part."""
    if not any(_COLON.search(row.text) for row in rows):
        return False
    with_key = sum(any(key for key, _ in _fields(row)) for row in rows)
    if 2 * with_key < len(rows) or not with_key:
        return False
    return not any(row.text[:1].islower() for row in rows[1:])


def _fields(row: PageRow) -> list[tuple[str, str]]:
    """Returns keys and values of a line; a key of "" where there is none."""
    fields: list[tuple[str, str]] = []
    parts = [segment.text for segment in row.segments]
    at = 0
    while at < len(parts):
        part = parts[at]
        if pair := labelled(part):
            fields.append((pair[0], joined([pair[1]])))
        elif _is_key(part) and at + 1 < len(parts) and not _is_key(parts[at + 1]):
            fields.append((part.rstrip(" :"), joined([parts[at + 1]])))
            at += 1
        else:
            fields.append(("", part))
        at += 1
    return fields


def _is_key(text: str) -> bool:
    return text.endswith(":") and len(text.split()) <= _KEY_WORDS


def _count(pieces: Sequence[Piece]) -> int:
    return sum(piece.count if isinstance(piece, WordRun) else 1 for piece in pieces)


def _sorted_out(pieces: list[Piece]) -> tuple[list[Piece], list[PageWord]]:
    """Returns the pieces that run along, and the words of lines that run down."""
    words = [piece for piece in pieces if isinstance(piece, PageWord)]
    turned = {word.line for word in words if _is_sideways(word)}
    if not turned:
        return pieces, []
    level = [
        piece
        for piece in pieces
        if isinstance(piece, WordRun) or piece.line not in turned
    ]
    return level, [word for word in words if word.line in turned]


def _is_sideways(word: PageWord) -> bool:
    """Tells whether a word runs from top to bottom."""
    height = word.bottom - word.top
    return len(word.text) >= SIDEWAYS_FROM and height > SIDEWAYS * (
        word.right - word.left
    )


def _sideways_lines(words: Sequence[PageWord]) -> Iterator[str]:
    line: list[PageWord] = []
    for word in words:
        if line and word.line != line[-1].line:
            yield " ".join(item.text for item in line)
            line = []
        line.append(word)
    yield " ".join(item.text for item in line)
