"""Stems in the eighteen languages that tantivy's Snowball stemmers know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from ragcli.language.vocabulary.stop_word_lists import stop_words
from ragcli.language.vocabulary.words import words

STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""ISO 639-1 code → tantivy's name of the stemmer."""

_ENGLISH = {"": "en"}
_NORWEGIAN = {"nb": "no", "nn": "no"}
_CACHE_LIMIT = 500_000
"""Words remembered per language; beyond, the memory starts afresh (tens of MB)."""
_PIECES_LIMIT = 200_000
_LONGEST_PIECE = 40
"""Characters; longer pieces (addresses, scripts without spaces) hardly come again."""


def canonical(language: str) -> str:
    """Returns the code whose stemmer and stop list serve `language`."""
    return (_ENGLISH | _NORWEGIAN).get(language, language)


class _WordStems(dict[str, str]):
    """Word → its stem; the stem of an unseen word is made and remembered.

    Args:
        language: ISO 639-1 code; a language without stemmer keeps its words whole.
    """

    def __init__(self, language: str) -> None:
        super().__init__()
        self._analyze = _analyzer(language)

    def __missing__(self, word: str) -> str:
        if len(self) > _CACHE_LIMIT:
            self.clear()
        (stem,) = self._analyze(word)
        self[word] = stem
        return stem


class Stemmer:
    """The stemmer of one language, with a memory of the words it has seen.

    Args:
        language: ISO 639-1 code; a language without stemmer keeps its words whole.
    """

    def __init__(self, language: str) -> None:
        self.stops = stop_words(language)
        self._stems = _WordStems(language)

    def stem(self, words: Iterable[str]) -> list[str]:
        """Returns the stem of each word; `words` are lower-cased."""
        return list(map(self._stems.__getitem__, words))


@cache
def stemmer(language: str) -> Stemmer:
    """Returns the one stemmer of a language in this process."""
    language = canonical(language)
    return Stemmer(language)


class PieceStems(dict[str, str]):
    """What stands between two spaces → its content stems, separated by spaces.

    No word holds a space, so the stems of a text are those of its pieces.

    Args:
        rules: Of the text's language.
    """

    def __init__(self, rules: Stemmer) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, piece: str) -> str:
        stops = self._rules.stops
        content = [word for word in words(piece) if word not in stops]
        stems = " ".join(self._rules.stem(content))
        if len(piece) <= _LONGEST_PIECE:
            if len(self) > _PIECES_LIMIT:
                self.clear()
            self[piece] = stems
        return stems


@cache
def _piece_stems(language: str) -> PieceStems:
    """Returns the one memory of pieces of a language in this process."""
    return PieceStems(stemmer(language))


def likely_language(words: Sequence[str], candidates: Iterable[str]) -> str:
    """Returns the one of `candidates` with the most stop words among `words`.

    English wins a draw: its stop list is the longest.

    Args:
        words: Words in lower case.
        candidates: ISO 639-1 codes, at least one.
    """
    known = sorted({canonical(item) for item in candidates})
    counts = {item: sum(word in stop_words(item) for word in words) for item in known}
    return max(known, key=lambda item: (counts[item], item == "en"))


def content_stems(text: str, language: str) -> list[str]:
    """Returns the stems of `text` in order, stop words left out.

    Args:
        text: Any text.
        language: ISO 639-1 code, "" when it cannot be told (English rules).

    Returns:
        Stems with repetitions. A text of nothing but stop words keeps all its words.
    """
    return joined_content_stems(text, language).split()


def joined_content_stems(text: str, language: str) -> str:
    """Returns `content_stems` separated by spaces.

    Args:
        text: Any text; what its words have in common with texts before costs little.
        language: ISO 639-1 code, "" when it cannot be told (English rules).
    """
    known = _piece_stems(canonical(language))
    pieces = text.replace("\n", " ").split(" ")
    stems = " ".join(filter(None, map(known.__getitem__, pieces)))
    return stems or " ".join(stemmer(language).stem(words(text)))


def _analyzer(language: str) -> Callable[[str], list[str]]:
    """Returns the function from words between spaces to their stems."""
    name = STEMMERS.get(language)
    if name is None:
        return str.split
    import tantivy  # 5 ms, and not needed to list profiles

    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    analyze: Callable[[str], list[str]] = (
        builder.filter(tantivy.Filter.stemmer(name)).build().analyze
    )
    return analyze
