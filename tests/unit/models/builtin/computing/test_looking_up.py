"""A question that names two cells of one row gets that row, out of the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ragcli.index.documents.loaders.dispatch.load import load
from ragcli.index.documents.splitter import split
from ragcli.models.base import Source, WholeDocument
from ragcli.models.builtin.computing.drawing import drawn, wants_whole

ORDERS = "id,client,status,placed,amount\n" + "".join(
    f"{1000 + number},{('Meier & Co', 'Lund AS', 'Ortega')[number % 3]},"
    f"{'open' if number % 20 == 7 else 'closed'},"
    f"2024-{number % 12 + 1:02}-{number % 28 + 1:02},{10 + number}.50\n"
    for number in range(120)
)
RATES = "gate,day,rate\n" + "".join(
    f"{gate},01-{month:02}-13,{gate[0]}{month}\n"
    for gate in ("North Gate", "South Gate")
    for month in range(1, 13)
)


def whole(name: str, text: str) -> WholeDocument:
    """Returns a document of which only the first piece was retrieved."""
    chunks = split(load(Path(name), text.encode()), size=800, overlap=0)
    pieces = [
        Source(
            n, chunk.text, name, "table", 0.9, units=chunk.units, tables=chunk.tables
        )
        for n, chunk in enumerate(chunks, 1)
    ]
    return WholeDocument(name, "", len(pieces), lambda n: pieces[n - 1], (1,))


def unlike(_: str, others: Sequence[str]) -> list[float]:
    """Compares words that nothing brings together."""
    return [0.0] * len(others)


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("Which amount has Lund AS in order 1076?", "id: 1076; client: Lund AS;"),
        ("Which status did Ortega have on 2024-12-16?", "id: 1071; client: Ortega;"),
        ("What is the amount of order 1076 of Lund AS?", "id: 1076; client: Lund AS;"),
        # Two cells that are in no one row, one cell alone, and a word that none has.
        ("Which amount has Lund AS in order 1077?", ""),
        ("Which amount does order 1076 have?", ""),
        ("Which discount has Lund AS in order 1076?", ""),
    ],
)
def test_the_row_of_two_cells_is_given(question: str, row: str) -> None:
    found = drawn(question, [whole("orders.csv", ORDERS)], unlike)

    said = "".join(item.text for item in found.statements)
    assert row in said if row else not said


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Which amount has Lund AS in order 1076?", True),
        ("Which amount does order 1076 have?", False),
        ("Which amount has Lund AS?", False),
        ("Lund AS 1076", False),
    ],
)
def test_tables_are_read_for_two_names_only(question: str, *, wanted: bool) -> None:
    assert wants_whole(question) is wanted


def test_a_date_is_the_numbers_in_their_order() -> None:
    question = "Which rate had South Gate on 01-01-13?"

    found = drawn(question, [whole("rates.csv", RATES)], unlike)

    said = [item.text for item in found.statements]
    assert said == ["gate: South Gate; day: 01-01-13; rate: S1"]
