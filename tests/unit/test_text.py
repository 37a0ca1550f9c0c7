"""Nothing that is printed acts on a terminal, and ordinary text stays as it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.text import SafePieces, safe_line, safe_name, safe_text

FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2028\u2029\u3164\uffa0"
"""What no category of Unicode tells from ordinary characters."""
SELECTORS = "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
MAY_STAY = "\u200c\u200d\ufe0e\ufe0f"
"""Where they do something that can be seen; see `stands_well`."""
OTHERS = "".join(map(chr, [*range(0x2061, 0x2070), *range(0x180B, 0x1810)]))

RISKY = st.one_of(
    st.text(
        st.sampled_from(
            f"a1#\r\n\t\x1b\x9b\u202e\u2764\u0646é{FILLERS}{MAY_STAY}{OTHERS}"
        ),
        max_size=12,
    ),
    st.text(),
)
"""Any text, and short ones in which the rules meet."""


def acts(character: str) -> bool:
    """Tells whether a character may never reach a terminal."""
    if character in "\n\t" or character in MAY_STAY:
        return False
    controls = unicodedata.category(character) in {"Cc", "Cf", "Cs"}
    drawn = "\u0600" <= character <= "\u08ff" or character in "\U000110bd\U000110cd"
    visible = drawn and character != "\u061c"  # signs of Arabic and Kaithi
    return (controls and not visible) or character in f"{FILLERS}{SELECTORS}{OTHERS}"


def stands_well(text: str, at: int) -> bool:
    """Tells whether a joiner or a style of emoji stands where it may stay."""
    before = text[at - 1] if at else ""
    if text[at] in "\ufe0e\ufe0f":
        return before != "" and (before in "#*0123456789" or ord(before) > 0xA8)
    return not before.isascii() and before not in "\u200c\u200d"


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
        ("f\u2061(x)\u206f", "f\\u{2061}(x)\\u{206f}"),
        ("fill\u3164\u115f\u1160\uffa0", "fill\\u{3164}\\u{115f}\\u{1160}\\u{ffa0}"),
        ("a\ufe0fb\ufe00", "a\\u{fe0f}b\\u{fe00}"),
        ("\u845b\U000e0100", "\u845b\\u{e0100}"),
        ("pass\u200dword", "pass\\u{200d}word"),
        ("\ufe0f", "\\u{fe0f}"),
    ],
)
def test_what_could_act_is_shown(hostile: str, shown: str) -> None:
    assert safe_text(hostile) == shown


@pytest.mark.parametrize(
    "kept",
    [
        "\u2764\ufe0f and \u2764\ufe0e",
        "1\ufe0f\u20e3",
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f469\U0001f3fd\u200d\U0001f4bb",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
    ],
)
def test_what_belongs_to_a_character_stays_with_it(kept: str) -> None:
    assert safe_text(kept) == kept


@given(RISKY)
def test_nothing_that_acts_survives(text: str) -> None:
    shown = safe_text(text)

    assert not [character for character in shown if acts(character)]
    for at, character in enumerate(shown):
        assert character not in MAY_STAY or stands_well(shown, at)
    assert shown.encode().decode() == shown


@pytest.mark.slow
def test_every_character_alone_is_shown_or_ordinary() -> None:
    for code in range(0x110000):
        shown = safe_text(chr(code))
        assert not [c for c in shown if acts(c) or c in MAY_STAY], hex(code)
        assert shown == chr(code) or shown == shown.strip()


@given(st.lists(RISKY))
def test_pieces_are_as_safe_as_the_whole(pieces: list[str]) -> None:
    stream = SafePieces()

    shown = "".join([*map(stream.add, pieces), stream.end()])

    whole = "".join(pieces)
    body = whole.removesuffix("\r")
    assert shown == safe_text(body) + ("\n" if body != whole else "")


@given(RISKY)
def test_a_second_pass_changes_nothing(text: str) -> None:
    once = safe_text(text)

    assert safe_text(once) == once


@given(
    st.text(
        st.characters(
            categories=["L", "N", "P", "Zs"], codec="utf-8", exclude_characters=FILLERS
        )
    )
)
def test_ordinary_text_is_untouched(text: str) -> None:
    assert safe_text(text) == text


@given(RISKY, st.integers(1, 30))
def test_a_line_is_one_line_of_at_most_the_width(text: str, width: int) -> None:
    line = safe_line(text, width)

    assert "\n" not in line
    assert "\t" not in line
    assert len(line) <= width


def test_newlines_and_tabs_stay_in_text_but_not_in_names() -> None:
    assert safe_text("a\r\nb\tc") == "a\nb\tc"
    assert safe_name("a\nb\tc") == "a␊b␉c"
    assert unicodedata.category("␊") == "So"
