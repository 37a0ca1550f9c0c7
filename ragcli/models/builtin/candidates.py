"""What of the sources could be quoted in an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ragcli.models.base import Source
from ragcli.models.builtin.sentences import Unit, units

_RULE = re.compile(r"\s*\|?[\s:|-]*-{3,}[\s:|-]*$")
_COLUMNS = re.compile(r"\(([^()]+)\)\s*$")
_LINE = re.compile(r"^[ \t]*(?![ \t]|#{1,6}\s)(\S[^\n]*)", re.MULTILINE)
_GOES_ON = re.compile(r"[^\W\d_A-Z]+(?:,| [^\s\d])")
_MARKED = re.compile(r"\s{0,3}(?:#{1,6}\s|[-*+|>`]|={3}|\d{1,3}[.)]\s)")
_FEWEST_LINES = 3
_LONGEST_SENTENCE = 600
"""Characters; what is longer, in several lines, is no sentence but lines."""
_FENCE = re.compile(r"\s*(?:```|~~~)[^\n]*\n?|\n?[ \t]*(?:```|~~~)\s*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One stretch of a source that may be quoted as it is."""

    source: Source
    """Where it stands."""

    start: int
    """Its place in the source's text."""

    text: str
    """What is said: a sentence on one line, a row by columns, or lines of code."""

    kind: str
    """`sentence`, `item`, `row` or `code`."""

    place: int = 0
    """How many candidates stand before it in its source."""


def candidates(source: Source) -> list[Candidate]:
    """Returns what can be quoted of a source, in reading order.

    Sentences and list items whole, table rows as `column: cell` where the columns
    are known, code in blocks of whole lines; headings and fragments never, but where
    there is nothing else, lines.
    """
    return [
        replace(item, place=place) for place, item in enumerate(_candidates(source))
    ]


def _candidates(source: Source) -> list[Candidate]:
    if source.kind == "code":
        return list(_code(source, source.text, 0))
    if source.kind == "table":
        return list(_rows(source, source.text, 0))
    found = [] if _is_line_by_line(source.text) else units(source.text)
    quotations = [item for unit in found for item in _quotations(source, unit)]
    return quotations or list(_lines(source, 0, len(source.text)))


def _quotations(source: Source, unit: Unit) -> Iterator[Candidate]:
    """Yields what of a stretch of prose, a table or code can be quoted."""
    if unit.kind == "code":
        yield from _code(source, unit.text, unit.start)
    elif unit.kind == "table":
        yield from _rows(source, unit.text, unit.start)
    elif unit.quotable and len(unit.text) > _LONGEST_SENTENCE:
        yield from _lines(source, unit.start, unit.start + len(unit.text))
    elif unit.quotable:
        yield Candidate(source, unit.start, unit.spoken, unit.kind)


def _is_line_by_line(text: str) -> bool:
    """Tells whether each line says something of its own, as in the output of a command.

    Lines of wrapped text begin with a word in lower case for the most part, and
    sentences, items and paragraphs end with a full stop or a blank line.
    """
    lines = text.strip().split("\n")
    if len(lines) < _FEWEST_LINES or not all(map(str.strip, lines)):
        return False
    apart = [line for line in lines if _is_apart(line.rstrip())]
    return not any(map(_MARKED.match, lines)) and 4 * len(apart) > 3 * len(lines)


def _is_apart(line: str) -> bool:
    """Tells whether a line neither goes on with the one before nor ends a sentence."""
    return not (_GOES_ON.match(line) or line.endswith((".", "!", "?", ":", ";")))


def _lines(source: Source, start: int, end: int) -> Iterator[Candidate]:
    """Yields the lines of a text without a sentence: notes, a log, a command's output.

    Lines that begin with a word in lower case, for the most part, go on with the
    lines before them: such a text is the middle of a sentence.
    """
    spans = list(_LINE.finditer(source.text, start, end))
    going_on = sum(bool(_GOES_ON.match(span[1])) for span in spans[1:])
    if 2 * going_on > len(spans):
        return
    for span in spans:
        yield Candidate(source, span.start(1), " ".join(span[1].split()), "item")


def _code(source: Source, text: str, start: int) -> Iterator[Candidate]:
    """Yields the blocks of a stretch of code.

    A block starts where, after a blank line, the code is back at its outermost
    indentation.
    """
    body = _FENCE.sub("", text)
    lines = body.split("\n")
    outermost = min((_indent(line) for line in lines if line.strip()), default=0)
    block: list[str] = []
    for line in [*lines, ""]:
        begins = line.strip() and _indent(line) <= outermost
        if begins and block and not block[-1].strip():
            yield from _block(source, start, block)
            block = []
        block.append(line)
    yield from _block(source, start, block)


def _block(source: Source, start: int, lines: list[str]) -> Iterator[Candidate]:
    text = "\n".join(lines).strip("\n").rstrip()
    if text:
        offset = source.text.find(text, start)
        yield Candidate(source, max(offset, start), text, "code")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _rows(source: Source, text: str, start: int) -> Iterator[Candidate]:
    """Yields the rows of a table below its column names."""
    lines = [line for line in text.split("\n") if line.strip()]
    cells = [_cells(line) for line in lines]
    ruled = next((at for at, line in enumerate(lines) if _RULE.match(line)), 0)
    columns = cells[ruled - 1] if ruled else _named_columns(source)
    for line, row in zip(
        lines[ruled + 1 if ruled else 0 :],
        cells[ruled + 1 if ruled else 0 :],
        strict=True,
    ):
        if len(row) == len(columns) and row != columns:
            pairs = zip(columns, row, strict=True)
            said = "; ".join(f"{name}: {cell}" for name, cell in pairs if name and cell)
            yield Candidate(source, source.text.find(line, start), said, "row")


def _named_columns(source: Source) -> list[str]:
    """Returns the columns that the label of a table's source names."""
    found = _COLUMNS.search(source.label)
    return found[1].rsplit(" > ", 1)[-1].split(", ") if found else []


def _cells(line: str) -> list[str]:
    """Returns the cells of a row, whichever way it is written."""
    if "|" in line:
        return [cell.strip() for cell in line.strip().strip("|").split("|")]
    delimiter = "\t" if "\t" in line else ","
    import csv  # 2 ms; few passages hold tables

    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
