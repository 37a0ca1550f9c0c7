"""Whether a passage bears out what an answer claims with its number.

A claim is set against the units of the passage, clause by clause: `language.comparison`
says whether one of them says so (verified), says otherwise (refused), or whether that
cannot be told. What cannot be told is located: its marker stays, unverified, when the
passage is likely to be meant. That is measured on words. A content stem of the claim
weighs the more, the fewer of the prompt's passages have it; the share is the mean of
the weight that the whole passage has and the weight that two neighbouring sentences of
it have. Every number and every name of a located claim must be in the passage too (or
in the question, which a model may repeat). A claim in another language than the passage
is at most located.

The share is calibrated on SQuAD by `tests.benchmarks.quality.citations`; how many false
claims pass as verified is measured by `tests.benchmarks.quality.mutations`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import pairwise
from pathlib import PurePath

from ragcli.chat.citing.quotes import Quote, quote_of, quoted
from ragcli.frozen import frozen
from ragcli.index.notation import notation_of
from ragcli.index.passages import Passage, above_of
from ragcli.language import markdown
from ragcli.language.comparison.compare import (
    REFUTED,
    SUPPORTED,
    UNCERTAIN,
    Comparison,
    UnitContext,
    Verdict,
)
from ragcli.language.comparison.lexicon import lexicon
from ragcli.language.comparison.quantities import quantities
from ragcli.language.comparison.statement import Statement
from ragcli.language.markdown import without_wiki_links
from ragcli.language.notations import shown
from ragcli.language.patterns import deferred
from ragcli.language.sentences import sentence_spans
from ragcli.language.units import sentences, spoken
from ragcli.language.vocabulary.stemming import canonical, content_stems
from ragcli.language.vocabulary.stop_word_lists import listed_languages, stop_words
from ragcli.language.vocabulary.words import words

Similarity = Callable[[str, str], float]
"""Cosine of two texts' vectors."""

LIKELY = 0.4
"""Least share of a claim's weight that the passage of a located one must have."""
PARAPHRASED = 0.25
"""Least share where the vectors say that passage and claim mean the same."""
NEAR = 0.7
"""Least cosine of a claim and the sentence nearest to it for `PARAPHRASED`."""

_NUMBER = deferred(r"\d+(?:[.,:]\d+)*")
_NAME = deferred(r"(?<![.!?:\n] )(?<!^)\b[A-Z][\w'\u2019-]*[^\W_]", re.MULTILINE)
_SUBJECT = deferred(
    r"(?:^|[.!?:\n] )([A-Z][\w'\u2019-]*[^\W_])"
    r"(?=['\u2019]s\b|\s+(?:is|was|are|were|has|had|have|can|will|does|did|may|must)\b"
    r"|\s+[A-Z])",
    re.MULTILINE,
)
"""The first word of a sentence where a verb or a further name shows it is a name."""
_ENUMERATION = deferred(r"^\s*(?:\d{1,2}[.)]|[-*+\u2022])\s+", re.MULTILINE)
_LINE = deferred(r"[^\n]*\S[^\n]*")
_SPELLED = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
"""Not "one", which is a pronoun as often as a number."""
_MARKUP = deferred(r"[`*\\]|(?<!\w)_|_(?!\w)")
_NEAREST = 6
"""Units that a clause is compared with: those that have most of its words."""
_LONGEST_RUN = 8
"""Units in a row that a claim may repeat word for word."""
_COMPARABLE = 0.5
"""Least share of a clause's words that a unit must have to refute it."""
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
        return _stems(self.text, language)

    @cached_property
    def numbers(self) -> set[str]:
        """Its numbers, without the separators of thousands."""
        return {number for number in numbers(self.text) if number not in self._allowed}

    @cached_property
    def names(self) -> set[str]:
        """Words that are capitalised like names, lower case."""
        written = _NAME.findall(self.text) + _SUBJECT.findall(self.text)
        named = {word for name in written for word in words(name)}
        return named - set(self._allowed) - stop_words("en")

    @property
    def allowed(self) -> Collection[str]:
        """Words (lower case) that need no support."""
        return self._allowed

    def clauses(self, language: str) -> list[str]:
        """Returns what it says one after the other; itself when that is one thing.

        Parts of too few words belong to the one before.
        """
        clauses: list[str] = []
        for part in lexicon(language).joints.split(self.text):
            if clauses and (
                _is_thin(part, language) or _is_thin(clauses[-1], language)
            ):
                clauses[-1] = f"{clauses[-1]}, {part}"
            else:
                clauses.append(part)
        return clauses

    def language(self, expected: str) -> str:
        """Returns the language that it is written in: `expected` unless plainly not.

        Function words decide: at least three of them of one other language, and
        twice as many as of the expected one.
        """
        spoken = set(words(self.text))
        expected = canonical(expected)
        counts = {item: len(spoken & stop_words(item)) for item in listed_languages()}
        own = counts.pop(expected, 0)
        likely = max(counts, key=lambda item: (counts[item], item))
        most = counts[likely]
        return likely if most >= _FEW and most >= 2 * max(own, 1) else expected


