"""What holds for the chunks of any document, however it is written."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import formats, text_structure
from ragcli.index.documents.content import decode
from ragcli.index.documents.elements import Document, Element, Section, TableFacts
from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import SMALLEST_SIZE, split
from ragcli.index.passages import Chunk

EXAMPLES = 1000 if os.environ.get("RAGCLI_THOROUGH") else 60
THOROUGHLY = settings(max_examples=EXAMPLES, deadline=None)

WORDS = st.sampled_from(
    [
        "lock", "Größe", "naïve", "提交", "привет", "a", "I.", "Wait!", "e.g.", "|",
        "x" * 70, "```", "#", "def", "{", "}", '"', "---", "- item", "1.", "::", "\x0c",
        "\u2028",
    ]
)  # fmt: skip
LINES = st.lists(WORDS, max_size=14).map(" ".join)
LAYOUT = st.sampled_from(
    [
        "# Title", "## Section", "### Deep #", "Setext", "=====", "-----", "~~~~",
        "```python", "```", "~~~", "| a | b |", "|---|---|", "| 1 | 2 |",
        "    indented", "\tdef inner(self):", "def outer():", "class Thing:",
        "    return 1", "}", "{", "void f(int a) {", "  if (x) {", "@decorator",
        "# comment", "func (r *T) Go() {", "key:", "[table]", '  "key": {', "", "",
        "* star", "- item", "1. first", ".. note::", "Literal::", "+---+---+", "---",
        "title: x",
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(LINES, LAYOUT, LAYOUT), max_size=60).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)
ANY_TEXT = st.one_of(TEXTS, st.text(max_size=600), st.text("ab. \n", max_size=3000))
SIZES = st.integers(SMALLEST_SIZE, 1500)
TEXT_FORMATS = sorted(item.name for item in formats.FORMATS if item.kind != "binary")


def document_of(
    text: str, kind: str = "prose", name: str = "text", first_line: int = 1
) -> Document:
    """Returns a document of one section whose text is `text`."""
    tables: list[TableFacts] = []
    if kind == "code":
        whole = (Element("code", 0, len(text)),)
        section = Section(text, ("Above",), None, first_line, whole)
    else:
        section = text_structure.section(
            text, tables, heading=("Above",), first_line=first_line, format_name=name
        )
    return Document("t", (section,), tuple(tables), format=name, language="en")


def assert_covers(text: str, pieces: list[str]) -> None:
    """Asserts that pieces lie in order in `text` with only white space between.

    Where a piece occurs more than once, the last place that leaves no gap is taken:
    it reaches furthest.
    """
    reached = 0
    for piece in pieces:
        rest = text[reached:]
        furthest = reached + len(rest) - len(rest.lstrip())
        at = text.rfind(piece, 0, furthest + len(piece))
        assert at >= 0
        reached = max(reached, at + len(piece))
    assert not text[reached:].strip()


def assert_stands(text: str, lines: tuple[int, int], file_lines: list[str]) -> None:
    """Asserts that `text` begins on the first and ends on the last of its lines."""
    found = text.split("\n")
    first, last = lines
    there = file_lines[first - 1 : last]
    assert len(found) == len(there) == last - first + 1
    if len(found) == 1:
        assert found[0] in there[0]
        return
    assert there[0].endswith(found[0])
    assert there[1:-1] == found[1:-1]
    assert there[-1].startswith(found[-1])


@THOROUGHLY
@given(
    text=ANY_TEXT,
    kind=st.sampled_from(["prose", "code"]),
    name=st.sampled_from(TEXT_FORMATS),
    size=SIZES,
    overlap=st.integers(0, 800),
    first_line=st.integers(1, 5000),
)
@example(
    text="```\n" + "a" * 500,
    kind="prose",
    name="markdown",
    size=100,
    overlap=0,
    first_line=1,
)
@example(
    text="A.  B.  C. " * 40,
    kind="prose",
    name="text",
    size=100,
    overlap=90,
    first_line=1,
)
def test_chunks_of_a_part_are_verbatim_bounded_and_complete(
    text: str, kind: str, name: str, size: int, overlap: int, first_line: int
) -> None:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    document = document_of(text, kind, name, first_line)
    chunks = split(document, size=size, overlap=overlap)
    file_lines = [""] * (first_line - 1) + text.split("\n")
    for chunk in chunks:
        assert 0 < len(chunk.text) <= size
        assert chunk.text.strip()
        assert chunk.heading[0] == "Above"
        assert chunk.lines
        assert_stands(chunk.text, chunk.lines, file_lines)
    assert_covers(text, [chunk.text for chunk in chunks])
    for chunk in chunks:
        assert_units(chunk)


def assert_units(chunk: Chunk) -> None:
    """Asserts that units lie in order in their chunk, and leave out nothing but marks.

    Marks are bullets, rules and the like: no letters and no digits but of a number
    that counts an item.
    """
    reached = 0
    for unit in chunk.units:
        assert reached <= unit.start < unit.end <= len(chunk.text)
        between = chunk.text[reached : unit.start]
        assert not any(map(str.isalpha, between)) or len(between.split()) == 1
        reached = unit.end
    assert not chunk.text[reached:].strip()


@THOROUGHLY
@given(
    text=TEXTS,
    suffix=st.sampled_from(
        [".md", ".rst", ".txt", ".org", ".py", ".c", ".json", ".csv"]
    ),
    size=SIZES,
)
@example(text="# Alone", suffix=".md", size=100)
@example(text="# A comment", suffix=".org", size=100)
@example(text="* Alone\n* Next\nbody", suffix=".org", size=100)
@example(text="# Title\n+---+---+\n+---+---+", suffix=".md", size=100)
@example(text="a\n\n# Empty\n## Also empty\n# Next\nbody", suffix=".md", size=100)
def test_every_line_of_a_file_is_in_a_chunk_or_heads_one(
    text: str, suffix: str, size: int
) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        loaded = load(Path(f"file{suffix}"), data)
    except UnreadableDocument:
        assert not text.strip() or "\0" in text
        return
    chunks = split(loaded, size=size, overlap=size // 10)
    file_lines = decode(data)[0].split("\n")
    covered: set[int] = set()
    headings = {title for chunk in chunks for title in chunk.heading}
    for chunk in chunks:
        assert chunk.lines
        assert_stands(chunk.text, chunk.lines, file_lines)
        covered.update(range(chunk.lines[0], chunk.lines[1] + 1))
    for number, line in enumerate(file_lines, 1):
        is_silent = suffix == ".org" and line.lstrip().startswith("# ")  # a comment
        if line.strip() and number not in covered and not is_silent:
            assert is_heading_line(line, headings), (number, line)


def is_heading_line(line: str, headings: set[str]) -> bool:
    """Tells whether a line is a heading that some chunk stands under, or its rule."""
    words = "".join(filter(str.isalnum, line))
    return not words or any(
        words in "".join(filter(str.isalnum, heading)) for heading in headings
    )


@THOROUGHLY
@given(sentences=st.lists(st.integers(1, 18), min_size=30, max_size=80))
def test_neighbouring_prose_shares_whole_sentences(sentences: list[int]) -> None:
    text = " ".join(
        "Sentence" + " word" * count + f" {n}." for n, count in enumerate(sentences)
    )
    chunks = split(document_of(text), size=400, overlap=120)
    for left, right in pairwise(chunks):
        assert right.text.startswith("Sentence")
        assert left.text.endswith(".")
        shared = next(
            (n for n in range(120, 0, -1) if left.text.endswith(right.text[:n])), 0
        )
        last = left.text[left.text.rindex("Sentence") :]
        assert shared or len(last) > 118


@pytest.mark.parametrize("size", [1, 50])
def test_a_size_too_small_is_raised_to_the_smallest(size: int) -> None:
    chunks = split(document_of("word " * 200), size=size, overlap=10)
    assert max(len(chunk.text) for chunk in chunks) <= SMALLEST_SIZE
    assert len(chunks) < 20
