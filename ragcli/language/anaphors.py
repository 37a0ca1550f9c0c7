"""Words that point backwards in a conversation: pronouns and their like."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ragcli.language.vocabulary.words import is_unspaced

_WORD = re.compile(r"\w+")


def refers_back(question: str) -> bool:
    """Tells whether a question has a word that points to an earlier turn."""
    spaced, unspaced = _anaphors()
    found = _WORD.findall(question.lower())
    return not spaced.isdisjoint(found) or any(word in question for word in unspaced)


@cache
def _anaphors() -> tuple[frozenset[str], tuple[str, ...]]:
    """Returns the words of spaced scripts, and those that stand without spaces."""
    listed = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").split()
    unspaced = tuple(word for word in listed if is_unspaced(word))
    return frozenset(listed) - frozenset(unspaced), unspaced
