"""Whether a passage bears out what an answer claims with its number.

Measured on words: the share of the claim's content stems that the passage has. Every
number and every name of the claim must be in the passage too (or in the question,
which a model may repeat). A vector overlap can be given for paraphrases. A claim in
another language than the passage cannot be measured so; it is let through unverified
if its numbers and names are there.

Threshold and balance are calibrated by `tests/benchmarks`; see `SUPPORTED`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

from ragcli.index.passages import Passage
from ragcli.language.stemming import canonical, content_stems
from ragcli.language.stops import listed_languages, stop_words
from ragcli.language.words import words

Similarity = Callable[[str, str], float]
"""Cosine of two texts' vectors."""

SUPPORTED = 0.5
"""Least share of a claim's content stems that a passage must have."""
PARAPHRASED = 0.3
"""Least share where the vectors say that passage and claim mean the same."""
NEAR = 0.6
"""Least cosine of a claim and the sentence nearest to it for `PARAPHRASED`."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<![.!?:\n] )(?<!^)\b[A-Z][\w'\u2019-]*[^\W_]", re.MULTILINE)
_SUBJECT = re.compile(
    r"(?:^|[.!?:\n] )([A-Z][\w'\u2019-]*[^\W_])"
    r"(?=['\u2019]s\b|\s+(?:is|was|are|were|has|had|have|can|will|does|did|may|must)\b"
    r"|\s+[A-Z])",
    re.MULTILINE,
)
"""The first word of a sentence where a verb or a further name shows it is a name."""
_ENUMERATION = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*+\u2022])\s+", re.MULTILINE)
_SENTENCE = re.compile(
    r"\S(?:[^\n.!?\u3002\uff01\uff1f]|[.!?](?![\"'\u201d\u2019)\]]*(?:\s|$))"
    r"|\n(?![ \t]*(?:\n|[-*+#>|\u2022]|\d{1,2}[.)] )))*"
    r"(?:[.!?\u3002\uff01\uff1f]+[\"'\u201d\u2019)\]]*)?"
)
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_SPELLED = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11",
    "twelve": "12",
}  # fmt: skip
_FEW = 3
"""Fewest content stems that make a claim of their own."""


class Claim:
    """What a marker says that its passage holds.

    Args:
        text: A sentence or clause of the answer, without markers.
        allowed: Words (lower case) that need no support: the question's.
    """

    def __init__(self, text: str, allowed: Collection[str] = ()) -> None:
        self.text = _ENUMERATION.sub("", text).strip()
        self._allowed = allowed

    @cached_property
    def is_thin(self) -> bool:
        """Whether it has too few content words to be judged alone."""
        return len(self.stems("")) < _FEW

    def stems(self, language: str) -> set[str]:
        """Returns its content stems by the rules of a passage's language."""
        if not words(self.text):
            return set()
        return set(content_stems(self.text, language))

    @cached_property
    def numbers(self) -> set[str]:
        """Its numbers, without the separators of thousands."""
        return {number for number in numbers(self.text) if number not in self._allowed}

    @cached_property
    def names(self) -> set[str]:
        """Words that are capitalised like names, lower case."""
        written = _NAME.findall(self.text) + _SUBJECT.findall(self.text)
        found = {word for name in written for word in words(name)}
        return found - set(self._allowed) - stop_words("en")

    def language(self, expected: str) -> str:
        """Returns the language that it is written in: `expected` unless plainly not.

        Function words decide: at least three of them of one other language, and
        twice as many as of the expected one.
        """
        found = set(words(self.text))
        expected = canonical(expected)
        counts = {item: len(found & stop_words(item)) for item in listed_languages()}
        own = counts.pop(expected, 0)
        likely = max(counts, key=lambda item: (counts[item], item))
        most = counts[likely]
        return likely if most >= _FEW and most >= 2 * max(own, 1) else expected


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a passage, verbatim."""

    text: str
    lines: tuple[int, int] | None
    """Its own lines in the file, where the passage has lines."""


@dataclass(frozen=True, slots=True)
class Support:
    """What a passage says to a claim."""

    holds: bool
    """Whether the marker may stay."""
    verified: bool
    """Whether that was measured; False for another language's claim."""
    share: float
    """Share of the claim's content stems that the passage has, in [0, 1]."""


