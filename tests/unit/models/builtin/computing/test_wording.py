"""What questions of four languages ask to be computed."""

from __future__ import annotations

import pytest

from ragcli.models.builtin.computing.drawing import wants_whole
from ragcli.models.builtin.computing.question_wording import wanted


@pytest.mark.parametrize(
    ("question", "operation"),
    [
        ("How many orders are open?", "count"),
        ("Wie viele Bestellungen sind offen?", "count"),
        ("Combien de commandes sont ouvertes ?", "count"),
        ("¿Cuántos pedidos hay?", "count"),
        ("What is the number of open orders?", "count"),
        ("Number of orders?", "count"),
        ("Give the total number of orders", "count"),
        ("Número de pedidos abiertos", "count"),
        ("What is the average price?", "mean"),
        ("What is the mean of the prices?", "mean"),
        ("What is the mean price per order?", "mean"),
        ("Wie hoch ist der durchschnittliche Preis?", "mean"),
        ("Quel est le prix moyen ?", "mean"),
        ("¿Cuál es el precio promedio?", "mean"),
        ("Which airline had the most accidents?", "most"),
        ("Welcher Artikel ist am billigsten?", "least"),
        ("Quel est l'article le moins cher ?", "least"),
        ("¿Cuál es el producto más caro?", "most"),
        ("Welche Artikel kosten mehr als 20 Euro?", "select"),
        ("Quels produits coûtent plus de 30 euros ?", "select"),
        ("Lista todos los productos", "select"),
    ],
)
def test_operations(question: str, operation: str) -> None:
    found = wanted(question)

    assert found is not None
    assert found.operation == operation


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How many were released before the year 2000?", ("<", "2000", True)),
        ("Wie viele kamen nach dem 1.3.2024?", (">", "1.3.2024", True)),
        ("Combien entre 2019 et 2021 ?", ("..", "2019", False)),
        ("¿Cuántos cuestan menos de 20 euros?", ("<", "20", False)),
        ("How many have at least 3 rooms?", (">=", "3", False)),
    ],
)
def test_comparisons(question: str, told: tuple[str, str, bool]) -> None:
    found = wanted(question)

    assert found is not None
    comparison = found.comparisons[0]
    assert (comparison.sign, comparison.low, comparison.is_date) == told


@pytest.mark.parametrize(
    "question",
    [
        "How long does a commit wait?",
        "What does the door closer cost?",
        "Who won in 2004?",
        "What is the first name of Anna?",
        # A noun before it says which number is meant, and nothing is counted.
        "Phone number of Anna?",
        "What is the account number of the landlord?",
        "Número de teléfono de Anna",
        "Wann schließt das Büro?",
        "naive resume of Zoe",
        "What does exit code 75 mean?",
        "What do you mean by that?",
        # How and why compute nothing, whatever they name.
        "How do I install the latest release?",
        "Why is the largest file skipped?",
        "Wie kann ich die gr\u00f6\u00dfte Datei l\u00f6schen?",
        "Comment supprimer le plus grand fichier ?",
        "\u00bfC\u00f3mo puedo borrar el archivo m\u00e1s grande?",
    ],
)
def test_other_questions_read_nothing(question: str) -> None:
    assert not wants_whole(question)
