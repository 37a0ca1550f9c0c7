"""Puts together what is read of the pages: headings, fields, tables over pages.

Pages are read in stretches, so that a book never stands in memory whole, and so
that what repeats over pages is seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    DocumentBuilder,
    one_line,
    well_formed,
)
from ragcli.index.documents.loaders.pdf import forms, shares
from ragcli.index.documents.loaders.pdf.bookmarks import bookmarks, same
from ragcli.index.documents.loaders.pdf.page_contents import (
    MOST_ROWS,
    PageBlock,
    PageContents,
    PageReader,
)
from ragcli.index.documents.loaders.pdf.page_tables import Grid
from ragcli.index.documents.loaders.pdf.scans import Scans

MOST_PAGES = 10_000
_STRETCH = 64
"""Pages that are looked at together for what repeats."""

_LARGER = 1.15
_LEVELS = ((1.8, 1), (1.4, 2), (_LARGER, 3))
_BOLD_LEVEL = 4
_UNNAMED = re.compile(
    r"\W*(?:untitled|anonymous|unspecified|unknown)\W*", re.IGNORECASE
)
_NUMBERED = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|[IVX]+\.)\s+")


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
        self._content = content
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
        reader = PageReader(self._document, self._scans, self._marks)
        stretches = [
            range(first, min(count, first + _STRETCH))
            for first in range(0, count, _STRETCH)
        ]
        helpers = 0 if self._content.ocr else self._content.helpers
        with shares.parted(reader, stretches, helpers) as read:
            for pages in read:
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

    def _write(self, pages: Sequence[PageContents]) -> None:
        """Adds what the pages of a stretch say."""
        for page in pages:
            self._sizes.update(dict(page.sizes))
        for page in pages:
            self._add(page)

    def _add(self, page: PageContents) -> None:
        """Adds a page."""
        builder = self._builder
        builder.page(page.number, keep_headings=True)
        levels = self._levels(page.blocks, page.number - 1)
        for at, (block, level) in enumerate(zip(page.blocks, levels, strict=True)):
            self._add_block(block, level, is_first=not at)
        if page.sideways not in self._said:
            self._said.add(page.sideways)
            builder.paragraph(page.sideways)
        for key, value in page.fields:
            self._has_fields = True
            builder.field(key, value)
        for text, label in page.notes:
            if text not in self._said:
                self._said.add(text)
                builder.note(text, label)

    def _levels(self, blocks: Sequence[PageBlock], page: int) -> list[int]:
        """Returns the level of each block, 0 of all that is no heading.

        Bookmarks decide where there are any.
        """
        if self._marks:
            return self._match_bookmarks(blocks, self._marks.get(page, []))
        usual = self._sizes.most_common(1)[0][0] if self._sizes else 0.0
        levels = [_level(block, usual) for block in blocks]
        for at, below in zip_longest(range(len(blocks)), blocks[1:]):
            if levels[at] == _BOLD_LEVEL and (below is None or below.is_bold):
                levels[at] = 0
        for at, below_level in zip_longest(range(len(blocks)), levels[1:]):
            # A heading with nothing below it would be said nowhere.
            if levels[at] and (below_level is None or 0 < below_level <= levels[at]):
                levels[at] = 0
        return levels

    def _match_bookmarks(
        self, blocks: Sequence[PageBlock], marks: list[tuple[int, str]]
    ) -> list[int]:
        """Returns the levels of bookmarks' blocks; other bookmarks begin the page."""
        by_text = {same(title): level for level, title in marks}
        matched: set[str] = set()
        levels = [0] * len(blocks)
        for at, block in enumerate(blocks if marks else ()):
            key = same(block.text) if block.rows <= MOST_ROWS else ""
            if key in by_text and key not in matched:
                levels[at] = by_text[key]
                matched.add(key)
        for level, title in marks:
            if same(title) not in matched:
                self._builder.heading(level, title, stands_alone=False)
        return levels

    def _add_block(self, block: PageBlock, level: int, *, is_first: bool) -> None:
        builder = self._builder
        if block.table is not None:
            self._add_table(block.table, is_first=is_first)
            return
        self._last = None
        if level:
            builder.heading(level, block.text)
            return
        for kind, text, more in block.parts:
            if kind == "item":
                builder.item(text, bullet=more)
            elif kind == "field":
                builder.field(text, more)
            elif kind == "line":
                builder.line(text)
            else:
                builder.paragraph(text)

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


def _go_on(last: Grid, table: Grid) -> bool:
    return len(last.edges) == len(table.edges) and all(
        abs(one - other) < 8 for one, other in zip(last.edges, table.edges, strict=True)
    )


def _level(block: PageBlock, usual: float) -> int:
    """Returns the level of a heading by the size of its letters, 0 for none."""
    if not block.letters:
        return 0
    text = block.text
    ratio = block.letters / max(usual, 1.0)
    for least, level in _LEVELS:
        if ratio >= least:
            return 0 if text.endswith((",", ";")) else level
    is_short = block.rows == 1 and len(text.split()) <= 10
    is_plain = not any(map(str.isdigit, _NUMBERED.sub("", text)))
    ends = text.endswith((".", ",", ";", ":", "!", "?"))
    return _BOLD_LEVEL if block.is_bold and is_short and is_plain and not ends else 0


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
