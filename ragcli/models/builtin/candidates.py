"""What of the sources could be quoted in an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ragcli.language.markdown import unfenced
from ragcli.language.sentences import is_whole
from ragcli.language.units import Unit, sentences, spoken
from ragcli.models.base import Source

_FEWEST_WORDS = 3
_SHORT = 12
"""Characters of a sentence that is too short to say something."""
_LONGEST_SENTENCE = 600
"""Characters; what is longer, in several lines, is no sentence but lines."""


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
    """Of its unit: `sentence`, `item`, `row`, `field`, `line`, `note` or `code`."""

    place: int = 0
    """How many candidates stand before it in its source."""


def candidates(source: Source) -> list[Candidate]:
    """Returns what can be quoted of a source, in reading order.

    Sentences, list items, rows, fields and lines whole, code in blocks of whole lines;
    headings and fragments never, but where there is nothing else, fragments.
    """
    units = list(sentences(source.text, source.units or _whole(source)))
    chosen = [unit for unit in units if _is_quotable(source, unit)]
    chosen = chosen or [unit for unit in units if not _goes_on(source, unit)]
    found = [
        item
        for unit in chosen
        for item in _candidates(source, unit)
        if unit.kind not in {"columns", "heading"}
    ]
    return [replace(item, place=place) for place, item in enumerate(found)]


def _whole(source: Source) -> tuple[Unit, ...]:
    """Returns one unit for a source whose units nobody told."""
    kind = "code" if source.kind == "code" else "prose"
    return (Unit(kind, 0, len(source.text)),)


def _is_quotable(source: Source, unit: Unit) -> bool:
    """Tells whether a unit may stand in an answer by itself."""
    if unit.kind in {"columns", "heading"}:
        return False
    if unit.kind != "sentence":
        return True
    text = source.text[unit.start : unit.end]
    if not is_whole(text):
        return False
    return (
        len(text.split()) >= _FEWEST_WORDS or len(text) >= _SHORT or not text.isascii()
    )


def _goes_on(source: Source, unit: Unit) -> bool:
    """Tells whether a unit of several lines is the middle of a sentence."""
    text = source.text[unit.start : unit.end]
    return unit.kind == "sentence" and text[:1].islower() and "\n" in text


def _candidates(source: Source, unit: Unit) -> Iterator[Candidate]:
    if unit.kind == "code":
        yield from _code(source, unit)
    elif unit.kind == "sentence" and unit.end - unit.start > _LONGEST_SENTENCE:
        yield from _lines(source, unit)
    else:
        said = spoken(source.text, unit, source.tables)
        yield Candidate(source, unit.start, said, unit.kind)


def _lines(source: Source, unit: Unit) -> Iterator[Candidate]:
    """Yields the lines of what is too long to be a sentence."""
    position = unit.start
    for line in source.text[unit.start : unit.end].split("\n"):
        if line.strip():
            yield Candidate(source, position, " ".join(line.split()), "line")
        position += len(line) + 1


def _code(source: Source, unit: Unit) -> Iterator[Candidate]:
    """Yields the blocks of a stretch of code.

    A block starts where, after a blank line, the code is back at its outermost
    indentation.
    """
    lines = unfenced(source.text[unit.start : unit.end]).split("\n")
    outermost = min((_indent(line) for line in lines if line.strip()), default=0)
    block: list[str] = []
    for line in [*lines, ""]:
        begins = line.strip() and _indent(line) <= outermost
        if begins and block and not block[-1].strip():
            yield from _block(source, unit.start, block)
            block = []
        block.append(line)
    yield from _block(source, unit.start, block)


def _block(source: Source, start: int, lines: list[str]) -> Iterator[Candidate]:
    text = "\n".join(lines).strip("\n").rstrip()
    if text:
        offset = source.text.find(text, start)
        yield Candidate(source, max(offset, start), text, "code")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
