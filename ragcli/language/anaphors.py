# ruff: noqa: E501 - a pattern of many languages reads better whole
"""Whether a question stands on its own, or points back in its conversation."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ragcli.language.patterns import deferred
from ragcli.language.vocabulary.stemming import likely_language
from ragcli.language.vocabulary.stop_word_lists import listed_languages, stop_words
from ragcli.language.vocabulary.words import is_unspaced, words

_I = re.IGNORECASE
_WORD = re.compile(r"\w+")

_NO_ANAPHOR = (
    # A clause or a noun is what follows, and nothing is pointed at.
    deferred(
        r"\b(?:means?|sa(?:y|ys|id)|shows?|states?|requires?|knows?|tells?|told|finds?|found|sure|certain|ensures?|guarantees?|indicates?"
        r"|reports?|assumes?|supposes?|believes?|thinks?|likely|possible|true|fact|so|such|now|claims?|suggests?|proves?|implies|notes?) that(?= \w)",
        _I,
    ),
    deferred(
        r"\b(?:an?|the|any|every|each|all|some|no|only|which|what|of) (?!(?:do|does|did|is|are|was|were|has|have|can|will|about)\b)(?:[\w-]+ ){1,4}?that(?= \w)",
        _I,
    ),
    deferred(r"\bthose (?=(?:who|that|which|of|in|with|without|on|from)\b)", _I),
    # There is something; how many are there?
    deferred(
        r"\b(?:is|are|was|were|be|been|exists?)(?: (?:not|any|still))? there\b|\bthere (?:is|are|was|were|exists?|be|has been|have been)\b",
        _I,
    ),
    # It is possible to; it takes long to.
    deferred(
        r"\b(?:is|was) it (?:possible|safe|necessary|allowed|better|okay|ok|recommended|advisable|easy|hard|difficult|true|legal|worth)\b"
        r"|\b(?:does|did|will|would|do) it (?:take|cost|need|mean|help|make sense)(?= (?:\w+ ){0,3}?(?:to|if|when|that)\b)"
        r"|\bit (?:takes?|is|was) (?:\w+ )?(?:to|that)\b",
        _I,
    ),
    # More of something that is named; one that counts.
    deferred(r"\bmore (?=(?:than|about|on|of)\b)|\b(?:once|no) more\b", _I),
    deferred(
        r"\bone (?=(?:of|or|and|to|by)\b)|\b(?<!which )(?<!that )(?<!this )(?<!the )(?<!other )one (?!(?:is|are|was|were|do|does|did|has|have|can|will|would|should|in|on|with|for|and|or)\b)(?=[a-z]{3})",
        _I,
    ),
    deferred(r"\bsuch (?=(?:as|an?)\b)|\bso (?=(?:that|as|many|much|far|long)\b)"),
    deferred(r"\b(?:same|other|rather) (?=(?:as|than)\b)|\beach other\b", _I),
    deferred(r"\bthen\b(?=,? (?:\w+ )+and\b)|\bif\b.*?\bthen\b", _I),
    # German, where "Sie" is also you, and "es gibt" points at nothing.
    deferred(r"(?<=\w )Sie\b|\bIhre?[nmrs]?\b(?<!^Ihr)"),
    deferred(
        r"\bgibt es\b|\bes (?:gibt|ist|muss)\b|\bist es (?=m\u00f6glich|erlaubt|n\u00f6tig)",
        _I,
    ),
    # French, which asks so.
    deferred(r"\b(?:il y a|y a-t-il|il faut|faut-il|est-il possible)\b", _I),
    deferred(
        r"(?:\b(?:l[ea]s?|une?|des|du|mon|ma|mes) |\b[ld]['\u2019])\w{3,}.*?-(?:t-)?(?:ils?|elles?)\b",
        _I,
    ),
)
"""Words of the list, used otherwise."""
_ANTECEDENT = deferred(
    r"(?:\b(?:an?|the|my|our|your|every|each|some|two|ein(?:e[nmrs]?)?|d(?:er|ie|as|en|em)|une?|l[ea]s?|el|l[oa]s|una?) (?:[\w-]+ )*?[\w-]{3,}|(?<=\w )[A-Z]\w{2,})"
    r".*?(?:,|\b(?:and|or|but|before|after|until|when|if|while|because|so|than|und|oder|bevor|nachdem|wenn|et|ou|quand|si|y|o|cuando)\b)"
)
"""What a question itself says first, and a clause of its own that goes on with it."""
_OWN_OWNER = deferred(
    r"(?<=\w )[A-Z\u00c0-\u00de]\w+(?:['\u2019]s)?(?: \w+)*? (?:his|her|its|their|himself|herself|itself|themselves)\b"
)
"""A name before the pronoun that stands for it: `did Anna lose her key`."""
_THE_REST = deferred(
    r"\b(?:the (?:two|three|four|first|second|third|last|next|previous|rest|latter|former)|both|neither|either)"
    r"(?=\s*(?:\?|$|(?:is|are|was|were|do|does|did|has|have|can|will|would|should|of (?:it|them|these|those))\b))",
    _I,
)
"""What counts something that was said before."""
_LINKED = deferred(
    r"\W*(?:and|or|but|also|what about|how about|what if not|und|oder|aber|was ist mit|wie (?:steht|ist) es mit"
    r"|et|ou bien|mais|y(?! a\b)|e|o|pero|\u0430|\u0438|\u043d\u043e)\b|\W*(?:why|how|what|wie|warum|pourquoi) (?:not|so|else|nicht|pas)\b",
    _I,
)
"""What a question begins with that goes on with the one before."""
_VERBAL = deferred(
    r"\b(?:is|are|am|was|were|be|been|do|does|did|has|have|had|can|could|will|would|shall|should|must|may|might|means?|let|list|show|tell|name|give|explain"
    r"|describe|compare|summari[sz]e|find|count|say|ist|sind|war|hat|haben|kann|k\u00f6nnen|muss|darf|wird|werden|gibt|macht|bedeutet|hei\u00dft"
    r"|est|sont|a|ont|peut|doit|fait|es|son|est\u00e1|hay|tiene|puede|debe|hace)\b|-(?:ce|t-\w+|ils?|elles?|vous)\b|n't\b|[\w]['\u2019](?:s|re)\b",
    _I,
)
_SUBJECT = deferred(r"\W*(?:who|what|wer|was|qui|qui\u00e9n|qu\u00e9)\b", _I)
_COUNTING = frozenset(
    ["one", "ones", "einen", "eines", "eins", "keinen", "keines", "un", "une", "uno", "una"]
)  # fmt: skip
_NOUN_LEFT_OUT = deferred(
    rf"\b(?:{'|'.join(sorted(_COUNTING))})(?=\W*$|,? (?:and|or|in|on|at|with|without|for|from|by|to|und|oder|in|mit|ohne|f\u00fcr|et|ou|dans|avec|sans|pour|y|o|en|con|sin|para)\b)",
    _I,
)
"""A word that counts what the question before names: `How do I delete one?`"""
_FEW = 5
"""Words of a question without a verb that go on with the one before; of a language whose
verbs are not known, two less."""
_FEWEST = 3
"""Words of one that asks for its subject: `Who wrote Faust?`"""


def refers_back(question: str) -> bool:
    """Tells whether a question has a word that points to an earlier turn.

    A pronoun whose noun the question itself says first points at that.
    """
    spaced, unspaced = _anaphors()
    if any(word in question for word in unspaced):
        return True
    said = _WORD.findall(question.lower())
    if spaced.isdisjoint(said) and _COUNTING.isdisjoint(said):
        return False  # what is taken out below brings no word
    bare = question
    for pattern in _NO_ANAPHOR:
        bare = pattern.sub(" ", bare)
    antecedent = _ANTECEDENT.search(question)
    bare = _OWN_OWNER.sub(" owner ", bare)
    if antecedent and not _LINKED.match(question):
        first = _ANTECEDENT.search(bare)
        bare = bare[: first.end()] if first else bare
    if _NOUN_LEFT_OUT.search(bare):
        return True
    return not spaced.isdisjoint(_WORD.findall(bare.lower()))


def leaves_noun_out(question: str) -> bool:
    """Tells whether a question leaves it to the one before what `one` is one of.

    `it` and `she` may be what was answered; `one` is of a kind that was asked about.
    """
    return bool(_NOUN_LEFT_OUT.search(question)) and not stands_alone(question)


def stands_alone(question: str) -> bool:
    """Tells whether a question can be understood without the turns before it.

    It has no word that points back, and it is whole: no `and in March?`, `how long?`
    or `Berlin?`, which say only what is new. Of a script without spaces only the words
    are looked at.
    """
    if refers_back(question) or _THE_REST.search(question) or _LINKED.match(question):
        return False
    asked = words(question)
    if any(set(asked) <= stop_words(code) for code in listed_languages()):
        return False
    if any(map(is_unspaced, asked)):
        return True
    if len(asked) >= _FEWEST and _SUBJECT.match(question):
        return True
    few = _FEW if likely_language(asked, listed_languages()) in {"en", ""} else _FEW - 2
    return len(asked) > few or bool(_VERBAL.search(question))


@cache
def _anaphors() -> tuple[frozenset[str], tuple[str, ...]]:
    """Returns the words of spaced scripts, and those that stand without spaces."""
    listed = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").split()
    unspaced = tuple(word for word in listed if is_unspaced(word))
    return frozenset(listed) - frozenset(unspaced), unspaced
