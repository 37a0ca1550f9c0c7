"""What holds for the chunks of any document, however it is written."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ragcli.errors import UnreadableDocument
from ragcli.index.documents import formats
from ragcli.index.documents.loaders import Loaded, Part, load
from ragcli.index.documents.loaders.parts import decode
from ragcli.index.documents.splitter import SMALLEST_SIZE, split

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
TEXT_FORMATS = sorted(
    (formats.CODE | {"markdown", "rst", "org", "text", "csv", "jsonl"}) - formats.WHOLE
)


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
    kind=st.sampled_from(["prose", "code", "table"]),
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
    text, kind, name, size, overlap, first_line
):
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    part = Part(text, ("Above",), None, first_line, kind)
    chunks = split(Loaded("t", (part,), name, "en"), size=size, overlap=overlap)
    file_lines = [""] * (first_line - 1) + text.split("\n")
    for chunk in chunks:
        assert 0 < len(chunk.text) <= size
        assert chunk.text.strip()
        assert chunk.heading[0] == "Above"
        assert_stands(chunk.text, chunk.lines, file_lines)
    assert_covers(text, [chunk.text for chunk in chunks])


@THOROUGHLY
@given(
    text=TEXTS,
    suffix=st.sampled_from(
        [".md", ".rst", ".txt", ".org", ".py", ".c", ".json", ".csv"]
    ),
    size=SIZES,
)
@example(text="# Alone", suffix=".md", size=100)
@example(text="a\n\n# Empty\n## Also empty\n# Next\nbody", suffix=".md", size=100)
def test_every_line_of_a_file_is_in_a_chunk_or_heads_one(text, suffix, size):
    data = text.encode("utf-8", "surrogatepass")
    try:
        loaded = load(Path(f"file{suffix}"), data)
    except UnreadableDocument:
        assert not text.strip() or "\0" in text
        return
    chunks = split(loaded, size=size, overlap=size // 10)
    file_lines = decode(data).split("\n")
    covered = set()
    headings = {title for chunk in chunks for title in chunk.heading}
    for chunk in chunks:
        assert_stands(chunk.text, chunk.lines, file_lines)
        covered.update(range(chunk.lines[0], chunk.lines[1] + 1))
    for number, line in enumerate(file_lines, 1):
        if line.strip() and number not in covered:
            assert is_heading_line(line, headings), (number, line)


def is_heading_line(line: str, headings: set[str]) -> bool:
    """Tells whether a line is a heading that some chunk stands under, or its rule."""
    words = "".join(filter(str.isalnum, line))
    return not words or any(
        words in "".join(filter(str.isalnum, heading)) for heading in headings
    )


@THOROUGHLY
@given(sentences=st.lists(st.integers(1, 18), min_size=30, max_size=80))
def test_neighbouring_prose_shares_whole_sentences(sentences):
    text = " ".join(
        "Sentence" + " word" * count + f" {n}." for n, count in enumerate(sentences)
    )
    part = Part(text, (), None, 1)
    chunks = split(Loaded("t", (part,), "text", "en"), size=400, overlap=120)
    for left, right in pairwise(chunks):
        assert right.text.startswith("Sentence")
        assert left.text.endswith(".")
        shared = next(
            (n for n in range(120, 0, -1) if left.text.endswith(right.text[:n])), 0
        )
        last = left.text[left.text.rindex("Sentence") :]
        assert shared or len(last) > 118


@pytest.mark.parametrize("size", [1, 50])
def test_a_size_too_small_is_raised_to_the_smallest(size):
    part = Part("word " * 200, (), None, 1)
    chunks = split(Loaded("t", (part,), "text", "en"), size=size, overlap=10)
    assert max(len(chunk.text) for chunk in chunks) <= SMALLEST_SIZE
    assert len(chunks) < 20
