"""Lines of a page whose words stand from left to right at one height, read whole.

Nearly all lines are such. They are read a line at a time, by lists of numbers, which
takes a fifth of the time that words take one by one. What is anything else, or might
be, is left to who reads it word by word; both come to the same runs.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, islice, pairwise, repeat
from operator import add, gt, le, sub

from ragcli.index.documents.loaders.pdf.page_words import (
    CELL_GAP,
    OVERLAP,
    WordColumns,
    WordRun,
    follows,
)

Ask = Callable[[Sequence[int]], Sequence[float]]
"""Gives left, top, right and bottom of each of some characters, one after another."""

WIDE = 0.75
"""Width of a word's characters, in its height, from which there may be a gap in it."""

GAP = 0.28
"""Width of a gap between two words, in their height."""

SIDEWAYS, SIDEWAYS_FROM = 2.5, 3
"""How often as high as wide a word is that runs down, and how many letters it has."""

HYPHENS = ("\x02", "\ufffe")
"""What PDFium puts for a hyphen at the end of a line that divides a word."""

_LINE = re.compile("[^\n\x02\ufffe]*[\x02\ufffe]|[^\n\x02\ufffe]+")
LIGATURES = str.maketrans(
    {
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
        "\ufffe": HYPHENS[0],
    }
)
SMALLER = 0.85
"""Height of raised digits, in the height of the others."""

_LIGATURE = re.compile("[\ufb00-\ufb06\ufffe]")
_ODD = re.compile(
    "[^ -~\xa0-\xac\xae-\u058f\u0900-\u167f\u1681-\u1fff\u2010-\u2027\u2030-\u205e"
    "\u2060-\u2fff\u3001-\ud7ff\ue000-\ufb06\x02\ufffe\n]"
)
"""What is not just a character: controls, right to left, wide spaces."""

_DIGIT = re.compile(r"\d")
_LEVEL, _CLOSE = 0.25, 0.74
"""By how much the heights of two words may differ, in their height; and the share of
the gap, or the overlap, that words may then have and be sure to follow each other."""

_SURE = 1e-6
"""By how much numbers differ for sure: what is nearer is looked at word by word."""


Line = tuple[int, str]
"""A line of PDFium's: its first character among the page's, and what it says."""


def lines_of(text: str) -> list[Line]:
    """Returns the lines of a page's characters; a hyphen that divides ends one."""
    return [(match.start(), match[0]) for match in _LINE.finditer(text)]


@dataclass(slots=True)
class _Words:
    """Words of a page, and where each line begins and ends among them."""

    lines: list[tuple[int, int, int]]
    """Number of the line, its first word, the one after its last."""

    texts: list[str]
    starts: list[int]
    sizes: list[int]
    """How many of the page's characters each has."""


def plain_runs(
    lines: Sequence[Line], ask: Ask, origin: tuple[float, float, float]
) -> list[list[WordRun] | None]:
    """Returns the runs of each line, None of a line that is not plain.

    Args:
        lines: The lines of the page.
        ask: Tells where characters are, each as high as its font.
        origin: Left and bottom of the page in the file, and its height.
    """
    runs: list[list[WordRun] | None] = [None] * len(lines)
    words = _words(lines)
    sizes = words.sizes
    if not sizes:
        return runs
    lasts = map(sub, map(add, words.starts, sizes), repeat(1))
    boxes = ask([*words.starts, *lasts])
    columns = _boxed(words, boxes, origin)
    odd, wide = _odd(columns, sizes, boxes), _wide(columns, sizes)
    apart = _apart(columns)
    doubtful: list[tuple[int, int]] = []
    for number, first, last in words.lines:
        if odd and not odd.isdisjoint(range(first, last)):
            continue
        if _DIGIT.search(lines[number][1]) or not wide.isdisjoint(range(first, last)):
            doubtful += [
                (number, at)
                for at in range(first, last)
                if sizes[at] > 1
                and (
                    at in wide
                    or (not (text := words.texts[at]).isalpha() and _DIGIT.search(text))
                )
            ]
        edges = [
            at
            for at in apart[bisect_right(apart, first) : bisect_left(apart, last)]
            if _begins(columns, at)
        ]
        runs[number] = [
            WordRun.plain(columns, begin, end, number)
            for begin, end in pairwise((first, *edges, last))
        ]
    for number in _parted(columns, sizes, doubtful, ask):
        runs[number] = None
    return runs


def _words(lines: Sequence[Line]) -> _Words:
    """Returns the words of the lines that hold nothing but characters and spaces."""
    words = _Words([], [], [], [])
    for number, (start, line) in enumerate(lines):
        if _ODD.search(line):
            continue
        text = line.replace("\xa0", " ").rstrip(" ")
        parts = text.split(" ")
        first = len(words.texts)
        starts = map(add, accumulate(map(len, parts), initial=start), count())
        if "" in parts:
            both = [both for both in zip(parts, starts, strict=False) if both[0]]
            parts = [part for part, _ in both]
            words.starts += [at for _, at in both]
        else:
            words.starts += islice(starts, len(parts))
        words.sizes += map(len, parts)
        if _LIGATURE.search(text):
            parts = [part.translate(LIGATURES) for part in parts]
        words.texts += parts
        if parts:
            words.lines.append((number, first, len(words.texts)))
    return words


