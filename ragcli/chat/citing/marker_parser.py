"""Reads citation markers in an answer while it streams.

`language.markers` says what is a marker, text or code; here they become sentences. The
result cannot depend on how the answer was cut into pieces. Text goes out at once; from
a marker on it is held back until its sentence ends, because only then it is known what
the marker claims. Markers after the full stop belong to the sentence before it. Code is
passed through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ragcli.language import markers

_RUN = re.compile("[^\n \t\u3002\uff01\uff1f]+|.", re.DOTALL)
"""Characters that mean nothing special, or one that may."""

_ENDED = re.compile(
    r"(?:[.!?\u2026\uff0e]|[\u3002\uff01\uff1f])[\"'\u201d\u2019)\]*_]*$"
)
_ENDS_AT_ONCE = "\u3002\uff01\uff1f"
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Za-z]|e\.g|i\.e|z\.B|d\.h|u\.a|p\.ex|cf|vs|etc|approx|ca|bzw"
    r"|Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Fig|Eq|Sec|Ch|Vol|pp|art|al)\.$"
)
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
        return markers.numbers(self.raw)

    @property
    def literal(self) -> str:
        """The same as text that nobody takes for a marker."""
        return self.space + markers.literal(markers.Piece("marker", self.raw))


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
        self._scanner = markers.Scanner()
        self._out: list[str] = []
        self._sentence = Sentence()
        self._before = ""
        self._space = ""
        self._tail = ""
        self._over = False

    def feed(self, text: str) -> str:
        """Returns what can be shown after `text`."""
        self._take(self._scanner.feed(text))
        return self._taken()

    def close(self) -> str:
        """Returns the rest; an unfinished marker is text."""
        self._take(self._scanner.close())
        self._end_sentence()
        self._out.append(self._space)
        self._space = ""
        return self._taken()

    def interrupt(self) -> str:
        """Returns the rest before something that is not read here; goes on after it."""
        rest = self.close()
        self._scanner = markers.Scanner(begins_line=False)
        return rest

    def _taken(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    def _take(self, pieces: Iterable[markers.Piece]) -> None:
        for piece in pieces:
            if piece.kind == "marker":
                self._mark(piece.text)
            elif piece.kind == "text":
                for run in _RUN.findall(piece.text):
                    self._step(run)
            elif piece.kind == "fence":
                self._literal(self._space + piece.text)
                self._space = ""
            else:
                self._visible(markers.literal(piece))

    def _mark(self, raw: str) -> None:
        attached = not self._space and self._tail[-1:].isalnum()
        self._sentence.held.append(Marker(raw, self._space, attached))
        self._space = ""

    def _step(self, run: str) -> None:
        """Takes in one character of text, or a run of such as mean nothing special."""
        if run == "\n":
            self._newline()
        elif run in " \t":
            self._blank(run)
        else:
            self._visible(run)

    def _newline(self) -> None:
        self._end_sentence()
        self._out.append(self._space + "\n")
        self._space = ""

    def _blank(self, character: str) -> None:
        if self._has_ended():
            self._over = True
        self._space += character

    def _visible(self, run: str) -> None:
        if self._over:
            self._end_sentence()
        self._literal(self._space + run)
        self._space = ""
        if run in _ENDS_AT_ONCE:
            self._over = True

    def _literal(self, text: str) -> None:
        """Appends text to the sentence; in a fence lines do not end it."""
        if self._sentence.add(text):
            self._out.append(text)
        self._tail = (self._tail + text)[-_TAIL:]

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
