"""A sentence, taken apart into what can be compared with another's.

Items in order, each a word, a number or a term (an identifier, code); the clauses that
they stand in; what is denied, and what "all", "only" and "at most" are said of. Rules
over word lists, no grammar: what they cannot tell is left untold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

from ragcli.frozen import frozen
from ragcli.language.comparison.lexicon import Lexicon, lexicon
from ragcli.language.comparison.quantities import Quantity, quantities
from ragcli.language.patterns import deferred
from ragcli.language.sentences import is_abbreviation
from ragcli.language.vocabulary.stemming import stemmer
from ragcli.language.vocabulary.stop_word_lists import stop_words
from ragcli.language.vocabulary.words import is_unspaced

_TOKEN = deferred(
    r"--?[A-Za-z][\w-]+(?!\w)|[^\W_]+(?:[._]\w+)+|_*[^\W_]+(?:['\u2019][^\W_]+)?_*|_+\w+"
)
_BREAK = deferred(r"[,;:.!?()\u2014\u2013\n|]|\s-\s")
_FULL_STOP = deferred(r"[.!?]\s|\n\s*\n")
_ELISION = deferred(r"^(?:qu|[cdjlmnst])['\u2019](?=\w)", re.IGNORECASE)
_POSSESSIVE = deferred(r"['\u2019](?:s|S)?$")
_CODE = deferred(r"`+([^`\n]+)`+")
_IDENTIFIER = deferred(r"^-|[_.\d]|[a-z][A-Z]|[A-Z]{2}")
_ELIDING = frozenset({"fr", "it"})
_REACH = 28
"""Characters before a number in which its bound is looked for."""
_PARTICIPLES = ("ed", "en", "wn", "nt", "ld", "pt", "ght", "ne", "é", "ée", "do", "da")
"""Ends of words that may be in the passive voice."""
_SOON = 5
"""Words after "and" among which the verb of a new clause is looked for."""
_WIDE = 2
"""Content words after a negation that it may be about."""


@frozen
class Item:
    """A word, number or term of a sentence."""

    index: int
    """Its number in the sentence."""

    text: str
    lower: str
    stem: str
    kind: str
    """`word`, `number`, `term` (an identifier, code) or `pair` (two characters of a
    script without spaces)."""

    segment: int
    """The clause that it stands in."""

    is_content: bool
    """Whether it says what the sentence is about."""

    is_name: bool
    """Whether it is written like a name: capitalised, and not because it is first."""

    quantity: Quantity | None = None
    bound: str = ""
    """How a number is bounded: `at most`, `at least`, `more than`, `less than`."""


class Statement:
    """A sentence in one language.

    Args:
        text: The sentence.
        language: ISO 639-1 code; its lists are used.
    """

    def __init__(self, text: str, language: str) -> None:
        self.text = text
        self.words: Lexicon = lexicon(language)
        self._stops = stop_words(self.words.language)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Its items in order."""
        items = list(self._items())
        for index, item in enumerate(items[:-1]):
            following = items[index + 1]
            is_first = item.text[:1].isupper() and item.kind == "word"
            if is_first and item.is_content and following.is_name and not item.is_name:
                items[index] = replace(item, is_name=True)
        return tuple(items)

    @cached_property
    def content(self) -> tuple[Item, ...]:
        """The items that say what it is about."""
        return tuple(item for item in self.items if item.is_content)

    @cached_property
    def denials(self) -> tuple[Item, ...]:
        """The words that deny something."""
        skipped = self._not_denied
        return tuple(
            item
            for item in self.items
            if item.kind == "word"
            and item.index not in skipped
            and (item.lower in self.words.negation or _is_contracted(item.lower))
        )

    @cached_property
    def _not_denied(self) -> set[int]:
        """Places of negations in phrases that deny nothing, and those of bounds."""
        return self._places(self.words.not_negated) | self._bounding

    @cached_property
    def _bounding(self) -> set[int]:
        """Places of the words of bounds: "at most"."""
        return self._places(
            [phrase for phrase, _ in self.words.bounds if " " in phrase]
        )

    def _places(self, phrases: Iterable[str]) -> set[int]:
        indices = set()
        lowered = [item.lower for item in self.items]
        for phrase in phrases:
            parts = phrase.split()
            for start in range(len(lowered) - len(parts) + 1):
                if lowered[start : start + len(parts)] == parts:
                    indices |= set(range(start, start + len(parts)))
        return indices

    def denied_by(self, denial: Item) -> list[Item]:
        """Returns what a negation is about: the content next to it in its clause."""
        after = self._following(denial)
        if after:
            wide = denial.lower in self.words.determiners or not self._is_verbal(denial)
            return after[: _WIDE if wide else 1]
        before = [
            item
            for item in self.content
            if item.segment == denial.segment and item.index < denial.index
        ]
        return before[-1:]

    def _is_verbal(self, denial: Item) -> bool:
        verbs = self.words.denying_verbs
        return denial.lower in verbs or _is_contracted(denial.lower)

    def is_denied(self, item: Item) -> bool:
        """Tells whether a negation stands in an item's clause and reaches it."""
        for denial in self.denials:
            if denial.segment != item.segment:
                continue
            if denial.lower not in self.words.without or item.index > denial.index:
                return True
        return False

    @cached_property
    def quantifiers(self) -> tuple[tuple[str, Item | None], ...]:
        """What is said of how many (`all`, `some`, ...), and of which content."""
        quantified: list[tuple[str, Item | None]] = []
        for item in self.items:
            name = self.words.quantifiers.get(item.lower)
            if name == "only" and item.index in self._not_denied:
                name = "also"
            if name and item.kind == "word" and item.index not in self._bounding:
                after = self._following(item)
                quantified.append((name, after[0] if after else None))
        return tuple(quantified)

    def argument(self, item: Item) -> list[Item]:
        """Returns what a preposition is about: content up to the next one."""
        objects: list[Item] = []
        for other in self.items[item.index + 1 :]:
            is_preposition = other.lower in self.words.prepositions
            if other.segment != item.segment or (objects and is_preposition):
                break
            if other.is_content:
                objects.append(other)
        return objects[:_WIDE]

    def neighbours(self, item: Item) -> tuple[Item | None, Item | None]:
        """Returns the content before and after an item, not across an "and"."""
        return (
            self._next_content(reversed(self.items[: item.index])),
            self._next_content(iter(self.items[item.index + 1 :])),
        )

    def _next_content(self, items: Iterator[Item]) -> Item | None:
        for item in items:
            if item.lower in self.words.conjunctions:
                return None
            if item.is_content:
                return item
        return None

    def roles(self, pivot: Item) -> tuple[list[Item], list[Item]] | None:
        """Returns who does and what is done to, seen from a word in between.

        In the passive voice the one after "by" does. None where nobody does anything.
        """
        same = [
            other
            for other in self.content
            if other.segment == pivot.segment and other.index != pivot.index
        ]
        left = [other for other in same if other.index < pivot.index]
        right = [other for other in same if other.index > pivot.index]
        if not left:
            left = self._meant(pivot)
        if not self._has_being(pivot):
            return left, right
        by = [
            item.index
            for item in self.items
            if item.lower in self.words.by and item.index > pivot.index
            and item.segment == pivot.segment
        ]  # fmt: skip
        if not by:
            return None if pivot.lower.endswith(_PARTICIPLES) else (left, right)
        doer = self.argument(self.items[by[0]])
        return doer, left + [item for item in right if item not in doer]

    def doer(self, pivot: Item) -> list[Item]:
        """Returns who does a passive verb: what "by" right after it is about."""
        for item in self.items[pivot.index + 1 : pivot.index + 4]:
            if item.segment != pivot.segment or item.lower in self.words.conjunctions:
                return []
            if item.lower in self.words.by:
                return self._up_to_conjunction(item)
        return []

    def _up_to_conjunction(self, preposition: Item) -> list[Item]:
        """Returns what a preposition is about, without what an "and" adds."""
        argument = self.argument(preposition)
        cut = (
            item.index
            for item in self.items[preposition.index + 1 :]
            if item.lower in self.words.conjunctions
        )
        end = next(cut, len(self.items))
        return [item for item in argument if item.index < end]

    def _meant(self, pivot: Item) -> list[Item]:
        """Returns what a pronoun before a word may mean: content of the last clause."""
        before = self.items[max(0, pivot.index - 3) : pivot.index]
        if not any(item.lower in self.words.pronouns for item in before):
            return []
        return [o for o in self.content if o.segment == pivot.segment - 1]

    def _has_being(self, pivot: Item) -> bool:
        before = self.items[max(0, pivot.index - 3) : pivot.index]
        near = [item for item in before if item.segment == pivot.segment]
        return any(item.lower in self.words.being for item in near)

    def is_verb_like(self, item: Item) -> bool:
        """Tells whether a word may be what somebody does, or a comparison."""
        if item.kind != "word" or item.is_name or not item.index:
            return False
        before = self.items[item.index - 1]
        if before.lower in self.words.determiners - self.words.doing:
            return False
        return before.lower not in self.words.prepositions

    def _following(self, item: Item) -> list[Item]:
        return [
            other
            for other in self.content
            if other.segment == item.segment and other.index > item.index
        ]

    def _items(self) -> Iterator[Item]:
        text = self.text
        code = [match.span(1) for match in _CODE.finditer(text)]
        numbers = quantities(text, self.words.language)
        segment, last = 0, 0
        is_begun, lower = False, ""
        tokens = list(self._tokens(numbers))
        for index, (start, end, quantity) in enumerate(tokens):
            word = text[start:end]
            abbreviated = text[last : last + 1] == "." and is_abbreviation(lower, word)
            gap = last + 1 if abbreviated else last
            lower = _POSSESSIVE.sub("", word.lower())
            begins = not index or bool(_FULL_STOP.search(text, gap, start))
            is_border = is_begun and self._is_border(lower, tokens[index + 1 :])
            if index and (_BREAK.search(text, gap, start) or is_border):
                segment, is_begun = segment + 1, False
            last = end
            if quantity:
                bound = self._bound(quantity)
                item = Item(
                    index, word, lower, lower, "number", segment, True, False,
                    quantity, bound,
                )  # fmt: skip
            else:
                within = any(first <= start < stop for first, stop in code)
                item = self._word(
                    index, word, lower, segment, within=within, begins=begins
                )
            is_begun = is_begun or item.is_content
            yield item

    def _is_border(
        self, lower: str, following: list[tuple[int, int, Quantity | None]]
    ) -> bool:
        """Tells whether a word begins a clause.

        "And" does where an auxiliary verb follows soon.
        """
        if lower in self.words.borders:
            return True
        if lower not in self.words.conjunctions:
            return False
        near = (self.text[start:end].lower() for start, end, _ in following[:_SOON])
        return not self.words.doing.isdisjoint(near)

    def _word(
        self, index: int, word: str, lower: str, segment: int, *, within: bool,
        begins: bool,
    ) -> Item:  # fmt: skip
        is_pair = is_unspaced(word)
        is_term = not is_pair and (within or bool(_IDENTIFIER.search(word)))
        is_name = word[:1].isupper() and not begins and self.words.language != "de"
        if word.istitle() and lower in self._stops:  # as the names of columns begin
            is_name = False
        if is_term or is_pair:
            stem = lower
        else:
            (stem,) = stemmer(self.words.language).stem([lower])
        is_function = (
            lower in self._stops
            or lower in self.words.negation
            or lower in self.words.prepositions
            or lower in self.words.quantifiers
            or lower in self.words.determiners
            or lower in self.words.doing
            or (len(lower) == 1 and not is_term and not is_pair)
            or _is_contracted(lower)
        )
        if lower in self.words.opposites and lower not in self.words.prepositions:
            is_function = False
        known = word.lower() in self.words.doing | self._stops and not is_name
        is_content = is_term or is_pair or is_name or not (is_function or known)
        kind = "pair" if is_pair else "term" if is_term else "word"
        return Item(index, word, lower, stem, kind, segment, is_content, is_name)

    def _tokens(
        self, numbers: list[Quantity]
    ) -> Iterator[tuple[int, int, Quantity | None]]:
        """Yields start and end of each token; a number comes with what it is."""
        tokens: list[tuple[int, int, Quantity | None]] = [
            (quantity.start, quantity.end, quantity) for quantity in numbers
        ]
        spans = [(quantity.start, quantity.end) for quantity in numbers]
        for match in _TOKEN.finditer(self.text):
            start, end = match.span()
            if any(start < stop and end > first for first, stop in spans):
                continue
            tokens += ((*span, None) for span in self._cut(start, end))
        yield from sorted(tokens, key=lambda token: token[:2])

    def _cut(self, start: int, end: int) -> list[tuple[int, int]]:
        """Returns a token's parts: elided articles, pairs of unspaced characters."""
        word = self.text[start:end]
        if any(map(is_unspaced, word)):
            if len(word) == 1:
                return [(start, end)]
            return [(start + a, start + b + 1) for a, b in pairwise(range(len(word)))]
        if self.words.language in _ELIDING:
            elided = _ELISION.match(word)
            if elided:
                cut = start + elided.end()
                return [(start, cut - 1), (cut, end)]
        return [(start, end)]

    def _bound(self, quantity: Quantity) -> str:
        """Returns what words around a number say of it, or ""."""
        first = max(0, quantity.start - _REACH)
        before = " ".join(self.text[first : quantity.start].lower().split())
        after = " ".join(
            self.text[quantity.end : quantity.end + _REACH].lower().split()
        )
        for phrase, name in self.words.bounds:
            if re.search(rf"(?:^|\W){re.escape(phrase)}$", before):
                return name
            is_after = phrase.startswith(("or ", "oder ", "at ", "ou ", "o "))
            if is_after and re.match(rf"(?:\w+ )?{re.escape(phrase)}\b", after):
                return name
        return ""


def _is_contracted(lower: str) -> bool:
    return lower.endswith(("n't", "n\u2019t"))
