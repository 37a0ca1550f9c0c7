"""The text of a document as the index holds it, whole or some lines of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ragcli.chat.presentation.passages import path_document
from ragcli.errors import DocumentNotFound
from ragcli.frozen import frozen
from ragcli.index.document_text import NumberedLine, lines_of, selected
from ragcli.index.passages import above_of
from ragcli.paths import shown

if TYPE_CHECKING:
    from ragcli.index.passages import Passage

Ranges = Sequence[tuple[int, int]]
"""First and last line, or page, of each part; none for the whole document."""

_SHOWN = 5
"""How many headings of a document are named when one is not there."""

_PLACE = re.compile(
    r"(?P<path>.+?)(?::(?P<lines>\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)| p\. (?P<page>\d+))",
    re.DOTALL,
)


@frozen
class DocumentText:
    """Some lines of a document."""

    path: str
    """Absolute path."""

    title: str
    """Its title, or ""."""

    part: str
    """The document inside it that was asked for, or ""."""

    source: str
    """"" for an own document, else the mount that it comes from."""

    lines: tuple[NumberedLine, ...]
    """Those that were asked for, in reading order."""

    total: int
    """Lines of the whole document that have text; pages where it has no lines."""

    @property
    def width(self) -> int:
        """Digits of the highest number."""
        return len(str(max((line.position for line in self.lines), default=1)))


def parse_place(where: str) -> tuple[str, Ranges]:
    """Returns the path and the ranges of a place as answers show it.

    `a.md:12-20`, `a.md:3,12-20`, `b.pdf:3` and `b.pdf p. 3` are places; anything
    else is a path alone.
    """
    match = _PLACE.fullmatch(where)
    if match is None:
        return where, ()
    ranges = [_range(part) for part in (match["lines"] or match["page"]).split(",")]
    return match["path"], tuple(ranges)


def found_place(
    where: str, document: Callable[[str], tuple[str, list[Passage], str]]
) -> tuple[str, list[Passage], str, Ranges]:
    """Returns the path, passages and part of a document, and which lines are meant.

    A document of exactly this name comes first, then one with lines or pages behind
    its name (`a.md:12-20`), then one with a heading (`a.md#Holders`): the passages
    are then those below it.

    Args:
        where: What was typed.
        document: Returns path, passages and part of a document of a name.

    Raises:
        DocumentNotFound: There is none, or it has no such heading.
    """
    try:
        return (*document(where), ())
    except DocumentNotFound as error:
        name, ranges = parse_place(where)
        if ranges:
            return (*document(name), ranges)
        name, mark, wanted = where.rpartition("#")
        if not (name and mark and wanted):
            raise
        try:
            path, passages, part = document(name)
        except DocumentNotFound:
            raise error from None
    return path, _below_heading(name, passages, wanted), part, ()


def _below_heading(
    name: str, passages: Sequence[Passage], wanted: str
) -> list[Passage]:
    """Returns what stands below all headings that are called so.

    They are named as an outline or a search result shows them, or as the address of a
    page does: `Holders`, `Locks > Holders`, `commit-locks`.
    """
    typed = _slug(wanted)
    numbers = [
        passage
        for passage in passages
        if any(
            typed in {_slug(above[depth]), _slug(" > ".join(above[: depth + 1]))}
            for above in [above_of(passage.part, passage.heading)]
            for depth in range(len(above))
        )
    ]
    if numbers:
        return numbers
    from difflib import get_close_matches

    by_slug = {_slug(above[-1]): above[-1] for above, _ in outline(passages)}
    near = get_close_matches(typed, by_slug, 1)
    hint = f"did you mean {name}#{by_slug[near[0]]}?" if near else ""
    if not hint and by_slug:
        hint = f"it has {', '.join([*by_slug.values()][:_SHOWN])}"
    raise DocumentNotFound(f"{name} has no heading {wanted!r}", hint)


def _slug(heading: str) -> str:
    """Returns a heading as the address of a page has it."""
    words = re.sub(r"[^\w\s-]", "", heading.casefold())
    return "-".join(words.split())


def document_text(
    path: str, passages: Sequence[Passage], ranges: Ranges, part: str = ""
) -> DocumentText:
    """Returns a document, or the lines of it that are in one of the ranges.

    Args:
        path: Its absolute path.
        passages: All its passages, in reading order.
        ranges: Lines, or pages in a format without lines.
        part: The document inside it whose passages these are, or "".

    Raises:
        UsageError: Nothing is in these ranges.
    """
    lines = lines_of(passages)
    chosen = selected(lines, ranges, shown(path, part))
    total = max((line.position for line in lines), default=0)
    title, source = (passages[0].title, passages[0].source) if passages else ("", "")
    return DocumentText(path, title, part, source, tuple(chosen), total)


def numbered(line: NumberedLine, width: int) -> str:
    """Returns a line behind its number, or its page: `  12  text`, `p. 3  text`."""
    if line.number is not None:
        return f"{line.number:>{width}}  {line.text}".rstrip()
    if line.page is not None:
        return f"p. {line.page:>{width}}  {line.text}".rstrip()
    return line.text


def text_document(found: DocumentText) -> dict[str, Any]:
    """Returns the JSON of some lines of a document."""
    numbers = [line.number for line in found.lines if line.number is not None]
    pages = [line.page for line in found.lines if line.page is not None]
    return {
        **path_document(found.path, found.part),
        "title": found.title,
        "source": found.source,
        "lines": [numbers[0], numbers[-1]] if numbers else None,
        "pages": [pages[0], pages[-1]] if pages else None,
        "total": found.total,
        "text": [
            {
                "line": line.number,
                "page": line.page,
                "text": line.text,
                **({"part": line.part} if line.part else {}),
            }
            for line in found.lines
        ],
    }


def outline(passages: Sequence[Passage]) -> list[tuple[tuple[str, ...], int | None]]:
    """Returns the headings of a document, outermost first, and where each begins.

    Args:
        passages: All passages of one document, in reading order.

    Returns:
        Headings with the line, or the page, of their first passage.
    """
    first_lines: dict[tuple[str, ...], int | None] = {}
    for passage in passages:
        first = passage.lines[0] if passage.lines else passage.page
        above = above_of(passage.part, passage.heading)
        for depth in range(1, len(above) + 1):
            first_lines.setdefault(above[:depth], first)
    return list(first_lines.items())


def _range(part: str) -> tuple[int, int]:
    first, _, last = part.partition("-")
    return int(first), int(last or first)
