"""Reads citation markers in an answer while it streams.

The reader goes from one character that may mean something to the next, so that the
result cannot depend on how the answer was cut into pieces. Text goes out at once; from
a marker on it is held back until its sentence ends, because only then it is known what
the marker claims. Markers after the full stop belong to the sentence before it. Code is
passed through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_MARKER = re.compile(r"\[\s*\d{1,3}(?:\s*[,;\u2013-]\s*\d{1,3})*\s*\]")
_BEGINNING = re.compile(
    r"\[\s{0,4}(?:\d{1,3}(?:\s{0,4}[,;\u2013-]\s{0,4}\d{1,3})*"
    r"\s{0,4}(?:[,;\u2013-]\s{0,4})?)?\]?"
)
_RUN = re.compile("[^`\\[\n \t\u3002\uff01\uff1f]+|.", re.DOTALL)
"""Characters that mean nothing special, or one that may."""
_RANGE = re.compile(r"(\d+)\s*[\u2013-]\s*(\d+)|(\d+)")
_LONGEST_MARKER = 64

_ENDED = re.compile(
    r"(?:[.!?\u2026\uff0e]|[\u3002\uff01\uff1f])[\"'\u201d\u2019)\]*_]*$"
)
_ENDS_AT_ONCE = "\u3002\uff01\uff1f"
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Za-z]|e\.g|i\.e|z\.B|d\.h|u\.a|p\.ex|cf|vs|etc|approx|ca|bzw"
    r"|Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Fig|Eq|Sec|Ch|Vol|pp|art|al)\.$"
)
_DOTTED = re.compile(r"\b[A-Za-z_]\w*[._]\w+$")
_TAIL = 24
"""Characters of a sentence's end that tell whether it is over."""


@dataclass(slots=True)
class Marker:
    """A marker as it was written."""

    raw: str
    """`[1]`, `[1, 3]`, `[2-4]`."""
    space: str
    """Blanks before it."""
    attached: bool = False
    """Whether it follows a letter or digit directly, as an index in code does."""

    @property
    def numbers(self) -> list[int]:
        """The passages that it names, in order; a range counts as all of them."""
        found: list[int] = []
        for first, last, single in _RANGE.findall(self.raw):
            if single:
                found.append(int(single))
            else:
                found += range(int(first), min(int(last), int(first) + 20) + 1)
        return found


@dataclass(slots=True)
class Sentence:
    """A sentence of the answer: what went out already, and what is held back."""

    said: str = ""
    """Its text before the first marker."""
    held: list[str | Marker] = field(default_factory=list)
    """From the first marker on."""

    def text(self) -> str:
        """Returns the sentence without its markers."""
        return self.said + "".join(part for part in self.held if isinstance(part, str))

    def add(self, text: str) -> bool:
        """Appends text; tells whether it may go out at once."""
        if not self.held:
            self.said += text
            return True
        if isinstance(self.held[-1], str):
            self.held[-1] += text
        else:
            self.held.append(text)
        return False


class MarkerReader:
    """Cuts a stream into sentences and has those with markers resolved.

    Args:
        resolve: Returns the held part of a sentence as it is to be shown. It is
            called with the sentence and, for a marker that stands alone, the text of
            the sentence before.
    """

    def __init__(self, resolve: Callable[[Sentence, str], str]) -> None:
        self._resolve = resolve
        self._out: list[str] = []
        self._sentence = Sentence()
        self._before = ""
        self._bracket = ""
        self._space = ""
        self._tail = ""
        self._over = False
        self._ticks = 0
        self._ticks_open_line = False
        self._line_is_blank = True
        self._inline = 0
        self._fenced = False

    def feed(self, piece: str) -> str:
        """Returns what can be shown after `piece`."""
        for run in _RUN.findall(piece):
            if self._bracket:
                for character in run:
                    self._step(character)
            else:
                self._step(run)
        return self._taken()

    def close(self) -> str:
        """Returns the rest; an unfinished marker is text."""
        self._end_bracket()
        self._end_ticks()
        self._end_sentence()
        self._out.append(self._space)
        self._space = ""
        return self._taken()

    def _taken(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    def _step(self, character: str) -> None:
        """Takes in one character, or a run of such as mean nothing special."""
        if character == "`":
            self._tick()
            return
        self._end_ticks()
        if self._fenced:
            self._literal(character)
        elif self._bracket:
            self._continue_bracket(character)
        elif character == "[" and self._may_cite():
            self._bracket = character
        elif character == "\n":
            self._newline()
        elif character in " \t":
            self._blank(character)
        else:
            self._visible(character)

    def _may_cite(self) -> bool:
        """Tells whether a bracket here is no part of code: `sys.argv[1]` is."""
        return not self._inline and bool(self._space or not _DOTTED.search(self._tail))

    def _tick(self) -> None:
        self._end_bracket()
        if not self._ticks:
            self._ticks_open_line = self._line_is_blank
        self._ticks += 1
        if self._fenced:
            self._literal("`")
        else:
            self._visible("`")

    def _end_ticks(self) -> None:
        """Decides what a run of backticks was: a fence, or inline code's edge."""
        run, self._ticks = self._ticks, 0
        if not run:
            return
        if run >= 3 and self._ticks_open_line:
            self._fenced = not self._fenced
            self._inline = 0
        elif not self._fenced:
            self._inline = 0 if self._inline == run else (self._inline or run)

    def _continue_bracket(self, character: str) -> None:
        self._bracket += character
        raw = self._bracket
        if _MARKER.fullmatch(raw):
            self._bracket = ""
            attached = not self._space and self._tail[-1:].isalnum()
            self._sentence.held.append(Marker(raw, self._space, attached))
            self._space = ""
        elif len(raw) > _LONGEST_MARKER or not _BEGINNING.fullmatch(raw):
            self._end_bracket()

    def _end_bracket(self) -> None:
        """Gives up on a marker: its bracket is text, the rest is read again."""
        raw, self._bracket = self._bracket, ""
        if raw:
            self._visible(raw[0])
            for character in raw[1:]:
                self._step(character)

    def _newline(self) -> None:
        self._end_sentence()
        self._out.append(self._space + "\n")
        self._space = ""
        self._inline = 0
        self._line_is_blank = True

    def _blank(self, character: str) -> None:
        if not self._inline and self._has_ended():
            self._over = True
        self._space += character

    def _visible(self, character: str) -> None:
        if self._over:
            self._end_sentence()
        self._literal(self._space + character)
        self._space = ""
        self._line_is_blank = False
        if character in _ENDS_AT_ONCE and not self._inline:
            self._over = True

    def _literal(self, text: str) -> None:
        """Appends text to the sentence; in a fence lines do not end it."""
        if self._sentence.add(text):
            self._out.append(text)
        self._tail = (self._tail + text)[-_TAIL:]
        if text == "\n":
            self._line_is_blank = True
        elif not text.isspace() and text != "`":
            self._line_is_blank = False

    def _has_ended(self) -> bool:
        return bool(_ENDED.search(self._tail)) and not _ABBREVIATED.search(self._tail)

    def _end_sentence(self) -> None:
        if self._sentence.held:
            self._out.append(self._resolve(self._sentence, self._before))
        text = self._sentence.text()
        if text.strip():
            self._before = text
        self._sentence = Sentence()
        self._tail = ""
        self._over = False
