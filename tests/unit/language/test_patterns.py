"""Patterns that are compiled late find what those compiled at once do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import cycle
from typing import Any

import pytest

from ragcli.language import patterns
from ragcli.language.patterns import deferred
from ragcli.models.builtin import parsed_question
from ragcli.models.builtin.computing import question_wording

_MOST = 4000
"""Texts of one expression that are looked at."""


def test_a_deferred_pattern_is_one_in_all_that_is_asked_of_it() -> None:
    pattern = deferred(r"(?P<one>a)b", re.IGNORECASE)

    assert pattern.sub("x", "cABd") == "cxd"
    assert pattern.groupindex == {"one": 1}
    assert pattern.flags & re.IGNORECASE


def test_a_pattern_is_compiled_for_a_text_with_a_cue_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[str] = []
    compile_ = re.compile

    def watched(source: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(source)
        return compile_(source, flags)

    pattern = deferred(r"\bhow +(?P<what>many)\b", re.IGNORECASE, cues=" how many ")
    monkeypatch.setattr(re, "compile", watched)

    assert not pattern.search("How?")
    assert not pattern.match("Many, how?")
    assert not list(pattern.finditer("somehow many"))
    assert pattern.sub("x", "how manyfold") == "how manyfold"
    assert not compiled
    found = pattern.search("And HOW  many?")
    assert found
    assert (found.start(), found["what"]) == (4, "many")
    assert pattern.sub("x", "how many, how many") == "x, x"
    assert pattern.match("how many", 1) is None
    assert set(compiled) == {r"\bhow +(?P<what>many)\b"}


def test_whatever_an_expression_matches_has_one_of_its_cues() -> None:
    modules = parsed_question, question_wording
    cued = [item for module in modules for item in cued_in(vars(module))]
    missed = {
        (pattern.source, text)
        for pattern in cued
        for text in map("x{}x".format, texts(tree(pattern)))
        if not pattern.may_match(text)
    }

    assert len(cued) > 30
    assert missed == set()


def cued_in(values: Mapping[str, Any]) -> Iterator[Any]:
    """Yields the patterns with cues of a module, those of kinds of answers too."""
    for value in values.values():
        if type(value) is patterns.CuedPattern:
            yield value
        elif isinstance(value, dict):
            yield from cued_in(value)
    for kind in values.get("KINDS", ()):
        yield kind.asked


def tree(pattern: Any) -> Any:
    """Returns an expression as `re` itself reads it."""
    parser: Any = vars(re)["_parser"]
    return parser.parse(pattern.source, pattern.source_flags)


def texts(items: Iterable[Any]) -> list[str]:
    """Returns texts that take each way through an expression, its repetitions once.

    The edge of a word is a space; what must not stand somewhere does not.
    """
    made = [""]
    for kind, argument in items:
        ways = readings(str(kind), argument)
        if len(made) * len(ways) <= _MOST:
            made = [begun + way for begun in made for way in ways]
        else:
            longest = max(len(made), len(ways))
            pairs = zip(cycle(made), cycle(ways), range(longest), strict=False)
            made = [begun + way for begun, way, _ in pairs]
    return made


def readings(kind: str, argument: Any) -> list[str]:
    """Returns the ways to read one item of an expression."""
    return _READINGS[kind](argument) if kind in _READINGS else ["w"]


def _repeated(argument: Any) -> list[str]:
    least, _, what = argument
    ways = [way * max(1, least) for way in texts(what)]
    return ways if least else ["", *ways]


def _one_of(items: Any) -> list[str]:
    return sorted({way for kind, item in items for way in readings(str(kind), item)})


_CATEGORIES: dict[str, str] = {
    "CATEGORY_SPACE": " ",
    "CATEGORY_DIGIT": "1",
    "CATEGORY_NOT_WORD": " ",
}
_WORD = "[(IN, [(CATEGORY, CATEGORY_WORD)])]"
_READINGS: dict[str, Callable[[Any], list[str]]] = {
    "LITERAL": lambda code: [chr(code)],
    "RANGE": lambda ends: [chr(ends[0])],
    "CATEGORY": lambda name: [_CATEGORIES.get(str(name), "w")],
    "IN": _one_of,
    "BRANCH": lambda branches: [way for branch in branches[1] for way in texts(branch)],
    "SUBPATTERN": lambda group: texts(group[-1]),
    "MAX_REPEAT": _repeated,
    "MIN_REPEAT": _repeated,
    "ASSERT": lambda look: texts(look[1]) if look[0] < 0 else [""],
    "ASSERT_NOT": lambda look: [" " if str(look[1]) == _WORD else ""],
    "AT": lambda _: [" "],
}
