"""Blocks of a text: paragraphs, fenced code, tables; and where long ones may be cut.

Everything here is offsets into one string. A chunk made of them is verbatim by
construction, and its lines follow from counting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
_TABLE_RULE = re.compile(r"[ \t]*[|+]?[ \t:|+=-]*[-=]{3,}[ \t:|+=-]*")
_CLOSING = "[\"'\u201d\u2019\u00bb)\\]]{0,3}"
_ITEM = r"(?:[-*+\u2022]|\d{1,3}[.)])[ \t]"
_LIST_ITEM = re.compile(rf"\n(?={_ITEM})")
_SENTENCE_END = re.compile(
    rf"(?<=[.!?\u2026]){_CLOSING}\s+(?=[^\sa-z])"
    rf"|(?<=[\u3002\uff01\uff1f\uff61])(?=\S)|\n(?=[ \t]*{_ITEM})"
)
_CLAUSE_END = re.compile("(?<=[;:,\u3001\uff0c\uff1b])\\s*|\n")
_SPACE = re.compile(r"\s+")
_LINE = re.compile(r"\n+")
_IN_LIST = re.compile(rf"\s*{_ITEM}")
_PROSE_BORDERS = (_LIST_ITEM, _SENTENCE_END, _CLAUSE_END, _SPACE)
_LINE_BORDERS = (_BLANK, _LINE, _CLAUSE_END, _SPACE)


class Block(NamedTuple):
    """A stretch of a text that should stay whole."""

    start: int
    end: int
    kind: str
    """`prose`, `code` or `table`; `mixed` of several."""


def blocks(text: str, format_name: str) -> list[Block]:
    """Returns the blocks of a section of prose, in order; blank lines lie between.

    Args:
        text: A section's body.
        format_name: Fences are told in every format, indented code only in Markdown
            and reStructuredText: elsewhere indentation may be layout.
    """
    found: list[Block] = []
    position = 0
    for start, end in _fenced(text):
        found += _paragraphs(text, position, start, format_name)
        found.append(Block(start, end, "code"))
        position = end
    found += _paragraphs(text, position, len(text), format_name)
    return found


def _fenced(text: str) -> Iterator[tuple[int, int]]:
    """Yields the fenced stretches, fences included; an open one lasts to the end."""
    if "```" not in text and "~~~" not in text:
        return
    opened: re.Match[str] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            if match[1][0] == "~" or "`" not in match[2]:
                opened = match
        elif (
            match[1][0] == opened[1][0]
            and len(match[1]) >= len(opened[1])
            and not match[2].strip()
        ):
            yield opened.start(), match.end()
            opened = None
    if opened is not None:
        yield opened.start(), len(text)


def _paragraphs(text: str, start: int, end: int, format_name: str) -> Iterator[Block]:
    kind = "prose"
    before = ""
    position = start
    for stop, following in _between_blanks(text, start, end):
        paragraph = text[position:stop]
        if paragraph.strip():
            kind = _kind(paragraph, before, kind, format_name)
            yield Block(position, stop, kind)
            before = paragraph
        position = following


def _between_blanks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yields the end of each paragraph and the start of the next."""
    for match in _BLANK.finditer(text, start, end):
        yield match.start(), match.end()
    yield end, end


def _kind(paragraph: str, before: str, kind_before: str, format_name: str) -> str:
    """Tells what a paragraph is, from its look and the paragraph before it."""
    if _is_table(paragraph):
        return "table"
    indented = paragraph.lstrip("\n").startswith(("    ", "\t"))
    if format_name == "markdown":
        in_list = kind_before != "code" and _IN_LIST.match(before)
        return "code" if indented and not in_list else "prose"
    if format_name == "rst" and paragraph.startswith((" ", "\t")):
        literal = before.rstrip().endswith("::") or before.startswith(".. code")
        return "code" if literal or kind_before == "code" else "prose"
    return "prose"


def _is_table(paragraph: str) -> bool:
    first, _, rest = paragraph.strip("\n").partition("\n")
    if not rest:
        return False
    if "|" in first:
        return bool(_TABLE_RULE.fullmatch(rest.partition("\n")[0]))
    is_ruled = first.startswith("+-") or (first[0] == "=" and " " in first.strip())
    return is_ruled and bool(_TABLE_RULE.fullmatch(first))


def pieces(text: str, block: Block, limit: int) -> Iterator[Block]:
    """Cuts a block that is longer than `limit` where it hurts least.

    Prose is cut between sentences, then clauses, then words; code and tables
    between lines. Without any such place it is cut at `limit`.
    """
    borders = _PROSE_BORDERS if block.kind == "prose" else _LINE_BORDERS
    return _cut(text, block, limit, borders)


def _cut(
    text: str, block: Block, limit: int, borders: tuple[re.Pattern[str], ...]
) -> Iterator[Block]:
    """Cuts at the first kind of border, joins what fits, cuts again what does not."""
    if block.end - block.start <= limit:
        yield block
        return
    if not borders:
        for start in range(block.start, block.end, limit):
            yield Block(start, min(start + limit, block.end), block.kind)
        return
    found = borders[0].finditer(text, block.start, block.end)
    edges = [block.start, *(match.end() for match in found), block.end]
    begin = block.start
    for left, right in pairwise(edges):
        if right - begin > limit and left > begin:
            yield from _cut(text, Block(begin, left, block.kind), limit, borders[1:])
            begin = left
    if begin < block.end:
        yield from _cut(text, Block(begin, block.end, block.kind), limit, borders[1:])
