"""Text with headings: Markdown, and plain text, which may have some.

A section becomes one part: its body, verbatim, under the path of its headings.
The heading itself is in the path. A heading without a body is kept as a part of
its own unless a section below it carries it on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ragcli.index.documents import grid_tables, text_structure
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    LONGEST_HEADING,
    Document,
    Element,
    Section,
    TableFacts,
    one_line,
)
from ragcli.index.documents.loaders.structured import delimited, settings_files
from ragcli.language.markdown import closes, comments, without_wiki_links

MARKDOWN = re.compile(
    r"^(?: {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)$"
    r"| {0,3}(?P<marks>\#{1,6})(?:[ \t]+(?P<atx>[^\n]*))?$"
    r"|(?P<setext>[^\s#>|`~+*=-][^\n]*)\n {0,3}(?P<rule>=+|-{2,})[ \t]*$)",
    re.MULTILINE,
)
"""Fences and headings of Markdown, each at the start of a line."""
_MAY_HEAD = re.compile(r"\n {0,3}(?:[#`~]|(?:=+|-{2,})[ \t]*$)", re.MULTILINE)
"""Where `MARKDOWN` may match: the line that follows or, of a rule, the one before.

It starts with a literal, which the search skips to ten times as fast.
"""
_FRONT_MATTER = re.compile(
    r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?",
    re.DOTALL | re.MULTILINE,
)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+)$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_ANCHOR = re.compile(r"\s*\{[#:.][^{}]*\}$")
_CLOSING_MARKS = re.compile(r"(?:^|[ \t])#+$")
_EMPHASIS = re.compile(r"\*\*|__|`")
_MARK = re.compile(r"[\[*_`{]")
"""What begins all of these: a link, an anchor, emphasis."""

_RULE = re.compile(
    r"\n(?P<rule>(?P<mark>[=\-~^\"'`#*+.:_])(?P=mark){2,})[ \t]*$", re.MULTILINE
)


class TextHeading(NamedTuple):
    """One heading of a text."""

    level: int
    """1 is the outermost."""

    title: str
    start: int
    """Offset of its first character."""

    end: int
    """Offset of the line after it."""


def markdown(content: Content) -> Document:
    """Reads Markdown; its title is the first heading of the first level."""
    text = content.text
    front = _FRONT_MATTER.match(text)
    start = front.end() if front else 0
    left_out = comments(text, start)
    dashed = grid_tables.dashed_spans(text, start)
    headings = [
        item
        for item in _markdown_headings(text, start)
        if not any(a <= item.start < b for a, b in (*left_out, *dashed))
    ]
    tables: list[TableFacts] = []
    walk = sections_of(
        text, headings, tables, "markdown", left_out=[(0, start), *left_out]
    )
    sections = list(walk)
    title = next((item.title for item in headings if item.level == 1), "")
    if not front:
        return Document(title, tuple(sections), tuple(tables))
    named = _FRONT_TITLE.search(front[1])
    if named:
        title = one_line(named[1].strip("\"' \t"))
    if not front[1].strip():
        return Document(title, tuple(sections), tuple(tables))
    matter = settings_files.front_matter(front[1], front.start(1))
    sections.insert(0, Section(text[:start], (), None, 1, tuple(matter)))
    facts = _facts(text, matter)
    return Document(title, tuple(sections), tuple(tables), facts)


def _facts(text: str, matter: Iterable[Element]) -> dict[str, object]:
    """Returns the tags, aliases and date that front matter tells."""
    facts: dict[str, object] = {}
    for item in matter:
        path, value = item.cells or (item.label, text[item.start : item.end])
        name = _FACTS.get(path.lower())
        if name == "date":
            facts.setdefault(name, value)
        elif name:
            known = facts.get(name)
            words = [word.strip("#\"' ") for word in value.split(",")]
            before = known if isinstance(known, list) else []
            facts[name] = [*before, *filter(None, words)]
    return facts


_FACTS = {
    "tags": "tags", "tag": "tags", "keywords": "tags", "aliases": "aliases",
    "alias": "aliases", "date": "date", "created": "date",
}  # fmt: skip
"""Key of front matter → what it tells of the document."""


def _markdown_headings(text: str, start: int) -> Iterator[TextHeading]:
    fence = ""
    for match in heading_lines(text, start):
        mark = match["fence"]
        if mark:
            fence = _fence_after(fence, mark, match["info"])
        elif fence:
            continue
        elif match["marks"]:
            title = _plain(_CLOSING_MARKS.sub("", (match["atx"] or "").rstrip()))
            if title:
                level = len(match["marks"])
                yield TextHeading(level, title, match.start(), match.end() + 1)
        else:
            level = 1 if match["rule"].startswith("=") else 2
            yield TextHeading(
                level, _plain(match["setext"]), match.start(), match.end() + 1
            )


def heading_lines(text: str, start: int) -> Iterator[re.Match[str]]:
    """Yields what `MARKDOWN.finditer` does."""
    reached = start
    for start_of_line in _line_starts(text, start):
        match = (
            MARKDOWN.match(text, start_of_line) if start_of_line >= reached else None
        )
        if match:
            yield match
            reached = match.end()


def _line_starts(text: str, start: int) -> Iterator[int]:
    """Yields the starts of lines that may be headings or fences, some of them twice."""
    yield start
    for match in _MAY_HEAD.finditer(text, start):
        newline = match.start()
        is_rule = text[match.end() - 1] not in "#`~"
        yield text.rfind("\n", 0, newline) + 1 if is_rule else newline + 1


def _fence_after(fence: str, mark: str, info: str) -> str:
    """Returns the open fence after a fence line, "" when there is none."""
    if not fence:
        return "" if mark[0] == "`" and "`" in info else mark
    return "" if closes(fence, mark, info) else fence


def _plain(title: str) -> str:
    """Returns a heading's words without links, anchors and emphasis."""
    cut = title[: 4 * LONGEST_HEADING]
    if not _MARK.search(cut):
        return one_line(cut)
    shown = without_wiki_links(_LINK.sub(r"\1", cut))
    return one_line(_EMPHASIS.sub("", _ANCHOR.sub("", shown)))


