"""What is remembered piece by piece is what the whole text would give."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from ragcli.index.documents.loaders.markup import lightweight
from ragcli.language.vocabulary.stemming import joined_content_stems, stemmer
from ragcli.language.vocabulary.words import words
from ragcli.models.builtin import tokens

LETTERS = (
    "abzAZ _\n\t.-09äßÉ\u0301\u0308\u00a0\u3000"
    "漢字かな가각ᄀﬁ½Ⅷ\u00a8\u0131\u0130Σς▁\ud800"
)
TEXTS = st.one_of(
    st.text(alphabet=LETTERS, max_size=60),
    st.lists(
        st.sampled_from(["the", "commit_lock", "readFile", "Über", "", "\n", "don't"])
    ).map(" ".join),
)


@pytest.fixture(scope="module")
def raw() -> Tokenizer:
    opened: Tokenizer = tokens.open_tokenizer()
    return opened


@pytest.fixture(scope="module")
def remembering() -> tokens.WordTokens:
    return tokens.WordTokens(None, write=False)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(["en", "de", "ja", "", "tr"]))
def test_stems_of_pieces_are_the_stems_of_the_text(text: str, language: str) -> None:
    rules = stemmer(language)
    found = words(text)
    content = [word for word in found if word not in rules.stops]
    assert joined_content_stems(text, language).split() == rules.stem(content or found)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=4))
@example(["▁ ", "a ▁b"])
def test_tokens_of_pieces_are_the_tokens_of_the_text(
    raw: Tokenizer, remembering: tokens.WordTokens, texts: list[str]
) -> None:
    ids, counts = remembering.encode(texts)
    start = 0
    for text, count in zip(texts, counts.tolist(), strict=True):
        spelled = f" {text}".encode("utf-8", "replace").decode().replace(" ", "▁")
        whole = raw.encode(spelled if text else "", add_special_tokens=False).ids
        assert ids[start : start + count].tolist() == whole
        start += count
    assert start == len(ids)


MARKS = ("\n", "#", "# a", "## b", "```", "~~~", "```py", " ", "    ", "===", "--", "-")
LINES = st.lists(st.sampled_from([*MARKS, "\n\n", "x", "> q", "* i", "|a|", "\t"]))


@settings(deadline=None)
@given(LINES.map("".join), st.integers(0, 20))
def test_headings_are_found_where_the_whole_pattern_finds_them(
    text: str, place: int
) -> None:
    def told(matches: Iterable[re.Match[str]]) -> list[object]:
        return [(match.span(), match.groups()) for match in matches]

    start = text.rfind("\n", 0, place) + 1
    expected = re.finditer(lightweight.MARKDOWN, text[start:])
    found = lightweight.heading_lines(text[start:], 0)
    assert told(found) == told(expected)
    later = told(lightweight.MARKDOWN.finditer(text, start))
    assert told(lightweight.heading_lines(text, start)) == later
