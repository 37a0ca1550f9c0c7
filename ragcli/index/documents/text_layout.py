"""What people lay out with spaces: columns, fields beside each other, dot leaders.

A gap of two spaces or more is a border where the lines around it have one at the same
place; elsewhere it is how somebody types after a full stop, or sets text in blocks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ragcli.index.documents.elements import Element, TableFacts, flat

_BULLET = re.compile(
    r"[ \t]*(?:[-*+\u2022\u2023\u25e6\u2013]"
    r"|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)])[ \t]+"
)
_INNER_GAP = re.compile(r"[^\s.!?:;\"')\]] {2,}\S")
_GAP = re.compile(r"(?<=\S)(?:[ ]{2,}|[ ]*\t[ \t]*)(?=\S)")
_WIDE_GAP = re.compile(r"(?<=[^\s:])(?:[ ]{3,}|[ ]*\t[ \t]*)(?=\S)")
_AFTER_SENTENCE = re.compile(r"[.!?:;][\"')\]]*$")
_LEADS = ("....", " . . . .", "_____", "\u00b7\u00b7\u00b7\u00b7")
_TIME = re.compile(r"[-\u2013obs][ ]?\d{1,2}[:.h]\d\d")
_LEADER = re.compile(
    r"[ \t]*(?P<key>[^\s.][^\n]{0,100}?)[ \t]*"
    r"(?:\.{4,}|(?: \.){4,}\.?|_{5,}|\u00b7{4,})[ \t]*(?P<value>\S[^\n]{0,100})$"
)
_HOURS = re.compile(
    r"[ \t]*(?P<key>[^\W\d][^\n\d:]{1,40}?)[ \t,]+"
    r"(?P<value>\d{1,2}(?:[:.h]\d\d)?[ ]?(?:[ap]\.?m\.?)?[ ]?(?:-|\u2013|to|bis)[ ]?"
    r"\d{1,2}[:.h]\d\d\b[^\n]{0,60})$"
)
_FIELD = re.compile(
    r"(?P<key>[^\s:|#>][^\n:|]{0,59}?)[ \t]*:(?:[ \t]+(?P<value>\S[^\n]*))$"
)
_OPTION = re.compile(
    r"[ \t]*(?P<spec>-{1,2}[\w?#@%][^\s,=\[]*(?:(?:,[ ]|,|[ =]|\[=?)\S+){0,6}?)"
    r"(?:(?:[ ]{2,}|\t)[ \t]*(?P<text>\S.*))?$"
)
_RULE = re.compile(r"[ \t]*[-=+_*]{2,}[-=+_* \t]*$")
_COLUMN_NAME = re.compile(r"(?:^[ ]*|[ ]{2,})\S")
_FEWEST_RULED = 4
_LETTERS = re.compile(r"[^\W\d_]{2}")
_NUMBERS = re.compile(r"[^\w]*\d[\d\s.,:/%\u20ac$\u00a3-]*[^\W\d_]{0,4}[.)]?")
_LONGEST_OPTION = 600
_KEY_WORDS = 6
_MOST_GAPS = 40
_FEWEST_FIXED = 2
_FEWEST_FIXED_LINES = 6
_WIDEST_LINE = 400
_WIDEST = 60
"""Characters of the cells of a table on average, at most; wider ones are prose."""


_AS_BITS = bytes(b"01"[byte == ord(" ")] for byte in range(256))
_STRETCH = re.compile("1+")


class _LaidOutLine(NamedTuple):
    start: int
    end: int
    text: str
    """Tabs are as wide as any character: what is laid out with them has tabs alone."""

    gaps: tuple[tuple[int, int], ...]
    """Columns that are blank between two words, two at least."""


def laid_out(
    text: str, spans: Sequence[tuple[int, int]], tables: list[TableFacts]
) -> list[tuple[int, list[Element]]]:
    """Returns what is laid out among the lines of a paragraph.

    Args:
        text: The text.
        spans: Start and end of each line.
        tables: The document's tables; those that are found here are appended.

    Returns:
        For each line that is part of it: its number, and the elements that begin
        there; [] of a line that goes on with what is above it.
    """
    lines = [_line(text, start, end) for start, end in spans]
    by_line: list[tuple[int, list[Element]]] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        option = line.text.lstrip().startswith("-") and _OPTION.match(line.text)
        if option:
            count = _below(lines, at)
            by_line.append((at, [_option(lines[at : at + count], option)]))
            by_line += [(at + more, []) for more in range(1, count)]
            at += count
            continue
        pair = (_has_leader(line.text) and _pair(line, _LEADER)) or _beside(line)
        count, corridors = (1, []) if pair else _run(lines, at)
        if not corridors and not pair:
            fixed, blank = _fixed(lines, at)
            count, corridors = (fixed, blank) if blank else (count, [])
        if corridors:
            by_line += _columns(lines[at : at + count], corridors, at, tables)
        elif pair:
            by_line.append((at, pair))
        else:
            alone = ((at + n, _alone(lines[at + n])) for n in range(count))
            by_line += [(number, pair) for number, pair in alone if pair]
        at += count
    return by_line


def ruled_table(text: str) -> list[tuple[str, ...]]:
    """Returns the rows of a text that is one table in letters of one width.

    Its first line names the columns, the second is a rule, and cells begin where the
    names do; a line without a first cell goes on with the row above it.

    Args:
        text: All of a block.

    Returns:
        The names, then the rows; [] when it is no such table.
    """
    lines = [line.expandtabs() for line in text.split("\n") if line.strip()]
    if len(lines) < _FEWEST_RULED or not _RULE.match(lines[1]):
        return []
    starts = [match.end() - 1 for match in _COLUMN_NAME.finditer(lines[0])]
    rows: list[tuple[str, ...]] = []
    for line in (lines[0], *lines[2:]):
        if any(line[start - 1 : start].strip() for start in starts[1:]):
            return []
        ends = [*starts[1:], len(line)]
        cells = tuple(
            flat(line[start:end])
            for start, end in zip([0, *starts[1:]], ends, strict=True)
        )
        if rows[1:] and not cells[0]:
            pairs = zip(rows[-1], cells, strict=True)
            rows[-1] = tuple(" ".join(filter(None, pair)) for pair in pairs)
        else:
            rows.append(cells)
    return rows if len(starts) > 1 and all(row[0] for row in rows) else []


def may_be_laid_out(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Tells whether lines have what those of paragraphs seldom have; costs little."""
    return any(_may_be(text[start:end].strip()) for start, end in spans)


