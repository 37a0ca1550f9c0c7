"""Other spellings of a question's words that the documents have.

    cafe        café            accents that were left out, up to two
    café        cafe            accents that the documents leave out
    Duesseldorf Düsseldorf      two letters for one
    grindstnoe  grindstone      one letter wrong, where no document has the word

Nothing is indexed twice for it: what could be meant is looked up in the list of words,
and what no document has costs one look.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations, product

from ragcli.index.fulltext.analysis import QuestionWord
from ragcli.language.patterns import deferred
from ragcli.language.vocabulary.stemming import canonical, stemmer

_ACCENTED = {
    "a": "\u00e4\u00e0\u00e1\u00e2\u00e3\u00e5",
    "c": "\u00e7\u0107\u010d",
    "e": "\u00e9\u00e8\u00ea\u00eb",
    "i": "\u00ed\u00ee\u00ef\u0131",
    "l": "\u0142",
    "n": "\u00f1\u0144",
    "o": "\u00f6\u00f3\u00f4\u00f5\u00f8",
    "s": "\u0161\u015b\u015f",
    "u": "\u00fc\u00fa\u00f9\u00fb",
    "y": "\u00fd",
    "z": "\u017c\u017e",
}
_STROKED = str.maketrans({"\u0142": "l", "\u00f8": "o", "\u0131": "i"})
_PAIRS = {
    "ae": "\u00e4", "oe": "\u00f6", "ue": "\u00fc", "ss": "\u00df", "aa": "\u00e5",
}  # fmt: skip
_SPELLED_OUT = str.maketrans(
    {"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00df": "ss", "\u00e5": "aa"}
)
_DOTTED = "i\u0307"
"""What the capital \u0130 is in lower case."""
_ACCENTS = deferred("[\u0300-\u036f\u00df-\u00ff\u0100-\u017f]")
_SHORTEST = 3
_SHORTEST_MISTYPED = 6
"""Letters of a word that may be mistyped: short ones are near too many others."""
_LONGEST = 24
_MOST_WORDS = 40
"""Words of a question whose other spellings are looked for."""

_MOST = 3
"""Spellings of a word that are searched beside its own."""


def all_spelled(
    words: Sequence[QuestionWord],
    languages: Collection[str],
    frequency: Callable[[str], int],
) -> Sequence[QuestionWord]:
    """Returns a question's words with the other spellings that the documents have.

    Those of a long text stay: it finds its passages by the words that are right, and
    each of the others costs thousands of looks.

    Args:
        words: Of the question.
        languages: Those of the documents.
        frequency: Returns how many chunks have a stem.
    """
    if len(words) > _MOST_WORDS:
        return words
    return [spelled(word, languages, frequency) for word in words]


def spelled(
    word: QuestionWord, languages: Collection[str], frequency: Callable[[str], int]
) -> QuestionWord:
    """Returns a word with the other spellings that the documents have.

    Args:
        word: A word of a question.
        languages: Those of the documents.
        frequency: Returns how many chunks have a stem.
    """
    letters = word.word.replace(_DOTTED, "i")  # a combining dot is no letter
    if not _SHORTEST <= len(letters) <= _LONGEST or not letters.isalpha():
        return word
    known = sorted({canonical(item) for item in languages}) or ["en"]
    own = sum(map(frequency, word.variants))
    frequencies = _known(_accents(word.word), known, word.variants, frequency)
    if not frequencies and not own:
        frequencies = _known(_accents(word.word, 2), known, word.variants, frequency)
    if not frequencies and not own and _may_be_mistyped(word.word):
        near = (other for stem in word.variants[:2] for other in _mistyped(stem))
        frequencies = {stem: n for stem in near if (n := frequency(stem))}
    best = sorted(frequencies, key=lambda stem: (-frequencies[stem], stem))[:_MOST]
    return QuestionWord(word.word, (*word.variants, *best)) if best else word


def _known(
    others: Iterator[str],
    languages: Sequence[str],
    variants: Sequence[str],
    frequency: Callable[[str], int],
) -> dict[str, int]:
    """Returns the stems of other spellings that documents have, with their number."""
    spellings = list(others)
    stems = {stem for name in languages for stem in stemmer(name).stem(spellings)}
    return {stem: n for stem in stems - {*variants} if (n := frequency(stem))}


def _accents(word: str, letters: int = 1) -> Iterator[str]:
    """Yields a word without its accents, else with accents on some letters."""
    if not word.isascii():
        if _ACCENTS.search(word):
            yield _plain(word)
            yield _plain(word.translate(_SPELLED_OUT))
        return
    if letters == 1:
        for pair, sign in _PAIRS.items():
            if pair in word:
                yield word.replace(pair, sign)
        yield word.replace("i", _DOTTED, 1) if word.startswith("i") else word
    positions = [at for at, letter in enumerate(word) if letter in _ACCENTED]
    for chosen in combinations(positions, letters):
        for signs in product(*(_ACCENTED[word[at]] for at in chosen)):
            spelled_out = list(word)
            for at, sign in zip(chosen, signs, strict=True):
                spelled_out[at] = sign
            yield "".join(spelled_out)


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.translate(_STROKED))
    return "".join(part for part in parts if not unicodedata.combining(part))


def _may_be_mistyped(word: str) -> bool:
    return len(word) >= _SHORTEST_MISTYPED and word.isascii() and word.isalpha()


def _mistyped(stem: str) -> Iterator[str]:
    """Yields what differs from a stem in one letter, or in the order of two."""
    for at in range(len(stem) + 1):
        head, tail = stem[:at], stem[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
