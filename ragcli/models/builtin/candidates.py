"""What of the sources could be quoted in an answer, each with what it stands under."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ragcli.frozen import frozen
from ragcli.language.markdown import unfenced
from ragcli.language.notations import is_marked
from ragcli.language.patterns import deferred
from ragcli.language.sentences import is_whole
from ragcli.language.units import Unit, columns_of, sentences, spoken
from ragcli.models.base import Source

_LONGEST_SENTENCE = 600
"""Characters; what is longer, in several lines, is no sentence but lines."""
_ABOVE_ITEMS = ("item", "row", "field", "line", "code", "figure")
"""Kinds that a paragraph directly above introduces."""
_SHORT = 12
_LONGEST_NAME = 40
_MARK = deferred(r"(\*+|[\u2020\u2021]+|\([a-z0-9]{1,2}\)|\[\d{1,2}\])\s*(?=\S)")
"""What a note begins with: the mark of what it explains."""
_MARKS = "*\u2020\u2021(["
NAMED = deferred(r"[^\W\d_][^:\n]{1,38}[^:\s\\/]?\s?: \S")
"""What is named and said in a line: `Secretary: Enno`."""
_FLOWING = frozenset({"sentence", "line"})
_GOES_ON = deferred(r"(?=[^\W\d_]+(?:[\s,;.!?]|$))(?![A-Z\u00c0-\u00de])")
"""A word in lower case: what begins with it goes on with what stands before."""
_FAR = 1200
"""Characters behind a name from which a text hardly tells of it."""
_LONGEST_TITLE = 80
_LONGEST_CAPTION = 120
_TERM = (
    r"--?[\w][\w-]*(?:[ =]<?[\w-]+>?)?|`[^`\n]{2,60}`"
    r"|\w+(?:[._:]+\w+)+(?:\([^()\n]*\))?"
    r"|\w+\([^()\n]*\)|[a-z]+[A-Z]\w*|[A-Z]\w*[a-z][A-Z]\w*|[A-Z]{2,}[A-Z_0-9]*"
)
_ENTRY = deferred(rf"\s*((?:{_TERM})(?:(?:,| or| /) ?(?:{_TERM}))*):?\s+(?=[A-Z])")
"""The name of an option or setting that a paragraph begins with."""
_BULLETS = r"\u2022\u25cb\u25cf\u25e6\u25aa\u25a0\u00b7"
_NAME = deferred(
    rf"[#=*\s{_BULLETS}]*((?:{_TERM})(?:(?:,| or| /) ?(?:{_TERM}))*)[\s:*=]*"
)
"""A line that is nothing but such a name."""
_DIGIT = deferred(r"\d")
_LEADER = deferred(r"(?:\.\s?){4,}\s*\S+\s*\Z")
_SAYS = deferred(r"\w")
_PATH = deferred(r"[\w-]+(?:\.[\w-]+)*")
"""Keys that an entry of a list of settings stands under."""
_SHOWN = frozenset({"sentence", "item", "field"})
"""Kinds of which code right below shows an example."""
_NEVER = frozenset({"columns", "heading"})


@frozen
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

    position: int = 0
    """How many candidates stand before it in its source."""

    before: str = ""
    """The sentence before it, or what introduces it."""

    is_explained: bool = False
    """Whether `before` stands directly above it, as a comment above a setting does."""

    introduces: bool = False
    """Whether it leads to what stands below it, and says little without that."""

    quoted: str = ""
    """What is shown of it, where that is not `text`: a field as it is written."""

    name: tuple[int, int] = (0, 0)
    """Offsets of the option, function or the like that it tells of, right above it."""

    example: tuple[int, int] = (0, 0)
    """Offsets of the code right below its paragraph."""

    is_whole: bool = True
    """Whether it can be understood as it stands: no fragment of a sentence."""

    @property
    def above(self) -> str:
        """The file's name, title, headings and caption that it stands under."""
        caption = ""
        if self.unit and 0 <= self.unit.table < len(self.source.tables):
            caption = self.source.tables[self.unit.table].caption
        return "\n".join(filter(None, (self.source.name, *self.source.above, caption)))


def candidates(source: Source) -> list[Candidate]:
    """Returns what can be quoted of a source, in reading order.

    Sentences, list items, rows, fields, notes and lines whole, code in blocks of whole
    lines; headings never.
    """
    source = _with_captions(source)
    units = _mended(source.text, sentences(source.text, source.units or _whole(source)))
    made: list[Candidate] = []
    introduction = ""
    entries = _entries(source)
    name = (0, 0)
    for unit in units:
        if _is_name(source, unit):
            name = (unit.start, unit.end)
        elif unit.start >= name[1] + _FAR:
            name = (0, 0)
        if unit.kind in _NEVER:
            continue
        before, near = _before(source, unit, made, introduction)
        before = _with_entry(entries, unit, before)
        if near:
            made[-1] = replace(made[-1], introduces=True)
        made += (
            replace(item, before=before, is_explained=near, name=name)
            for item in _candidates(source, unit)
        )
        if unit.kind == "sentence":
            introduction = " ".join(source.text[unit.start : unit.end].split())
    made = _exemplified(source, _explained(source, _captioned(source, made)))
    return [replace(item, position=position) for position, item in enumerate(made)]


