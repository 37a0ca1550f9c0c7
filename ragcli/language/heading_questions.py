"""Questions that a heading, a field or a row of a table suggests.

What does not read as the name of a subject suggests nothing: a sentence, a command, a
path, a word that stands above anything. The wording follows the document's own: "the
opening hours" in its text makes "What are the opening hours?". Nothing but letters,
digits and a few marks between them gets into a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

_LONGEST = 60
"""Characters of a heading that a question can be made of."""

_MOST_WORDS = 7

_NUMBERING = re.compile(r"^(?:§ ?\d+\w? ?|(?:\d+|[A-Za-z])(?:\.\d+)*[.):] +|[\d.]+ +)")
_WORD = r"[^\W\d_]+(?:['\u2019-][^\W_]+)*"
_PLAIN = re.compile(rf"(?:{_WORD}|\d{{1,4}})(?:(?:, | |/| & )(?:{_WORD}|\d{{1,4}}))*")
_QUESTION = re.compile(rf"{_PLAIN.pattern}\?")
_CAMEL = re.compile(r"[a-zß-ÿ][A-ZÀ-Þ]")

_NO_PLURALS = re.compile(r"(?:ss|us|is|ics|news)$")
_MANY = re.compile(r"(?:ungen|zeiten|heiten|keiten|schaften|ionen|täten|kosten)$")
_INFINITIVE = re.compile(r"[a-zäöüß]{3,}(?:en|ern|eln)")


_NEUTRAL = {
    "en": "What is said about ",
    "de": "Was steht zum Thema ",
    "fr": "Que dit le document sur ",
    "es": "¿Qué se dice sobre ",
}
"""What a question begins with that fits every subject."""


@cache
def _listed() -> dict[str, frozenset[str]]:
    """Returns the words of each list of `headings.txt`."""
    lists: dict[str, list[str]] = {}
    name = ""
    text = Path(__file__).with_name("headings.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            name = line.strip("[]")
        elif line and line[0] != "#":
            lists.setdefault(name, []).extend(line.split())
    return {name: frozenset(words) for name, words in lists.items()}


def of_heading(heading: str, language: str, below: str) -> str:
    """Returns the question that a heading suggests, "" for none.

    Args:
        heading: As it stands in the document.
        language: ISO 639-1 code of the document's language.
        below: The text below it, whose wording is followed.
    """
    text = _NUMBERING.sub("", " ".join(heading.split())).rstrip(" .:")
    if _QUESTION.fullmatch(text) and len(text) <= _LONGEST:
        return text
    makes = _MAKERS.get(language)
    if makes is None or not _is_subject(text):
        return ""
    return makes(text, below)


def is_neutral(question: str) -> bool:
    """Tells whether a question has the wording that fits every subject."""
    return question.startswith(tuple(_NEUTRAL.values()))


def of_field(key: str, language: str) -> str:
    """Returns the question that a field of a document answers, "" for none."""
    text = " ".join(key.split()).rstrip(" .:")
    if not _is_subject(text) or _is_sentence(text):
        return ""
    if language == "en":
        return f"What {_verb(text)} the {_small(text)}?"
    return f"Was steht unter {text}?" if language == "de" else ""


def of_cell(column: str, row: str, language: str) -> str:
    """Returns the question that a cell answers, "" for none.

    Args:
        column: The name of its column.
        row: What its row is about.
        language: ISO 639-1 code of the document's language.
    """
    if not _is_subject(column) or _is_sentence(column) or not _is_plain(row):
        return ""
    if not any(character.isalpha() for character in row):
        return ""
    if language == "en":
        return f"What is the {_small(column)} of {row}?"
    return f"Was steht bei {row} unter {column}?" if language == "de" else ""


def _is_plain(text: str) -> bool:
    """Tells whether a text is a few words, and nothing that means more elsewhere."""
    return bool(
        0 < len(text) <= _LONGEST
        and _PLAIN.fullmatch(text)
        and len(text.split()) <= _MOST_WORDS
        and not _CAMEL.search(text)
    )


def _is_subject(text: str) -> bool:
    """Tells whether a text may name what something is about."""
    words = text.lower().split()
    return (
        _is_plain(text)
        and any(len(word) > 2 and word.isalpha() for word in words)
        and not set(words) <= _listed()["anything"]
        and "-".join(words) not in _listed()["anything"]
    )


def _is_sentence(text: str) -> bool:
    return not _listed()["sentence"].isdisjoint(text.lower().split())


def _english(text: str, below: str) -> str:
    first, *rest = text.split()
    low = first.lower()
    if low == "how":
        return _english_how(rest)
    if _is_sentence(text) or low in _listed()["between"]:
        return ""
    if low in _listed()["done"]:
        is_done = len(rest) > 1 and rest[0].lower() in _listed()["determiners"]
        return f"How do I {low} {' '.join(rest)}?" if is_done else ""
    named = " ".join(rest) if low in {"the", "a", "an"} and rest else text
    return _english_subject(_lowered(named, below), below)


def _english_subject(text: str, below: str) -> str:
    """Returns what is asked about a subject, as its document speaks of it."""
    low, is_many = text.lower(), _verb(text) == "are"
    is_named = f"the {low}" in below.lower()
    is_doing = _is_gerund(low.split()[0]) and not _names_kind(low)
    if is_named or (not is_doing and (" of " in low or (is_many and " " in low))):
        return f"What {_verb(text)} the {text}?"
    return f"{_NEUTRAL['en']}{text}?"


def _is_gerund(word: str) -> bool:
    return len(word) > len("thing") and word.lower().endswith("ing")


def _names_kind(text: str) -> bool:
    """Tells whether words with a gerund name a thing: `opening hours`."""
    return text.rsplit(maxsplit=1)[-1] in _listed()["kinds"]


def _english_how(rest: list[str]) -> str:
    """Returns the question of `How to …` or `How … works`."""
    low = [word.lower() for word in rest]
    if low[:1] == ["to"] and len(rest) > 1 and _listed()["sentence"].isdisjoint(low):
        return f"How do I {' '.join([low[1], *rest[2:]])}?"
    if (
        low[-1:] == ["works"]
        and len(rest) > 1
        and _listed()["sentence"].isdisjoint(low)
    ):
        return f"How does {' '.join(rest[:-1])} work?"
    return ""


def _verb(text: str) -> str:
    """Returns `are` for several things, else `is`."""
    words = text.lower().split()
    if "and" in words or "&" in words:
        return "are"
    until = next(
        (at for at, word in enumerate(words) if word in _listed()["between"]),
        len(words),
    )
    head = words[max(until - 1, 0)]
    is_many = head.endswith("s") and not _NO_PLURALS.search(head)
    return "are" if is_many or head in _listed()["plurals"] else "is"


def _small(text: str) -> str:
    """Returns a key without capitals, but for those of abbreviations."""
    words = [
        word if word[1:] != word[1:].lower() else word.lower() for word in text.split()
    ]
    return " ".join(words)


def _lowered(text: str, below: str) -> str:
    """Returns a heading as it stands within a sentence: names keep their capitals."""
    words = text.split()
    body = "\n".join(n for n in below.splitlines() if n.strip("#*= ") != text)

    def is_name(word: str) -> bool:
        """Tells whether the text writes it large where no sentence begins."""
        return bool(re.search(rf"(?<=[^\W\d_] ){re.escape(word)}\b", body))

    def small(at: int, word: str) -> str:
        if len(word) > 1 and word[1:] != word[1:].lower():
            return word  # an abbreviation
        if re.search(rf"\b{re.escape(word.lower())}\b", body):
            return word.lower()
        after = words[1] if at == 0 and len(words) > 1 else ""
        begins_name = after[:1].isupper() and is_name(after)
        is_kept = len(words) == 1 or is_name(word) or begins_name
        return word if is_kept else word.lower()

    return " ".join(small(at, word) for at, word in enumerate(words))


def _german(text: str, below: str) -> str:
    words = text.split()
    if words[0].lower() == "wie" or _is_sentence(text):
        return ""
    if len(words) > 1 and _INFINITIVE.fullmatch(words[-1]) and "zu" not in words:
        small = {"Den", "Die", "Das", "Ein", "Eine", "Einen", "Neue", "Neuen"}
        first = words[0].lower() if words[0] in small else words[0]
        return f"Wie kann man {' '.join([first, *words[1:]])}?"
    if len(words) > 1 and words[0] in {"Der", "Die", "Das"}:
        text = " ".join(words[1:])
    return _german_subject(text, below)


def _german_subject(text: str, below: str) -> str:
    """Returns what is asked about a subject; its sentences tell gender and number."""
    match = re.search(
        rf"\b(Der|[Dd]ie|[Dd]as) {re.escape(text)} (?:([a-zäöüß]+t|ist|wird|hat|kann|"
        r"muss|darf|soll)|([a-zäöüß]+en|sind))\b",
        below,
    )
    if (match and match[3]) or (not match and _MANY.search(text) and " " not in text):
        return f"Welche {text} gibt es?"
    if match and match[2]:
        return f"Was ist {match[1].lower()} {text}?"
    return f"{_NEUTRAL['de']}{text}?"


def _french(text: str, below: str) -> str:  # noqa: ARG001 - as the others
    return f"{_NEUTRAL['fr']}{text[0].lower()}{text[1:]} ?"


def _spanish(text: str, below: str) -> str:  # noqa: ARG001 - as the others
    return f"{_NEUTRAL['es']}{text[0].lower()}{text[1:]}?"


_MAKERS: dict[str, Callable[[str, str], str]] = {
    "en": _english,
    "de": _german,
    "fr": _french,
    "es": _spanish,
}
