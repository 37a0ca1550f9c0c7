# ruff: noqa: RUF001, E501 - the letters of other scripts are tested, and are wide

"""Sentences end where they end, in prose and in Markdown, and nothing is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.index.documents.elements import TableFacts
from ragcli.index.documents.text_structure import elements
from ragcli.language.sentences import is_whole, sentence_spans, split_sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here now. Two over there!", ["One here now.", "Two over there!"]),
        (
            "Mr. J. R. Smith paid $3.50 in the U.S. on Jan. 5. Then he left.",
            ["Mr. J. R. Smith paid $3.50 in the U.S. on Jan. 5.", "Then he left."],
        ),
        (
            "Am 3. Oktober 1990 wurde z.B. Berlin gefeiert. Das war gut.",
            ["Am 3. Oktober 1990 wurde z.B. Berlin gefeiert.", "Das war gut."],
        ),
        ("这是第一句。这是第二句！", ["这是第一句。", "这是第二句！"]),
        ("यह पहला वाक्य है। यह दूसरा है।", ["यह पहला वाक्य है।", "यह दूसरा है।"]),
        ('"Are you sure?" she asked. He was.', ['"Are you sure?" she asked.', "He was."]),
        ("A line that\nwraps here. Next one.", ["A line that wraps here.", "Next one."]),
        ("See no. 5 for it. He said no. Then he went.",
         ["See no. 5 for it.", "He said no.", "Then he went."]),
    ],
)  # fmt: skip
def test_sentences_are_cut_where_they_end(text: str, expected: list[str]) -> None:
    assert split_sentences(text) == expected


def test_markdown_is_cut_by_its_lines() -> None:
    text = (
        "# A heading\n\nA sentence is here.\n\n- the first item\n- the second item:\n"
        "  it wraps\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n"
    )

    tables: list[TableFacts] = []
    found = [
        (item.kind, item.cells or text[item.start : item.end])
        for item in elements(text, "markdown", tables)
    ]

    assert found == [
        ("heading", "# A heading"),
        ("prose", "A sentence is here."),
        ("item", "the first item"),
        ("item", "the second item:\n  it wraps"),
        ("columns", "| a | b |\n|---|---|"),
        ("row", ("1", "2")),
        ("code", "```python\nx = 1\n```"),
    ]
    assert tables == [(("a", "b"), "", 1)]


def test_a_sentence_that_was_cut_off_is_no_sentence() -> None:
    text = "It is whole here. And this one was cut in the"
    spans = sentence_spans(text, 0, len(text))

    assert [is_whole(text[a:b]) for a, b in spans] == [True, False]


@given(st.text())
def test_nothing_but_white_space_is_lost(text: str) -> None:
    kept = "".join(text[a:b] for a, b in sentence_spans(text, 0, len(text)))

    assert "".join(kept.split()) == "".join(text.split())


def test_a_paragraph_without_end_is_cut_in_time() -> None:
    text = "Aa. " * 40_000

    since = time.process_time()
    spans = sentence_spans(text, 0, len(text))

    assert time.process_time() - since < 3  # some tenths; a minute if all is read again
    assert len(spans) == 40_000


def test_the_number_of_a_figure_ends_no_sentence_however_late_it_stands() -> None:
    text = f"{'So it goes on and on. ' * 20}Figure 3. The tower in spring."

    assert split_sentences(text)[-1] == "Figure 3. The tower in spring."
