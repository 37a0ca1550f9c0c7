"""Tables that are drawn with rules, in which a row may take several lines.

Cells stand between bars at the places where the rules have a `+`; a row ends at the
next rule. A bar elsewhere is one of the text. Where there are no bars, a rule in
pieces says where the columns begin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ragcli.index.documents.elements import Element, TableFacts, flat

_RULE = re.compile(r"[ \t]*\+(?:[-=:]+\+)+[ \t]*$")
_PARTIAL = re.compile(r"[|+](?=.*\+[-=]{3,}\+)")
_SIMPLE_RULE = re.compile(r"[ \t]*=+(?:[ ]+=+)+[ \t]*$")
_UNDERLINE = re.compile(r"[ \t]*-+(?:[ ]+-+)*[ \t]*$")
_DASHED = re.compile(r"\n {0,3}(?P<rule>-{2,}(?: +-{2,})+)[ \t]*(?=\n|\Z)")
_WHOLE_RULE = re.compile(r" {0,3}-{3,}[ \t]*$")
_RULED = re.compile(r"\n {0,3}--[- ]*(?=\n|\Z)")
_DASHES = re.compile(r"-+")

_MOST_NAMES = 8
"""Lines that the names of columns may take."""

_LEAST_RULES = 4
"""Rules from which every row ends at one, where none is of `=`."""

_MOST_COLUMNS = 100
"""Columns of a table; what has more is lines that somebody drew."""

Span = tuple[int, int]


class _DrawnRow(NamedTuple):
    start: int
    end: int
    cells: tuple[str, ...]


def is_drawn(text: str, spans: Sequence[Span]) -> bool:
    """Tells whether lines are a table whose rows end at rules.

    What databases print has rules around the names and at the end alone: there, each
    line is a row.
    """
    lines = [text[start:end] for start, end in spans]
    if not _RULE.match(lines[0]):
        return False
    rules = [line for line in lines if _RULE.match(line)]
    return len(rules) >= _LEAST_RULES or any("=" in rule for rule in rules[1:-1])


def drawn(
    text: str, spans: Sequence[Span], tables: list[TableFacts], caption: str = ""
) -> list[Element]:
    """Returns the names and rows of a table drawn with `+`, `-` and `|`.

    Args:
        text: The text.
        spans: Start and end of each of its lines.
        tables: The document's tables; this one is appended.
        caption: What is said above it.
    """
    lines = [text[start:end] for start, end in spans]
    edges = sorted(
        {at for line in lines if _RULE.match(line) for at in _columns_of(line, "+")}
    )
    if len(edges) > _MOST_COLUMNS:
        return _as_prose(lines, spans)
    rows: list[_DrawnRow] = []
    held: list[int] = []
    head = 0

    def end_row() -> None:
        if held:
            rows.append(_drawn_row(lines, spans, held, edges))
            held.clear()

    for at, line in enumerate(lines):
        if _RULE.match(line):
            end_row()
            head = len(rows) if "=" in line and at + 1 < len(lines) else head
        elif _PARTIAL.match(line.lstrip()):
            end_row()
            held.append(at)
        else:
            held.append(at)
    end_row()
    return _elements_of(rows, head, tables, caption)


def is_simple_rule(line: str) -> bool:
    """Tells whether a line is a rule of a table without bars: `=====  ===`."""
    return bool(_SIMPLE_RULE.match(line))


def simple(
    text: str, spans: Sequence[Span], tables: list[TableFacts], caption: str = ""
) -> list[Element]:
    """Returns the names and rows of a table between rules of `=`.

    A line whose first cell is empty goes on with the row above it.

    Args:
        text: The text.
        spans: Start and end of each of its lines, blank ones left out.
        tables: The document's tables; this one is appended.
        caption: What is said above it.
    """
    lines = [text[start:end] for start, end in spans]
    starts = [match.start() for match in re.finditer(r"=+", lines[0])]
    if len(starts) > _MOST_COLUMNS:
        return _as_prose(lines, spans)
    ends = [*starts[1:], None]
    rows: list[_DrawnRow] = []
    head = 0
    for line, (start, end) in zip(lines[1:], spans[1:], strict=True):
        if _SIMPLE_RULE.match(line):
            head = head or (len(rows) if end < spans[-1][1] else 0)
            continue
        if _UNDERLINE.match(line) and len(line.strip()) > 1:
            continue
        cells = tuple(flat(line[a:b]) for a, b in zip(starts, ends, strict=True))
        if rows and not cells[0] and len(rows) > head:
            rows[-1] = _joined(rows[-1], _DrawnRow(start, end, cells))
        else:
            rows.append(_DrawnRow(start, end, cells))
    return _elements_of(rows, head, tables, caption)


def dashed_spans(text: str, start: int) -> list[Span]:
    """Returns where tables stand whose columns a rule in pieces tells: `----  ---`.

    Names stand above that rule, and rows follow it line by line up to a blank one. A
    whole rule above the names says that blank lines part the rows, up to the next
    rule. Without names, a rule stands below as well.
    """
    if text.find("-- ", start) < 0:
        return []
    spans: list[Span] = []
    for match in _DASHED.finditer(text, max(start - 1, 0)):
        begin = match.start("rule")
        if not spans or begin >= spans[-1][1]:
            span = _dashed_span(text, match.start() + 1, match.end(), start)
            spans += [span] if span else []
    return spans


def _dashed_span(text: str, rule: int, end: int, start: int) -> Span | None:
    """Returns where the table of a rule begins and ends, if it is that of one."""
    names: list[str] = []
    top = rule
    while top > start and len(names) <= _MOST_NAMES:
        above = text.rfind("\n", start, top - 1) + 1 if top - 1 > start else start
        line = text[max(above, start) : top - 1]
        if not line.strip():
            break
        names.append(line)
        top = max(above, start)
    is_spaced = bool(names) and bool(_WHOLE_RULE.match(names[-1]))
    if len(names) > (_MOST_NAMES if is_spaced else 1):
        return None
    closing = 0 if names and not is_spaced else _closing(text, rule, end)
    if closing:
        return top, closing
    if not names or is_spaced:
        return None
    stop = re.compile(r"\n[ \t]*(?:\n|\Z)|\Z").search(text, end)
    assert stop  # noqa: S101 - every text ends
    return (top, stop.start()) if text[end : stop.start()].strip() else None


def _closing(text: str, rule: int, end: int) -> int:
    """Returns the end of the rule that ends a table: the next one; 0 for no end."""
    match = _RULED.search(text, end)
    if not match:
        return 0
    line = match[0][1:].rstrip()
    body = text[end : match.start()]
    is_end = line.strip() == text[rule:end].strip() or _WHOLE_RULE.match(line)
    return match.end() if is_end and body.strip() and "\n#" not in body else 0


def dashed(text: str, start: int, stop: int, tables: list[TableFacts]) -> list[Element]:
    """Returns the names and rows of a table that `dashed_spans` found.

    Args:
        text: The text.
        start: Where the table begins.
        stop: Where it ends.
        tables: The document's tables; this one is appended.
    """
    spans = []
    for line in text[start:stop].split("\n"):
        spans.append((start, start + len(line)))
        start += len(line) + 1
    lines = [text[slice(*span)] for span in spans]
    at = next(n for n, line in enumerate(lines) if _DASHED.match(f"\n{line}"))
    edges = [match.start() for match in _DASHES.finditer(lines[at])]
    if len(edges) > _MOST_COLUMNS:
        return _as_prose(lines, spans)
    is_spaced = any(not line.strip() for line in lines)
    names = [n for n in range(at) if not _WHOLE_RULE.match(lines[n])]
    groups = [names] if names else []
    is_open = False
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if not line.strip() or not line.strip("- "):
            is_open = False
        elif is_open and is_spaced:
            groups[-1].append(number)
        else:
            groups.append([number])
            is_open = True
    rows = [_dashed_row(lines, spans, group, edges) for group in groups]
    if not names and len(edges) == 2:
        return [
            Element("field", row.start, row.end, -1, row.cells)
            if all(row.cells)
            else Element("line", row.start, row.end)
            for row in rows
        ]
    return _elements_of(rows, int(bool(names)), tables, "")


def _dashed_row(
    lines: Sequence[str], spans: Sequence[Span], held: list[int], edges: list[int]
) -> _DrawnRow:
    """Returns what stands below the pieces of a rule in some lines."""
    parts = [
        [lines[at][left:right] for at in held]
        for left, right in zip([0, *edges[1:]], [*edges[1:], None], strict=True)
    ]
    first = lines[held[0]]
    start = spans[held[0]][0] + len(first) - len(first.lstrip())
    last = lines[held[-1]].rstrip()
    cells = tuple(flat(" ".join(part)) for part in parts)
    return _DrawnRow(start, spans[held[-1]][0] + len(last), cells)


def _as_prose(lines: Sequence[str], spans: Sequence[Span]) -> list[Element]:
    """Returns lines as they stand."""
    indent = len(lines[0]) - len(lines[0].lstrip())
    return [Element("prose", spans[0][0] + indent, spans[-1][1])]


def _joined(above: _DrawnRow, below: _DrawnRow) -> _DrawnRow:
    pairs = zip(above.cells, below.cells, strict=True)
    cells = tuple(" ".join(filter(None, pair)) for pair in pairs)
    return _DrawnRow(above.start, below.end, cells)


def _elements_of(
    rows: list[_DrawnRow], head: int, tables: list[TableFacts], caption: str
) -> list[Element]:
    rows = [row for row in rows if any(row.cells)]
    if not rows:
        return []
    names: tuple[str, ...] = ()
    head = head if head < len(rows) else 0
    if head:
        columns = zip(*(row.cells for row in rows[:head]), strict=True)
        names = tuple(" ".join(filter(None, column)) for column in columns)
    number = len(tables)
    tables.append(TableFacts(names, caption, len(rows) - head))
    elements = []
    if head:
        elements = [Element("columns", rows[0].start, rows[head - 1].end, number)]
    elements += [
        Element("row", row.start, row.end, number, row.cells) for row in rows[head:]
    ]
    return elements


def _drawn_row(
    lines: Sequence[str], spans: Sequence[Span], held: Sequence[int], edges: list[int]
) -> _DrawnRow:
    """Returns what stands between the bars of some lines."""
    parts: list[list[str]] = [[] for _ in edges[1:]]
    for at in held:
        line = lines[at]
        bars = [column for column in _columns_of(line, "|+") if column in edges]
        for left, right in zip(bars, [*bars[1:], len(line)], strict=True):
            said = line[left + 1 : right].strip()
            column = edges.index(left)
            if said.strip("-=") and column < len(parts):
                parts[column].append(said)
    indent = len(lines[held[0]]) - len(lines[held[0]].lstrip())
    cells = tuple(flat(" ".join(part)) for part in parts)
    return _DrawnRow(spans[held[0]][0] + indent, spans[held[-1]][1], cells)


def _columns_of(line: str, signs: str) -> list[int]:
    return [at for at, sign in enumerate(line) if sign in signs]
