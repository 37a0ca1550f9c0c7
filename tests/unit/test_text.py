from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.text import safe_line, safe_name, safe_text

ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x1b[2J", "␛[2J"),
        ("\x9b2J", "\\x9b2J"),
        ("a\rb", "a␍b"),
        ("user\u202etxt.exe", "user\\u{202e}txt.exe"),
        ("tag\U000e0041", "tag\\u{e0041}"),
        ("del\x7f", "del␡"),
        ("zero\u200bwidth", "zero\\u{200b}width"),
        ("lone \udc80 byte", "lone \\u{dc80} byte"),
    ],
)
def test_what_could_act_is_shown(hostile: str, shown: str) -> None:
    assert safe_text(hostile) == shown


@given(st.text())
def test_nothing_that_acts_survives(text: str) -> None:
    shown = safe_text(text)

    assert not ACTS.search(shown)
    assert shown.encode().decode() == shown


@given(st.text())
def test_a_second_pass_changes_nothing(text: str) -> None:
    once = safe_text(text)

    assert safe_text(once) == once


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], codec="utf-8")))
def test_ordinary_text_is_untouched(text: str) -> None:
    assert safe_text(text) == text


@given(st.text(), st.integers(1, 30))
def test_a_line_is_one_line_of_at_most_the_width(text: str, width: int) -> None:
    line = safe_line(text, width)

    assert "\n" not in line
    assert "\t" not in line
    assert len(line) <= width


def test_newlines_and_tabs_stay_in_text_but_not_in_names() -> None:
    assert safe_text("a\r\nb\tc") == "a\nb\tc"
    assert safe_name("a\nb\tc") == "a␊b␉c"
    assert unicodedata.category("␊") == "So"