def _may_be(line: str) -> bool:
    if "   " in line or "\t" in line or line.startswith("-") or "...." in line:
        return True
    if "  " in line and _INNER_GAP.search(line):
        return True
    return (":" in line and bool(_TIME.search(line))) or ". . ." in line


def _line(text: str, start: int, end: int) -> _LaidOutLine:
    said = text[start:end].rstrip()
    if "|" in said or not ("  " in said or "\t" in said):
        # A drawing, a table that is ruled, or nothing but words.
        return _LaidOutLine(start, start + len(said), said, ())
    bullet = _BULLET.match(said)
    gaps = tuple(
        match.span()
        for match in _GAP.finditer(said, bullet.end() if bullet else 0)
        if match.end() - match.start() > 2
        or "\t" in match[0]
        or not _AFTER_SENTENCE.search(said, 0, match.start())
    )
    return _LaidOutLine(start, start + len(said), said, gaps[: _MOST_GAPS + 1])


def _indent(line: _LaidOutLine) -> int:
    return len(line.text) - len(line.text.lstrip())


def _below(lines: Sequence[_LaidOutLine], at: int) -> int:
    """Returns how many lines an option has: those that are indented deeper."""
    first = _indent(lines[at])
    count = 1
    while at + count < len(lines) and _indent(lines[at + count]) > first:
        count += 1
    return count


def _option(lines: Sequence[_LaidOutLine], match: re.Match[str]) -> Element:
    """Returns an option of a program with what is said about it."""
    start = lines[0].start + match.start("spec")
    end = lines[-1].end
    meaning = flat(" ".join([match["text"] or "", *(line.text for line in lines[1:])]))
    if len(meaning) > _LONGEST_OPTION:
        return Element("item", start, end)
    return Element("field", start, end, -1, (flat(match["spec"]), meaning))


def lone_field(text: str, start: int, end: int) -> Element | None:
    """Returns a line with a leader or opening hours as a field, None of any other."""
    elements = _alone(_LaidOutLine(start, end, text[start:end].rstrip(), ()))
    return elements[0] if elements else None