def underlined(content: Content) -> Document:
    """Reads plain text, whose headings may be underlined.

    The level of a heading is told by its line's character, and whether there is
    one above as well, in the order in which these first appear.
    """
    text = _printed(content.text)
    table = delimited.in_plain_text(text) if content.format == "text" else None
    if table:
        return table
    headings = list(_manual_headings(text) or underlined_headings(text))
    first = headings[0] if headings and headings[0].level == 1 else None
    title = first.title if first else ""
    tables: list[TableFacts] = []
    sections = tuple(sections_of(text, headings, tables, content.format))
    return Document(title, sections, tuple(tables))


_OVERSTRUCK = re.compile(r"[^\n]\x08|\x1b\[[\d;]*[mK]")
_MANUAL = re.compile(
    r"\s*(?P<name>[\w.:+-]+\(\d\w*\)) .*[ \t](?P=name)[ \t]*$", re.MULTILINE
)
_MANUAL_HEADING = re.compile(r"^[A-Z][A-Z\d ,/&'()-]{1,60}$", re.MULTILINE)


def _printed(text: str) -> str:
    """Returns a text without what makes a terminal print bold or coloured."""
    if "\b" in text or "\x1b[" in text:
        return _OVERSTRUCK.sub("", text)
    return text


def _manual_headings(text: str) -> list[TextHeading]:
    """Returns the headings of a page of a manual as `man` prints it, else none."""
    page = _MANUAL.match(text)
    if not page:
        return []
    headings = [TextHeading(1, page["name"], page.start("name"), page.end() + 1)]
    headings += [
        TextHeading(2, one_line(match[0].capitalize()), match.start(), match.end() + 1)
        for match in _MANUAL_HEADING.finditer(text, page.end())
    ]
    return headings


