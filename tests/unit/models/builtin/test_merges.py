"""The built-in merges give the tokenizer's tokens, however long a word is."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.models.builtin import merges
from ragcli.models.builtin.merges import MergeTable
from ragcli.models.builtin.tokens import open_tokenizer
from ragcli.models.builtin.wheel import tokenizer_file

README = Path(__file__).parents[4] / "README.md"


@pytest.fixture(scope="module")
def table() -> merges.MergeTable:
    return merges.MergeTable(memoryview(merges.prepare(tokenizer_file())))


@pytest.fixture(scope="module")
def encode() -> Callable[[str], list[int]]:
    tokenizer = open_tokenizer()

    def encode(word: str) -> list[int]:
        return list(tokenizer.encode(word, add_special_tokens=False).ids)

    return encode


@pytest.mark.slow
def test_ordinary_words_have_the_tokenizers_tokens(
    table: MergeTable, encode: Callable[[str], list[int]]
) -> None:
    words = {f"▁{word}" for word in README.read_text().split()}
    assert len(words) > 500
    assert {w: table.encode(w) for w in words} == {w: encode(w) for w in words}


def test_words_of_any_characters_have_the_tokenizers_tokens(
    table: MergeTable, encode: Callable[[str], list[int]]
) -> None:
    draw = random.Random(5)
    for _ in range(300):
        word = "▁" + "".join(
            draw.choices("aaabBtheing▁éz文😀0", k=draw.randrange(1, 60))
        )
        assert table.encode(word) == encode(word), word


@pytest.mark.slow
@pytest.mark.parametrize(
    "word",
    ["aaaBaa" * 20_000, "QUJDREVGRw0KabZ9" * 6000],
    ids=["repeated", "encoded"],
)
def test_a_word_as_long_as_a_file(
    table: MergeTable, encode: Callable[[str], list[int]], word: str
) -> None:
    assert table.encode(word) == encode(word)
