"""Markdown's own signs are told from what a text says."""

from __future__ import annotations

import pytest

from ragcli.language.markdown import without_emphasis


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**Height**", "Height"),
        ("__Height__ of `it`", "Height of it"),
        ("*a* and _b_", "a and b"),
        ("falls back to KILN_HEAT)", "falls back to KILN_HEAT)"),
        ("2*3 and a_b_c", "2*3 and a_b_c"),
    ],
)
def test_emphasis_goes_and_signs_inside_words_stay(text: str, plain: str) -> None:
    assert without_emphasis(text) == plain
