# ruff: noqa: E501 - patterns and messages read better whole
"""Finds the whole list that a question asks for: its items, in their order.

    Name all services that can …        items under an introduction or heading
    List everybody who took part        items under "Participants"
    Which colours are there?            items under "Colours"

The heading or introduction of a list must say what is listed, and it with what stands
before it most of the question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ragcli.language.patterns import deferred
from ragcli.language.units import Unit, sentences, spoken
from ragcli.language.vocabulary.stemming import stemmer
from ragcli.models.base import ComputedStatement, Drawn, Source, Stretch, WholeDocument
from ragcli.models.builtin.computing import question_wording
from ragcli.models.builtin.computing.cell_values import folded

MOST_LISTED = 40
"""Items that are given at most; what is left out is counted."""
_WHOLE = 200
"""Pieces up to which a document is looked through from its beginning to its end."""
_AROUND = 3
"""Pieces around a retrieved one that are looked through in a longer document."""
_ENOUGH = 0.6
"""Share of the question's words that a list and what leads to it must say."""
_CONTEXT = 600
"""Characters of prose before a list that lead to it."""
_FEWEST = 2
_TAKING_PART = deferred(
    r"\b(?:took part|take part|taking part|participat\w+|attend\w*|(?:was|were) (?:present|there)|joined"
    r"|teilgenommen|teilnahm\w*|nahmen?\b.*\bteil|anwesend|dabei|participe\w*|assiste\w*|present[es]*|asisti\w+|particip\w+)\b"
)
_WHO_ARE = deferred(r"^\s*who are (?:all )?the (?=\w+s\b)")
"""What asks for people by what they are called: members, owners."""
_PARTICIPANTS = deferred(
    r"\b(?:participants?|attendees?|attending|attendance|present|members? present|teilnehme\w+|teilnehmende\w*|anwesende?\w*"
    r"|presents?|participantes|asistentes)\b"
)


@dataclass(slots=True)
class _Listed:
    """Items that stand under one heading or introduction."""

    document: int
    heading: str
    introduction: str
    context: str
    items: list[tuple[Source, Unit]] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)

    def take(self, source: Source, unit: Unit) -> None:
        """Adds an item; the end of a piece may be repeated at the start of the next."""
        text = source.text[unit.start : unit.end]
        again = self.items and self.items[-1][0] is not source and text in self.texts
        if text.strip() and not again:
            self.items.append((source, unit))
            self.texts.add(text)


def whole_list(question: str, documents: Sequence[WholeDocument]) -> Drawn:
    """Returns the items of the list that a question asks for; none where none fits."""
    text = folded(question)
    if not question_wording.LISTS.search(text):
        return Drawn()
    asked = _Asked(text)
    best: _Listed | None = None
    most = 0.0
    for number, document in enumerate(documents):
        for group in _groups(document, number):
            fit = asked.fit(group)
            if len(group.items) >= _FEWEST and fit > most:
                best, most = group, fit
    return _drawn(best) if best else Drawn()


class _Asked:
    """What a list must be about."""

    def __init__(self, text: str) -> None:
        self._words = [
            word
            for word in re.findall(r"[^\W_]+", text)
            if not question_wording.is_generic(word)
        ]
        self._takes_part = bool(_TAKING_PART.search(text))
        asked = _WHO_ARE.sub("", text)
        is_of_people = any(
            word in question_wording.PEOPLE for word in re.findall(r"[^\W_]+", asked)
        )
        self._head = "" if is_of_people else next(iter(self._words), "")

    def fit(self, group: _Listed) -> float:
        """Returns how well a list fits, 0 when it does not."""
        leading = folded(f"{group.heading}\n{group.introduction}")
        if self._takes_part and _PARTICIPANTS.search(leading):
            return 2.0
        if not self._head:
            return 0.0
        led = _stems(leading)
        if not _stems(self._head) & led:
            return 0.0
        around = led | _stems(folded(group.context))
        stems = [_stems(word) for word in self._words]
        share = sum(bool(stem & around) for stem in stems) / len(stems)
        near = sum(bool(stem & led) for stem in stems) / len(stems)
        return share + near if share >= _ENOUGH else 0.0


def _stems(text: str) -> frozenset[str]:
    return frozenset(stemmer("en").stem(re.findall(r"[^\W_]{2,}", text)))


def _groups(  # noqa: C901 - one walk over the units, in order
    document: WholeDocument, number: int
) -> Iterator[_Listed]:
    """Yields the lists of a document, or of what is around its retrieved pieces."""
    group: _Listed | None = None
    before: list[str] = []
    above: tuple[str, ...] = ()
    for source in map(document.piece, _pieces(document)):
        if source.above != above:
            above, before = source.above, []
            if group:
                yield group
            group = None
        for unit in sentences(source.text, source.units):
            text = source.text[unit.start : unit.end]
            if unit.kind == "item":
                if group is None:
                    introduction = before[-1] if before else ""
                    nearest = "\n".join(before)[-_CONTEXT:]
                    context = "\n".join((*above[:-1], nearest))
                    group = _Listed(
                        number, above[-1] if above else "", introduction, context
                    )
                group.take(source, unit)
                continue
            if group and text not in before:
                yield group
                group = None
            if unit.kind == "heading":
                before = [text]
            elif unit.kind == "sentence" and text not in before:
                before.append(text)
    if group:
        yield group


def _pieces(document: WholeDocument) -> list[int]:
    if document.count <= _WHOLE:
        return list(range(1, document.count + 1))
    near = {
        number
        for retrieved in document.retrieved
        for number in range(retrieved - _AROUND, retrieved + _AROUND + 1)
        if 1 <= number <= document.count
    }
    return sorted(near)


def _drawn(group: _Listed) -> Drawn:
    shown = group.items[:MOST_LISTED]
    said = [_said(group.document, source, unit) for source, unit in shown]
    if len(shown) == len(group.items):
        return Drawn(tuple(said))
    left = tuple(_stretch(group.document, *item) for item in group.items[MOST_LISTED:])
    line = f"{len(shown)} of {len(group.items)} items shown"
    return Drawn((*said, ComputedStatement(line, left, computed=True)))


def _said(document: int, source: Source, unit: Unit) -> ComputedStatement:
    text = spoken(source.text, unit, source.tables, source.notation)
    return ComputedStatement(text, (_stretch(document, source, unit),))


def _stretch(document: int, source: Source, unit: Unit) -> Stretch:
    return Stretch(document, source.marker, unit.start, source.marker, unit.end)