@frozen
class Support:
    """What a passage says to a claim."""

    holds: bool
    """Whether the marker may stay."""
    verified: bool
    """Whether a unit says so; False where that cannot be told."""
    share: float
    """Share of the claim's weight that the passage has, in [0, 1]."""
    quotes: tuple[Quote, ...] = ()
    """The units that say it, best first; () when it is not verified."""
    refuted: bool = False
    """Whether a unit says otherwise."""


@frozen
class SentenceSource:
    """Which of several passages say a sentence that names none."""

    strength: str
    """`strong`: they say it; `located`: likely meant, but not to be told; `none`."""
    quotes: Mapping[int, tuple[Quote, ...]] = field(default_factory=dict)
    """What of each passage says it, by its number, counted from 1; {} for none."""


class StemWeights:
    """How much a stem says about which of some passages is meant.

    Args:
        stems: The content stems of each passage.
    """

    def __init__(self, stems: Sequence[Collection[str]]) -> None:
        self._passages = len(stems)
        self._found = Counter(stem for passage in stems for stem in set(passage))

    def of(self, stems: Collection[str]) -> float:
        """Returns the weight of several stems together."""
        # fsum: the order of a set differs from run to run, and must not decide a draw.
        return math.fsum(
            math.log1p(self._passages / (self._found[stem] or 0.5)) for stem in stems
        )