def _entries(source: Source) -> list[tuple[int, int, str]]:
    """Returns the paragraphs that tell of an option or setting: span and its name.

    `-q, --quiet  Says nothing. It is off by default.` is about `--quiet` throughout.
    """
    heads = (
        (unit, _ENTRY.match(source.text, unit.start, unit.end))
        for unit in source.units
        if unit.kind in {"prose", "item"}
    )
    return [(unit.start, unit.end, head[1]) for unit, head in heads if head]


def _with_entry(
    entries: Sequence[tuple[int, int, str]], unit: Unit, before: str
) -> str:
    """Returns what leads to a sentence, with the name its paragraph begins with."""
    for start, end, head in entries:
        if start < unit.start < end and head not in before:
            return f"{head}. {before}"
    return before


def _is_name(source: Source, unit: Unit) -> bool:
    """Tells whether a line of its own names an option, a function or the like."""
    return is_name(source.text[unit.start : unit.end].strip())


def is_name(text: str) -> bool:
    """Tells whether a text is the name of an option, a function or the like."""
    return len(text) <= _LONGEST_TITLE and bool(_NAME.fullmatch(text))


def _with_captions(source: Source) -> Source:
    """Returns a source whose tables have the short line right above as caption."""
    tables = list(source.tables)
    for before, unit in pairwise(source.units):
        table = unit.table
        if not 0 <= table < len(tables) or before.kind not in {"prose", "heading"}:
            continue
        line = source.text[before.start : before.end].strip()
        is_line = len(line) <= _LONGEST_CAPTION and "\n" not in line
        if is_line and not tables[table].caption and not is_whole(line):
            tables[table] = tables[table]._replace(caption=line)
    return replace(source, tables=tuple(tables)) if tables else source


def _captioned(source: Source, given: Sequence[Candidate]) -> list[Candidate]:
    """Returns the candidates; what stands above a table leads to its rows."""
    captions = {" ".join(table.caption.split()) for table in source.tables} - {""}
    return [
        replace(item, introduces=True) if item.text in captions else item
        for item in given
    ]


def _explained(source: Source, given: Sequence[Candidate]) -> list[Candidate]:
    """Returns the candidates; a note after a mark knows what bears the mark.

    `*Refers to \u2026` explains the column `*Other`, `(c) Mainly \u2026` the row
    `Items (c)`, and they are about what these say.
    """
    explained = []
    for item in given:
        match = _MARK.match(item.text) if item.text[:1] in _MARKS else None
        if match and item.kind != "row" and not item.is_explained:
            bearer = _bearer(source, match[1])
            if bearer:
                explained.append(replace(item, before=bearer, is_explained=True))
                continue
        explained.append(item)
    return explained


def _exemplified(source: Source, given: Sequence[Candidate]) -> list[Candidate]:
    """Returns the candidates; the sentences right above code know that code.

    Those are the sentences of its paragraph: what one says of, the code shows. The
    name of a tab, or of a language, may stand between.
    """
    exemplified: list[Candidate] = []
    below: Candidate | None = None
    start = 0
    for item in reversed(given):
        example = (0, 0)
        if item.kind == "code":
            below, start = item, item.start
        elif below and item.kind in _SHOWN and _stands_by(source, item, below, start):
            start = item.start
            if _is_label(item) and below.kind == "code":
                exemplified.append(item)
                continue
            example = (
                below.example if below.kind != "code" else (below.start, below.end)
            )
            below = replace(item, example=example)
        else:
            below = None
        exemplified.append(replace(item, example=example) if example[1] else item)
    return exemplified[::-1]


def _is_label(item: Candidate) -> bool:
    """Tells whether a line is but the name of what stands below."""
    return item.kind == "sentence" and not item.is_whole and not item.introduces


def _stands_by(source: Source, item: Candidate, below: Candidate, start: int) -> bool:
    """Tells whether nothing parts a sentence from the code, or the sentence, below."""
    gap = source.text[item.end : start]
    if below.kind == "code":
        return not gap.replace(":", "").replace("`", "").strip() or _is_fence(gap)
    if below.introduces:
        return False  # the code is what that one leads to
    return item.kind == below.kind and "\n\n" not in gap


