"""Cuts documents into chunks along their elements.

A chunk never leaves its section, page, cell or definition, holds at most `size`
characters, and is verbatim: `text` stands at `lines` of the file. Tables are cut
between rows. Each chunk keeps its units, and the columns of the tables they are of.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from ragcli.index.documents import foreign_code, formats, outline
from ragcli.index.documents.cutting import Block, pieces
from ragcli.index.documents.elements import Document, Element, Section
from ragcli.index.passages import Chunk
from ragcli.language.units import Table, Unit
from ragcli.language.vocabulary.languages import language_within

SMALLEST_SIZE = 100
"""Characters; chunks cannot be made smaller than that."""

_LEADING_BLANK = re.compile(r"(?:[ \t]*\n)*")
_SENTENCE_START = re.compile(
    "(?<=[.!?\u2026])[\"'\u201d\u2019\u00bb)\\]]{0,3}\\s+|(?<=[\u3002\uff01\uff1f\uff61])|\n"
)
_WORD_START = re.compile(r"\s+")
_LARGEST_FOREIGN = 1 << 20
"""Characters; larger files go without LangChain's separators, which take long."""

_OTHER_LANGUAGE_FROM = 400
"""Characters from which a chunk's own language is told apart from its document's."""

_BLOCK_KINDS = {"code": "code", "row": "table", "columns": "table", "line": "table"}
"""How an element is cut and packed; all others are prose."""


class _Span(NamedTuple):
    """A chunk to be: offsets into its section."""

    start: int
    end: int
    kind: str
    heading: tuple[str, ...] = ()


