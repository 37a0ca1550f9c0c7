"""Whether a sentence tells its reader what to do.

`Use --quiet to silence it`, `To silence it, add …`, `You can silence it with …`: such a
sentence answers how something is done. One that only speaks of it, `A silenced run
writes no log`, does not. English, and some of German and French.
"""

from __future__ import annotations

from functools import cache

from ragcli.language.vocabulary.stop_word_lists import stop_words

_VERBS = """
add apply ask assign attach build call change check choose clear click close combine
configure connect consult convert copy create define delete deploy disable download drag
edit enable ensure enter execute export follow give go import include insert install
invoke keep launch leave let list log make mark merge mount move name navigate open pass
paste pick place point press provide pull push put read remove rename replace restart
restore run save select send set specify start stop store submit switch tap toggle try
turn type unset update upgrade upload use write
"""
"""English verbs that an instruction begins with, whatever follows them."""
_NO_VERBS = """
although around behind beneath beside besides despite either except given instead like
neither note see throughout till toward towards unless whereas whether within without
"""
"""What may stand before `the` and is neither a verb nor a stop word."""
_DETERMINERS = frozenset(
    ("a", "an", "the", "your", "this", "that", "these", "those", "all", "it", "each")
)
_NAMES_A_THING = frozenset(("of", "is", "are", "was", "were", "has", "by", "and"))
"""What follows a word of `_VERBS` that is none: `Use of force is …`."""
_OUGHT = frozenset(("can", "may", "must", "need", "should", "have", "just", "simply"))
"""What follows `you` in an instruction."""
_NEVER = frozenset(("never", "not", "no"))
_BEFORE_A_VERB = frozenset(
    ("then", "please", "just", "simply", "first", "next", "finally", "now", "also")
)
_MARKS = ".,;:*_`-\"'\u2018\u2019\u201c\u201d()[]#>\u2022"
_SHORTEST = 3


def instructs(text: str) -> bool:
    """Tells whether a sentence, an item or a line tells its reader what to do."""
    tokens = text.split()
    said = [token.strip(_MARKS).lower() for token in tokens]
    if _is_purpose(said) or _addresses(said, tokens):
        return True
    begins = True
    for at, word in enumerate(said):
        if begins and word in _BEFORE_A_VERB:
            continue
        if begins and _is_imperative(said, tokens, at):
            return True
        begins = tokens[at].endswith((",", ":", ";", "."))
    return False


def _is_purpose(said: list[str]) -> bool:
    """Tells whether it begins `To change it, …`."""
    begins = said[:1] == ["to"] or said[:3] == ["in", "order", "to"]
    return begins and len(said) > _SHORTEST


def _addresses(said: list[str], tokens: list[str]) -> bool:
    """Tells whether it says what you can or must do, or by what it can be done."""
    for at, word in enumerate(said[:-1]):
        following = said[at + 1]
        if word == "you" and following in _OUGHT:
            return _NEVER.isdisjoint(said[at + 2 : at + 3])
        if word == "by" and following.endswith("ing") and "can" in said[:at]:
            return True
        if word == "vous" and following in {"pouvez", "devez"}:
            return True
        if word.endswith("en") and tokens[at + 1].strip(_MARKS) == "Sie":
            return True
    return False


def _is_imperative(said: list[str], tokens: list[str], at: int) -> bool:
    """Tells whether the clause that begins here begins with what is to be done."""
    word = said[at]
    following = said[at + 1] if at + 1 < len(said) else ""
    if word in _verbs():
        return following not in _NAMES_A_THING
    if not word.isalpha() or len(word) < _SHORTEST:
        return False
    if word.endswith("ez"):
        return True
    is_led = at > 0 and said[at - 1] in _BEFORE_A_VERB
    begins = tokens[at].strip(_MARKS)[:1].isupper()
    if not is_led and not begins:
        return False  # a noun may stand there
    return following in _DETERMINERS and _may_be_verb(word)


def _may_be_verb(word: str) -> bool:
    """Tells whether a word before `the` may tell what to do: `Fill the tank`."""
    if word.endswith(("ing", "ed", "ly")):
        return False
    is_third_person = word.endswith("s") and not word.endswith("ss")
    return not is_third_person and word not in _no_verbs()


@cache
def _verbs() -> frozenset[str]:
    return frozenset(_VERBS.split())


@cache
def _no_verbs() -> frozenset[str]:
    return frozenset(_NO_VERBS.split()) | stop_words("en")