def _is_fence(gap: str) -> bool:
    """Tells whether only what opens a block of code stands in a gap."""
    lines = [line.strip() for line in gap.split("\n")]
    return all(not line or line.startswith(("```", "~~~", "..", ":")) for line in lines)


def _bearer(source: Source, mark: str) -> str:
    """Returns the cell or the name of a column that bears a mark; "" for none."""
    cells = (cell for unit in source.units if unit.kind == "row" for cell in unit.cells)
    columns = (name for table in source.tables for name in table.columns)
    for text in (*cells, *columns):
        bare = text.strip()
        if bare.endswith(mark) or (
            mark[0] in "*\u2020\u2021" and bare.startswith(mark)
        ):
            rest = bare.removeprefix(mark).removesuffix(mark).strip()
            if rest and rest[0] not in mark and rest[-1] not in mark:
                return rest
    return ""


def _mended(text: str, units: Iterable[Unit]) -> list[Unit]:
    """Returns the units with sentences whole that a layout broke in two.

    What ends without a full stop and goes on in lower case right below is one: of
    lines of a transcript too, but not of a listing, which never had a capital.
    """
    mended: list[Unit] = []
    for unit in units:
        last = mended[-1] if mended else None
        if (
            last
            and last.kind == unit.kind
            and unit.kind in _FLOWING
            and _GOES_ON.match(text, unit.start)
            and (unit.kind == "sentence" or text[last.start].isupper())
            and not is_whole(text[last.start : last.end])
            and not text[last.end : unit.start].strip()
            and unit.end - last.start <= _LONGEST_SENTENCE
        ):
            mended[-1] = last._replace(end=unit.end)
        else:
            mended.append(unit)
    return mended


def _before(
    source: Source, unit: Unit, earlier: Sequence[Candidate], introduction: str
) -> tuple[str, bool]:
    """Returns what leads to a unit, and whether it stands directly above it.

    A comment directly above a setting, or the paragraph that ends with a colon above
    a list, says what these are about; of a sentence it is the one before.
    """
    if not earlier:
        return "", False
    last = earlier[-1]
    gap = source.text[last.end : unit.start]
    if unit.kind in _ABOVE_ITEMS:
        near = last.kind in {"sentence", "note"} and gap.count("\n") < 2
        leads = near or introduction.endswith(":")
        return (introduction if leads else ""), near
    is_next = last.kind == unit.kind and gap.count("\n") < 2
    return (last.text if is_next else ""), False


def _whole(source: Source) -> tuple[Unit, ...]:
    """Returns one unit for a source whose units are unknown."""
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
    if unit.kind == "sentence" and not _SAYS.search(text):
        return  # a mark of the format, as the `::` above a block of code
    pairs = _pairs(source, unit)
    if pairs:
        yield from pairs
        return
    said = spoken(source.text, unit, source.tables, source.notation)
    whole = unit.kind != "sentence" or _is_sentence(text)
    as_written = unit.kind == "field" and not is_marked(source.notation)
    quoted = " ".join(text.split()) if as_written else ""
    if unit.kind == "field" and _LEADER.search(text):
        said = unit.cells[0]  # a table of contents: its page is the value of nothing
    if unit.kind == "item" and _PATH.fullmatch(unit.label):
        said, quoted = f"{unit.label}: {said}", said
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


def _pairs(source: Source, unit: Unit) -> list[Candidate]:
    """Returns the names with their values of a form's row: `Name; Enno; Age; 41`.

    Nobody named the columns of such a row, and every second cell is a name.
    """
    cells = unit.cells
    if unit.kind != "row" or len(cells) < 4 or len(cells) % 2:
        return []
    if columns_of(unit, source.tables) or not all(map(_is_cell_name, cells[::2])):
        return []
    pairs = []
    at = unit.start
    for name, value in zip(cells[::2], cells[1::2], strict=True):
        start = source.text.find(name, at, unit.end)
        value_at = source.text.find(value, start + len(name), unit.end)
        if start < 0 or value_at < 0:
            return []
        at = value_at + len(value)
        if value:
            pair = unit._replace(kind="field", start=start, end=at, cells=(name, value))
            pairs.append(
                Candidate(
                    source, start, f"{name}: {value}", "field", at, pair,
                    quoted=f"{name}: {value}",
                )
            )  # fmt: skip
    return pairs


def _is_cell_name(cell: str) -> bool:
    """Tells whether a cell may name the value beside it."""
    return bool(cell) and len(cell) <= _LONGEST_NAME and not _DIGIT.search(cell)


def _is_sentence(text: str) -> bool:
    """Tells whether a piece of prose says something by itself."""
    if NAMED.match(text):
        return True
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
