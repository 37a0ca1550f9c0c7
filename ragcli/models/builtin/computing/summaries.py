"""Sums a document up in its own words: its headings, each with its leading sentence.

Serves "Summarise …" and "What is this document about?". Which document is meant is
said by its name, by its being the only one, or by its headings; what was left out is
said: "12 of 30 sections".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ragcli.language.patterns import deferred
from ragcli.language.sentences import is_whole
from ragcli.language.units import sentences
from ragcli.language.vocabulary.stemming import stemmer
from ragcli.models.base import ComputedStatement, Drawn, Source, Stretch, WholeDocument
from ragcli.models.builtin.computing import question_wording
from ragcli.models.builtin.computing.cell_values import folded

MOST_SECTIONS = 12
"""Sections that are given at most, the outermost ones first."""
MOST_PASSAGES = 6
"""Leading sentences that stand for a document without headings."""
_LEADS = ("sentence", "item", "row", "field", "line", "note")
_ENOUGH = 0.5
_ASKING = deferred(
    r"\b(?:summar\w*|overview|main|points?|gist|few|words?|sentences?|about|document|file|text|page|note|report|short\w*|brief\w*"
    r"|fasse?|zusammen\w*|kurz|uberblick|dokument|datei|inhalt|punkte\w*|worum|geht|resum\w*|fichier|texte|document|principaux"
    r"|points|documento|archivo|texto|puntos|breve\w*|trata|parle|moi|mir|me)\b"
)


@dataclass(slots=True)
class _OpeningSection:
    """A section with what it begins with."""

    above: tuple[str, ...]
    source: Source
    start: int
    end: int


def summary(question: str, documents: Sequence[WholeDocument]) -> Drawn:
    """Returns a document's headings and leading sentences, with their coverage."""
    number = _meant(question, documents)
    if number < 0:
        return Drawn(reason="cannot tell which document is to be summed up")
    sections = _sections(documents[number])
    has_headings = len({section.above for section in sections}) > 1
    most = MOST_SECTIONS if has_headings else MOST_PASSAGES
    chosen = _chosen(sections, most)
    if not chosen:
        return Drawn()
    what = "sections" if has_headings else "passages"
    line = f"{len(chosen)} of {len(sections)} {what}"
    coverage = ComputedStatement(line, (), computed=True)
    title = documents[number].title
    return Drawn((*(_said(section, number, title) for section in chosen), coverage))


def _meant(question: str, documents: Sequence[WholeDocument]) -> int:
    """Returns which of the documents is to be summed up, -1 when none can be meant."""
    text = folded(question)
    words = set(re.findall(r"[^\W_]+", text))
    for number, document in enumerate(documents):
        stem = re.findall(r"[^\W_]+", folded(document.name.rsplit(".", 1)[0]))
        if folded(document.name) in text or (stem and set(stem) <= words):
            return number
    for number, document in enumerate(documents):
        if document.is_chosen:
            return number
    about = {
        word
        for word in re.findall(r"[^\W_]+", _ASKING.sub(" ", text))
        if not question_wording.is_generic(word)
    }
    stems = set(stemmer("en").stem(sorted(about)))
    for number, document in enumerate(documents):
        first = document.piece(1)
        named = folded(f"{document.name} {document.title} {' '.join(first.above)}")
        own = set(stemmer("en").stem(re.findall(r"[^\W_]+", named)))
        if stems and len(stems & own) >= _ENOUGH * len(stems):
            return number
    return -1


def _sections(document: WholeDocument) -> list[_OpeningSection]:
    """Returns the first piece of each section; every piece without headings."""
    sections: dict[tuple[str, ...], _OpeningSection] = {}
    pieces: list[_OpeningSection] = []
    for source in document.read():
        section = _leading(source)
        if section is None:
            continue
        pieces.append(section)
        sections.setdefault(source.above, section)
    return list(sections.values()) if len(sections) > 1 else pieces


def _leading(source: Source) -> _OpeningSection | None:
    """Returns what a piece begins with: a whole sentence, else an item or a row."""
    units = [
        unit for unit in sentences(source.text, source.units) if unit.kind in _LEADS
    ]
    for unit in units:
        text = source.text[unit.start : unit.end]
        if unit.kind == "sentence" and is_whole(text):
            return _OpeningSection(source.above, source, unit.start, unit.end)
    if not units:
        return None
    return _OpeningSection(source.above, source, units[0].start, units[0].end)


def _chosen(sections: Sequence[_OpeningSection], most: int) -> list[_OpeningSection]:
    """Returns as many sections as are given: the outermost, in their order.

    Of passages without headings those that are spread over the document.
    """
    if len(sections) <= most:
        return list(sections)
    depths = {len(section.above) for section in sections}
    if len(depths) == 1:
        step = len(sections) / most
        return [sections[int(step_number * step)] for step_number in range(most)]
    outermost = sorted(
        range(len(sections)), key=lambda at: (len(sections[at].above), at)
    )
    return [sections[at] for at in sorted(outermost[:most])]


def _said(section: _OpeningSection, document: int, title: str) -> ComputedStatement:
    text = " ".join(section.source.text[section.start : section.end].split())
    heading = section.above[-1] if section.above else ""
    marker = section.source.marker
    stretch = Stretch(document, marker, section.start, marker, section.end)
    own = heading and heading != title
    return ComputedStatement(f"{heading}: {text}" if own else text, (stretch,))
