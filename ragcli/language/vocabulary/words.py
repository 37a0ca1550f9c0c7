r"""Words of a text in any script: the one tokeniser of index, queries and answers.

A word is `\b\w\w+\b` in lower case. Scripts written without spaces (Chinese,
Japanese, Thai, Lao, Khmer, Burmese) become overlapping pairs of characters, as in
Lucene's CJKBigramFilter; combining marks of Indic scripts, Arabic and Hebrew stay
inside their words. An identifier gives its parts as well as itself: `commit_lock`
is found by "lock", `readFile` by "read file".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from ragcli.language.patterns import deferred

_LATIN_WORD = re.compile(r"\w\w+")
_OTHER_SCRIPT = deferred("[^\x00-\u02ff\u2000-\u2bff]")
"""A character that is no Latin letter, and no sign that stands between words."""
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_UNSPACED_RANGES = tuple(zip(_UNSPACED[::3], _UNSPACED[2::3], strict=True))
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f"
    "\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0963\u0981-\u0983\u09bc-\u09d7"
    "\u0a01-\u0a03\u0a3c-\u0a51\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57"
    "\u0b82\u0bbe-\u0bd7\u0c00-\u0c04\u0c3e-\u0c56\u0c81-\u0c83\u0cbc-\u0cd6"
    "\u0d00-\u0d03\u0d3b-\u0d57\u0d81-\u0d83\u0dca-\u0ddf"
)
_IDENTIFIER = re.compile(r"_|[a-z]{3}[A-Z][A-Za-z]{2}")
_IDENTIFIER_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")


def words(text: str) -> list[str]:
    """Returns the words of `text` in order, lower-cased, stop words included."""
    if text.isascii():
        if not _IDENTIFIER.search(text):
            return _LATIN_WORD.findall(text.lower())
        whole = _LATIN_WORD.findall(text)
    else:
        whole = _other_words(unicodedata.normalize("NFKC", text))
    if not any(map(_IDENTIFIER.search, whole)):
        return [word.lower() for word in whole]
    return [part for word in whole for part in _with_parts(word)]


def is_unspaced(word: str) -> bool:
    """Tells whether a word belongs to a script that is written without spaces."""
    if word.isascii():
        return False
    # Compiling the ranges takes two milliseconds, and most words are asked about once.
    return any(first <= word[0] <= last for first, last in _UNSPACED_RANGES)


@cache
def _any_word() -> re.Pattern[str]:
    """Returns what finds words of any script; compiled for the first that needs it."""
    return re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[\w{_MARKS}])+")


@cache
def _unspaced_run() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]")


def _other_words(text: str) -> list[str]:
    """Returns words of any script; a run without spaces as its pairs of characters."""
    if not _OTHER_SCRIPT.search(text):
        return _LATIN_WORD.findall(text)
    return list(_words_and_pairs(text))


def _words_and_pairs(text: str) -> Iterator[str]:
    unspaced = _unspaced_run()
    for match in _any_word().finditer(text):
        word = match[0]
        if not unspaced.match(word):
            if len(word) > 1:
                yield word
        elif len(word) == 1:
            yield word
        else:
            yield from map("".join, pairwise(word))


def _with_parts(word: str) -> list[str]:
    """Returns a word, and its parts of two and more characters if it has several."""
    whole = word.lower()
    if not _IDENTIFIER.search(word):
        return [whole]
    parts = [part.lower() for part in _IDENTIFIER_PARTS.findall(word) if len(part) > 1]
    return [whole, *parts] if parts != [whole] else [whole]
