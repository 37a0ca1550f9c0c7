"""What a reasoning model says to itself is left out, however it is cut up."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.models.langchain.reasoning import without_reasoning

CASES = {
    "<think>a [1] b</think>\n\nYes.": "Yes.",
    "  <think></think>No.": "No.",
    "Use <think> tags.": "Use <think> tags.",
    "a </think> b": "a </think> b",
    "<think>never ends": "",
    "<thin": "<thin",
    "": "",
}


@pytest.mark.parametrize(("said", "shown"), CASES.items())
@given(cuts=st.lists(st.integers(0, 40)))
def test_only_a_leading_thought_is_left_out(
    said: str, shown: str, cuts: list[int]
) -> None:
    places = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})
    pieces = [said[a:b] for a, b in pairwise(places)]

    assert "".join(without_reasoning(iter(pieces))) == shown