def _alone(line: _LaidOutLine) -> list[Element]:
    """Returns the field of a line that stands in no table."""
    has_leader = _has_leader(line.text)
    return (_pair(line, _LEADER) if has_leader else []) or _hours_of(line)


def _has_leader(line: str) -> bool:
    """Tells whether a line may have a dot leader; many times faster than a pattern."""
    return any(sign in line for sign in _LEADS)


def _hours_of(line: _LaidOutLine) -> list[Element]:
    return _pair(line, _HOURS) if _TIME.search(line.text) else []


def _pair(line: _LaidOutLine, kind: re.Pattern[str]) -> list[Element]:
    """Returns the field of a line with a dot leader, or with hours at its end."""
    match = kind.match(line.text)
    if not match or len(match["key"].split()) > 2 * _KEY_WORDS:
        return []
    start = line.start + match.start("key")
    cells = (flat(match["key"]), flat(match["value"]))
    return [Element("field", start, line.end, -1, cells)]


def _beside(line: _LaidOutLine) -> list[Element]:
    """Returns the fields of a line that stand beside each other, or beside words."""
    if ":" not in line.text or not ("   " in line.text or "\t" in line.text):
        return []
    borders = [match.span() for match in _WIDE_GAP.finditer(line.text)]
    if not borders:
        return []
    edges = [_indent(line), *(edge for border in borders for edge in border)]
    edges.append(len(line.text))
    parts = list(zip(edges[::2], edges[1::2], strict=True))
    elements = []
    fields = 0
    for start, end in parts:
        match = _FIELD.fullmatch(line.text[start:end])
        if match and len(match["key"].split()) < _KEY_WORDS:
            cells = (flat(match["key"]), flat(match["value"]))
            elements.append(
                Element("field", line.start + start, line.start + end, -1, cells)
            )
            fields += 1
        else:
            elements.append(Element("prose", line.start + start, line.start + end))
    if not fields:
        return []
    values = [line.text[start:end] for start, end in parts[1:]]
    if elements[0].kind == "field" and not any(map(_LETTERS.search, values)):
        key, _, value = line.text.strip().partition(":")
        whole = (flat(key), flat(value))
        return [Element("field", line.start + edges[0], line.end, -1, whole)]
    return elements


def _run(lines: Sequence[_LaidOutLine], at: int) -> tuple[int, list[tuple[int, int]]]:
    """Returns how many lines from one on have gaps in common, and where these are."""
    corridors = list(lines[at].gaps)
    if not corridors or len(corridors) > _MOST_GAPS:
        return 1, []
    widest = len(lines[at].text)
    count = 1
    while at + count < len(lines):
        line = lines[at + count]
        if _RULE.match(line.text) and not line.gaps:
            count += 1
            continue
        common = _common(corridors, line, widest)
        if not common or _beside(line) or 2 * len(common) < len(corridors):
            break
        corridors = common
        widest = max(widest, len(line.text))
        count += 1
    if count < 2 or not _is_table(lines[at : at + count], corridors):
        return count, []
    return count, corridors


def _fixed(lines: Sequence[_LaidOutLine], at: int) -> tuple[int, list[tuple[int, int]]]:
    """Returns how many lines from one on are columns of a fixed width, and the gaps.

    One blank is a gap where it is one in every line. Words of prose have hardly ever
    one in common over so many lines.
    """
    first = lines[at].text
    if at + _FEWEST_FIXED_LINES > len(lines):
        return 1, []
    if "\t" in first or "|" in first or not first.strip():
        return 1, []
    indent = len(first) - len(first.lstrip())
    inside = (1 << len(first)) - (1 << indent)
    blank, count = _blanks(first) & inside, 1
    while at + count < len(lines) and "\t" not in lines[at + count].text:
        common = blank & _blanks(lines[at + count].text)
        if _stretch_count(common) < _FEWEST_FIXED:
            break
        blank, count = common, count + 1
    if count < _FEWEST_FIXED_LINES:
        return 1, []
    gaps = [match.span() for match in _STRETCH.finditer(f"{blank:b}"[::-1])]
    rows = [_cells(line, gaps) for line in lines[at : at + count]]
    filled = sum(bool(cell) for row in rows for cell in row)
    return (count, gaps) if 4 * filled > 3 * len(rows) * len(rows[0]) else (1, [])


