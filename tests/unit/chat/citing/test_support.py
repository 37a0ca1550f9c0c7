"""Which passage says a sentence that names none."""

from __future__ import annotations

import pytest

from ragcli.chat.citing.support import PreparedPassage, source_of
from tests.unit.chat.conftest import CODE, FRANCE, LOCKS


@pytest.mark.parametrize(
    ("sentence", "strength", "number"),
    [
        ("Readers take no lock.", "strong", 1),
        ("The capital of France is Paris.", "strong", 2),
        ("France's capital Paris has 2.1 million churches.", "none", 0),
        ("Readers take a lock.", "none", 0),
        ("Paris has 2,100,001 inhabitants.", "none", 0),
        ("The lock is held firmly by the kernel.", "located", 1),
        ("Bread is baked in ovens.", "none", 0),
    ],
)
def test_the_passage_that_says_it_is_found(
    sentence: str, strength: str, number: int
) -> None:
    found = source_of(sentence, [PreparedPassage(p) for p in (LOCKS, FRANCE, CODE)])

    assert (found.strength, list(found.quotes)) == (strength, [number] * bool(number))
    assert all(quote.text for quotes in found.quotes.values() for quote in quotes)
