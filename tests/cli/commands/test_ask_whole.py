"""Questions over a whole table, list or document, through `ragcli ask --docs`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran

ORDERS = "id,client,status,placed,amount\n" + "".join(
    f"{number},{client},{status},2024-{month:02}-{day:02},{amount}\n"
    for number, (client, status, month, day, amount) in enumerate(
        [
            (
                ["Meier & Co", "Lund AS", "Ortega"][number % 3],
                "open" if number % 20 == 7 else "closed",
                number % 12 + 1,
                number % 28 + 1,
                f"{10 + number}.50",
            )
            for number in range(120)
        ],
        1001,
    )
)
PRICES = (
    "Artikel;Lieferant;Preis EUR;Gewicht kg;Eingang\n"
    "Scharnier;Nordbau;1.250,00;2,5;03.01.2024\n"
    "Griff;Kessler;12,50;0,4;28.02.2023\n"
    "Schloss;Nordbau;48,90;1,2;15.06.2023\n"
    "Rolle;Talbot;7,95;0,3;01.12.2024\n"
)
GUIDE = """# Harbour guide

The harbour of Lindholm is open all year. It was built in 1874.

## Services

These services can be booked:

- crane
- laundry
- fuel

## Participants

* Anna Berg
* Jon Dahl
* Eva Holm

## Fees

A berth costs twelve crowns a night. Children pay nothing.
"""


Ask = Callable[[str, str, str], tuple[int, Any, str]]


@pytest.fixture
def ask(tmp_path: Path, run_process: Callable[..., Ran]) -> Ask:
    """Returns what asks a question of one file, and returns its JSON with its code."""

    def asked(name: str, content: str, question: str) -> tuple[int, Any, str]:
        file = tmp_path / name
        file.write_text(content)
        ran = run_process("ask", question, "--docs", str(file), "--json")
        return ran.code, json.loads(ran.out), ran.err

    return asked


def test_rows_that_a_value_selects_are_counted_over_the_whole_table(ask: Ask) -> None:
    code, told, _ = ask("orders.csv", ORDERS, "How many orders are open?")

    assert code == 0
    assert told["answer"] == "6 of 120 rows: status = open [1]"
    cited = told["citations"][0]
    assert cited["verified"] is True
    assert [quote["lines"] for quote in cited["quotes"]] == [
        [line, line] for line in range(9, 110, 20)
    ]
    assert all(",open," in quote["text"] for quote in cited["quotes"])


def test_rows_are_listed_with_their_own_words_and_counted(ask: Ask) -> None:
    code, told, _ = ask(
        "orders.csv", ORDERS, "List all orders from Lund AS that are open"
    )

    assert code == 0
    first, *rows = told["answer"].splitlines()
    assert first == "2 of 120 rows: client = lund as; status = open [1]"
    assert len(rows) == 2
    assert all("client: Lund AS; status: open" in row for row in rows)


def test_a_long_list_says_how_much_of_it_is_shown(ask: Ask) -> None:
    _, told, _ = ask("orders.csv", ORDERS, "List all orders that are closed")

    first, *rows = told["answer"].splitlines()
    assert first == "114 of 120 rows: status = closed (40 of 114 shown) [1]"
    assert len(rows) == 40
    places = [quote["lines"] for quote in told["citations"][0]["quotes"]]
    assert (places[0][0], places[-1][1]) == (2, 121)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Was ist der teuerste Artikel?", "largest Preis EUR = 1.250,00 over 4 rows"),
        (
            "Wie viele Artikel kosten mehr als 20 Euro?",
            "2 of 4 rows: Preis EUR > 20",
        ),
        (
            "Wie hoch ist die Summe der Preise der Artikel von Nordbau?",
            "sum of Preis EUR = 1298,90 over 2 of 4 rows: Lieferant = nordbau",
        ),
        (
            "How many articles were received before 2024?",
            "2 of 4 rows: Eingang < 2024",
        ),
        ("Which article is the heaviest?", "largest Gewicht kg = 2,5 over 4 rows"),
    ],
)
def test_decimal_commas_dates_and_units_are_read_as_the_table_writes_them(
    ask: Ask, question: str, answer: str
) -> None:
    code, told, err = ask("articles.csv", PRICES, question)

    assert code == 0, err
    assert answer in told["answer"]
    assert told["citations"][0]["verified"] is True


@pytest.mark.parametrize(
    ("question", "items"),
    [
        ("Name all services that can be booked.", ["crane", "laundry", "fuel"]),
        ("List everybody who took part.", ["Anna Berg", "Jon Dahl", "Eva Holm"]),
        ("Who are the participants?", ["Anna Berg", "Jon Dahl", "Eva Holm"]),
        ("Which services does the harbour have?", ["crane", "laundry", "fuel"]),
    ],
)
def test_a_list_is_given_whole(ask: Ask, question: str, items: list[str]) -> None:
    code, told, _ = ask("guide.md", GUIDE, question)

    assert code == 0
    assert told["answer"] == "\n".join(f"{item} [1]" for item in items)


def test_a_document_is_summed_up_by_its_headings_with_the_coverage(ask: Ask) -> None:
    code, told, _ = ask("guide.md", GUIDE, "Summarise this document.")

    assert code == 0
    lines = told["answer"].splitlines()
    assert "The harbour of Lindholm is open all year. [1]" in lines
    assert "Fees: A berth costs twelve crowns a night. [1]" in lines
    assert lines[-1] == "4 of 4 sections [1]"


def test_what_cannot_be_counted_is_said_with_the_nearest_passage(ask: Ask) -> None:
    code, _, err = ask("guide.md", GUIDE, "How many lighthouses does Norway have?")

    assert code == 1
    assert "cannot count over prose; the nearest passage is" in err
    assert "guide.md" in err


def test_a_word_that_the_table_does_not_know_is_not_counted_away(ask: Ask) -> None:
    code, told, err = ask("orders.csv", ORDERS, "How many orders are blue?")

    assert code == 1
    assert told["answer"] == ""
    assert "'blue' is neither a column nor a value of orders.csv" in err


def test_records_of_json_lines_are_counted_like_rows(
    tmp_path: Path, run_process: Callable[..., Ran]
) -> None:
    orders = tmp_path / "orders.jsonl"
    orders.write_text(
        "".join(
            f'{{"order": {n}, "customer": {{"name": "C{n}"}}, "total": {n}, '
            f'"status": "{"closed" if n % 3 else "open"}"}}\n'
            for n in range(30)
        )
    )

    ran = run_process("ask", "How many orders are open?", "--docs", str(orders))
    most = run_process(
        "ask", "Which order has the highest total?", "--docs", str(orders)
    )

    assert ran.out.startswith("10")
    assert "10 of 30 rows: status = open" in ran.out
    assert "29" in most.out
