"""The language of a text is told by its words, or left open."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.language.vocabulary.languages import detect

LISTED = Path(__file__).with_name("languages.tsv").read_text(encoding="utf-8")
SENTENCES = dict(line.split("\t") for line in LISTED.splitlines())


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_is_enough(language: str) -> None:
    assert detect(SENTENCES[language]) == language


@pytest.mark.parametrize(
    "text", ["", "  \n", "12 34 | 56", "x = y[0] * 2", "Zürich Bern"]
)
def test_what_says_nothing_is_no_language(text: str) -> None:
    assert detect(text) == ""


def test_a_quotation_does_not_change_the_language() -> None:
    assert detect(SENTENCES["en"] * 4 + " 文件无法打开 " + SENTENCES["de"]) == "en"