def _blanks(line: str) -> int:
    """Returns the columns of a line that are blank, as the bits of a number."""
    # The first column is the lowest bit. Every character becomes one byte.
    columns = line.rstrip()[:_WIDEST_LINE].encode("ascii", "replace")
    return int(columns.translate(_AS_BITS)[::-1].rjust(_WIDEST_LINE, b"1"), 2)


def _stretch_count(columns: int) -> int:
    """Returns how many stretches of columns these bits are."""
    return (columns & ~(columns << 1)).bit_count()


def _common(
    corridors: Sequence[tuple[int, int]], line: _LaidOutLine, widest: int
) -> list[tuple[int, int]]:
    """Returns the gaps that a line has as well; what is right of its end is one."""
    gaps = [*line.gaps, (len(line.text), max(widest, len(line.text)) + 2)]
    if line.gaps:  # its first cells are empty
        gaps.append((0, _indent(line)))
    common = []
    for start, end in corridors:
        for left, right in gaps:
            begin, stop = max(start, left), min(end, right)
            if stop - begin >= (1 if "\t" in line.text else 2):
                common.append((begin, stop))
    return common


def _is_table(
    lines: Sequence[_LaidOutLine], corridors: Sequence[tuple[int, int]]
) -> bool:
    """Tells columns from text that is set in blocks, where gaps meet by chance."""
    rows = [line for line in lines if not _RULE.match(line.text)]
    if len(rows) < 2:
        return False
    cells = [cell for line in rows for cell in _cells(line, corridors)]
    if sum(map(len, cells)) > _WIDEST * max(len(cells), 1):
        return False
    numbers = sum(bool(_NUMBERS.fullmatch(cell)) for cell in cells)
    if len(rows) == 2 and len(corridors) < 2 and not numbers:
        return False
    small = sum(cell[:1].islower() for cell in cells if cell)
    gaps = sum(len(line.gaps) for line in rows)
    return 2 * small <= len(cells) and gaps <= 2 * len(corridors) * len(rows)


def _cells(line: _LaidOutLine, corridors: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    edges = [0, *(edge for corridor in corridors for edge in corridor)]
    edges.append(max(len(line.text), edges[-1]))
    return tuple(
        flat(line.text[start:end])
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    )


def _columns(
    lines: Sequence[_LaidOutLine],
    corridors: Sequence[tuple[int, int]],
    at: int,
    tables: list[TableFacts],
) -> list[tuple[int, list[Element]]]:
    """Returns rows, or fields where there are two columns that nobody named."""
    numbers = [n for n, line in enumerate(lines) if not _RULE.match(line.text)]
    rows = [_cells(lines[n], corridors) for n in numbers]
    ruled = numbers[0] + 1 < len(lines) and numbers[0] + 1 not in numbers
    named = (ruled and len(rows) > 1) or _is_head(rows)
    spans = [(lines[n].start + _indent(lines[n]), lines[n].end) for n in numbers]
    by_line: dict[int, list[Element]] = {n: [] for n in range(len(lines))}
    if len(corridors) == 1 and not named:
        for n, span, row in zip(numbers, spans, rows, strict=True):
            by_line[n] = [_field_of(span, row)]
    else:
        number = len(tables)
        columns = rows[0] if named else ()
        tables.append(TableFacts(columns, "", len(rows) - named))
        for n, span, row in zip(numbers, spans, rows, strict=True):
            by_line[n] = [Element("row", *span, number, row)]
        if named:
            by_line[numbers[0]] = [Element("columns", *spans[0], number)]
    return [(at + n, by_line[n]) for n in by_line]


def _field_of(span: tuple[int, int], row: tuple[str, ...]) -> Element:
    if not all(row):
        return Element("line", *span)
    return Element("field", *span, -1, (row[0].rstrip(":"), row[1]))


def _is_head(rows: Sequence[tuple[str, ...]]) -> bool:
    """Tells whether a row names columns: words where numbers are below it."""
    head, below = rows[0], rows[1:]
    if not all(head) or any(map(_NUMBERS.fullmatch, head)):
        return False
    for index in range(len(head)):
        column = [row[index] for row in below if row[index]]
        numbers = sum(bool(_NUMBERS.fullmatch(cell)) for cell in column)
        if column and 3 * numbers >= 2 * len(column):
            return True
    return False
