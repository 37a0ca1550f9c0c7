"""The words of a language that say how a sentence is meant.

One file a language in `lexicon/`: negations, words like "all" and "only", bounds such
as "at most", opposites, and words that say the same. What a language has no file for
cannot be compared in it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from ragcli.frozen import frozen
from ragcli.language.vocabulary.stemming import canonical, stemmer

_FILES = Path(__file__).with_name("lexicon")
_QUANTIFIERS = ("all", "some", "most", "only", "also")
_BOUNDS = ("at most", "at least", "more than", "less than")


@frozen
class Lexicon:
    """The words of one language that the comparison needs."""

    language: str
    """ISO 639-1 code; that of English where the language is not known."""

    negation: frozenset[str]
    """Words that deny; empty where nobody listed them."""

    without: frozenset[str]
    """Those that deny only what follows them: "without"."""

    nobody: frozenset[str]
    """Those that deny of how many something is true: "no", "none"."""

    denying_verbs: frozenset[str]
    """Those that deny the verb beside them: "not"."""

    not_negated: tuple[str, ...]
    """Phrases with such a word that deny nothing: "not only"."""

    quantifiers: Mapping[str, str]
    """Word → `all`, `some`, `most`, `only` or `also`."""

    bounds: tuple[tuple[str, str], ...]
    """Phrase and bound (`at most`, `at least`, `more than`, `less than`), the longest
    phrase first."""

    borders: frozenset[str]
    """Words that begin a clause."""

    conjunctions: frozenset[str]
    """Words for "and" and "or", which may join words or clauses."""

    by: frozenset[str]
    """Words before the doer in the passive voice."""

    being: frozenset[str]
    """Forms of the verb that makes the passive voice."""

    doing: frozenset[str]
    """Auxiliary verbs."""

    determiners: frozenset[str]
    prepositions: frozenset[str]
    pronouns: frozenset[str]
    light: frozenset[str]
    """Stems of words that claim nothing by themselves: "thing", "use"."""

    joints: re.Pattern[str]
    """What joins two clauses: ", and"."""

    opposed_prepositions: Mapping[str, frozenset[str]]
    """Preposition → those that lead the other way: "from" → "to"."""

    prefixes: tuple[str, ...]
    """Beginnings that turn a word into its opposite."""

    times: frozenset[str]
    """Stems of what time is told in: "day"."""

    opposites: Mapping[str, frozenset[str]]
    """Stem → the stems of what it excludes: its opposites, the other days."""

    same: Mapping[str, frozenset[int]]
    """Stem → the groups of words that say the same."""

    @property
    def is_full(self) -> bool:
        """Whether it has more than negations."""
        return bool(self.quantifiers)


@cache
def lexicon(language: str) -> Lexicon:
    """Returns what is known of a language, by its ISO 639-1 code."""
    language = canonical(language)
    sections = _sections(language)
    rules = stemmer(language)

    def stem(words: Iterable[str]) -> list[str]:
        return rules.stem(list(words))

    def listed(name: str) -> frozenset[str]:
        return frozenset(word for line in sections[name] for word in line.split())

    def phrases(name: str) -> list[str]:
        return [item.strip() for line in sections[name] for item in line.split(",")]

    bounds = [(phrase, name) for name in _BOUNDS for phrase in phrases(name)]
    return Lexicon(
        language=language,
        negation=listed("negation"),
        without=listed("without"),
        nobody=listed("nobody"),
        denying_verbs=listed("not"),
        not_negated=tuple(phrases("not-negated")),
        quantifiers={word: name for name in _QUANTIFIERS for word in listed(name)},
        bounds=tuple(sorted(bounds, key=lambda item: -len(item[0]))),
        borders=listed("borders"),
        conjunctions=listed("conjunctions"),
        by=listed("by"),
        being=listed("being"),
        doing=listed("doing"),
        determiners=listed("determiners"),
        prepositions=listed("prepositions"),
        pronouns=listed("pronouns"),
        light=frozenset(stem(sorted(listed("light")))),
        joints=_joints(sorted(listed("joints"))),
        prefixes=tuple(sorted(listed("prefixes"))),
        times=frozenset(stem(sorted(listed("time nouns")))),
        opposed_prepositions=_opposites(sections["opposed prepositions"], str.split),
        opposites=_opposites(
            [*sections["opposites"], *_exclusive(sections["exclusive"])],
            lambda side: stem(side.split()),
        ),
        same=_groups([stem(line.split()) for line in sections["same"]]),
    )


def _opposites(
    lines: Iterable[str], words: Callable[[str], list[str]]
) -> dict[str, frozenset[str]]:
    """Returns for each word of some lines, `left | right`, those of the other side."""
    opposites: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        left, right = (words(side) for side in line.split("|"))
        for one, other in ((left, right), (right, left)):
            for word in one:
                opposites[word] |= set(other)
    return {word: frozenset(others) for word, others in opposites.items()}


def _exclusive(lines: Iterable[str]) -> Iterator[str]:
    """Yields, for words that exclude each other, each against all others."""
    for line in lines:
        group = line.split()
        for index, word in enumerate(group):
            others = " ".join(group[:index] + group[index + 1 :])
            yield f"{word} | {others}"


def _groups(lines: Iterable[list[str]]) -> dict[str, frozenset[int]]:
    numbers: dict[str, set[int]] = defaultdict(set)
    for number, words in enumerate(lines):
        for word in words:
            numbers[word].add(number)
    return {word: frozenset(groups) for word, groups in numbers.items()}


def _joints(joints: list[str]) -> re.Pattern[str]:
    words = "|".join(map(re.escape, joints)) or "(?!)"
    return re.compile(rf"[;.]\s+|,\s+(?:{words})\s+", re.IGNORECASE)


def _sections(language: str) -> defaultdict[str, list[str]]:
    """Returns the lines of a language's file by section; none without a file."""
    sections: defaultdict[str, list[str]] = defaultdict(list)
    path = _FILES / f"{language}.txt"
    if not path.is_file():
        return sections
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        head, colon, rest = line.partition(":")
        if colon:
            name = head.strip()
        said = (rest if colon else line).strip()
        if said:
            sections[name].append(said)
    return sections
