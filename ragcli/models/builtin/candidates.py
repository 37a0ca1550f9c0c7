"""What of the sources could be quoted in an answer, each with what it stands under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ragcli.language.markdown import unfenced
from ragcli.language.sentences import is_whole
from ragcli.language.units import Unit, sentences, spoken
from ragcli.models.base import Source

_LONGEST_SENTENCE = 600
"""Characters; what is longer, in several lines, is no sentence but lines."""
_ABOVE_ITEMS = ("item", "row", "field", "line", "code", "figure")
"""Kinds that a paragraph directly above introduces."""
_SHORT = 12
_NEVER = frozenset({"columns", "heading"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One stretch of a source that may be quoted as it is."""

    source: Source
    """Where it stands."""

    start: int
    """Offset of its first character in the source's text."""

    text: str
    """What it says, to be compared: a sentence on one line, a row by columns, a field
    with its whole path, or lines of code."""

    kind: str
    """Of its unit: `sentence`, `item`, `row`, `field`, `line`, `note` or `code`."""

    end: int = 0
    """Offset after its last character."""

    unit: Unit | None = None
    """The unit that it is, or a part of."""

    place: int = 0
    """How many candidates stand before it in its source."""

    before: str = ""
    """The sentence before it, or what introduces it."""

    is_explained: bool = False
    """Whether `before` stands directly above it, as a comment above a setting does."""

    introduces: bool = False
    """Whether it leads to what stands below it, and says little without that."""

    quoted: str = ""
    """What is shown of it, where that is not `text`: a field as it is written."""

    is_whole: bool = True
    """Whether it can be understood as it stands: no fragment of a sentence."""

    @property
    def above(self) -> str:
        """Title, headings and caption that it stands under."""
        caption = ""
        if self.unit and 0 <= self.unit.table < len(self.source.tables):
            caption = self.source.tables[self.unit.table].caption
        return "\n".join(filter(None, (*self.source.above, caption)))


def candidates(source: Source) -> list[Candidate]:
    """Returns what can be quoted of a source, in reading order.

    Sentences, list items, rows, fields, notes and lines whole, code in blocks of whole
    lines; headings never.
    """
    units = list(sentences(source.text, source.units or _whole(source)))
    found: list[Candidate] = []
    introduction = ""
    for unit in units:
        if unit.kind in _NEVER:
            continue
        before, near = _before(source, unit, found, introduction)
        if near:
            found[-1] = replace(found[-1], introduces=True)
        found += (
            replace(item, before=before, is_explained=near)
            for item in _candidates(source, unit)
        )
        if unit.kind == "sentence":
            introduction = " ".join(source.text[unit.start : unit.end].split())
    return [replace(item, place=place) for place, item in enumerate(found)]


def _before(
    source: Source, unit: Unit, found: Sequence[Candidate], introduction: str
) -> tuple[str, bool]:
    """Returns what leads to a unit, and whether it stands directly above it.

    A comment directly above a setting, or the paragraph that ends with a colon above
    a list, says what these are about; of a sentence it is the one before.
    """
    if not found:
        return "", False
    last = found[-1]
    gap = source.text[last.end : unit.start]
    if unit.kind in _ABOVE_ITEMS:
        near = last.kind in {"sentence", "note"} and gap.count("\n") < 2
        leads = near or introduction.endswith(":")
        return (introduction if leads else ""), near
    is_next = last.kind == unit.kind and gap.count("\n") < 2
    return (last.text if is_next else ""), False


def _whole(source: Source) -> tuple[Unit, ...]:
    """Returns one unit for a source whose units nobody told."""
    kind = "code" if source.kind == "code" else "prose"
    return (Unit(kind, 0, len(source.text)),)


def _candidates(source: Source, unit: Unit) -> Iterator[Candidate]:
    if unit.kind == "code":
        yield from _code(source, unit)
        return
    text = source.text[unit.start : unit.end]
    if unit.kind == "sentence" and len(text) > _LONGEST_SENTENCE and "\n" in text:
        yield from _lines(source, unit)
        return
    if unit.kind == "sentence" and "\n" in text and text[:1].islower():
        return  # the middle of a sentence whose beginning stands in another passage
    said = spoken(source.text, unit, source.tables)
    whole = unit.kind != "sentence" or _is_sentence(text)
    quoted = " ".join(text.split()) if unit.kind == "field" else ""
    yield Candidate(
        source,
        unit.start,
        said,
        unit.kind,
        unit.end,
        unit,
        is_whole=whole,
        introduces=text.endswith(":"),
        quoted=quoted,
    )


def _is_sentence(text: str) -> bool:
    """Tells whether a piece of prose says something by itself."""
    return is_whole(text) and (len(text) >= _SHORT or not text.isascii())


def _lines(source: Source, unit: Unit) -> Iterator[Candidate]:
    """Yields the lines of what is too long to be a sentence."""
    position = unit.start
    for line in source.text[unit.start : unit.end].split("\n"):
        if line.strip():
            said = " ".join(line.split())
            end = position + len(line)
            yield Candidate(source, position, said, "line", end, unit)
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
            yield from _block(source, unit, block)
            block = []
        block.append(line)
    yield from _block(source, unit, block)


def _block(source: Source, unit: Unit, lines: list[str]) -> Iterator[Candidate]:
    text = "\n".join(lines).strip("\n").rstrip()
    if text:
        start = max(source.text.find(text, unit.start), unit.start)
        yield Candidate(source, start, text, "code", start + len(text), unit)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
