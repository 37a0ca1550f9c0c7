"""Finds where a long stretch of text may be cut.

Offsets into one string: what is cut out is verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
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
_PROSE_BORDERS = (_LIST_ITEM, _SENTENCE_END, _CLAUSE_END, _SPACE)
_LINE_BORDERS = (_BLANK, _LINE, _CLAUSE_END, _SPACE)


class Block(NamedTuple):
    """A stretch of a text that should stay whole."""

    start: int
    end: int
    kind: str
    """`prose`, `code` or `table`; `mixed` of several."""


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
    matches = borders[0].finditer(text, block.start, block.end)
    edges = [block.start, *(match.end() for match in matches), block.end]
    begin = block.start
    for left, right in pairwise(edges):
        if right - begin > limit and left > begin:
            yield from _cut(text, Block(begin, left, block.kind), limit, borders[1:])
            begin = left
    if begin < block.end:
        yield from _cut(text, Block(begin, block.end, block.kind), limit, borders[1:])
