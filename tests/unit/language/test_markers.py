"""One parser says what is a marker, and it finds none in what is quoted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.language.markers import (
    Piece,
    Scanner,
    cited,
    fenced,
    marker_at,
    numbers,
    pieces,
    quoted,
    unescaped,
    without_markers,
)

FRAGMENTS = st.sampled_from(
    [
        "[1]",
        "[1, 2]",
        "[3-5]",
        "[ 1",
        "[",
        "]",
        "^1]",
        "1. ",
        "- ",
        "> ",
        "a.b",
        "x",
        "`",
        "``",
        "```",
        "```py\n",
        "~~~",
        "~~~\n",
        "\\",
        " ",
        "  ",
        "\n",
        "\r\n",
        "é",
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=14).map("".join)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("It is so [1].", [1]),
        ("So [2, 1] and [3-5].", [2, 1, 3, 4, 5]),
        ("A name[1] and a word.[2]", [1, 2]),
        ("- [1]\n> [2]\n# [3]", [1, 2, 3]),
        ("A stray ` before [1] on a line\nand [2]", [1, 2]),
        ("```\n[1]\n```\n[2]", [2]),
        ("````\n```\n[1]\n````\n[2]", [2]),
        ("- ~~~py\n  [1]\n  ~~~\n[2]", [2]),
        ("`[1]` ``[2] ` [3]`` [4]", [4]),
        ("sys.argv[1] and a_list[2]", []),
        (r"\[1\] \[2] [3\] \\[4]", [4]),
        ("[^1] 【1】 &#91;1&#93; [1a] [2024] [x] [] [\uff11]", []),
        ("[1] never closed ` [2] ``` [3", [1, 2]),
    ],
)
def test_what_is_a_marker(answer: str, expected: list[int]) -> None:
    assert cited(answer) == expected


def test_numbers_of_a_marker_are_bounded() -> None:
    assert numbers("[2-999]") == list(range(2, 23))


def test_markers_are_removed_and_nothing_else() -> None:
    answer = "A [1], b [2] [3] and c[4-5]: x[i], `d [1]`, \\[1\\]."

    assert without_markers(answer) == "A, b and c: x[i], `d [1]`, \\[1\\]."


@given(TEXTS, st.data())
def test_pieces_do_not_depend_on_how_an_answer_came(
    answer: str, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(answer)), max_size=8))
    places = sorted({0, len(answer), *cuts})
    scanner = Scanner()

    found = [
        piece
        for first, last in pairwise(places)
        for piece in scanner.feed(answer[first:last])
    ]
    found += scanner.close()

    assert "".join(piece.text for piece in found) == answer
    assert together(found) == pieces(answer)


def together(found: list[Piece]) -> list[Piece]:
    out: list[Piece] = []
    for piece in found:
        if out and piece.kind == out[-1].kind and piece.kind in {"text", "fence"}:
            out[-1] = Piece(piece.kind, out[-1].text + piece.text)
        else:
            out.append(piece)
    return out


@given(TEXTS)
def test_a_quotation_holds_no_marker_and_hides_none(text: str) -> None:
    line = " ".join(text.split())

    said = f"{quoted(line)} [7]\n{quoted(line)} [8]\n{fenced(text)}\n[9]"

    assert cited(said) == [7, 8, 9]


@given(TEXTS)
def test_a_quotation_is_quoted_word_for_word(text: str) -> None:
    assert unescaped(quoted(text)).replace("\\~", "~") == unescaped(text).replace(
        "\\~", "~"
    )
    assert quoted(quoted(text)) == quoted(text)


@given(TEXTS)
def test_a_marker_at_a_place_is_the_parsers(answer: str) -> None:
    at = 0
    for piece in pieces(answer):
        if piece.kind in {"marker", "text"}:
            line = answer.rfind("\n", 0, at) + 1
            found = marker_at(answer[line:], at - line)
            assert found == (piece.text if piece.kind == "marker" else found)
            assert piece.kind == "marker" or not found or piece.text[0] != "["
        at += len(piece.text)
