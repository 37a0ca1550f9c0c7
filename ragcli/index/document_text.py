"""A document as its index holds it: lines with their numbers, put together of chunks.

Chunks are what is stored. Those of a text format stand verbatim at their lines, and
neighbours may share some; those of a PDF or of a presentation know their page. What
is inside another document, such as an attachment, has numbers of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ragcli.errors import UsageError
from ragcli.frozen import frozen
from ragcli.index.passages import Passage, above_of

_LEAST_SHARED = 16
"""Characters that two chunks of a page have to share to be told from chance."""


@frozen
class NumberedLine:
    """One line of a document."""

    number: int | None
    """Its number in the file, counted from 1; None in a format without lines."""

    page: int | None
    """Page, slide or sheet, counted from 1, where the format has them."""

    text: str
    """The line, without its newline."""

    part: str = ""
    """The document inside the file that it is of, or ""; its number is in that one."""

    @property
    def position(self) -> int:
        """What people count in this format: lines, else pages; 0 for neither."""
        return self.number or self.page or 0


def lines_of(passages: Iterable[Passage]) -> list[NumberedLine]:
    """Returns the lines of a document, in reading order.

    Lines that are in no chunk, such as empty ones between two, are left out. Headings
    are in none either, but known of each: they stand as in Markdown, without a number.

    Args:
        passages: All its passages, in reading order.
    """
    lines: list[NumberedLine] = []
    above: tuple[str, ...] = ()
    for _, group in groupby(passages, key=lambda passage: passage.part):
        same = list(group)
        by_number = any(passage.lines for passage in same)
        lines += _by_number(same, above) if by_number else _by_page(same, above)
        above = _above(same[-1])
    return lines


def selected(
    lines: Sequence[NumberedLine], ranges: Sequence[tuple[int, int]], name: str
) -> list[NumberedLine]:
    """Returns those lines, or pages, of a document that are in one of the ranges.

    Those of documents inside it are not meant: they have numbers of their own.

    Args:
        lines: Of the whole document.
        ranges: First and last number of each; none for all.
        name: What to call the document in an error.

    Raises:
        UsageError: A range is backwards, or nothing is there.
    """
    if not ranges:
        return list(lines)
    for first, last in ranges:
        if not 1 <= first <= last:
            raise UsageError(f"{first}-{last} is not a range", "write FROM-TO, from 1")
    own = [line for line in lines if line.part == lines[0].part]
    by_line = any(line.number for line in own)
    chosen = [
        line
        for line in own
        if any(first <= line.position <= last for first, last in ranges)
        and (line.number is not None or not by_line)
    ]
    if not chosen:
        raise UsageError(f"{name}: no text is there", _extent(own, ranges[0][0]))
    return chosen


def _extent(lines: Sequence[NumberedLine], first: int) -> str:
    """Returns which line is the next that has text, else the last one, for a hint."""
    if not lines:
        return "the document has no text"
    by_line = any(line.number for line in lines)
    counted = [(line.number if by_line else line.page) or 0 for line in lines]
    last = max(counted)
    if not last:
        return "the document has neither lines nor pages; leave the range out"
    kind = "line" if by_line else "page"
    if first <= last:
        following = min(number for number in counted if number >= first)
        return f"the next {kind} with text is {following}"
    return f"its last {kind} is {last}"


def _by_number(
    passages: Iterable[Passage], above: tuple[str, ...]
) -> list[NumberedLine]:
    texts: dict[int, NumberedLine] = {}
    headings: dict[int, list[NumberedLine]] = {}
    for passage in passages:
        first = passage.lines[0] if passage.lines else 1
        headings.setdefault(first, []).extend(_new_headings(above, passage))
        above = _above(passage)
        for number, text in enumerate(passage.text.splitlines(), first):
            known = texts.get(number)
            whole = _joined(known.text, text) if known else text
            texts[number] = NumberedLine(number, passage.page, whole, passage.part)
    return [
        line
        for number in sorted(texts)
        for line in (*headings.get(number, ()), texts[number])
    ]


def _by_page(
    passages: Iterable[Passage], above: tuple[str, ...]
) -> Iterator[NumberedLine]:
    before = ""
    for passage in passages:
        yield from _new_headings(above, passage)
        above = _above(passage)
        text = passage.text[_shared(before, passage.text) :]
        before = passage.text
        for line in text.strip("\n").splitlines():
            yield NumberedLine(None, passage.page, line, passage.part)


def _new_headings(above: tuple[str, ...], passage: Passage) -> Iterator[NumberedLine]:
    """Yields those headings of a passage that the one before it did not have.

    Of code they are the definitions around it, which stand in the code itself.
    """
    if passage.kind == "code":
        return
    own = _above(passage)
    same = 0
    while same < len(above) and above[: same + 1] == own[: same + 1]:
        same += 1
    for depth, title in enumerate(own[same:], same + 1):
        yield NumberedLine(None, passage.page, f"{'#' * depth} {title}", passage.part)


def _above(passage: Passage) -> tuple[str, ...]:
    return above_of(passage.part, passage.heading)


def _joined(known: str, text: str) -> str:
    """Returns a line of which two chunks have a piece each: its start, then more."""
    if text in known:
        return known
    return known + text[_shared(known, text, 1) :]


def _shared(before: str, after: str, least: int = _LEAST_SHARED) -> int:
    """Returns how many characters the end of one text shares with the next's start."""
    longest = min(len(before), len(after))
    for length in range(longest, least - 1, -1):
        if before.endswith(after[:length]):
            return length
    return 0
