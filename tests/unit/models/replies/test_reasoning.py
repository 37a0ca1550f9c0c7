"""What a reasoning model says to itself is kept apart, however it is cut up."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.models.base import Ended, Restart, Sign, Thought
from ragcli.models.replies.reasoning import apart, may_open_itself

CASES = {
    "<think>a [1] b</think>\n\nYes.": ("a [1] b", "Yes."),
    "  <think></think>No.": ("", "No."),
    "[THINK]so[/THINK]No.": ("so", "No."),
    "<|channel|>analysis<|message|>so<|end|><|start|>assistant"
    "<|channel|>final<|message|>No.": ("so<|end|><|start|>assistant", "No."),
    "<|channel|>final<|message|>No.": ("", "No."),
    "Use <think> tags.": ("", "Use <think> tags."),
    "a </think> b": ("", "a </think> b"),
    "<think>never ends": ("never ends", ""),
    "<thin": ("", "<thin"),
    "": ("", ""),
    "I wonder.\n</think>\n\nYes.": ("", "Yes."),
}


def read(pieces: Iterable[str | Sign]) -> tuple[str, str]:
    """Returns thought and answer, as a front end would keep them."""
    thought = answer = ""
    for piece in pieces:
        match piece:
            case str():
                answer += piece
            case Thought(text):
                thought += text
            case Restart():
                answer = ""
    return thought, answer


def cut(said: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(said), *(at for at in cuts if at < len(said))})
    return [said[a:b] for a, b in pairwise(places)]


@pytest.mark.parametrize(("said", "expected"), CASES.items())
@given(cuts=st.lists(st.integers(0, 90)))
def test_thought_and_answer_are_told_apart(
    said: str, expected: tuple[str, str], cuts: list[int]
) -> None:
    assert read(apart(cut(said, cuts))) == expected


@given(cuts=st.lists(st.integers(0, 40)))
def test_where_a_template_may_open_the_tag_nothing_is_shown_before_it_is_clear(
    cuts: list[int],
) -> None:
    said = cut("I wonder.\n</think>\n\nYes.", cuts)

    found = list(apart(said, held_back=True))

    assert not any(isinstance(piece, Restart) for piece in found)
    assert read(found) == ("I wonder.\n", "Yes.")
    assert read(apart(cut("A plain one.", cuts), held_back=True)) == (
        "",
        "A plain one.",
    )


def test_what_is_held_comes_before_the_end() -> None:
    end = Ended("stop")

    assert list(apart(["<thin", end])) == ["<thin", end]


def test_thoughts_that_come_apart_release_the_text() -> None:
    pieces = apart(["", Thought("so"), "Yes", "."], held_back=True)

    assert list(pieces) == [Thought("so"), "Yes", "."]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deepseek-r1:8b", True),
        ("qwq", True),
        ("Qwen3-30B-Thinking", True),
        ("llama3.2", False),
        ("smollm2-135m", False),
        ("gpt-4.1-mini", False),
    ],
)
def test_a_models_name_says_whether_it_may(name: str, expected: bool) -> None:
    assert may_open_itself(name) is expected
