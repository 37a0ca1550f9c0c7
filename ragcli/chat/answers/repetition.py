"""Answers that do not end: the same sentence again, or the same few words for ever."""

from __future__ import annotations

import re
from collections import Counter

from ragcli.language import markdown

SEEN = 2
"""How often a sentence or line may come before the next time ends the answer."""
_SEEN_IN_CODE = 8
"""The same in a block of code, whose lines repeat by right."""
_LONG = 20
"""Characters that a sentence must have to count; its beginning decides as well."""
_WORDS = 3
"""Words of letters that it must have: rules of tables are no sentences."""
_PERIODS = 4
"""How often a stretch must follow itself to be a loop."""
_LOOP = 120
"""Characters that such a loop must have come to."""
_LONGEST_PERIOD = 200

_ENDS = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])(?=\s)|\n")
_WORD = re.compile(r"[^\W\d_]{2,}")


class Repetition:
    """Watches an answer as it comes; `feed` tells when it goes round in circles."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._unit = ""
        self._tail = ""
        self._in_code = False

    def feed(self, text: str) -> bool:
        """Takes the next piece; True when the answer repeats itself."""
        self._tail = (self._tail + text)[-_PERIODS * _LONGEST_PERIOD :]
        self._unit += text
        while match := _ENDS.search(self._unit):
            unit, self._unit = self._unit[: match.end()], self._unit[match.end() :]
            if self._ended(unit):
                return True
        return self._begins_again() or self._loops()

    def _ended(self, unit: str) -> bool:
        if markdown.FENCE.match(unit.strip()):
            self._in_code = not self._in_code
        name = _name(unit)
        if not _counts(name):
            return False
        self._seen[name] += 1
        return self._seen[name] > (_SEEN_IN_CODE if self._in_code else SEEN)

    def _begins_again(self) -> bool:
        """Tells whether what is being written was written too often already."""
        begun = _name(self._unit)
        if self._in_code or len(begun) < _LONG:
            return False
        return any(
            count >= SEEN and name.startswith(begun)
            for name, count in self._seen.items()
        )

    def _loops(self) -> bool:
        tail = self._tail
        if len(tail) < _LOOP:
            return False
        for period in range(1, min(_LONGEST_PERIOD, len(tail) // _PERIODS) + 1):
            times = max(_PERIODS, -(-_LOOP // period))
            if period * times > len(tail):
                continue
            stretch = tail[-period:]
            if any(map(str.isalnum, stretch)) and tail.endswith(stretch * times):
                return True
        return False


def _name(unit: str) -> str:
    return " ".join(unit.split()).casefold()


def _counts(name: str) -> bool:
    return len(name) >= _LONG and len(_WORD.findall(name)) >= _WORDS