class PreparedPassage:
    """A passage, prepared to be compared with claims.

    Args:
        passage: As it was retrieved.
        similarity: Vector overlap of two texts, or None.
    """

    def __init__(self, passage: Passage, similarity: Similarity | None = None) -> None:
        self.passage = passage
        self._similarity = similarity

    @cached_property
    def _above(self) -> str:
        return "\n".join(
            (self.passage.title, *above_of(self.passage.part, self.passage.heading))
        )

    @cached_property
    def _whole(self) -> str:
        return f"{self._above}\n{self.passage.text}"

    @cached_property
    def stems(self) -> frozenset[str]:
        """The content stems of title, headings and text."""
        return frozenset(content_stems(self._whole, self.passage.language))

    @cached_property
    def _pairs(self) -> list[set[str]]:
        """The stems of each two neighbouring sentences, with those of the headings."""
        language = self.passage.language
        above = set(_stems(self._above, language))
        each = [above | _stems(text, language) for _, text in self.sentences]
        return [first | other for first, other in pairwise(each)] or each or [above]

    @cached_property
    def _words(self) -> set[str]:
        return set(words(f"{self._whole}\n{self.passage.path}"))

    @cached_property
    def _numbers(self) -> set[str]:
        return numbers(f"{self._whole}\n{self.passage.path}")

    @cached_property
    def _values(self) -> frozenset[tuple[object, ...]]:
        """What the numbers of the passage amount to, spelled ones too."""
        quantities_here = quantities(self._whole, self.passage.language)
        return frozenset(
            value for quantity in quantities_here for value in quantity.values
        )

    @cached_property
    def sentences(self) -> list[tuple[int, str]]:
        """Offset and text of each sentence, or line of code or table."""
        text = self.passage.text
        pieces: list[tuple[int, str]] = []
        for unit in sentences(text, self.passage.units):
            piece = text[unit.start : unit.end]
            if unit.kind == "code":
                pieces += _lines(piece, unit.start)
            else:
                pieces.append((unit.start, piece))
        return pieces or list(_lines(text, 0))

    def support(self, claim: Claim, weights: StemWeights) -> Support:
        """Measures whether the passage bears out `claim`.

        Args:
            claim: What is to be borne out.
            weights: Those of all passages of the prompt.
        """
        share = self._share(claim, weights)
        own = canonical(self.passage.language)
        language = claim.language(own)
        if language == own:
            outcome, quotes = self.compared(claim)
            if outcome == SUPPORTED:
                return Support(holds=True, verified=True, share=share, quotes=quotes)
            if outcome == REFUTED:
                return Support(holds=False, verified=False, share=share, refuted=True)
        if not (self._has_numbers(claim) and self._has_names(claim, language)):
            return Support(holds=False, verified=False, share=share)
        likely = share >= LIKELY or self._means_the_same(claim, share)
        return Support(holds=likely or language != own, verified=False, share=share)

    def compared(self, claim: Claim) -> tuple[str, tuple[Quote, ...]]:
        """Sets a claim in the passage's language against the units of the passage.

        Returns:
            `SUPPORTED`, `UNCERTAIN` or `REFUTED`, the worst that comes of its clauses
            unless the whole is supported; and the units that support it.
        """
        exact = self._exact(claim.text)
        if exact:
            return SUPPORTED, (exact,)
        language = self.passage.language
        outcome, quote = self._best(claim, claim.text)
        clauses = claim.clauses(language)
        if outcome == SUPPORTED or len(clauses) == 1:
            quoted = self._verbatim(claim) or quote
            return outcome, ((quoted,) if quote and quoted else ())
        parts = [self._best(claim, clause) for clause in clauses]
        outcomes = [outcome for outcome, _ in parts]
        worst = next(o for o in (REFUTED, UNCERTAIN, SUPPORTED) if o in outcomes)
        quotes = dict.fromkeys(stretch for _, stretch in parts if stretch)
        return worst, tuple(quotes)

    def _best(self, claim: Claim, clause: str) -> tuple[str, Quote | None]:
        """Returns what the unit says to a clause that fits it best, and the unit."""
        statement = Statement(clause, self.passage.language)
        best: tuple[str, Quote | None] = (UNCERTAIN, None)
        most = -1.0
        for start, end, context in self._nearest(statement):
            verdict = Comparison(statement, context, self._similarity).verdict()
            if verdict.outcome == SUPPORTED:
                return SUPPORTED, quote_of(self.passage, start, end)
            if verdict.share > most:
                most = verdict.share
                best = self._excused(verdict, claim), None
        return best

    def denies(self, claim: Claim) -> bool:
        """Tells whether a unit has all that is claimed, and says otherwise.

        What denies something is not asked: whatever has its words, and says something
        else of them, would speak against it.
        """
        statement = Statement(claim.text, self.passage.language)
        if statement.denials or self._exact(claim.text):
            return False
        verdicts = (
            Comparison(statement, context, self._similarity).verdict()
            for _, _, context in self._nearest(statement)
        )
        return any(v.outcome == REFUTED and v.share == 1.0 for v in verdicts)

    def _nearest(self, statement: Statement) -> list[tuple[int, int, UnitContext]]:
        """Returns the units that have most words of a statement, the best first."""
        return sorted(self._contexts, key=lambda item: -_overlap(statement, item[2]))[
            :_NEAREST
        ]

    def _excused(self, verdict: Verdict, claim: Claim) -> str:
        """Returns an outcome; what only a few words share tells nothing."""
        least = 1.0 if claim.is_thin else _COMPARABLE
        return verdict.outcome if verdict.share >= least else UNCERTAIN

    def _exact(self, said: str) -> Quote | None:
        """Returns where the passage has a claim word for word, as whole units."""
        notation = notation_of(self.passage)
        wanted = _plain_text(said, notation)
        if not wanted:
            return None
        for index, (start, end, _) in enumerate(self._spans):
            said = _plain_text(self.passage.text[start:end], notation)
            if not wanted.startswith(said):
                continue
            for _, further, _ in self._spans[index : index + _LONGEST_RUN]:
                said = _plain_text(self.passage.text[start:further], notation)
                if said == wanted:
                    return quote_of(self.passage, start, further)
        return None

    @cached_property
    def _spans(self) -> list[tuple[int, int, str]]:
        """Start, end and words of each unit."""
        passage = self.passage
        spans = []
        for unit in sentences(passage.text, passage.units):
            cut = [(unit.start, unit.end)]
            if unit.kind == "item":
                cut = sentence_spans(passage.text, unit.start, unit.end)
            spans += [
                (
                    a,
                    b,
                    spoken(
                        passage.text,
                        unit._replace(start=a, end=b),
                        passage.tables,
                        notation_of(passage),
                    ),
                )
                for a, b in cut
                if b > a
            ]
        return spans or [
            (first, last, passage.text[first:last])
            for start, line in self.sentences
            for first, last in sentence_spans(passage.text, start, start + len(line))
        ]

    @cached_property
    def _contexts(self) -> list[tuple[int, int, UnitContext]]:
        """Start and end of each unit, and what it is compared as."""
        passage = self.passage
        captions = [table.caption for table in passage.tables]
        name = PurePath(passage.path).name
        above = Statement("\n".join([self._above, *captions, name]), passage.language)
        contexts = []
        before: Statement | None = None
        for start, end, words_here in self._spans:
            unit = Statement(words_here, passage.language)
            contexts.append((start, end, UnitContext(unit, before, above)))
            before = unit
        return contexts

    def _share(self, claim: Claim, weights: StemWeights) -> float:
        stems = claim.stems(self.passage.language)
        if not stems:
            return 0.0
        total = weights.of(stems)
        near = max(weights.of(stems & pair) for pair in self._pairs)
        return (weights.of(stems & self.stems) + near) / 2 / total

    def quote(self, claim: Claim) -> Quote:
        """Returns what of the passage says the claim.

        A claim that quotes the passage is found as it stands, over all its lines.
        Otherwise it is the sentence with most of its words; of equals the shortest.
        """
        verbatim = self._verbatim(claim)
        if verbatim:
            return verbatim
        language = self.passage.language
        stems = claim.stems(language)

        def fit(sentence: tuple[int, str]) -> tuple[int, int]:
            exact = len(claim.numbers & numbers(sentence[1]))
            return len(stems & _stems(sentence[1], language)) + exact, -len(sentence[1])

        if not self.sentences:
            return Quote(self.passage.text, self.passage.lines)
        start, text = max(self.sentences, key=fit)
        return quoted(self.passage, start, text)

    def _verbatim(self, claim: Claim) -> Quote | None:
        """Returns where a claim of several words stands as it is, or None."""
        claimed = markdown.FENCE.sub("", claim.text).strip()
        at = -1 if claim.is_thin else self.passage.text.find(claimed)
        return None if at < 0 else quoted(self.passage, at, claimed)

    def _has_numbers(self, claim: Claim) -> bool:
        """Tells whether all numbers of a claim stand here, in whatever form."""
        language = self.passage.language
        return all(
            any(
                quantity.kind == "number"
                and not quantity.values.isdisjoint(self._values)
                for quantity in quantities(number, language)
            )
            for number in claim.numbers - self._numbers
        )

    def _has_names(self, claim: Claim, language: str) -> bool:
        if "de" in {language, self.passage.language}:  # nouns are written like names
            return True
        missing = claim.names - self._words
        return all(
            name.removesuffix("s") in self._words
            or set(content_stems(name, self.passage.language)) <= self.stems
            for name in missing
        )

    def _means_the_same(self, claim: Claim, share: float) -> bool:
        if self._similarity is None or share < PARAPHRASED:
            return False
        return self._similarity(claim.text, self.quote(claim).text) >= NEAR


