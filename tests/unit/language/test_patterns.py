"""Patterns that are compiled late, or in part, find what the whole pattern finds."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.language.patterns import deferred, pruned
from ragcli.models.builtin import parsed_question
from ragcli.models.builtin.computing import question_wording


def found(pattern: re.Pattern[str], text: str) -> list[object]:
    """Returns all that a pattern tells of a text."""
    matches = [pattern.search(text), pattern.match(text), pattern.fullmatch(text)]
    matches += pattern.finditer(text)
    return [
        match and (match.span(), match.groups(), match.groupdict()) for match in matches
    ]


SOURCES = [
    r"\bhow (?:many|much)\b|\bwie ?viele?\b|combien",
    r"\b(?:sum|add(?:ed)? up|in total)\b",
    r"(?<!at )\b(?:(?P<most>most|max|mayor(?:es)?)|(?P<least>least|min))(?!\w)",
    r"^\s*(?:please )?list\b.*\b(?:all|the)\b|\ball \w+s\b",
    r"meaning of (?P<term>[^?]{2,6})|define (.{1,3})|(?:is|are)* free",
    r"co\u00fb?t{1,2}e?|\u4f55|m(?:\u00e4|a)rz{0}|[)|(]all|fra?nc{,2}s",
    r"a(?=b|c)b|x(?:y(?:z|how)+)?|(?:sum)?min",
    r"(?P<q>'|many)all(?P=q)",
]
WRITTEN = """
how many much wie viel viele combien sum add added up at most max mayor mayores least
min list please the all rows define free is are coûte cout co t te 何 mär mar z
(all frncs franc s ab ac xyz xyhow x y ' ? manyallmany Sum in of meaning total
\u017fum M\u0130N
"""
PIECES = [*WRITTEN.split(), " ", "\n"]


@given(
    st.sampled_from([0, re.IGNORECASE]),
    st.lists(st.sampled_from(PIECES), max_size=8),
    st.sampled_from(["", " "]),
)
def test_a_pruned_pattern_finds_what_the_whole_one_does(
    flags: int, pieces: list[str], space: str
) -> None:
    text = space.join(pieces)

    for source in SOURCES:
        whole = re.compile(source, flags)
        assert found(pruned(source, flags), text) == found(whole, text)


def over_questions(module: ModuleType) -> list[re.Pattern[str]]:
    """Returns a module's patterns that are compiled in part."""
    kinds = getattr(module, "KINDS", ())
    known = [*vars(module).values(), *(kind.asked for kind in kinds)]
    return [item for item in known if type(item) is type(pruned("a"))]


ASKED = [
    *over_questions(parsed_question),
    *over_questions(question_wording),
]
WORDS = sorted(
    {word for item in ASKED for word in re.findall(r"[^\W\d_]+", item.pattern)}
)


@given(st.lists(st.sampled_from([*WORDS, "5", "é", "ß", "?"]), max_size=9))
def test_those_over_questions_find_what_they_say(words: list[str]) -> None:
    text = " ".join(words)

    for item in ASKED:
        whole = re.compile(item.pattern, item.flags)
        assert found(item, text) == found(whole, text)


def test_many_texts_are_matched_with_the_whole_pattern() -> None:
    words = [f"w{number}" for number in range(50)]
    pattern = pruned(rf"\b(?:{'|'.join(words)})\b")

    for word in words:
        assert pattern.findall(word) == [word]
        assert pattern.search(f"a {word}")


def test_what_cannot_be_pruned_is_refused() -> None:
    with pytest.raises(ValueError, match="pruned"):
        pruned(r"(?i:a)|b").search("a")


def test_a_deferred_pattern_is_one_in_all_that_is_asked_of_it() -> None:
    pattern = deferred(r"(?P<one>a)b", re.IGNORECASE)

    assert pattern.sub("x", "cABd") == "cxd"
    assert pattern.groupindex == {"one": 1}
    assert pattern.flags & re.IGNORECASE
