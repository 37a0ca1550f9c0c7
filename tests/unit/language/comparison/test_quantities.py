"""Numbers are compared as what they amount to, by the rules of their language."""

from __future__ import annotations

import pytest

from ragcli.language.comparison.quantities import Quantity, quantities


def only(text: str, language: str) -> Quantity:
    (found,) = quantities(text, language)
    return found


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("48.90", "48,90", "en"),
        ("48,90", "48.90", "de"),
        ("1,608.00", "1608", "en"),
        ("1.608,00", "1608", "de"),
        ("1.608", "1608", "de"),
        ("12 500", "12500", "fr"),
        ("1 April 2024", "2024-04-01", "en"),
        ("April 1, 2024", "1 April 2024", "en"),
        ("1. April 2024", "01.04.2024", "de"),
        ("1er avril 2024", "2024-04-01", "fr"),
        ("1 de abril de 2024", "2024-04-01", "es"),
        ("ten", "10", "en"),
        ("twenty-five", "25", "en"),
        ("two hundred", "200", "en"),
        ("zwanzig", "20", "de"),
        ("quarante", "40", "fr"),
        ("nueve", "9", "es"),
        ("90 seconds", "1.5 minutes", "en"),
        ("2 GB", "2000 MB", "en"),
        ("15 %", "15 percent", "en"),
        ("£900", "900 pounds", "en"),
        ("6 o'clock", "6:00", "en"),
        ("2:30 pm", "14:30", "en"),
        ("17 Uhr", "17:00", "de"),
    ],
)
def test_what_amounts_to_the_same_is_equal(one: str, other: str, language: str) -> None:
    assert only(one, language).equals(only(other, language))


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("1.608", "1608", "en"),
        ("10 minutes", "10 hours", "en"),
        ("10 euros", "10 dollars", "en"),
        ("1 April 2024", "4 January 2024", "en"),
        ("7:40", "7:14", "en"),
        ("9 am", "9 pm", "en"),
        ("310", "301", "en"),
    ],
)
def test_what_does_not_is_not(one: str, other: str, language: str) -> None:
    assert not only(one, language).equals(only(other, language))


def test_a_comma_without_cents_parts_two_numbers_where_it_is_no_decimal_one() -> None:
    row = only("9090,60", "en")

    assert row.equals(only("9090", "en"))
    assert row.equals(only("60", "en"))
    assert not row.equals(only("9090.60", "en"))
    assert only("9090,60", "de").equals(only("9090.60", "en"))


def test_one_is_a_number_only_before_a_measure() -> None:
    assert quantities("No one asks, and one of them leaves.", "en") == []
    assert only("It takes one hour.", "en").dimension == "time"
    assert only("It calls once a week.", "en").equals(only("1", "en"))