def source_of(
    sentence: str, evidence: Sequence[PreparedPassage], allowed: Collection[str] = ()
) -> SentenceSource:
    """Finds the passages that bear out a sentence without a marker.

    Args:
        sentence: One sentence of an answer, without markers.
        evidence: The passages of the prompt, in their order.
        allowed: Words (lower case) that need no support: the question's.

    Returns:
        The first passage that says it; those that say its clauses, where each has one;
        else the one that most likely is meant. Where the likeliest speaks against it,
        or numbers, names, negations or units speak against each of them: none.
    """
    claim = Claim(sentence, allowed)
    weights = StemWeights([item.stems for item in evidence])
    supports = [item.support(claim, weights) for item in evidence]
    saying = _first_that_says(supports)
    if saying:
        strong = {saying: supports[saying - 1].quotes}
    else:
        strong = _by_clauses(claim, evidence, weights)
    if strong and not any(item.denies(claim) for item in evidence):
        return SentenceSource("strong", strong)
    likely = [
        (support.share, -number)
        for number, support in enumerate(supports, 1)
        if support.holds
    ]
    against = max((item.share for item in supports if item.refuted), default=0.0)
    if not likely or max(likely)[0] < against:
        return SentenceSource("none")
    number = -max(likely)[1]
    return SentenceSource("located", {number: (evidence[number - 1].quote(claim),)})


