"""From text to the terms of the text index, and from a question to what is asked."""

from __future__ import annotations

from collections.abc import Collection

from ragcli.frozen import frozen
from ragcli.language.vocabulary.stemming import (
    canonical,
    content_stems,
    joined_content_stems,
    likely_language,
    stemmer,
)
from ragcli.language.vocabulary.words import words


@frozen
class Term:
    """One thing to look for in the text index."""

    variants: tuple[str, ...]
    """Stems: alternatives of one word (the best one counts), or a phrase's words."""

    weight: float = 1.0
    """Factor on the BM25 score."""

    phrase: bool = False
    """Whether `variants` are neighbours in this order, not alternatives."""


def stems(text: str, language: str) -> list[str]:
    """Returns the terms of `text` to index, in order; their places are positions.

    Args:
        text: A chunk with its title and headings.
        language: ISO 639-1 code; "" when it cannot be told.
    """
    return content_stems(text, language)


def indexed_stems(text: str, language: str) -> str:
    """Returns `stems` separated by spaces: what the text index takes.

    Args:
        text: A chunk with its title and headings.
        language: ISO 639-1 code; "" when it cannot be told.
    """
    return joined_content_stems(text, language)


@frozen
class QuestionWord:
    """One content word of a question."""

    word: str
    """As it was written, in lower case."""

    variants: tuple[str, ...]
    """Its distinct stems in the languages that are searched."""


def question_words(text: str, languages: Collection[str]) -> list[QuestionWord]:
    """Returns the content words of a question in order, repetitions included.

    Args:
        text: The question.
        languages: Languages of the documents that are searched.

    Returns:
        A question of nothing but stop words keeps all its words.
    """
    all_words = words(text)
    stops = stemmer(likely_language(all_words, {*languages, "en"})).stops
    kept = [word for word in all_words if word not in stops] or all_words
    known = sorted({canonical(item) for item in languages}) or ["en"]
    stemmed = [stemmer(language).stem(kept) for language in known]
    return [
        QuestionWord(word, tuple(dict.fromkeys(alternatives)))
        for word, *alternatives in zip(kept, *stemmed, strict=True)
    ]
