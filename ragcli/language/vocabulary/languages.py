"""Tells a text's language: by its script, and among Latin ones by its function words.

A few kilobytes are enough, and a text whose function words are nobody's (a list
of names, source code) is of no language that could be told.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

from ragcli.language.patterns import deferred
from ragcli.language.vocabulary.stop_word_lists import listed_languages, stop_words

SAMPLE = 2000
"""Characters that are looked at."""

_GLANCE = 600
_FIRST_GLANCE = 150
"""Characters that usually suffice, at a third of the cost."""

_FEWEST_HITS = 2
_FAMILIAR = 3
_CLEAR = 6
_SMALLEST_SHARE = 0.12
_WORD = deferred(r"[^\W\d_]+")
_SCRIPTS = (
    ("ja", deferred("[\u3040-\u30ff]")),
    ("ko", deferred("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", deferred("[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("ar", deferred("[\u0620-\u064a]")),
    ("he", deferred("[\u05d0-\u05ea]")),
    ("el", deferred("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("ta", deferred("[\u0b80-\u0bff]")),
    ("hi", deferred("[\u0900-\u097f]")),
    ("th", deferred("[\u0e00-\u0e7f]")),
    ("ru", deferred("[\u0400-\u04ff]")),
)
_NOT_RUSSIAN = (
    ("uk", deferred("[іїєґІЇЄҐ]")),
    ("sr", deferred("[ђјљњћџЂЈЉЊЋЏ]")),
    ("be", deferred("[ўЎ]")),
)
_PERSIAN = deferred("[پچژگ]")
_NOT_ASCII = deferred(r"[^\x00-\x7f]")


NAMES = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sv": "Swedish", "ta": "Tamil", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip
"""ISO 639-1 code \u2192 what the language is called."""


def detect(text: str) -> str:
    """Returns the ISO 639-1 code of the language of `text`, "" when it cannot be told.

    Args:
        text: Any length; only the first `SAMPLE` characters count.
    """
    sample = text[:SAMPLE]
    return by_script(sample) or _by_function_words(sample)


def language_within(text: str, language: str) -> str:
    """Returns the language of a piece of a document, which is in `language`.

    Much faster than `detect`, for it looks closer only at a piece that has several
    words that belong to other languages alone.
    """
    own, telling = _telling_words(language)
    begin = text[:_FIRST_GLANCE].rpartition(" ")[0]
    if len(own.intersection(begin.lower().split())) >= _FAMILIAR:
        return language
    glance = text[:_GLANCE]
    words = set(glance.lower().split())
    if len(own & words) >= _FAMILIAR:
        return language
    # Most letters of another script take two bytes or three.
    is_foreign = len(glance.encode("utf-8", "replace")) > 1.2 * len(glance)
    if not is_foreign and len(telling & words) < _FAMILIAR:
        return language
    return detect(text) or language


@cache
def _telling_words(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """Returns the words that only this language has, and those that only one has."""
    owners = _languages_by_word()
    telling = frozenset(word for word in owners if len(owners[word]) == 1)
    return telling & stop_words(language), telling


def by_script(sample: str) -> str:
    """Returns the language of a script that is not Latin, if most letters are of it."""
    foreign = len(_NOT_ASCII.findall(sample)) if not sample.isascii() else 0
    letters = sum(map(str.isalpha, sample)) if foreign else 0
    if foreign * 4 < letters or not letters:
        return ""
    for language, script in _SCRIPTS:
        share = len(script.findall(sample)) / letters
        # Japanese is told by its kana, which stand among many more Han characters.
        if share > (0.1 if language == "ja" else 0.3):
            return _variant(language, sample)
    return ""


def _variant(language: str, sample: str) -> str:
    """Tells languages of one script apart by letters that only some of them have."""
    if language == "ar":
        return "fa" if len(_PERSIAN.findall(sample)) * 50 > len(sample) else "ar"
    if language != "ru":
        return language
    for other, letters in _NOT_RUSSIAN:
        if len(letters.findall(sample)) * 100 > len(sample):
            return other
    return "ru"


@cache
def _languages_by_word() -> dict[str, tuple[str, ...]]:
    """Returns which languages have a function word.

    Single letters are left out: they are names of variables as well.
    """
    table: dict[str, tuple[str, ...]] = {}
    for language in sorted(listed_languages()):
        for word in stop_words(language):
            if len(word) == 1:
                continue
            table[word] = (*table.get(word, ()), language)
    return table


def _by_telling_words(words: set[str]) -> str:
    """Returns the language of a text that leaves no doubt, else ""."""
    table = _languages_by_word()
    telling = _telling_words("")[1] & words
    ranking = Counter(table[word][0] for word in telling).most_common(2)
    first = ranking[0][1] if ranking else 0
    second = ranking[1][1] if len(ranking) > 1 else 0
    return ranking[0][0] if first >= max(_CLEAR, 3 * second) else ""


def _by_function_words(sample: str) -> str:
    """Returns the language with most function words in the sample.

    A word that several languages have counts for each, by its share: `die` says
    less than `nicht`.
    """
    lowered = sample.lower()
    clear = _by_telling_words(set(lowered.split()))
    if clear:
        return clear
    all_words = _WORD.findall(lowered)
    table = _languages_by_word()
    scores: dict[str, float] = {}
    hits: Counter[str] = Counter()
    for word, count in Counter(all_words).items():
        owners = table.get(word, ())
        for language in owners:
            scores[language] = scores.get(language, 0.0) + count / len(owners)
            hits[language] += count
    if not scores:
        return ""
    best = max(scores, key=lambda language: (scores[language], hits[language]))
    enough = max(_FEWEST_HITS, _SMALLEST_SHARE * len(all_words))
    return best if hits[best] >= enough else ""