def split(document: Document, *, size: int, overlap: int) -> list[Chunk]:
    """Returns the chunks of a document, in reading order.

    Args:
        document: The document.
        size: Longest chunk in characters, `SMALLEST_SIZE` at least.
        overlap: Characters that neighbouring chunks of one section's prose share,
            at most; half of `size` at most.
    """
    size = max(size, SMALLEST_SIZE)
    overlap = min(overlap, size // 2)
    rows = _RowCount()
    chunks: list[Chunk] = []
    for section in document.sections:
        if section.is_code:
            spans = _code_spans(section, document.format, size)
        elif formats.is_settings(document.format):
            spans = _settings_spans(section, document.format, size)
        else:
            spans = _element_spans(section, size, overlap)
        chunks += _chunks(document, section, spans, rows)
    return chunks


class _RowCount(dict[int, int]):
    """How many rows of each table stand before the element that is looked at."""

    def __missing__(self, table: int) -> int:
        return 0


def _chunks(
    document: Document, section: Section, spans: Iterable[_Span], rows: _RowCount
) -> Iterator[Chunk]:
    """Turns offsets into chunks with their lines and units."""
    text = section.text
    position, line = 0, section.first_line or 1
    starts = [element.start for element in section.elements]
    ends = [element.end for element in section.elements]
    for span in spans:
        start, end = _trimmed(text, span.start, span.end)
        if start >= end:
            continue
        line += text.count("\n", position, start)
        position = start
        piece = text[start:end]
        inside = section.elements[bisect_right(ends, start) : bisect_left(starts, end)]
        units, tables = _units(document, inside, start, end, rows)
        yield Chunk(
            piece,
            section.heading + span.heading,
            section.page,
            _lines(section, piece, line, inside),
            span.kind,
            _language(piece, span.kind, document.language),
            units,
            tables,
            section.part,
        )


def _lines(
    section: Section, piece: str, line: int, inside: Sequence[Element]
) -> tuple[int, int] | None:
    """Returns the lines of a chunk, counted or as its elements tell them."""
    if section.first_line:
        return line, line + piece.count("\n")
    lines = [element.lines for element in inside if element.lines]
    return (lines[0][0], lines[-1][1]) if lines else None


def _units(
    document: Document,
    inside: Sequence[Element],
    start: int,
    end: int,
    rows: _RowCount,
) -> tuple[tuple[Unit, ...], tuple[Table, ...]]:
    """Returns elements as units of a chunk, and the tables that they are of.

    An element that the chunk's border cuts is a unit as far as it is inside; a piece
    of a row is prose.
    """
    units: list[Unit] = []
    tables: list[Table] = []
    numbers: dict[int, int] = {}
    for kind, first, last, table, cells, label, lines in inside:
        number = -1
        if table >= 0:
            if table not in numbers:
                numbers[table] = len(tables)
                columns, caption, count = document.tables[table]
                tables.append(Table(table, columns, caption, rows[table], count))
            number = numbers[table]
            rows[table] += kind == "row" and first >= start
        if start <= first and last <= end:
            units.append(
                Unit(kind, first - start, last - start, number, cells, label, lines)
            )
            continue
        part = max(first, start) - start, min(last, end) - start
        units.append(Unit("prose" if cells else kind, *part, number, (), label, lines))
    return tuple(units), tuple(tables)


def _language(piece: str, kind: str, language: str) -> str:
    """Returns the language of a chunk: the document's, unless it is clearly another."""
    if kind != "prose" or len(piece) < _OTHER_LANGUAGE_FROM:
        return language
    return language_within(piece, language)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Drops blank lines around a span, and spaces where it starts within a line."""
    blank = _LEADING_BLANK.match(text, start, end)
    begin = blank.end() if blank else start
    stop = start + len(text[start:end].rstrip())
    if begin > 0 and text[begin - 1] != "\n":
        begin += len(text[begin:stop]) - len(text[begin:stop].lstrip())
    return begin, stop


def _element_spans(section: Section, size: int, overlap: int) -> Iterator[_Span]:
    """Packs neighbouring elements; prose shares `overlap` with the chunk before it."""
    text = section.text
    if not section.elements:
        return
    if len(text.strip()) <= size:
        yield _Span(0, len(text), _chunk_kind(_common_kind(_kinds(section.elements))))
        return
    blocks = _blocks(section)
    only_prose = all(block.kind == "prose" for block in blocks)
    limit = size - overlap if any(block.kind == "prose" for block in blocks) else size
    units: list[Block] = []
    for block in blocks if only_prose else _introduced(text, blocks, limit):
        units += pieces(text, block, limit)
    previous: _Span | None = None
    for span in _packed(units, limit):
        start = span.start
        if previous and previous.kind == span.kind == "prose":
            start = _shared_from(text, previous, span, overlap)
        yield _Span(start, span.end, _chunk_kind(span.kind))
        previous = span


def _blocks(section: Section) -> list[Block]:
    """Returns the elements as blocks; what leads to one, a bullet say, is its own."""
    blocks: list[Block] = []
    end = 0
    for element in section.elements:
        blank = _LEADING_BLANK.match(section.text, end, element.start)
        start = blank.end() if blank else end
        blocks.append(
            Block(start, element.end, _BLOCK_KINDS.get(element.kind, "prose"))
        )
        end = element.end
    return blocks


def _kinds(elements: Iterable[Element]) -> set[str]:
    return {_BLOCK_KINDS.get(element.kind, "prose") for element in elements}


def _common_kind(kinds: set[str]) -> str:
    return next(iter(kinds)) if len(kinds) == 1 else "mixed"


def _chunk_kind(kind: str) -> str:
    """Returns the kind of a chunk: what is mixed reads as prose."""
    return "prose" if kind == "mixed" else kind


def _introduced(text: str, blocks: list[Block], limit: int) -> Iterator[Block]:
    """Joins a paragraph that ends with a colon to the code or table it introduces."""
    held: Block | None = None
    for block in blocks:
        if held is None:
            held = block
            continue
        introduces = held.kind == "prose" and text.endswith(":", held.start, held.end)
        if introduces and block.kind != "prose" and block.end - held.start <= limit:
            held = Block(held.start, block.end, "mixed")
        else:
            yield held
            held = block
    if held:
        yield held


def _packed(units: list[Block], limit: int) -> Iterator[_Span]:
    """Joins neighbouring units into spans of about equal length, none over `limit`."""
    if not units:
        return
    total = units[-1].end - units[0].start
    target = total / max(1, -(-total // limit))
    start, end, kinds = units[0].start, units[0].end, {units[0].kind}
    for unit in units[1:]:
        longer = unit.end - start
        if longer > limit or longer - target > target - (end - start):
            yield _Span(start, end, _common_kind(kinds))
            start, kinds = unit.start, set()
        end = unit.end
        kinds.add(unit.kind)
    yield _Span(start, end, _common_kind(kinds))


def _shared_from(text: str, previous: _Span, span: _Span, overlap: int) -> int:
    """Returns where a chunk starts that repeats the end of the one before it."""
    earliest = max(previous.start + 1, span.start - overlap)
    for border in (_SENTENCE_START, _WORD_START):
        match = border.search(text, earliest, span.start)
        if match and match.end() < span.start:
            return match.end()
    return span.start


def _code_spans(section: Section, format_name: str, size: int) -> Iterator[_Span]:
    text = section.text
    whole = Block(0, len(text), "code")
    if len(text) <= size // 2:
        yield _Span(0, len(text), "code")
        return
    if not outline.is_known(format_name):
        yield from _packed(_undefined(text, format_name, size), size)
        return
    definitions = outline.outline(text, format_name)
    cut = partial(_packed_code, text, size)
    yield from _joined(_covered(whole, definitions, (), size, cut), size // 3)


def _packed_code(text: str, size: int, whole: Block) -> list[_Span]:
    """Cuts code without definitions between its paragraphs."""
    if not text[whole.start : whole.end].strip():
        return []
    return list(_packed(list(pieces(text, whole, size)), size))


def _settings_spans(section: Section, format_name: str, size: int) -> Iterator[_Span]:
    """Cuts settings where their sections begin, and between their fields.

    Headings are the sections, as those of code are its definitions.
    """
    text = section.text
    borders = _borders(section)
    definitions: list[outline.Definition] = []
    if len(text) > size // 2 and outline.is_known(format_name):
        definitions = outline.outline(text, format_name)

    def cut(stretch: Block) -> list[_Span]:
        if not text[stretch.start : stretch.end].strip():
            return []
        first = bisect_right(borders, stretch.start)
        inner = borders[first : bisect_left(borders, stretch.end)]
        small: list[Block] = []
        for start, end in pairwise([stretch.start, *inner, stretch.end]):
            small += pieces(text, Block(start, end, "code"), size)
        return list(_packed(small, size))

    spans = _covered(Block(0, len(text), "code"), definitions, (), size, cut)
    starts = [element.start for element in section.elements]
    for span in _joined(spans, size // 3):
        inside = section.elements[
            bisect_left(starts, span.start) : bisect_left(starts, span.end)
        ]
        kinds = _kinds(inside)
        yield span._replace(kind=_chunk_kind(_common_kind(kinds or {"prose"})))


def _borders(section: Section) -> list[int]:
    """Returns where settings may be cut: before each, and the comment above it."""
    text, borders, before = section.text, [], None
    for block, element in zip(_blocks(section), section.elements, strict=True):
        explained = (
            before is not None
            and before.kind == "prose"
            and text.count("\n", before.end, element.start) == 1
        )
        if not explained:
            line = text.rfind("\n", block.start, element.start) + 1
            borders.append(line or block.start)
        before = element
    return borders


def _undefined(text: str, format_name: str, size: int) -> list[Block]:
    """Cuts code whose definitions are not known."""
    if format_name in foreign_code.LANGUAGES and len(text) <= _LARGEST_FOREIGN:
        return list(foreign_code.separated(text, format_name, size))
    return list(pieces(text, Block(0, len(text), "code"), size))


def _covered(
    whole: Block,
    definitions: list[outline.Definition],
    path: tuple[str, ...],
    size: int,
    cut: Callable[[Block], list[_Span]],
) -> Iterator[_Span]:
    """Yields spans that tile a stretch: definitions, and what `cut` makes of others."""
    start = whole.start
    for item in definitions:
        for span in cut(Block(start, item.start, whole.kind)):
            yield span._replace(heading=path)
        inside = (*path, item.name)
        if item.end - item.start <= size:
            yield _Span(item.start, item.end, whole.kind, inside)
        else:
            body = Block(item.start, item.end, whole.kind)
            yield from _covered(body, item.children, inside, size, cut)
        start = item.end
    for span in cut(Block(start, whole.end, whole.kind)):
        yield span._replace(heading=path)


def _joined(spans: Iterable[_Span], limit: int) -> Iterator[_Span]:
    """Joins neighbours that are small, under the path that they have in common."""
    held: _Span | None = None
    for span in spans:
        if held and span.end - held.start <= limit and _near(held, span):
            shared = _common_path(held.heading, span.heading)
            held = _Span(held.start, span.end, "code", shared)
        else:
            if held:
                yield held
            held = span
    if held:
        yield held


def _near(held: _Span, span: _Span) -> bool:
    """Tells whether two stretches of code have the same parent."""
    shared = len(_common_path(held.heading, span.heading))
    return shared >= max(len(held.heading), len(span.heading)) - 1


def _common_path(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return left[:count]
