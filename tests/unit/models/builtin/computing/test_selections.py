# ruff: noqa: E501 - a question and its answer read better on one line
"""Rows are narrowed down by what a question says of them, in awkward tables too."""

from __future__ import annotations

import pytest

from ragcli.models.builtin.computing.drawing import drawn
from tests.unit.models.builtin.computing.test_looking_up import unlike, whole

TICKETS = """\
id;opened;closed;team;priority;status;hours;cost
T-1;03.03.2024;05.03.2024;A;high;closed;3,5;1.200,50 €
T-2;12.03.2024;;B;low;open;0,5;80,00 €
T-3;15.03.2024;;B;high;open;12;2.000,00 €
T-4;01.04.2024;02.04.2024;B;medium;closed;2;310,00 €
T-5;30.04.2024;;C;high;open;;
T-6;09.05.2024;10.05.2024;A;low;closed;1,25;99,90 €
T-7;28.03.2024;;A;medium;open;4;450,00 €
"""
ROOMS = """\
room,seats,projector,rent,size
12,4,yes,"$4,200.00",950 kg
14,2,no,n/a,1.2 t
20,30,yes,"$3,950.50",8 t
"""
FEES = "what,fee\nring,12 EUR\nmast,15 USD\nrope,9 EUR\n"


def told(name: str, text: str, question: str) -> str:
    found = drawn(question, [whole(name, text)], unlike)
    return "\n".join(item.text for item in found.statements) or found.reason


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        # A value of a cell, though a column is named like it.
        ("How many open tickets does team B have?", "2 of 7 rows: team = b; status = open"),
        # A month of any year.
        ("How many tickets were opened in March?", "4 of 7 rows: opened in march"),
        (
            "How many open tickets of team B were opened in March?",
            "2 of 7 rows: team = b; status = open; opened in march",
        ),
        # What is denied: the column has empty cells.
        ("How many tickets are not closed?", "4 of 7 rows: closed is empty"),
        ("How many tickets are not high?", "4 of 7 rows: priority \u2260 high"),
        ("What is the average number of hours?", "average of hours = 3,875 over 7 rows; 1 without a number"),
        ("Which ticket was opened first?", "earliest opened = 03.03.2024 over 7 rows"),
        ("Which ticket was opened last?", "latest opened = 09.05.2024 over 7 rows"),
        ("How many tickets are not worth it?", "cannot tell what its negation is about"),
    ],
)  # fmt: skip
def test_tickets_are_narrowed_down(question: str, answer: str) -> None:
    assert answer in told("tickets.csv", TICKETS, question)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many rooms have a projector?", "2 of 3 rows: projector = yes"),
        ("How many rooms have no projector?", "1 of 3 rows: projector = no"),
        ("How many seats are there in total?", "sum of seats = 36 over 3 rows"),
        # What says that there is nothing is no number, and spoils no column.
        ("What is the average rent?", "average of rent = 4075.25"),
        # Units of one kind are compared as what they amount to.
        ("Which room has the smallest size?", "smallest size = 950 kg"),
    ],
)
def test_truths_totals_and_units_are_understood(question: str, answer: str) -> None:
    assert answer in told("rooms.csv", ROOMS, question)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many open tickets does team B have?", "2 of 7 rows: team = b; status = open"),
        ("How many open high tickets are there?", "2 of 7 rows: priority = high; status = open"),
        # A value describes no verb and no number behind it.
        ("How many cups did team B win?", "'cups' is neither a column nor a value"),
        # Nothing tells that bugs are what the rows are, or that they are no column.
        ("How many bugs does team B have?", "'bugs' is neither a column nor a value"),
    ],
)  # fmt: skip
def test_what_a_value_describes_is_what_the_rows_are(
    question: str, answer: str
) -> None:
    assert answer in told("export.csv", TICKETS, question)


def test_prices_in_two_currencies_are_not_added_up() -> None:
    assert "sum of" not in told("fees.csv", FEES, "What is the sum of the fees?")