class Evidence:
    """A passage, prepared to be compared with claims.

    Args:
        passage: As it was retrieved.
        similarity: Vector overlap of two texts, or None.
    """

    def __init__(self, passage: Passage, similarity: Similarity | None = None) -> None:
        self.passage = passage
        self._similarity = similarity

    @cached_property
    def _whole(self) -> str:
        passage = self.passage
        return "\n".join((passage.title, *passage.heading, passage.text))

    @cached_property
    def _stems(self) -> set[str]:
        return set(content_stems(self._whole, self.passage.language))

    @cached_property
    def _words(self) -> set[str]:
        return set(words(f"{self._whole}\n{self.passage.path}"))

    @cached_property
    def _numbers(self) -> set[str]:
        return numbers(f"{self._whole}\n{self.passage.path}")

    @cached_property
    def sentences(self) -> list[tuple[int, str]]:
        """Offset and text of each sentence, or line of code or table."""
        pattern = _SENTENCE if self.passage.kind == "prose" else _LINE
        return [
            (match.start() + len(match[0]) - len(match[0].lstrip()), match[0].strip())
            for match in pattern.finditer(self.passage.text)
        ]

    def support(self, claim: Claim) -> Support:
        """Measures whether the passage bears out `claim`."""
        stems = claim.stems(self.passage.language)
        share = len(stems & self._stems) / len(stems) if stems else 0.0
        own = canonical(self.passage.language)
        language = claim.language(own)
        if not (claim.numbers <= self._numbers and self._has_names(claim, language)):
            return Support(holds=False, verified=False, share=share)
        if share >= SUPPORTED or self._means_the_same(claim, share):
            return Support(holds=True, verified=True, share=share)
        return Support(holds=language != own, verified=False, share=share)

    def quote(self, claim: Claim) -> Quote:
        """Returns the sentence with most of the claim's words, of equals the shortest."""
        language = self.passage.language
        stems = claim.stems(language)

        def fit(sentence: tuple[int, str]) -> tuple[float, int]:
            has = set(content_stems(sentence[1], language))
            exact = len(claim.numbers & numbers(sentence[1]))
            return (len(stems & has) + exact, -len(sentence[1]))

        if not self.sentences:
            return Quote(self.passage.text, self.passage.lines)
        start, text = max(self.sentences, key=fit)
        return Quote(text, self._lines(start, text))

    def _has_names(self, claim: Claim, language: str) -> bool:
        if "de" in {language, self.passage.language}:  # nouns are written like names
            return True
        missing = claim.names - self._words
        return all(
            name.removesuffix("s") in self._words
            or set(content_stems(name, self.passage.language)) <= self._stems
            for name in missing
        )

    def _means_the_same(self, claim: Claim, share: float) -> bool:
        if self._similarity is None or share < PARAPHRASED:
            return False
        return self._similarity(claim.text, self.quote(claim).text) >= NEAR

    def _lines(self, start: int, text: str) -> tuple[int, int] | None:
        if self.passage.lines is None:
            return None
        first = self.passage.lines[0] + self.passage.text.count("\n", 0, start)
        return first, first + text.count("\n")


def numbers(text: str) -> set[str]:
    """Returns the numbers of a text: digits as written, spelled-out ones to twelve."""
    found = {_plain(number) for number in _NUMBER.findall(text)}
    return found | {_SPELLED[word] for word in words(text) if word in _SPELLED}


def _plain(number: str) -> str:
    """Returns a number without separators of thousands: `1,000` is `1000`."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        return number.replace(",", "")
    return number
