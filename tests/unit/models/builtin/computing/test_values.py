"""Cells as numbers and dates, as tables of several countries write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ragcli.models.builtin.computing.cell_values import Signs, date, number


@pytest.mark.parametrize(
    ("cell", "comma", "value"),
    [
        ("1,608.00", False, "1608.00"),
        ("1.608,00", True, "1608.00"),
        ("48,90 €", True, "48.90"),
        ("$ 12", False, "12"),
        ("1.234", True, "1234"),
        ("1.234", False, "1.234"),
        ("1 250 000", False, "1250000"),
        ("-3", False, "-3"),
        ("3 kg", False, "3"),
    ],
)
def test_numbers_of_either_convention(cell: str, comma: bool, value: str) -> None:
    assert number(cell, decimal_comma=comma) == Decimal(value)


@pytest.mark.parametrize("cell", ["", "A380", "2024-01-01", "n/a", "1 of 3 (old)"])
def test_what_is_no_number(cell: str) -> None:
    assert number(cell) is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2024-04-01", (2024, 4, 1)),
        ("01.04.2024", (2024, 4, 1)),
        ("1 April 2024", (2024, 4, 1)),
        ("April 1, 2024", (2024, 4, 1)),
        ("1. März 2024", (2024, 3, 1)),
        ("1 août 2024", (2024, 8, 1)),
        ("3 de mayo de 2024", (2024, 5, 3)),
        ("31/12/2023", (2023, 12, 31)),
        ("12/31/2023", (2023, 12, 31)),
        ("1999", (1999,)),
    ],
)
def test_dates_of_several_countries(
    cell: str, value: tuple[int] | tuple[int, int, int]
) -> None:
    assert date(cell) == value


def test_an_ambiguous_date_is_none_until_its_column_tells() -> None:
    signs = Signs()
    assert date("04/05/2024", signs) is None

    signs.see("13/05/2024")

    assert date("04/05/2024", signs) == (2024, 5, 4)
