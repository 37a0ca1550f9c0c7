"""Sentences of an answer that claim nothing of documents, and words that only lead in.

Greetings, thanks, questions, headings, "Here is …", "The documents do not say": nobody
looks for the source of these. English, German, French and Spanish are known; a sentence
of another language is taken for a claim.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ragcli.language.markdown import HEADING
from ragcli.language.patterns import deferred
from ragcli.language.vocabulary.words import words

_BOLD_LINE = deferred(r"(?:\*\*|__)[^*_]*[^*_.!](?:\*\*|__)\s*[:\uff1a]?")
_RULE = deferred(r"[\s|:*_=-]+")
_PREFIX = deferred(r"^(?:\s|>|[-*+\u2022]\s|\d{1,3}[.)]\s)+")
_LEADING_IN = (":", "\uff1a")
_QUESTION = deferred(r"[?\uff1f][\"'\u201d\u2019)\]*_]*$")

_DOCUMENTS = (
    r"(?:(?:provided|given|available|supplied|retrieved|attached)\s+)?"
    r"(?:documents?|documentation|passages?|contexts?|sources?|texts?|notes|files?|"
    r"information|excerpts?|quotations?)(?:\s+(?:provided|given|above|available))?"
)
_SAYING = (
    r"(?:say|state|mention|contain|specify|provide|include|give|explain|describe|"
    r"answer|tell|address|cover|discuss|indicate|list|define)"
)


@cache
def _asides() -> re.Pattern[str]:
    """Returns what matches the beginning of a sentence that claims nothing."""
    listed = Path(__file__).with_name("asides.txt").read_text(encoding="utf-8")
    patterns = [line for line in listed.splitlines() if line and line[0] != "#"]
    joined = "|".join(patterns)
    joined = joined.replace("DOCUMENTS", _DOCUMENTS).replace("SAYING", _SAYING)
    return re.compile(joined, re.IGNORECASE | re.DOTALL)


_LEAD_IN = deferred(
    rf"(?:(?:yes|no|so|thus|therefore|hence|however|also|additionally|furthermore|"
    rf"moreover|finally|overall|in (?:summary|short|conclusion|addition)|"
    rf"to (?:summari[sz]e|answer (?:your|the) question)|note that|please note that|"
    rf"ja|nein|zudem|au\u00dferdem|kurz gesagt|zusammengefasst|"
    rf"oui|non|donc|en r\u00e9sum\u00e9|de plus|"
    rf"s\u00ed|no|adem\u00e1s|en resumen)\s*[,:;\u2013\u2014-]\s*"
    rf"|(?:according to|based on|as (?:stated|described|mentioned|explained|noted) in|"
    rf"per|from) (?:the |these |this |your )?{_DOCUMENTS}(?:\s*\d+)?\s*[,:]\s*"
    rf"|(?:the |this |these )?{_DOCUMENTS}(?:\s*\d+)? (?:also )?(?:says?|states?|"
    rf"mentions?|explains?|notes?|indicates?|describes?|specif(?:y|ies)) that\s+"
    rf"|(?:laut|gem\u00e4\u00df|nach) (?:dem |den |der )?(?:dokument\w*|unterlagen|"
    rf"quellen?|text\w*)\s*,?\s*"
    rf"|(?:selon|d'apr\u00e8s) (?:le |les )?(?:documents?|passages?|textes?)\s*,?\s*"
    rf"|(?:seg\u00fan) (?:el |los )?(?:documentos?|pasajes?|textos?)\s*,?\s*)",
    re.IGNORECASE,
)


def claimed(sentence: str) -> str:
    """Returns what a sentence of an answer claims, "" when it claims nothing.

    Args:
        sentence: As it is written, in Markdown, without markers.

    Returns:
        The sentence without the bullet before it and without words that lead in, such
        as "According to the documents,".
    """
    if HEADING.match(sentence.lstrip()) or _RULE.fullmatch(sentence):
        return ""
    text = _PREFIX.sub("", sentence).strip()
    if text.endswith(_LEADING_IN) or _QUESTION.search(text):
        return ""
    if _BOLD_LINE.fullmatch(text) or not words(text):
        return ""
    plain = text.replace("\u2019", "'").strip("*_\"'\u201c ")
    if _asides().match(plain):
        return ""
    while led := _LEAD_IN.match(text):
        text = text[led.end() :]
    if _asides().match(text.replace("\u2019", "'")):
        return ""
    return text[:1].upper() + text[1:]
