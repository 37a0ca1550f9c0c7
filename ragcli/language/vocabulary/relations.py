"""Words by which people ask for what a text calls by another word.

`When did it begin?` is answered by `Founded in 1921`, `How tall is she?` by a column
`height`. Two words of a group need not mean the same: one of them asks for what the
other names. So they bring words of a question to a text, and prove nothing.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from ragcli.language.vocabulary.accents import unaccented
from ragcli.language.vocabulary.inflections import base_form
from ragcli.language.vocabulary.stemming import canonical, stemmer

_ENGLISH = """
begin start commence launch open onset since effective
found establish create inaugurate incorporate since begin start
end finish stop terminate expire conclude until close eol
price cost fee charge rate tariff payable amount pay paid
salary wage pay earn income compensation stipend remuneration
phone telephone tel mobile call dial
email mail
deadline due until latest expire submit
author write writer creator compose publish by
translate translator
edit editor
maximum limit max most upper cap exceed capped highest
minimum min least lower lowest
default standard preset unless
die dead death fatal kill casualty mortality decease
bear birth native
big bigger large larger great huge size enlarge expand increase grow resize extend
small smaller little tiny reduce shrink decrease
fast fastest faster quick quickest quicker rapid speed swift
slow slowest slower speed
cheap cheapest cheaper inexpensive price
expensive cost dear costly price
heavy heaviest weight weigh mass
tall tallest height high
high highest height elevation altitude
long longest length duration
wide width broad breadth
deep deepest depth
old older oldest age
far distance
warm hot hotter cold temperature
strong strength
thick thickness
loud volume
boil boiling
melt melting
buy purchase acquire
sell sold vendor seller
delete remove erase discard drop
free release deallocate delete
make create build produce generate construct manufacture maker
show display print list
need require must mandatory
allow permit accept enable
forbid prohibit ban disallow deny
repair fix mend correct remedy
remedy solution cure fix
choose select pick elect
get receive obtain retrieve fetch recipient
send sent transmit mail sender
live reside inhabit dwell population inhabitant resident
people population inhabitant person
job occupation profession post position role work
company firm employer organization organisation business
child children kid son daughter
marry wife husband spouse wed
boss manager head director chief chair president lead leader
teach instruct train teacher instructor
car automobile vehicle
house home residence
located location place situated site venue address
colour color
happen occur
quantity amount count
reason cause
aim purpose goal objective
change modify edit alter update amend
store save keep hold
picture image photo figure
movie film
doctor physician
trip journey travel
meeting session
attend participate present attendee participant
absent excuse apology
street road
mistake error fault failure bug
reply respond response answer
country nation state
licence license
help support aid
win won victory defeat
type kind sort
profit revenue sale turnover earnings
hire employ recruit
rent lease
capacity size volume
password passcode
folder directory
program application software app
machine computer server host
contain include comprise hold
wait pause timeout delay
try attempt retry
hour time
maintain maintainer
host hosted
own owner
design designer architect
invent inventor
discover discovery
release publish issue
mean meaning denote signify represent
abbreviation abbreviate acronym
pupil student
nickname codename alias
street address
"""
_GERMAN = """
autor autorin autoren verfasser verfasserin schrieb schreiben geschrieben verfasste
bauen baut baute gebaut erbaut erbaute erbauer
"""
_FRENCH = """
auteur autrice \u00e9crit \u00e9crivit \u00e9crire r\u00e9dig\u00e9 r\u00e9dacteur
"""
_SPANISH = """
autor autora autores escribi\u00f3 escrito escribir redact\u00f3 redactor
"""
_GROUPS = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH}
"""By language: a group a line, in any form of the words."""


def same_relation(words: frozenset[str], language: str) -> dict[str, frozenset[str]]:
    """Returns, for stems of texts, those of a question that ask for what they name.

    Args:
        words: The question's stems without accents, English verbs in their base form.
        language: ISO 639-1 code of the question, "" for an unknown one (English rules).
    """
    code = canonical(language)
    groups = _groups(code)
    asked_for: dict[str, set[str]] = defaultdict(set)
    for word in words:
        for number in _group_numbers(code).get(word, ()):
            for other in groups[number]:
                if other != word:
                    asked_for[other].add(word)
    return {other: frozenset(asked) for other, asked in asked_for.items()}


def ask_alike(one: str, other: str) -> bool:
    """Tells whether one of two words in lower case asks for what the other names.

    Of English words; of others no two do.
    """
    left, right = (
        _group_numbers("en").get(stem, ()) for stem in _stems([one, other], "en")
    )
    return bool(left) and not set(left).isdisjoint(right)


def _stems(words: list[str], language: str) -> list[str]:
    return [base_form(unaccented(stem)) for stem in stemmer(language).stem(words)]


@cache
def _groups(language: str) -> tuple[frozenset[str], ...]:
    lines = _GROUPS.get(language, "").split("\n")
    return tuple(frozenset(_stems(line.split(), language)) for line in lines if line)


@cache
def _group_numbers(language: str) -> dict[str, tuple[int, ...]]:
    """Returns the groups of each stem, by their numbers."""
    numbers: dict[str, tuple[int, ...]] = defaultdict(tuple)
    for number, group in enumerate(_groups(language)):
        for stem in group:
            numbers[stem] += (number,)
    return dict(numbers)
