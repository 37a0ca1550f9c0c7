"""Org: headlines with states and tags, properties, tables, lists and blocks.

A section's text stays as it stands in the file; what only Emacs reads (options,
comments, formulas of tables) is between its elements. A headline that has a state or
tags is part of its section, and these are fields of it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from ragcli.frozen import frozen
from ragcli.index.documents import grid_tables
from ragcli.index.documents.content import Content
from ragcli.index.documents.elements import (
    Document,
    Element,
    TableFacts,
    flat,
    one_line,
    trimmed,
)
from ragcli.index.documents.loaders.markup.block_reader import (
    BlockReader,
    PlacedRow,
)
from ragcli.index.documents.loaders.markup.lightweight import TextHeading, sections_of
from ragcli.language import notations
from ragcli.language.markdown import cells

_HEADLINE = re.compile(r"^(?P<stars>\*{1,30})[ \t]+(?P<title>\S[^\n]*)$", re.MULTILINE)
_PRIORITY = re.compile(r"\[#(?P<priority>\w{1,2})\][ \t]*")
_TAGS = re.compile(r"(?:^|[ \t]+)(?P<tags>:[\w@#%:]+:)[ \t]*$")
_STATES = frozenset(
    {
        "CANCELED",
        "CANCELLED",
        "DONE",
        "HOLD",
        "NEXT",
        "SOMEDAY",
        "STARTED",
        "TODO",
        "WAIT",
        "WAITING",
    }
)
"""States that people use without saying so in the file."""

_KEYWORD = re.compile(
    r"^[ \t]*#\+(?P<key>[\w-]+)(?:\[[^\]\n]*\])?:(?:[ \t]+(?P<value>\S.*?))?[ \t]*$",
    re.MULTILINE,
)
_FOR_READERS = {
    "title": "Title",
    "subtitle": "Subtitle",
    "author": "Author",
    "date": "Date",
    "email": "Email",
    "description": "Description",
    "keywords": "Keywords",
    "filetags": "Tags",
    "category": "Category",
}
_BEGIN = re.compile(r"[ \t]*#\+begin_(?P<kind>\S+)", re.IGNORECASE)
_END = re.compile(r"[ \t]*(?:#\+end_(?P<kind>\S+)|:end:)[ \t]*$", re.IGNORECASE)
_CODE = frozenset({"src", "example", "export", "latex", "html", "ascii", "equation"})
_COMMENT = re.compile(r"[ \t]*#(?:[ \t]|$)")
_DRAWER = re.compile(r"[ \t]*:(?P<name>[\w-]+):[ \t]*$")
_PROPERTY = re.compile(r"[ \t]*:(?P<key>[^\s:]+):(?:[ \t]+(?P<value>\S.*))?[ \t]*$")
_FOR_PROGRAMS = re.compile(
    r"(?:id|custom_id|header-args|export_|visibility|cookie|noblocking|ordered"
    r"|columns|logging|roam_)",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"(?P<key>SCHEDULED|DEADLINE|CLOSED):[ \t]*[<\[](?P<when>[^>\]\n]{1,80})[>\]]"
    r"(?:--[<\[][^>\]\n]{1,80}[>\]])?"
)
_FIXED = re.compile(r"[ \t]*:(?:[ \t]|$)")
_ITEM = re.compile(
    r"(?:[ \t]*(?:[-+]|\d{1,4}[.)]|[a-zA-Z][.)])|[ \t]+\*)[ \t]+"
    r"(?:\[@\w{1,4}\][ \t]+)?(?=\S)"
)
_TERM = re.compile(r"(?P<term>\S(?:.{0,200}?\S)?)[ \t]+::(?:[ \t]+|$)")
_NOTE = re.compile(r"\[fn:(?P<label>[\w-]{1,60})\][ \t]*(?P<words>\S.*)?$")
_RULE = re.compile(r"[ \t]*-{5,}[ \t]*$")
_TABLE_LINE = re.compile(r"[ \t]*[|+]")
_TABLE_RULE = re.compile(r"[ \t]*\|-")
_COOKIE = re.compile(r"<(?:[lcr]?\d*)>|")
"""A cell that says how wide a column is."""


@frozen
class _Headline:
    """What the line of a heading says."""

    title: str
    state: str
    """`TODO`, `DONE` …, or ""."""

    priority: str
    tags: tuple[str, ...]


def org(content: Content) -> Document:
    """Reads an Org file."""
    text = content.text
    keywords: dict[str, list[str]] = {}
    for match in _KEYWORD.finditer(text):
        keywords.setdefault(match["key"].lower(), []).append(match["value"] or "")
    states = _states(keywords)
    headings = list(_headings(text, states))
    tables: list[TableFacts] = []

    def read(body: str, _: int) -> list[Element]:
        return _OrgReader(body, tables, states).all()

    sections = tuple(sections_of(text, headings, tables, "org", structure=read))
    titles = " ".join(keywords.get("title", ()))
    tags = " ".join(keywords.get("filetags", ())).replace(":", " ").split()
    facts = {"tags": tags} if tags else {}
    return Document(one_line(_plain(titles)), sections, tuple(tables), facts)


def _states(keywords: dict[str, list[str]]) -> frozenset[str]:
    """Returns the states that the file names, or those that people use."""
    words = [
        word.partition("(")[0]
        for name in ("todo", "seq_todo", "typ_todo")
        for line in keywords.get(name, ())
        for word in line.split()
    ]
    return frozenset(words) - {"|", ""} or _STATES


def _headings(text: str, states: frozenset[str]) -> Iterator[TextHeading]:
    for match in _HEADLINE.finditer(text):
        headline = _headline(match["title"], states)
        is_plain = not (headline.state or headline.priority or headline.tags)
        end = match.end() + 1 if is_plain else match.start()
        title = one_line(_plain(headline.title)) or "\u2026"
        yield TextHeading(len(match["stars"]), title, match.start(), end)


def _headline(line: str, states: frozenset[str]) -> _Headline:
    word, _, rest = line.partition(" ")
    state, title = (word, rest.lstrip()) if word in states else ("", line)
    priority = _PRIORITY.match(title)
    title = title[priority.end() :] if priority else title
    tags = _TAGS.search(title)
    title = title[: tags.start()] if tags else title
    return _Headline(
        title.strip(),
        state,
        priority["priority"] if priority else "",
        tuple(filter(None, tags["tags"].split(":"))) if tags else (),
    )


class _OrgReader(BlockReader):
    """One walk over the blocks of a section."""

    def __init__(
        self, text: str, tables: list[TableFacts], states: frozenset[str]
    ) -> None:
        super().__init__(text, tables, "org")
        self._states = states
        self._caption = ""
        """What is said above the next table."""
        self._ends: dict[str, list[int]] = {}
        """The lines that end blocks of each kind."""
        for number in range(len(self.lines)):
            if match := _END.match(self.line(number)):
                kind = (match["kind"] or "").lower()
                self._ends.setdefault(kind, []).append(number)

    def one(self, line: str, at: int, stop: int) -> int:
        """Reads one block, and returns the line after it."""
        if at == 0 and (match := _HEADLINE.match(line)):
            self._headline(match)
            return self._planning(1, stop)
        if match := _BEGIN.match(line):
            return self._block(match["kind"].lower(), at, stop)
        if match := _KEYWORD.match(line):
            self._keyword(match, at)
            return at + 1
        caption, self._caption = self._caption, ""
        if _COMMENT.match(line) or _RULE.match(line) or _END.match(line):
            return at + 1
        if match := _DRAWER.match(line):
            return self._drawer(match["name"].lower(), at, stop)
        if _FIXED.match(line):
            end = self._run(at, stop, _FIXED)
            self.code(at, end)
        elif line.lstrip().startswith(("|", "+-")):
            end = self._run(at, stop, _TABLE_LINE)
            self._table(at, end, caption)
        elif match := _ITEM.match(line):
            end = self._item(match.end(), at, stop)
        elif match := _NOTE.match(line):
            end = self._end(at, stop)
            start = self.lines[at][0] + match.end("label") + 1
            self.piece("note", start, self.lines[end - 1][1], (), match["label"])
        else:
            end = self._end(at, stop)
            self.paragraph(at, end)
        return end

    def _headline(self, match: re.Match[str]) -> None:
        """Adds the state of a headline, and its tags; else the line itself.

        A plain one is only part of its section where nothing stands below it.
        """
        headline = _headline(match["title"], self._states)
        if not (headline.state or headline.priority or headline.tags):
            self.piece("heading", match.start(), match.end())
        start = match.start("title")
        tags = _TAGS.search(match["title"])
        stop = start + tags.start() if tags else match.end()
        if headline.state or headline.priority:
            priority = f"priority {headline.priority}" if headline.priority else ""
            state = ", ".join(filter(None, (headline.state, priority)))
            name = _plain(headline.title) or "State"
            self.piece("field", start, stop, (name, state))
        if headline.tags:
            self.piece("field", stop, match.end(), ("Tags", ", ".join(headline.tags)))

    def _planning(self, at: int, stop: int) -> int:
        """Reads the line below a headline, which may say when it is due."""
        if at >= stop or not _PLANNED.match(self.line(at).lstrip()):
            return at
        start = self.lines[at][0]
        for match in _PLANNED.finditer(self.line(at)):
            cells = (match["key"].capitalize(), match["when"])
            self.piece("field", start + match.start(), start + match.end(), cells)
        return at + 1

    def _block(self, kind: str, at: int, stop: int) -> int:
        """Reads a block up to the line that ends it."""
        end = self._closing(kind, at, stop)
        if not end:
            return at + 1
        if kind in _CODE:
            self.code(at + 1, end)
        elif kind == "verse":
            for number in range(at + 1, end):
                self.span("line", number, number + 1)
        elif kind != "comment":
            self.read(at + 1, end)
        return end + 1

    def _keyword(self, match: re.Match[str], at: int) -> None:
        """Adds what a keyword tells a reader, or keeps it for the next table."""
        key, value = match["key"].lower(), _plain(match["value"] or "")
        if key == "caption" and value:
            self._caption = value
            start = self.lines[at][0]
            self.piece(
                "prose", start + match.start("value"), start + match.end("value")
            )
        elif key in _FOR_READERS and value:
            value = (
                ", ".join(value.strip(":").split(":")) if key == "filetags" else value
            )
            self.span("field", at, at + 1, (_FOR_READERS[key], value))

    def _drawer(self, name: str, at: int, stop: int) -> int:
        """Reads the properties of a headline, or what else is folded away."""
        end = self._closing("", at, stop)
        if not end:
            return at + 1
        if name != "properties":
            self.read(at + 1, end)
            return end + 1
        for number in range(at + 1, end):
            match = _PROPERTY.match(self.line(number))
            if match and match["value"] and not _FOR_PROGRAMS.match(match["key"]):
                self.span("field", number, number + 1, (match["key"], match["value"]))
        return end + 1

    def _closing(self, kind: str, at: int, stop: int) -> int:
        """Returns the line that ends a block, "" for a drawer; 0 if none does."""
        numbers = self._ends.get(kind, [])
        following = bisect_right(numbers, at)
        end = numbers[following] if following < len(numbers) else stop
        return end if end < stop else 0

    def _run(self, at: int, stop: int, kind: re.Pattern[str]) -> int:
        """Returns the line after those that begin alike."""
        while at < stop and kind.match(self.line(at)):
            at += 1
        return at

    def _end(self, at: int, stop: int, *, in_list: bool = False) -> int:
        """Returns the line after a paragraph, or after one item of a list."""
        blank = self.block(at, stop)
        for number in range(at + 1, blank):
            line = self.line(number)
            if line.lstrip().startswith(("#+", "|")) or _ITEM.match(line):
                return number
            if _DRAWER.match(line) or (not in_list and _NOTE.match(line)):
                return number
        return blank

    def _item(self, begin: int, at: int, stop: int) -> int:
        """Reads an item, which may be a term with what it means."""
        end = self._end(at, stop, in_list=True)
        start, last = self.lines[at][0] + begin, self.lines[end - 1][1]
        match = _TERM.match(self.line(at), begin)
        if match:
            value = _plain(self.text[self.lines[at][0] + match.end() : last])
            self.valued(at, end, _plain(match["term"]), value)
        else:
            self.piece("item", start, last)
        return end

    def _table(self, at: int, end: int, caption: str) -> None:
        """Reads a table; the rows above its first rule name the columns."""
        spans = self.lines[at:end]
        if grid_tables.is_drawn(self.text, spans):
            self.add(grid_tables.drawn(self.text, spans, self.tables, caption))
            return
        rows: list[PlacedRow] = []
        head = 0
        for start, stop in spans:
            line = self.text[start:stop]
            if _TABLE_RULE.match(line):
                head = head or len(rows)
                continue
            row = tuple(map(_plain, cells(line)))
            if not all(map(_COOKIE.fullmatch, row)):
                rows.append(PlacedRow(*trimmed(self.text, start, stop), row))
        self.headed_table(rows, head, caption)


def _plain(text: str) -> str:
    """Returns text on one line as a page shows it."""
    return flat(notations.org(text))