def _by_clauses(
    claim: Claim, evidence: Sequence[PreparedPassage], weights: StemWeights
) -> dict[int, tuple[Quote, ...]]:
    """Returns the passages that say the clauses of a claim; {} if one has none."""
    quotes: dict[int, tuple[Quote, ...]] = {}
    clauses = claim.clauses(evidence[0].passage.language)
    for clause in clauses if len(clauses) > 1 else ():
        part = Claim(clause, claim.allowed)
        supports = [item.support(part, weights) for item in evidence]
        number = _first_that_says(supports)
        if not number:
            return {}
        quotes[number] = (*quotes.get(number, ()), *supports[number - 1].quotes)
    return quotes


def _first_that_says(supports: Sequence[Support]) -> int:
    """Returns the number of the first passage that says a claim, 0 for none.

    A marker of the model's own tells which passage it means. Without one, a passage of
    which only one word in two is the claim's is not taken to mean it.
    """
    saying = (
        n
        for n, support in enumerate(supports, 1)
        if support.verified and support.share >= LIKELY
    )
    return next(saying, 0)


def _is_thin(text: str, language: str) -> bool:
    return len(_stems(text, language)) < 2 or len(words(text)) < _FEW


def _plain_text(text: str, notation: str) -> str:
    """Returns a text without markup, full stop and line breaks."""
    read = without_wiki_links(shown(" ".join(text.split()), notation))
    return " ".join(_MARKUP.sub("", read).split()).rstrip(" .!;:")


def _overlap(statement: Statement, context: UnitContext) -> int:
    """Returns how many words of a statement a unit has."""
    known = {item.stem for item in context.unit.items}
    return sum(
        item.stem in known
        or any(
            o.quantity and o.quantity.equals(item.quantity) for o in context.unit.items
        )
        if item.quantity
        else item.stem in known
        for item in statement.content
    )


def _stems(text: str, language: str) -> set[str]:
    return set(content_stems(text, language)) if words(text) else set()


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yields place and text of each line that is not blank."""
    for match in _LINE.finditer(text):
        line = match[0].lstrip()
        yield start + match.end() - len(line), line.rstrip()


def numbers(text: str) -> set[str]:
    """Returns the numbers of a text: digits as written, spelled-out ones to twelve."""
    written = {_plain(number) for number in _NUMBER.findall(text)}
    return written | {_SPELLED[word] for word in words(text) if word in _SPELLED}


def _plain(number: str) -> str:
    """Returns a number without separators of thousands: `1,000` is `1000`."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        return number.replace(",", "")
    return number
