# ruff: noqa: E501 - a file is one line of text

"""Words are found in the spellings that documents have: accents, umlauts, one slip."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ragcli.index.fulltext.analysis import QuestionWord, question_words
from ragcli.index.passages import SearchRequest
from ragcli.index.search.index_reader import IndexReader
from ragcli.index.search.retriever import Retriever
from ragcli.index.search.spelling import all_spelled, spelled
from tests.unit.index.search.conftest import names

TOWN = {
    "cafe.md": "# Das Caf\u00e9\n\nIm Caf\u00e9 am Ring gibt es Tee und Kuchen bis acht Uhr.",
    "snack.md": "# The Cafe\n\nThe cafe at the mill sells soup and bread until six.",
    "rhein.md": "# D\u00fcsseldorf\n\nD\u00fcsseldorf liegt am Rhein und hat einen Hafen.",
    "bosporus.md": "# \u0130stanbul\n\n\u0130stanbul lies on two continents and has three bridges.",
    "cv.md": "# Papers\n\nZo\u00eb sent her r\u00e9sum\u00e9 to the mill in May.",
    "stone.md": "# Mill\n\nThe grindstone weighs nine hundred kilos and was cut in 1903.",
    "ducks.md": "# Ducks\n\nDucks swim on the pond behind the barn all year.",
}


@pytest.fixture(scope="module")
def town(search_in: Callable[..., Retriever]) -> Retriever:
    return search_in(TOWN)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("cafe", {"cafe.md", "snack.md"}),
        ("caf\u00e9", {"cafe.md", "snack.md"}),
        ("Duesseldorf", {"rhein.md"}),
        ("Dusseldorf", {"rhein.md"}),
        ("istanbul", {"bosporus.md"}),
        ("resume", {"cv.md"}),
        ("zoe", {"cv.md"}),
        ("grindstnoe", {"stone.md"}),
        ("grindstome", {"stone.md"}),
    ],
)
def test_words_are_found_in_the_spelling_of_the_documents(
    town: Retriever, question: str, found: set[str]
) -> None:
    best = town.search(SearchRequest(question, mode="bm25", limit=3)).passages

    assert {
        name for name, p in zip(names(best), best, strict=True) if p.details["bm25"]
    } == found


@pytest.mark.parametrize("word", ["ducks", "pond", "bike", "kilo", "4711", "duks"])
def test_what_is_spelled_rightly_or_too_short_to_guess_stays(
    index: Callable[[Mapping[str, str]], IndexReader], word: str
) -> None:
    frequency = index(TOWN).document_frequency
    [known] = question_words(word, ["en"])

    assert spelled(known, ["en"], frequency) == known


def test_a_long_text_costs_no_looks() -> None:
    looks: list[str] = []

    def frequency(stem: str) -> int:
        looks.append(stem)
        return 0

    text = " ".join(f"grindstno{letter}" for letter in "abcdefghijklmnopqrstuvwxyz" * 2)
    words = question_words(text, ["en"])
    assert all_spelled(words, ["en"], frequency) == words
    assert not looks
    all_spelled(words[:2], ["en"], frequency)
    assert looks


def test_a_word_that_documents_have_is_not_mistyped() -> None:
    counts = {"stream": 4, "steam": 9}
    word = QuestionWord("stream", ("stream",))

    assert spelled(word, ["en"], lambda stem: counts.get(stem, 0)) == word
    counts.pop("stream")
    again = spelled(word, ["en"], lambda stem: counts.get(stem, 0))
    assert again.variants == ("stream", "steam")
