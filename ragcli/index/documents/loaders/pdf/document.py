"""Puts together what is read of the pages: headings, paragraphs, fields, tables.

Pages are read in stretches, so that a book never stands in memory whole, and so
that what repeats over pages is seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    one_line,
    well_formed,
)
from ragcli.index.documents.loaders.layout.labelled import labelled
from ragcli.index.documents.loaders.pdf import forms, page_tables
from ragcli.index.documents.loaders.pdf.bookmarks import bookmarks, same
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
from ragcli.index.documents.loaders.pdf.running import running
from ragcli.index.documents.loaders.pdf.scans import Scans

MOST_PAGES = 10_000
_STRETCH = 64
"""Pages that are looked at together for what repeats."""

_PICTURED = 0.3
"""Share of a page that pictures cover from which a page without text is a scan."""

_FEWEST_WORDS = 4
_LARGER = 1.15
_LEVELS = ((1.8, 1), (1.4, 2), (_LARGER, 3))
_BOLD_LEVEL = 4
_LONGEST_HEADING = 120
_KEY_WORDS = 6
_UNNAMED = re.compile(
    r"\W*(?:untitled|anonymous|unspecified|unknown)\W*", re.IGNORECASE
)
_SAYS = re.compile(r"[^\W_]")
_FARTHEST = 150.0
"""Points between a field and its label."""

_COLON = re.compile("[:\uff1a]")
_SENTENCES = re.compile(r"[a-z]{3}[.!?] +[A-Z]")
_NUMBERED = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|[IVX]+\.)\s+")


@dataclass(slots=True)
class _Sheet:
    """What was read of a page."""

    number: int
    height: float
    rows: list[PageRow]
    font: Callable[[int], Font]
    sideways: list[PageWord] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    """A paragraph or a table of a page."""

    rows: list[PageRow] = field(default_factory=list)
    is_bold: bool = False
    table: Grid | None = None
    level: int = 0
    """Of a heading; 0 for all else."""

    @property
    def text(self) -> str:
        """Its lines as one."""
        return joined(row.text for row in self.rows)


def pdf(content: Content) -> Document:
    """Reads the pages, and what was filled into their forms.

    Raises:
        UnreadableDocument: Protected by a password, damaged, or without any text.
    """
    import pypdfium2
    import pypdfium2.raw as api

    try:
        document = pypdfium2.PdfDocument(content.data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == api.FPDF_ERR_PASSWORD:
            raise UnreadableDocument(
                "protected by a password", "save it without one, then add it"
            ) from None
        raise UnreadableDocument(
            f"not a readable PDF: {one_line(str(error))}"
        ) from None
    try:
        return _PdfReader(document, content).read()
    except pypdfium2.PdfiumError as error:
        raise UnreadableDocument(
            f"not a readable PDF: {one_line(str(error))}"
        ) from None
    finally:
        document.close()


class _PdfReader:
    """One walk over the pages."""

    def __init__(self, document: Any, content: Content) -> None:
        self._document = document
        self._scans = Scans(content)
        self._builder = DocumentBuilder()
        self._marks = bookmarks(document)
        self._sizes: Counter[float] = Counter()
        self._said: set[str] = set()
        self._has_fields = False
        self._last: Grid | None = None

    def read(self) -> Document:
        """Returns the document."""
        count = len(self._document)
        if count > MOST_PAGES:
            raise UnreadableDocument(f"more than {MOST_PAGES} pages", "split it")
        if self._document.get_formtype():
            self._document.init_forms()
        for first in range(0, count, _STRETCH):
            pages = range(first, min(count, first + _STRETCH))
            self._write(pages)
        if not self._has_fields:
            for key, value in forms.xfa_data(self._document.raw):
                self._builder.field(key, value)
        self._builder.title = ""
        self._tell()
        return self._builder.document()

    def _tell(self) -> None:
        """Sets title and facts."""
        metadata = self._document.get_metadata_dict(skip_empty=True)
        self._builder.title = _told(metadata.get("Title", ""))
        if author := _told(metadata.get("Author", "")):
            self._builder.facts["author"] = author
        self._builder.facts |= self._scans.facts()

    def _write(self, numbers: range) -> None:
        """Reads a stretch of pages and adds what they say."""
        import pypdfium2.raw as api

        opened: list[tuple[Any, Page]] = []
        try:
            sheets = []
            for number in numbers:
                handle = api.FPDF_LoadPage(self._document.raw, number)
                if not handle:
                    continue
                page = Page(handle)
                opened.append((handle, page))
                sheets.append(self._sheet(number + 1, handle, page))
            repeated = running([(sheet.height, sheet.rows) for sheet in sheets])
            for sheet, known in zip(sheets, repeated, strict=True):
                self._add(sheet, known)
        finally:
            for handle, page in opened:
                page.close()
                api.FPDF_ClosePage(handle)

    def _sheet(self, number: int, handle: Any, page: Page) -> _Sheet:
        pieces = page.pieces()
        rules, pictured = page.drawn()
        if pictured > _PICTURED and _count(pieces) < _FEWEST_WORDS:
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
        for row in rows:
            self._sizes[round(row.height, 1)] += len(row.text)
        found = []
        if self._document.formenv:
            found = [
                (
                    forms.key_of(item, _beside(rows, page.shown(*item.box), item)),
                    item.value,
                )
                for item in forms.filled(self._document.formenv.raw, handle)
            ]
        return _Sheet(number, page.height, rows, page.font, sideways, found)

    def _add(self, sheet: _Sheet, known: dict[int, str]) -> None:
        """Adds a page."""
        builder = self._builder
        builder.page(sheet.number, keep_headings=True)
        rows = [row for at, row in enumerate(sheet.rows) if at not in known]
        titles = {same(title) for _, title in self._marks.get(sheet.number - 1, ())}
        blocks = [
            block
            for stretch in in_order(rows)
            for block in _blocks(stretch, sheet.font, titles)
        ]
        self._find_headings(blocks, sheet.number - 1)
        for at, block in enumerate(blocks):
            self._add_block(block, is_first=not at)
        aside = joined(_sideways_lines(sheet.sideways)) if sheet.sideways else ""
        if aside not in self._said:
            self._said.add(aside)
            builder.paragraph(aside)
        for key, value in sheet.fields:
            self._has_fields = True
            builder.field(key, value)
        half = sheet.height / 2
        for at, text in known.items():
            if text and text not in self._said:
                self._said.add(text)
                label = "header" if sheet.rows[at].top < half else "footer"
                builder.note(text, label)

    def _find_headings(self, blocks: list[_Block], page: int) -> None:
        """Marks the blocks that are headings; bookmarks decide where there are any."""
        if self._marks:
            self._match_bookmarks(blocks, self._marks.get(page, []))
            return
        usual = self._sizes.most_common(1)[0][0] if self._sizes else 0.0
        for block, below in zip_longest(blocks, blocks[1:]):
            block.level = _level(block, usual)
            if block.level == _BOLD_LEVEL and (below is None or below.is_bold):
                block.level = 0
        for block, below in zip_longest(blocks, blocks[1:]):
            # A heading with nothing below it would be said nowhere.
            if block.level and (below is None or 0 < below.level <= block.level):
                block.level = 0

    def _match_bookmarks(
        self, blocks: list[_Block], marks: list[tuple[int, str]]
    ) -> None:
        """Marks the blocks that bookmarks lead to; other bookmarks begin the page."""
        by_text = {same(title): level for level, title in marks}
        matched = set()
        for block in blocks:
            key = same(block.text) if len(block.rows) <= 3 else ""
            if key in by_text and key not in matched:
                block.level = by_text[key]
                matched.add(key)
        for level, title in marks:
            if same(title) not in matched:
                self._builder.heading(level, title)

    def _add_block(self, block: _Block, *, is_first: bool) -> None:
        if block.table is not None:
            self._add_table(block.table, is_first=is_first)
            return
        self._last = None
        if block.level:
            self._builder.heading(block.level, block.text)
            return
        _write_text(self._builder, block.rows)

    def _add_table(self, table: Grid, *, is_first: bool) -> None:
        """Adds a table; one that goes on from the page before keeps its columns."""
        columns, rows = table.columns, table.rows
        last = self._last if is_first else None
        if last and last.columns and _go_on(last, table):
            if columns != last.columns and columns:
                rows = (columns, *rows)
            table = table._replace(columns=last.columns)
            columns = last.columns
        self._last = table
        if not columns and _are_fields(rows):
            for row in rows:
                for key, value in _pairs(row):
                    self._builder.field(key, value)
            return
        self._builder.table(columns, rows, caption=table.caption)


def _told(text: str) -> str:
    """Returns a title or an author as a person gave it, "" for what a program did."""
    text = one_line(well_formed(text))
    return "" if _UNNAMED.fullmatch(text) else text


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
    return nearest[1] if len(nearest[1]) <= _LONGEST_HEADING else ""


def _go_on(last: Grid, table: Grid) -> bool:
    return len(last.edges) == len(table.edges) and all(
        abs(one - other) < 8 for one, other in zip(last.edges, table.edges, strict=True)
    )


def _blocks(
    rows: Sequence[PageRow], font: Callable[[int], Font], titles: set[str]
) -> Iterator[_Block]:
    """Yields the paragraphs and tables of a stretch of text.

    Args:
        rows: The stretch.
        font: Tells the font of a character.
        titles: The bookmarks of the page; a line of that text stands by itself.
    """
    start = 0
    for first, last, table in page_tables.unruled(rows, font):
        yield from _text_blocks(rows[start:first], font, titles)
        yield _Block(table=table)
        start = last
    yield from _text_blocks(rows[start:], font, titles)


def _text_blocks(
    rows: Sequence[PageRow], font: Callable[[int], Font], titles: set[str]
) -> Iterator[_Block]:
    plain: list[PageRow] = []
    for row in rows:
        tags = [item.tag for item in row.segments if item.tag]
        is_title = bool(titles) and not tags and same(row.text) in titles
        if not (tags or is_title):
            if _SAYS.search(row.text):
                plain.append(row)
            continue
        yield from (_Block(*found) for found in paragraphs(plain, font))
        plain = []
        if is_title:
            yield _Block([row])
        yield from (_Block(table=tag) for tag in tags if isinstance(tag, Grid))
    yield from (_Block(*found) for found in paragraphs(plain, font))


def _level(block: _Block, usual: float) -> int:
    """Returns the level of a heading by the size of its letters, 0 for none."""
    if block.table is not None or not block.rows or len(block.rows) > 3:
        return 0
    text = block.text
    if len(text) > _LONGEST_HEADING or sum(map(str.isalpha, text)) * 2 < len(text):
        return 0
    if text[:1].islower() or _SENTENCES.search(text):
        return 0
    if len(block.rows[0].segments) > 1 or labelled(text):
        return 0
    ratio = min(map(_letters, block.rows)) / max(usual, 1.0)
    for least, level in _LEVELS:
        if ratio >= least:
            return 0 if text.endswith((",", ";")) else level
    is_short = len(block.rows) == 1 and len(text.split()) <= 10
    is_plain = not any(map(str.isdigit, _NUMBERED.sub("", text)))
    ends = text.endswith((".", ",", ";", ":", "!", "?"))
    return _BOLD_LEVEL if block.is_bold and is_short and is_plain and not ends else 0


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


def _write_text(builder: DocumentBuilder, rows: Sequence[PageRow]) -> None:
    """Adds a paragraph as what it is: an item, fields, lines, or running text."""
    texts = [row.text for row in rows]
    mark = bullet(texts[0])
    if mark and (len(rows) > 1 or len(texts[0]) > len(mark[0])):
        text = joined(texts)[mark.end() :].strip()
        if text:
            builder.item(text, bullet=f"{mark[0].strip()} ")
            return
    by_line = len(texts) > 1 and text_structure.is_line_by_line("\n".join(texts))
    if not (by_line or _told_fields(rows)):
        builder.paragraph(joined(texts))
        return
    for row in rows:
        for key, value in _fields(row):
            if key:
                builder.field(key, value)
            else:
                builder.line(joined([value]))


def _told_fields(rows: Sequence[PageRow]) -> bool:
    """Tells whether the lines of a paragraph are keys and values for the most part."""
    if not any(_COLON.search(row.text) for row in rows):
        return False
    told = sum(any(key for key, _ in _fields(row)) for row in rows)
    if 2 * told < len(rows) or not told:
        return False
    return not any(row.text[:1].islower() for row in rows[1:])


def _fields(row: PageRow) -> list[tuple[str, str]]:
    """Returns keys and values of a line; a key of "" where there is none."""
    found: list[tuple[str, str]] = []
    parts = [segment.text for segment in row.segments]
    at = 0
    while at < len(parts):
        part = parts[at]
        if told := labelled(part):
            found.append((told[0], joined([told[1]])))
        elif _is_key(part) and at + 1 < len(parts) and not _is_key(parts[at + 1]):
            found.append((part.rstrip(" :"), joined([parts[at + 1]])))
            at += 1
        else:
            found.append(("", part))
        at += 1
    return found


def _is_key(text: str) -> bool:
    return text.endswith(":") and len(text.split()) <= _KEY_WORDS


def _are_fields(rows: Sequence[Sequence[str]]) -> bool:
    """Tells whether rows without names of columns are keys beside their values."""
    if not rows:
        return False
    width = len(rows[0])
    if width == 2:
        return True
    keys = [cell for row in rows for cell in row[::2] if cell]
    marked = sum(cell.endswith(":") for cell in keys)
    return width % 2 == 0 and bool(keys) and 3 * marked > 2 * len(keys)


def _pairs(row: Sequence[str]) -> Iterator[tuple[str, str]]:
    for key, value in zip(row[::2], row[1::2], strict=False):
        if key or value:
            yield key.rstrip(" :"), value


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
