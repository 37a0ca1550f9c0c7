"""How well each candidate answers a question, and how sure it is that one does.

A word of the question counts by how rare it is in the language; a candidate has it
when it says it, or, for less, when what it stands under says it: headings, caption,
the sentence before.

    score = coverage + 0.5·cosine + MaxSim + 0.2·z(source) + answer type + …

The confidence of the best one is a logistic model of the same evidence; see
`confidence`. Both are measured in `tests/benchmarks/quality`.
"""

from __future__ import annotations

import itertools
import math
import re
import string
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ragcli.frozen import frozen
from ragcli.language.anaphors import leaves_noun_out, refers_back
from ragcli.language.instructions import instructs
from ragcli.language.interaction import Interaction, importance
from ragcli.language.patterns import deferred
from ragcli.language.units import columns_of
from ragcli.language.vocabulary.accents import unaccented
from ragcli.language.vocabulary.inflections import base_form
from ragcli.language.vocabulary.languages import by_script
from ragcli.language.vocabulary.relations import ask_alike, same_relation
from ragcli.language.vocabulary.stemming import content_stems, likely_language, stemmer
from ragcli.language.vocabulary.stop_word_lists import listed_languages, stop_words
from ragcli.language.vocabulary.words import words
from ragcli.models.base import Prompt
from ragcli.models.builtin.candidates import NAMED, Candidate, is_name
from ragcli.models.builtin.parsed_question import (
    NUMBER,
    PRICED,
    Kind,
    ParsedQuestion,
    ordinal_words,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.models.builtin.embedder import BuiltinEmbedder

COSINE_WEIGHT = 0.5
SOURCE_WEIGHT = 0.2
TYPE_WEIGHT = 0.3
LACK_WEIGHT = -0.9
"""Added to what holds none of a kind that the answer must hold."""
DEEDLESS_WEIGHT = -0.9
"""Added to what does not say what the one did who is asked for, where its document says
it of somebody elsewhere: it takes more than the words of a subject that all of a
document has."""
HEADED_WEIGHT = 0.5
"""Times the share of the question that the heading right above says, and only that,
as far as another candidate's says more."""
PURPOSE_WEIGHT = 0.3
"""Taken from what does not begin with what is to be done, where a question asks how
and another candidate does."""
INSTRUCTION_WEIGHT = 0.8
"""Taken from what tells nobody what to do, where a question asks what to do and another
candidate tells."""
DONE_WEIGHT = 0.45
"""Taken there from what neither begins with what is to be done nor stands below a
heading that does: `Remove`, `To remove it, …`, `Removing albums`."""
CHANGES_WEIGHT = -0.4
"""Added there to what a log of changes says: what was new once is seldom explained."""
SHOWN = 0.45
"""How far what leads to code says that, where only the code does."""
UNSAID = 2.0
"""How fast an instruction counts less for the question's words that nothing near it
says: one for something else is none."""
TOLD = 0.75
"""How far an instruction tells without code that shows it, or code without it."""
STALE_WEIGHT = -0.6
"""Added to what says nothing but the question's own words."""
KEY_WEIGHT = 0.4
"""Added to a field whose whole key the question says."""
ROLE_WEIGHT = 0.8
"""Added to the header of a message that the question asks for: who sent it."""
SHORTENED = 0.7
"""What a word is worth that a text has in another form: `auth`, `Sekretariat`."""
RELATED = 0.6
"""What a word is worth that asks for what a text calls otherwise."""
COLUMN_WEIGHT = 0.8
"""What a word is worth that only the names of a row's columns say: all rows have it."""
AROUND_WEIGHT = 0.2
"""What it is worth when it only stands elsewhere in the same passage."""
ABOVE_WEIGHT = 0.35
"""What a word of the question is worth that only stands above a candidate."""
INSTRUCTED_WEIGHT = 0.7
"""What it is worth there above an instruction, where one is asked for: what it is to
reach is often said by the heading alone."""
BEFORE_WEIGHT = 0.5
"""What it is worth in the sentence before, or in what introduces a list."""
ATTACHED_WEIGHT = 0.5
"""Added to what came with the question: that is what it is about, most likely."""
CODE_WEIGHT = 0.4
"""Added to code when code is asked for, and taken off when it is not."""
EXPLAINED_WEIGHT = 0.9
"""What a word is worth in the comment directly above a setting."""
INTRODUCTION_WEIGHT = -0.4
"""Added to what only leads to what stands below it."""
FRAGMENT_WEIGHT = -0.35
"""Added to what cannot be understood as it stands."""
ANCHOR_WEIGHT = 0.5
"""What it is worth to have all names, numbers and identifiers of the question."""
NUMBERLESS_WEIGHT = -0.4
"""Added where a number of the question stands nowhere near."""
IN_PASSAGE = 0.7
"""What it is worth that they stand elsewhere in its passage."""
TERM_WEIGHT = 0.7
"""Added to what begins with the very term that is to be defined."""
ENTRY_WEIGHT = 1.8
"""Added to an entry of a list of terms that has it as key."""
CODED_WEIGHT = 0.8
"""Added to what begins with a number or identifier of the question: `5 - Atari`."""
DEFINING_WEIGHT = 0.45
"""Added to what says in passing what the term is: `FLAC, an audio format, …`."""
ORDINAL_WEIGHT = 0.4
"""Added to what is the third, where the third is asked for."""
PART_WEIGHT = 0.8
"""Added to a unit of the kind that is asked for by its name, a footnote say."""
QUESTION_WEIGHT = -0.4
"""Added to what asks itself."""
HISTORY_WEIGHT = 0.3
"""Weight of a word that the conversation added to the question."""
LEANING_WEIGHT = 0.8
"""The same where the question points back: what it is about was said before."""
MISSING_WEIGHT = -0.35
"""Added where the question's rarest word is said nowhere near a candidate; less where
only a commoner word is missing."""
_NUMBERS = frozenset({"nr", "nummer", "numer", "numero", "num", "nro"})
_NUMBER_SIGN = deferred(r"#(?![\w#])")
_MESSAGE = frozenset({"mail", "email", "messag", "letter"})
_ROLES = {
    "from": _MESSAGE | {"send", "sender", "write", "author", "come"},
    "to": _MESSAGE | {"recipi", "receiv", "addresse", "get", "send"},
    "cc": _MESSAGE | {"copi", "receiv"},
    "date": _MESSAGE | {"send", "write", "receiv"},
    "subject": _MESSAGE | {"topic", "titl", "about"},
}
"""Headers of a message \u2192 stems of what people call them."""
_ASKED_ROLES = {
    "from": deferred(
        r"\bwho\b.*\b(?:sen[dt]\w*|wr[io]te\w*|written|author)\b|\bsender\b"
        r"|\bfrom whom\b|\bwhom? .*\bfrom\b|\bauthor\b",
        re.IGNORECASE,
    ),
    "to": deferred(
        r"\bwho\b.*\b(?:receive[sd]?|got|gets?|addressed)\b|\brecipients?\b|\baddressee"
        r"|\bto whom\b|\bwhom? .*\bto\s*\??$",
        re.IGNORECASE,
    ),
    "date": deferred(
        r"\b(?:when|(?:what|which) (?:day|date))\b.*"
        r"\b(?:sen[dt]|writ|wrote|receiv|arriv|dated|mail)",
        re.IGNORECASE,
    ),
    "subject": deferred(r"\bsubject\b|\btopic\b|\btitle\b", re.IGNORECASE),
}
"""Headers of a message \u2192 questions that ask for them."""
_WORD = deferred(r"[^\W\d_]{3}")
_BARE = 0.7
_NUMERIC = frozenset({"number", "numbered"})
_SHAPELESS = _NUMERIC | {"identifier", "person", "place"}
"""Kinds that many a cell is of that is something else."""
_LONGEST_ROLE = 3
"""Words of a heading that says little more than what those below it did."""
_MOST_UNSAID = 0.66
"""Share of a question's words that a row may leave unsaid and still answer."""
_ASKING = ("?", "\u061f", "\uff1f")
_LOGS = (
    "changelog", "change log", "change history", "changes in ", "release notes",
    "what's new", "what\u2019s new", "whatsnew", "release history", "version history",
)  # fmt: skip
"""How logs of changes are called."""
_MARKS = "*\u2020\u2021"
"""What the cell bears that a note below its table explains."""
_AROUND_A_TERM = "-\"'`*( "
_SPELLED_OUT = deferred(r"(?<=[a-z])([aou])e(?=[a-z])")
_SHORTEST = 4
"""Characters of a word that a longer one may begin with."""
_KIN = 5
_KIN_SHARE = 0.6
"""Characters that kindred words have in common at their beginning, and which share of
the longer one."""
_NO_NUMBER = deferred(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?"
    r"|\b(?:in|since|until|by|from) (?:1\d|20)\d\d\b"
    r"|\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?|\bv?\d+(?:\.\d+){2,}(?:/\d+)?\b|::\d*(?:/\d+)?|\b[A-Za-z_-]+\d[\w-]*"
)
_CODE = deferred(
    r"[\W_]*([\w.+#-]*[\w+#])[\"'`)\]]*"
    r"(?:\s*[:=\u2013\u2014]|\s+-+|\t|\s{2,})\s*\S"
)
"""A code and what it stands for."""
_LEADER = deferred(r"(?:\.\s?){4,}\s*\d+\s*$|\A\s*\d+(?:\.\d+)*[.)]\s")
"""The page of a table of contents, and the number of a heading or item: no values."""
_APPOSED = deferred(
    r"[\"'`)\u201d]*(?:,? (?:is|are) (?:an?|the|one of)\b|, (?:an?|the|or)\b"
    r"|,? (?:means?|stands? for|refers? to|denotes?|describes?)\b| \()"
)
"""What follows a term that is explained in passing."""
_LATIN = deferred("[A-Za-z]")
"""The kinds of answer are known by their signs in languages of this script."""
_STRUCTURED = frozenset({"row", "field", "item", "line"})
_NAMING = frozenset({"sentence", "item", "line"})
COMPARED = 60
"""Candidates that are compared by vectors: those with the best coverage."""


@frozen
class CandidateFeatures:
    """The features by which a candidate is scored."""

    coverage: float
    """Share of the question's words, by rarity, that it says, or for less what it
    stands under."""

    maxsim: float
    """Late interaction with it and what it stands under."""

    source: float
    """Log-odds that its source is relevant."""

    lacks_kind: bool
    """Whether the kind of answer that is asked for is not in it."""

    anchors: float
    """Share of the question's names, numbers and identifiers that are around it."""

    is_structured: bool = False
    """Whether it is a row, a field, an item or a line, or stands below a heading that
    tells a deed: one fact with its name."""

    defines: bool = False
    """Whether it begins with the term that is to be defined."""

    is_attached: bool = False
    """Whether its document came with the question."""

    holds_kind: bool = False
    """Whether the kind of answer that is asked for is in it."""

    instructs: bool = False
    """Whether it tells how to do what is asked for."""


@frozen
class Scored:
    """A candidate and how well it answers."""

    candidate: Candidate
    score: float
    evidence: CandidateFeatures
    covered: frozenset[str] = frozenset()
    """The question's stems that it says."""


def best_first(
    prompt: Prompt, scored: Sequence[Candidate], embedder: BuiltinEmbedder
) -> list[Scored]:
    """Returns candidates by score, best first; at most `COMPARED` of them.

    Raises:
        ProviderMissing: The wheel with the word vectors is not installed.
    """
    import numpy as np

    asked = ParsedQuestion(prompt.question)
    lexical = _Lexical(prompt, embedder)
    lexical.read(scored)
    sides = [lexical.of(item) for item in scored]
    coverage = np.array([side.score for side in sides])
    source = SOURCE_WEIGHT * _source_scores(scored)
    source += STALE_WEIGHT * np.array([side.is_stale for side in sides])
    source += HEADED_WEIGHT * _behind([side.headed for side in sides])
    source += PURPOSE_WEIGHT * _behind([side.tells_how for side in sides])
    source += INSTRUCTION_WEIGHT * _behind([side.instructs for side in sides])
    source += DONE_WEIGHT * _behind([side.names_deed for side in sides])
    source += CHANGES_WEIGHT * np.array([side.is_change for side in sides])
    missing = MISSING_WEIGHT * np.array([side.missing for side in sides])
    source += ATTACHED_WEIGHT * np.array([item.source.attached for item in scored])
    likely = np.argsort(-(coverage + source), kind="stable")[:COMPARED]
    chosen = [scored[index] for index in likely]
    compared = _understood(prompt)
    cosine, maxsim, around = _vector_scores(compared, chosen, embedder)
    kinds = [
        _kind_score(asked, item, sides[at])
        for at, item in zip(likely, chosen, strict=True)
    ]
    deedless = _deedless(chosen, [sides[at].says_deed for at in likely], kinds)
    anchors = [_anchored(asked, item) for item in chosen]
    defining = [_defines(asked, item) for item in chosen]
    terms = [
        _term_score(asked, item, defines=defines)
        for defines, item in zip(defining, chosen, strict=True)
    ]
    score = (
        (coverage + source + missing)[likely]
        + COSINE_WEIGHT * cosine
        + maxsim
        + np.array([fit.score for fit in kinds])
        + DEEDLESS_WEIGHT * np.array(deedless)
        + ANCHOR_WEIGHT * np.array([own for own, _ in anchors])
        + NUMBERLESS_WEIGHT * np.array([_without_numbers(asked, i) for i in chosen])
        + np.array(terms)
    )
    order = np.argsort(-score, kind="stable")
    return [
        Scored(
            chosen[at],
            float(score[at]),
            CandidateFeatures(
                sides[likely[at]].best,
                float(around[at]),
                _logit(chosen[at].source.score),
                kinds[at].lacks,
                anchors[at][1],
                chosen[at].kind in _STRUCTURED | asked.parts
                or (sides[likely[at]].is_titled and kinds[at].holds),
                defining[at],
                chosen[at].source.attached,
                kinds[at].holds and not deedless[at],
                sides[likely[at]].instructs > 0,
            ),
            sides[likely[at]].covered,
        )
        for at in order
    ]


_OF_ANOTHER = -2.0
"""What the default of `LIMIT_LOW` is worth where `LIMIT` is asked for."""
_IDENTIFIER = deferred(r"[a-z]\w*(?:[_.]\w+)+(?:\(\))?")
"""In lower case."""
_PURPOSE = deferred(
    r"\W*(?:in order to|to|um|pour|afin de|para) (\w+(?: \w+)?)", re.IGNORECASE
)


@frozen
class _Side:
    """What of a question's words a candidate has."""

    score: float
    best: float
    """The better of its scores with the conversation's words and without."""
    covered: frozenset[str]
    is_stale: bool
    """Whether it says nothing that the question does not."""
    unsaid: float
    """Share of the words that are no names that nothing says which names its value."""
    missing: float
    """What the rarest word is worth that neither it nor what it stands under says, as
    a share of the question's rarest."""
    says_deed: bool
    """Whether it says what the one does who is asked for."""
    is_titled: bool
    """Whether the heading that it stands under says so, as a key does of its value."""
    headed: float
    """What the heading right above it is worth, as a share of the question; 0 for one
    that says anything else, `_OF_ANOTHER` for a field of what is not asked for."""
    tells_how: bool
    """Whether it begins with the purpose that the question asks how to reach."""
    instructs: float
    """How far it tells what to do, where that is asked for."""
    names_deed: float
    """How far it, or the heading right above, begins with what is to be done."""
    is_change: bool
    """Whether it stands in a log of changes, where what to do is asked for."""


@frozen
class _Stems:
    """The stems in and around a candidate."""

    own: frozenset[str]
    columns: frozenset[str]
    """Those of `own` that only the names of its columns say."""
    before: frozenset[str]
    above: frozenset[str]
    passage: frozenset[str]
    example: frozenset[str] = frozenset()
    """Those of the code that shows what it tells to do."""


class _Lexical:
    """A question's words with their weights, compared with candidates."""

    def __init__(self, prompt: Prompt, embedder: BuiltinEmbedder) -> None:
        asked = words(prompt.question)
        likely = likely_language(asked, listed_languages())
        self._language = by_script(prompt.question) or likely
        self._stems = self._content
        if set(asked) <= stop_words(self._language):
            self._stems = self._every
        weight = LEANING_WEIGHT if leans_back(prompt.question) else HISTORY_WEIGHT
        weights = dict.fromkeys(self._stems(prompt.query), weight)
        own = self._stems(f"{prompt.question} {_asked_about(prompt)}")
        weights |= dict.fromkeys(own, 1.0)
        rarity = _rarity(list(weights), embedder)
        self._worth = {stem: weights[stem] * rarity[stem] for stem in weights}
        self._asked = frozenset(self._stems(prompt.question)) & self._worth.keys()
        self._all = frozenset(self._worth)
        self._own = frozenset(own)
        self._unseen = self._all
        self._known: dict[str, frozenset[str]] = {"": frozenset()}
        """By text: of two neighbours, one is what stands before the other."""
        parsed = ParsedQuestion(prompt.question)
        self._asks_whether = parsed.asks_whether
        self._asks_number = any(
            kind.name in _NUMERIC | {"measure"} for kind in parsed.kinds[:1]
        )
        self._deed = self._asked & frozenset(self._stems(parsed.deed))
        self._asks_how = parsed.asks_how
        self._identifiers = frozenset(
            mark for mark in parsed.marks if _IDENTIFIER.fullmatch(mark)
        )
        self._asks_to_do = parsed.asks_to_do
        self._to_do = frozenset(self._stems(parsed.deed_to_do))
        self._wanted = self._asked - frozenset(self._stems(" ".join(parsed.anchors)))
        self._relations = same_relation(self._all, self._language)

    def _content(self, text: str) -> list[str]:
        return _alike(content_stems(text, self._language))

    def _every(self, text: str) -> list[str]:
        """Returns the stems of all words: a question may be made of function words."""
        return _alike(stemmer(self._language).stem(words(text)))

    def read(self, candidates: Sequence[Candidate]) -> None:
        """Learns which of the question's words no source has: they may be mistyped."""
        for item in candidates:
            self._unseen -= self._stems_of(item.source.text)
            self._unseen -= self._stems_of(item.above)

    def of(self, item: Candidate) -> _Side:
        """Returns the shares of the question's words in and around a candidate."""
        text = item.text
        if "#" in text:
            text = _NUMBER_SIGN.sub(" number", text)
        stems = self._stems_of(text) | self._roles(item)
        is_titled = self._is_titled(item)
        stems |= self._deed if is_titled else frozenset()
        shares = _Stems(
            stems,
            self._stems_of_columns(item, stems),
            self._stems_of(item.before),
            self._stems_of(item.above),
            self._stems_of(item.source.text),
            self._stems_of(self._example(item)),
        )
        tells = _tells_to_do(item) if self._asks_to_do else 0.0
        over = INSTRUCTED_WEIGHT if tells else ABOVE_WEIGHT
        score, around = alone, around_alone = self._score(item, self._all, shares, over)
        if self._own != self._all:
            # What the conversation adds may help, and takes nothing away.
            alone, around_alone = self._score(item, self._own, shares, over)
        missing = self._missing(shares)
        fit = max(0.0, 1 - UNSAID * missing)
        return _Side(
            (around + around_alone) / 2,
            max(score, alone),
            stems & self._all,
            is_stale=self._is_stale(item, stems),
            missing=missing,
            unsaid=self._unsaid(item, shares),
            says_deed=self._says_deed(item, shares),
            is_titled=is_titled,
            headed=self._headed(item),
            tells_how=self._asks_how and self._tells_how(item),
            instructs=fit * tells,
            names_deed=fit * self._names_deed(item) if tells else 0.0,
            is_change=self._asks_to_do and _is_change(item),
        )

    def _names_deed(self, item: Candidate) -> float:
        """Returns how far it or its heading begins with what is to be done.

        Code that says it counts half: what is done is not all that it may do.
        """
        heading = item.source.above[-1] if len(item.source.above) > 1 else ""
        for text in (item.text, heading):
            if not self._to_do.isdisjoint(self._stems(text)[:1]):
                return 1.0
        shown = self._stems_of(self._example(item))
        return SHOWN if item.introduces and not self._to_do.isdisjoint(shown) else 0.0

    def _example(self, item: Candidate) -> str:
        """Returns the code below an instruction, where one is asked for, or ""."""
        start, end = item.example
        return item.source.text[start:end] if self._asks_to_do else ""

    def _is_titled(self, item: Candidate) -> bool:
        """Tells whether it stands below a heading that tells the deed: `AUTHORS`."""
        heading = self._stems_of(item.source.above[-1] if item.source.above else "")
        return len(heading) <= _LONGEST_ROLE and self._tells_deed(heading)

    def _says_deed(self, item: Candidate, stems: _Stems) -> bool:
        """Tells whether it, or what introduces it, says what the one did."""
        leads = item.kind != "sentence" and self._tells_deed(stems.before)
        return leads or self._tells_deed(stems.own)

    def _tells_deed(self, stems: frozenset[str]) -> bool:
        left = self._deed - stems - self._asked_for(stems)
        return bool(self._deed) and not left - _akin(left, stems, is_related)

    def _headed(self, item: Candidate) -> float:
        if len(item.source.above) < 2:
            return 0.0  # a title is of all that a document says, and may be its name
        heading = item.source.above[-1]
        if item.kind == "field" and self._tells_of_another(heading):
            return _OF_ANOTHER
        for text in (heading, heading.replace("_", " ")):
            stems = self._stems_of(text)
            if stems and stems <= self._asked:
                return self._worth_of(stems) / (self._worth_of(self._asked) or 1.0)
        return 0.0

    def _tells_of_another(self, heading: str) -> bool:
        """Tells whether it is one identifier, and the question names others."""
        name = _plain(heading).strip("`*: ")
        return bool(self._identifiers) and (
            bool(_IDENTIFIER.fullmatch(name)) and name not in self._identifiers
        )

    def _tells_how(self, item: Candidate) -> bool:
        """Tells whether a text begins `To melt glass, …` where that is asked for."""
        purpose = _PURPOSE.match(item.text)
        if not purpose:
            return False
        return not self._asked.isdisjoint(self._stems(purpose[1]))

    def _unsaid(self, item: Candidate, stems: _Stems) -> float:
        """Returns the share of what a question wants that names no value here.

        Of a row that is what no column says; of a bare number, what its passage never
        says.
        """
        near = stems.own | stems.before | stems.above
        wanted = self._wanted
        if item.kind == "row":
            columns = columns_of(item.unit, item.source.tables) if item.unit else ()
            if not any(columns):
                return 0.0
        elif self._is_bare_number(item, stems):
            near |= stems.passage
            wanted -= stems.own
        else:
            return 0.0
        left = wanted - near - self._asked_for(near)
        lost = left - _akin(left, near, is_shortened)
        return self._worth_of(lost) / (self._worth_of(wanted) or 1.0)

    def _is_bare_number(self, item: Candidate, stems: _Stems) -> bool:
        """Tells whether a number stands beside words of the question alone.

        `Norway 47` is a number of Norway, and may be any.
        """
        if item.kind not in _STRUCTURED or not self._asks_number:
            return False
        numbers = {stem for stem in stems.own if stem.isdigit()}
        return stems.own - numbers <= self._asked and bool(NUMBER.search(item.text))

    def _missing(self, stems: _Stems) -> float:
        near = stems.own | stems.before | stems.above | stems.example
        left = self._own - near
        rarest = max((self._worth[word] for word in self._own), default=0.0)
        if not left or not rarest:
            return 0.0
        lost = left - _akin(left, near, is_related) - self._asked_for(near)
        return max((self._worth[word] for word in lost), default=0.0) / rarest

    def _score(
        self,
        item: Candidate,
        wanted: frozenset[str],
        stems: _Stems,
        above: float,
    ) -> tuple[float, float]:
        """Returns two shares of the wanted words: near a candidate, in its passage."""
        own = stems.own & wanted
        columns = stems.columns & own
        shown = stems.example & wanted - own
        near = stems.before & wanted - own - shown
        over = stems.above & wanted - own - shown - near
        left = wanted - own - shown - near - over
        related = is_shortened if item.kind in _STRUCTURED else is_related
        akin = _akin(wanted - own, stems.own, related)
        akin |= _akin(wanted & self._unseen - own, stems.own, is_mistyped)
        asked_for = self._asked_for(stems.own) & wanted - own - akin
        said = self._worth_of(own) + SHORTENED * self._worth_of(akin)
        said += RELATED * self._worth_of(asked_for)
        said -= (1 - COLUMN_WEIGHT) * self._worth_of(columns)
        beside = EXPLAINED_WEIGHT if item.is_explained else BEFORE_WEIGHT
        weight = said + beside * self._worth_of(near - asked_for)
        weight += INSTRUCTED_WEIGHT * self._worth_of(shown - asked_for)
        weight += above * self._worth_of(over - asked_for)
        around = AROUND_WEIGHT * self._worth_of(stems.passage & left - akin - asked_for)
        whole = self._worth_of(wanted) or 1.0
        return weight / whole, (weight + around) / whole

    def _asked_for(self, stems: frozenset[str]) -> frozenset[str]:
        """Returns the question's words that ask for what a text calls otherwise."""
        named = self._relations.keys() & stems
        return frozenset[str]().union(*(self._relations[stem] for stem in named))

    def _roles(self, item: Candidate) -> frozenset[str]:
        """Returns the question's words that a header of a message stands for."""
        cells = item.unit.cells if item.unit else ()
        if item.kind != "field" or not cells:
            return frozenset()
        return self._all & _ROLES.get(cells[0].lower(), frozenset())

    def _stems_of_columns(
        self, item: Candidate, stems: frozenset[str]
    ) -> frozenset[str]:
        """Returns what only the names of a row's columns say."""
        if item.kind != "row" or not item.unit:
            return frozenset()
        return stems - frozenset(self._stems(" ".join(item.unit.cells)))

    def _is_stale(self, item: Candidate, stems: frozenset[str]) -> bool:
        if item.kind == "code" or self._asks_whether:
            return False
        if item.kind == "field" and item.unit and len(item.unit.cells) == 2:
            stems = frozenset(self._stems(item.unit.cells[1]))
        return bool(stems) and not stems - self._asked

    def _stems_of(self, text: str) -> frozenset[str]:
        if text not in self._known:
            self._known[text] = frozenset(self._stems(text))
        return self._known[text]

    def _worth_of(self, stems: frozenset[str]) -> float:
        # fsum: the order of a set differs from run to run, and must not decide a draw.
        return math.fsum(self._worth[stem] for stem in stems)


def _is_change(item: Candidate) -> bool:
    """Tells whether a candidate stands in a log of changes."""
    above = " ".join((item.source.name, *item.source.above)).lower()
    return any(name in above for name in _LOGS)


def _begins_with_command(text: str) -> bool:
    """Tells whether a sentence says what a command does: "`git add FILE` stages it"."""
    mark, _, rest = text.partition("`")
    command, closing, _ = rest.strip("`").partition("`")
    return not mark and bool(closing) and " " in command


def _tells_to_do(item: Candidate) -> float:
    """Returns how far a candidate tells what to do: most with code that shows it."""
    if item.kind == "row":
        return 0.0
    text = item.text
    if item.kind == "field":
        text = item.unit.cells[-1] if item.unit and item.unit.cells else text
    tells = item.kind != "code" and (instructs(text) or _begins_with_command(text))
    shows = item.kind == "code" or item.introduces or bool(item.example[1])
    if tells and shows:
        return 1.0
    is_entry = item.kind == "field" and is_name(_key(item))
    return TOLD if tells or shows or is_entry else 0.0


def _akin(
    wanted: frozenset[str], stems: frozenset[str], related: Callable[[str, str], bool]
) -> frozenset[str]:
    """Returns the wanted words that a text has in another form."""
    if related is is_related:
        heads = {stem[:_KIN] for stem in stems}
        wanted = frozenset(word for word in wanted if word[:_KIN] in heads)
    return frozenset(
        word for word in wanted if any(related(word, stem) for stem in stems)
    )


def _alike(stems: Sequence[str]) -> list[str]:
    """Returns stems without accents, short forms of "number" and of verbs as one."""
    plain = map(unaccented, stems)
    return ["number" if stem in _NUMBERS else base_form(stem) for stem in plain]


def _asked_about(prompt: Prompt) -> str:
    """Returns the question before, where that says what `one` is one of, or ""."""
    if not prompt.history or not leaves_noun_out(prompt.question):
        return ""
    return prompt.history[-1].question


def _understood(prompt: Prompt) -> str:
    """Returns a question with what it points back to."""
    before = _asked_about(prompt)
    if before:
        return f"{prompt.question} {before}"
    return prompt.query if leans_back(prompt.question) else prompt.question


def leans_back(question: str) -> bool:
    """Tells whether a question cannot be understood without the turns before it."""
    return refers_back(question) or set(words(question)) <= stop_words("en")


def _rarity(stems: list[str], embedder: BuiltinEmbedder) -> dict[str, float]:
    """Returns how much each word says, whatever collection is searched."""
    rarities = {}
    for stem, ids in zip(stems, embedder.tokenize(stems), strict=True):
        rarities[stem] = float(importance(ids).max()) if len(ids) else 1.0
    return rarities


def _behind(values: Sequence[float]) -> NDArray[np.float64]:
    """Returns what each lacks of the best: what all have makes none the better."""
    import numpy as np

    return np.array(values, float) - max([*values, 0.0])


def _source_scores(candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """Returns the relevance of each candidate's source, standardised over sources."""
    import numpy as np

    logits = {item.source.marker: _logit(item.source.score) for item in candidates}
    values = np.array(list(logits.values()))
    spread = float(values.std())
    if spread < 1e-6:
        return np.zeros(len(candidates))
    return np.array(
        [(logits[item.source.marker] - values.mean()) / spread for item in candidates]
    )


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _vector_scores(
    question: str,
    candidates: Sequence[Candidate],
    embedder: BuiltinEmbedder,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Returns cosine, late interaction, and that with what stands above."""
    texts = [
        _readable(f"{item.before}\n{item.text}" if item.is_explained else item.text)
        for item in candidates
    ]
    vectors, tokens = embedder.embed_with_tokens(texts)
    cosine = vectors @ embedder.embed([question])[0]
    maxsim = Interaction(tokens, embedder).maxsim([(question, 1.0)])
    wider = embedder.tokenize(
        [f"{item.above}\n{item.before}\n{item.text}" for item in candidates]
    )
    interaction = Interaction(wider, embedder)
    around = interaction.maxsim([(question, 1.0)])
    return cosine.astype("f8"), maxsim.astype("f8"), around.astype("f8")


def _readable(text: str) -> str:
    """Returns what is all capitals in small letters: so its words are known."""
    return text.lower() if text.isupper() else text


class _KindFit(NamedTuple):
    """How a candidate is of the kind that is asked for."""

    score: float
    """What that adds."""
    lacks: bool
    """Whether a required kind is missing."""
    holds: bool
    """Whether the kind of answer is there."""


def _kind_score(asked: ParsedQuestion, item: Candidate, side: _Side) -> _KindFit:
    """Returns what the kind of answer adds, and whether it is there."""
    score = _form_score(asked, item) + _key_score(asked, item)
    fresh = _fresh(asked, item)
    lacks = holds = False
    for kind in asked.kinds[:1]:
        holds = kind.is_in(fresh, is_structured=item.kind in {"row", "field"})
        holds = holds and _is_named(asked, kind, item, fresh)
        score += TYPE_WEIGHT * (holds and _grade(kind, fresh))
        lacks = kind.required and not holds and bool(_LATIN.search(fresh))
        lacks = lacks or (kind.name == "person" and _names_nobody(item, fresh))
        lacks = lacks or (kind.name == "measure" and not NUMBER.search(fresh))
        score += LACK_WEIGHT * (lacks or (kind.expected and not holds))
        if side.is_titled and holds:  # a name alone is whole there, as a value is
            score += KEY_WEIGHT - FRAGMENT_WEIGHT * (not item.is_whole)
    asks_for_cell = (asked.asks_what or asked.kinds) and not asked.wants_list
    is_told = _is_told_by_kind(asked, holds=holds)
    if asks_for_cell and not lacks and side.unsaid >= _MOST_UNSAID and not is_told:
        # Nothing has what is asked: the population of a list of capitals.
        lacks = True
        score += LACK_WEIGHT
    return _KindFit(score, lacks, holds)


def _is_told_by_kind(asked: ParsedQuestion, *, holds: bool) -> bool:
    """Tells whether a value says by its look that it is what is asked: a date, say."""
    return holds and (bool(asked.counted) or asked.kinds[0].name not in _SHAPELESS)


def _deedless(
    candidates: Sequence[Candidate], say_deed: Sequence[bool], kinds: Sequence[_KindFit]
) -> list[bool]:
    """Returns which candidates say no deed that another of their document tells of.

    Args:
        candidates: Of one question.
        say_deed: Whether each says what the one does who is asked for.
        kinds: How each is of the kind that is asked for.
    """
    telling = {
        _document(item)
        for item, says, fit in zip(candidates, say_deed, kinds, strict=True)
        if says and fit.holds
    }
    return [
        not says and _document(item) in telling
        for item, says in zip(candidates, say_deed, strict=True)
    ]


def _document(item: Candidate) -> tuple[str, ...]:
    """Returns what tells the document of a candidate from others."""
    return item.source.origin, item.source.name, *item.source.above[:1]


def _form_score(asked: ParsedQuestion, item: Candidate) -> float:
    """Returns what the form of a candidate adds, whatever it says."""
    score = 0.0
    if item.kind == "code":
        score += CODE_WEIGHT if asked.wants_code else -CODE_WEIGHT
    if item.introduces and not asked.wants_several:
        score += INTRODUCTION_WEIGHT
    if not item.is_whole:
        score += FRAGMENT_WEIGHT
    if item.text.rstrip("\"'\u201d\u00bb").endswith(_ASKING) and not asked.asks_whether:
        score += QUESTION_WEIGHT
    if asked.ordinals and _is_ordinal(asked, item):
        score += ORDINAL_WEIGHT
    if item.kind in asked.parts:
        score += PART_WEIGHT
    return score


def _key_score(asked: ParsedQuestion, item: Candidate) -> float:
    """Returns what it adds that the question says what names a candidate's value."""
    score = CODED_WEIGHT if is_coded(asked, item) else 0.0
    if _is_role_asked(asked, item):
        return score + ROLE_WEIGHT
    return score + KEY_WEIGHT * _is_key_asked(asked, item)


def is_shortened(one: str, other: str) -> bool:
    """Tells whether one word is the beginning of another, as `auth` is."""
    short, long = sorted((one, other), key=len)
    return (len(short) >= _SHORTEST and long.startswith(short)) or is_related(
        one, other
    )


def is_related(one: str, other: str) -> bool:
    """Tells whether two words begin alike for the most part, as kin do."""
    if one[:_KIN] != other[:_KIN]:
        return False  # most pairs are told apart so, and there are thousands of them
    pairs = zip(one, other, strict=False)
    alike = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    return alike >= _KIN and alike >= _KIN_SHARE * max(len(one), len(other))


def _is_named(asked: ParsedQuestion, kind: Kind, item: Candidate, fresh: str) -> bool:
    """Tells whether a number is the one that is asked for, as far as its names say.

    What is counted is spoken of in or around a candidate; the bare value of a row or
    field is what its column, key or comment says.
    """
    if item.kind not in {"row", "field"}:
        return _counts_the_same(asked, item)
    cells = item.unit.cells if item.unit else ()
    columns = columns_of(item.unit, item.source.tables) if item.unit else ()
    names = cells[:1] if item.kind == "field" else columns
    if kind.name == "money" and not PRICED.search(f"{item.above} {item.text}"):
        return False
    said = set(words(f"{' '.join(names)} {item.before}"))
    if any(names) and any(
        is_shortened(word, other) or ask_alike(word, other)
        for word in asked.content
        for other in said
    ):
        return True
    return _counts_the_same(asked, item) and bool(kind.sign.search(fresh))


def _names_nobody(item: Candidate, fresh: str) -> bool:
    """Tells whether no value of a row or field could be somebody."""
    if item.kind not in {"row", "field"}:
        return False
    values = (part.rpartition(": ")[2] for part in fresh.split("; "))
    return not any(_WORD.search(value) for value in values)


def _grade(kind: Kind, text: str) -> float:
    """Returns how well a text holds a kind: fully, or as a bare number only."""
    return 1.0 if kind.sign.search(text) else _BARE


def _is_ordinal(asked: ParsedQuestion, item: Candidate) -> bool:
    """Tells whether an item is the one that the question counts to."""
    if any(f"[{number}]" in item.text for number in asked.ordinals):
        return True
    return any(word in words(item.text) for word in ordinal_words(asked.ordinals))


def is_mistyped(one: str, other: str) -> bool:
    """Tells whether two words differ in one letter, or in the order of two."""
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < _KIN:
        return False
    at = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    left, right = one[at:], other[at:]
    return (
        left[1:] == right[1:]
        or left[1:] == right
        or left == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )


def _is_key_asked(asked: ParsedQuestion, item: Candidate) -> bool:
    """Tells whether the question says all of what names a value: `Reply to: Enno`.

    Of a field's path that is the last part.
    """
    key = {word for word in words(_key(item)) if not word.isdigit()}
    said = set(words(asked.text))
    return bool(key) and all(
        any(word == other or is_shortened(word, other) for other in said)
        for word in key
    )


def _is_role_asked(asked: ParsedQuestion, item: Candidate) -> bool:
    """Tells whether a field is the header of a message that a question asks for."""
    cells = item.unit.cells if item.unit else ()
    if item.kind != "field" or not cells:
        return False
    asking = _ASKED_ROLES.get(cells[0].lower())
    return asking is not None and bool(asking.search(asked.text))


def _key(item: Candidate) -> str:
    """Returns what names the value of a field, or of a line written like one."""
    if item.kind == "field":
        cells = item.unit.cells if item.unit else ()
        return cells[0].rsplit(".", 1)[-1] if cells else ""
    if item.kind in _NAMING and NAMED.match(item.text):
        return item.text.partition(":")[0]
    return ""


def is_coded(asked: ParsedQuestion, item: Candidate) -> bool:
    """Tells whether a line says what a code of the question stands for.

    `5 - Atari TOS` tells of 5, `404: not found` of 404.
    """
    return bool(asked.marks) and _code_of(item) in asked.marks


def _code_of(item: Candidate) -> str:
    """Returns the code that a line begins with to say what it stands for, or ""."""
    match = _CODE.match(item.text) if item.kind in _STRUCTURED - {"row"} else None
    return match[1].lower() if match else ""


def _counts_the_same(asked: ParsedQuestion, item: Candidate) -> bool:
    """Tells whether what is to be counted is spoken of in or around a candidate."""
    if not asked.counted:
        return True
    around = set(words(f"{item.above}\n{item.before}\n{item.text}"))
    return any(
        word == other
        or is_shortened(word.rstrip("s"), other)
        or (len(word) > _SHORTEST and other.endswith(word))
        for word in asked.counted
        for other in around
    )


def is_looked_up(asked: ParsedQuestion, item: Candidate) -> bool:
    """Tells whether a question names a row by a cell and wants another cell of it.

    `How many seats does Room 77 have?` looks a number up; nothing is counted.
    """
    cells = item.unit.cells if item.unit else ()
    text = asked.text.lower()
    if not any(_names_row(cell, text) for cell in cells):
        return False
    names = columns_of(item.unit, item.source.tables) if item.unit else ()
    said = set(words(f"{item.above}\n{' '.join(names)}"))
    counted = asked.counted or asked.content
    if any(
        word == other or is_shortened(word, other) for word in counted for other in said
    ):
        return True
    wanted = counted | asked.content
    return any(ask_alike(word, other) for word in wanted for other in said)


def _names_row(cell: str, text: str) -> bool:
    """Tells whether a cell stands in a text, in lower case, as a name does."""
    name = cell.strip(f"{_MARKS}{string.whitespace}").lower()
    return len(name) >= _SHORTEST - 1 and _stands_in(name, text)


def _fresh(asked: ParsedQuestion, item: Candidate) -> str:
    """Returns a candidate's text without the names and numbers of the question.

    What the question says itself is no answer to it; and of dates, times and versions
    the digits are no number that could be one.
    """
    text = item.text
    if asked.kinds and asked.kinds[0].name in {
        "number",
        "measure",
        "length",
        "duration",
        "money",
    }:
        text = _NO_NUMBER.sub(" ", _LEADER.sub(" ", text))
    for anchor in asked.anchors:
        at = text.lower().find(anchor)
        while at >= 0:
            text = text[:at] + " " * len(anchor) + text[at + len(anchor) :]
            at = text.lower().find(anchor, at + len(anchor))
    return text


def _anchored(asked: ParsedQuestion, item: Candidate) -> tuple[float, float]:
    """Returns the shares of the question's anchors in and around a candidate.

    An anchor is there when it stands by itself, not inside a longer word or number.
    In a candidate itself only numbers and identifiers count: of names a sentence
    says "he" and "it".
    """
    around = f"{item.above}\n{item.before}\n{item.text}\n{item.source.label}"
    if item.kind == "row" and item.unit:
        # The names of columns stand in every row, and single none of them out.
        own = _present_in_row(asked, item)
    else:
        explained = item.before if item.is_explained else ""
        code = _code_of(item)
        said = code if code.isdigit() else f"{explained}\n{item.text}"
        heading = item.source.above[-1] if item.source.above else ""
        if _plain(heading).strip("`*: ") in asked.marks:
            said += f"\n{heading}"  # all that stands below tells of it
        own = _present(asked.marks, said)
    near = _present(asked.anchors, around)
    whole = _present(asked.anchors, f"{around}\n{item.source.text}")
    return own, near + IN_PASSAGE * (whole - near)


def _without_numbers(asked: ParsedQuestion, item: Candidate) -> float:
    """Returns the share of the question's numbers that stand nowhere near a candidate.

    What version 1.2 brought is no answer where version 1.1 is asked for.
    """
    numbers = frozenset(mark for mark in asked.marks if mark[:1].isdigit())
    near = f"{item.above}\n{item.before}\n{item.text}\n{item.source.label}"
    return 1 - _present(numbers, near)


def _present_in_row(asked: ParsedQuestion, item: Candidate) -> float:
    """Returns the share of the question's anchors in the cells of a row.

    A number that the question puts behind the name of a column counts in that column
    only: record 4 is not the row with a square of 4.
    """
    cells = item.unit.cells if item.unit else ()
    names = columns_of(item.unit, item.source.tables) if item.unit else ()
    whole = _plain(f"{_caption(item)} | {' | '.join(cells)}")
    count = 0
    for anchor in asked.anchors:
        namer = asked.namers.get(anchor, "")
        own = [
            cell
            for name, cell in zip(names, cells, strict=False)
            if namer and any(is_shortened(namer, word) for word in words(name))
        ]
        text = _plain(" | ".join(own)) if own else whole
        count += any(_stands_in(form, text) for form in _spellings(anchor))
    return count / len(asked.anchors) if asked.anchors else 1.0


def _caption(item: Candidate) -> str:
    """Returns what stands above the table of a row, "" for others."""
    tables = item.source.tables
    index = item.unit.table if item.unit else -1
    return tables[index].caption if 0 <= index < len(tables) else ""


def _present(anchors: frozenset[str], text: str) -> float:
    text = _plain(text)
    count = sum(
        any(_stands_in(form, text) for form in _spellings(anchor)) for anchor in anchors
    )
    return count / len(anchors) if anchors else 1.0


@lru_cache(maxsize=512)
def _plain(text: str) -> str:
    """Returns a text in lower case without accents; many candidates share a passage."""
    return unaccented(text.lower())


@cache
def _spellings(anchor: str) -> tuple[str, ...]:
    """Returns a name without its accents, and with umlauts that are spelled out."""
    plain = unaccented(anchor)
    short = _SPELLED_OUT.sub(r"\1", plain)
    return (plain,) if short == plain else (plain, short)


def _stands_in(anchor: str, text: str) -> bool:
    at = text.find(anchor)
    while at >= 0:
        end = at + len(anchor)
        before, after = text[at - 1 : at], text[end : end + 1]
        glued = after in {".", ","} and text[end + 1 : end + 2].isdigit()
        glued = glued or (before in {".", ","} and text[at - 2 : at - 1].isdigit())
        if not before.isalnum() and not after.isalnum() and not glued:
            return True
        at = text.find(anchor, at + 1)
    return False


def _defines(asked: ParsedQuestion, item: Candidate) -> bool:
    """Tells whether a candidate begins with the term that is to be defined."""
    if _is_entry(asked, item):
        return True
    if not asked.term:
        return False
    term = asked.term.strip(_AROUND_A_TERM)
    said = item.text.lower().lstrip(_AROUND_A_TERM)
    return said.startswith(term) and not said[len(term) :][:1].isalnum()


def _term_score(asked: ParsedQuestion, item: Candidate, *, defines: bool) -> float:
    """Returns what it adds that a candidate says what the asked term is."""
    if defines:
        return ENTRY_WEIGHT if _is_entry(asked, item) else TERM_WEIGHT
    return DEFINING_WEIGHT * _explains(asked.term, item)


def _explains(term: str, item: Candidate) -> bool:
    """Tells whether a candidate says in passing what a term is, or begins a line so."""
    if not term:
        return False
    text = item.text.lower()
    at = text.find(term)
    while at >= 0:
        end = at + len(term)
        before = text[at - 1 : at]
        if not before.isalnum() and not text[end : end + 1].isalnum():
            if _APPOSED.match(text, end) or (before, text[end : end + 1]) == ("(", ")"):
                return True
            if before == "`" and text[end : end + 2] == "`)":
                return True
        at = text.find(term, end)
    if item.kind != "sentence":
        return False
    lines = item.source.text[item.start : item.end].lower().split("\n")
    return any(line.lstrip("-\"'`*( ").startswith(f"{term} ") for line in lines[1:])


def _is_entry(asked: ParsedQuestion, item: Candidate) -> bool:
    """Tells whether the term that is to be defined is a candidate's key.

    Of a note that explains a mark, it is what bears the mark.
    """
    if item.is_explained and item.before.lower() in asked.marks | {asked.term}:
        return True
    cells = item.unit.cells if item.unit else ()
    key = cells[0].lower().strip("-\"'`:* ") if cells else ""
    begins = asked.is_about_sign and asked.term.startswith(f"{key} ")
    return bool(key) and (asked.term == key or begins)