def _boxed(
    words: _Words, boxes: Sequence[float], origin: tuple[float, float, float]
) -> WordColumns:
    """Returns words with the boxes around their first and last characters."""
    half = 4 * len(words.sizes)
    return WordColumns(
        origin,
        _least(boxes[0:half:4], boxes[half::4]),
        _most(boxes[1:half:4], boxes[half + 1 :: 4]),
        _most(boxes[2:half:4], boxes[half + 2 :: 4]),
        _least(boxes[3:half:4], boxes[half + 3 :: 4]),
        words.texts,
        words.starts,
    )


def _least(some: Sequence[float], others: Sequence[float]) -> Sequence[float]:
    if some == others:
        return some
    return [a if a < b else b for a, b in zip(some, others, strict=True)]  # noqa: FURB136 - half the time


def _most(some: Sequence[float], others: Sequence[float]) -> Sequence[float]:
    if some == others:
        return some
    return [a if a > b else b for a, b in zip(some, others, strict=True)]  # noqa: FURB136 - half the time


def _wide(columns: WordColumns, sizes: Sequence[int]) -> set[int]:
    """Returns the words that are so wide that there may be a gap in them."""
    _, lefts, tops, rights, bottoms, _, _ = columns
    return {
        at
        for at, (left, top, right, bottom, size) in enumerate(
            zip(lefts, tops, rights, bottoms, sizes, strict=True)
        )
        if right - left > WIDE * (top - bottom) * size
    }


def _odd(
    columns: WordColumns, sizes: Sequence[int], boxes: Sequence[float]
) -> set[int]:
    """Returns the words that a look at their first and last character does not tell.

    Those are words that may run down, that may end in raised digits, or whose font
    tells no height.
    """
    _, lefts, tops, rights, bottoms, texts, _ = columns
    odd = {
        at
        for at, (left, top, right, bottom, size) in enumerate(
            zip(lefts, tops, rights, bottoms, sizes, strict=True)
        )
        if top <= bottom
        or (size >= SIDEWAYS_FROM and SIDEWAYS * (right - left) < top - bottom + _SURE)
    }
    half = 4 * len(sizes)
    first, last = boxes[1:half:4], boxes[half + 1 :: 4]
    low, last_low = boxes[3:half:4], boxes[half + 3 :: 4]
    if first != last or low != last_low:
        odd |= {
            at
            for at, (top, bottom, high, under) in enumerate(
                zip(first, low, last, last_low, strict=True)
            )
            if (
                high - under < SMALLER * (top - bottom) + _SURE
                and texts[at][-1].isdecimal()
            )
            or top <= bottom
            or high <= under
        }
    return odd


def _apart(columns: WordColumns) -> list[int]:
    """Returns the words that may not go on with the run of the word before them.

    Nearly all words stand at about the height of the one before, close to its right:
    where heights differ by no more than `_LEVEL`, `follows` is sure to say so.
    """
    _, lefts, tops, rights, bottoms, _, _ = columns
    return [
        at
        for at, (left, top, right, bottom, own, high, low) in enumerate(
            zip(
                *(lefts, tops, rights, bottoms),
                *(lefts[1:], tops[1:], bottoms[1:]),
                strict=False,
            ),
            1,
        )
        if own < left
        or own - right > _CLOSE * (top - bottom)
        or right - own > _CLOSE * OVERLAP * (top - bottom)
        or (
            (top != high or bottom != low)
            and abs(top - high) + abs(bottom - low) > _LEVEL * (top - bottom)
        )
    ]


def _begins(columns: WordColumns, at: int) -> bool:
    """Tells whether a word of a line begins a run."""
    _, lefts, tops, rights, bottoms, _, _ = columns
    top, bottom, before = tops[at], bottoms[at], at - 1
    is_level = top == tops[before] and bottom == bottoms[before]
    if is_level and lefts[at] - rights[before] > CELL_GAP * (top - bottom) + _SURE:
        return True
    return not follows(columns.word(before), columns.word(at))


def _parted(
    columns: WordColumns,
    sizes: Sequence[int],
    doubtful: Sequence[tuple[int, int]],
    ask: Ask,
) -> Iterator[int]:
    """Yields the lines that have a gap inside a word.

    Args:
        columns: The words of the page.
        sizes: How many characters each has.
        doubtful: Line and number of the words that may have been joined over a gap.
        ask: Tells where characters are.
    """
    characters = [
        character
        for _, at in doubtful
        for character in range(
            columns.characters[at], columns.characters[at] + sizes[at]
        )
    ]
    boxes = ask(characters) if characters else ()
    lefts, tops, rights, bottoms = (boxes[at::4] for at in range(4))
    start = 0
    for line, at in doubtful:
        end = start + sizes[at]
        widest = GAP * (columns.tops[at] - columns.bottoms[at]) - _SURE
        gaps = map(sub, lefts[start + 1 : end], rights[start:end])
        back = map(sub, lefts[start:end], rights[start + 1 : end])
        if (
            any(map(gt, gaps, repeat(widest)))
            or any(map(gt, back, repeat(widest)))
            or any(map(le, tops[start:end], bottoms[start:end]))
        ):
            yield line
        start = end