def underlined_headings(text: str) -> Iterator[TextHeading]:
    """Yields the headings that have a line of signs below them."""
    levels: dict[tuple[str, bool], int] = {}
    reached = 0
    for match in _RULE.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        title = text[start : match.start()].strip()
        if len(match["rule"]) < len(title) - 1 or not any(map(str.isalnum, title)):
            continue
        above = text.rfind("\n", 0, max(0, start - 1)) + 1
        line_above = text[above:start].strip()
        is_framed = above >= reached and _is_rule(line_above, match["mark"])
        if line_above and not is_framed:
            continue
        style = (match["mark"], is_framed)
        level = levels.setdefault(style, len(levels) + 1)
        reached = match.end() + 1
        yield TextHeading(
            level, one_line(title), above if is_framed else start, reached
        )


def _is_rule(line: str, mark: str) -> bool:
    return len(line) > 2 and line == mark * len(line)


class HeadingPath:
    """The headings above a place in a text, or in the cells of a notebook."""

    def __init__(self) -> None:
        self.title = ""
        self._open: list[TextHeading] = []

    @property
    def titles(self) -> tuple[str, ...]:
        """The headings, outermost first."""
        return tuple(item.title for item in self._open)

    def enter(self, heading: TextHeading) -> None:
        """Goes on below `heading`."""
        while self._open and self._open[-1].level >= heading.level:
            self._open.pop()
        self._open.append(heading)
        if heading.level == 1 and not self.title:
            self.title = heading.title


def continued_markdown(
    text: str, path: HeadingPath, tables: list[TableFacts]
) -> Iterator[Section]:
    """Yields the sections of a text that goes on where `path` is, and moves `path`."""
    headings = _markdown_headings(text, 0)
    return sections_of(text, headings, tables, "markdown", path)


def sections_of(  # noqa: PLR0913 - each is a fact of the text
    text: str,
    headings: Iterable[TextHeading],
    tables: list[TableFacts],
    format_name: str,
    path: HeadingPath | None = None,
    *,
    left_out: Sequence[tuple[int, int]] = (),
    structure: Callable[[str, int], Sequence[Element]] | None = None,
) -> Iterator[Section]:
    """Yields the bodies between headings, with path and first line.

    Args:
        text: The text.
        headings: Its headings, in order.
        tables: The document's tables; those that are found here are appended.
        format_name: What the text is written in.
        path: The headings above it.
        left_out: Stretches, such as comments, that end one section and begin another.
        structure: Returns the elements of a body that begins at an offset; those of
            prose without it.
    """
    path = path or HeadingPath()
    begin, line, counted = 0, 1, 0
    above: TextHeading | None = None
    for following in (*headings, _END):
        stop = following.start if following is not _END else len(text)
        parts = list(_parts(text, begin, stop, left_out))
        if not parts and above and following.level <= above.level:
            parts = list(_parts(text, above.start, stop, left_out))
        for first, last in parts:
            step = 1 if first >= counted else -1
            line += step * text.count("\n", min(first, counted), max(first, counted))
            counted = first
            body = text[first:last]
            if structure:
                elements = tuple(structure(body, first))
                yield Section(body, path.titles, None, line, elements)
            else:
                yield text_structure.section(
                    body,
                    tables,
                    heading=path.titles,
                    first_line=line,
                    format_name=format_name,
                )
        if following is not _END:
            path.enter(following)
            above, begin = following, min(following.end, len(text))


def _parts(
    text: str, start: int, stop: int, left_out: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yields the stretches between what is left out that say something."""
    for first, last in [*left_out, (stop, stop)]:
        if first < start or first > stop:
            continue
        if text[start:first].strip():
            yield start, first
        start = last


_END = TextHeading(0, "", 0, 0)
"""Stands after the last heading of a text."""
