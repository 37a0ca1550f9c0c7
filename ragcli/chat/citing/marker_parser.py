"""Reads citation markers in an answer while it streams.

`language.markers` says what is a marker, text or code; here they become sentences. The
result cannot depend on how the answer was cut into pieces. Text goes out at once; from
a marker on it is held back until its sentence ends, because only then it is known what
the marker claims. Markers after the full stop, or on the next line, belong to the
sentence before. Code is passed through. A line that goes on in the next one is one
sentence with it; a row of a table is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ragcli.language import markers
from ragcli.language.patterns import deferred

_RUN = deferred("[^\n \t\u3002\uff01\uff1f]+|.", re.DOTALL)
"""Characters that mean nothing special, or one that may."""

_ENDED = deferred(r"(?:[.!?\u2026\uff0e]|[\u3002\uff01\uff1f])[\"'\u201d\u2019)\]*_]*$")
_ENDS_AT_ONCE = "\u3002\uff01\uff1f"
_ABBREVIATED = deferred(
    r"(?:^|[\s(\"'])(?:[A-Za-z]|e\.g|i\.e|z\.B|d\.h|u\.a|p\.ex|cf|vs|etc|approx|ca|bzw"
    r"|Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Fig|Eq|Sec|Ch|Vol|pp|art|al)\.$"
)
_ORDINAL = deferred(
    r"(?:^|\s)(?:am|vom|zum|bis|ab|seit|im|der|die|das|den|dem|des|jede[rnms]?|und|oder)\s\d{1,2}\.$",
    re.IGNORECASE,
)
"""An ordinal of a language that puts a full stop behind it: `am 15. Mai`. What follows
does not tell, for it may not have come yet."""
_TAIL = 24
"""Characters of a sentence's end that tell whether it is over."""
_LINE = 60
"""Characters of a line that was broken because it was full."""


@dataclass(slots=True, repr=False, eq=False)
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


@dataclass(slots=True, repr=False, eq=False)
class Sentence:
    """A sentence of the answer: what went out already, and what is held back."""

    said: str = ""
    """Its text before the first marker; "" for a row of a table."""
    held: list[str | Marker] = field(default_factory=list)
    """From the first marker on; all of a row."""
    row: int = 0
    """Which row of its table it is, counted from 1; 0 for none."""
    is_code: bool = False
    """Whether it is a fenced block."""
    is_half: bool = False
    """Whether the answer broke off in the middle of it."""
    is_marked: bool = False
    """Whether a marker that follows on another line is about it."""

    @property
    def has_markers(self) -> bool:
        """Whether it has any of its own."""
        return any(isinstance(part, Marker) for part in self.held)

    def text(self) -> str:
        """Returns the sentence without its markers."""
        return self.said + "".join(part for part in self.held if isinstance(part, str))

    def add(self, text: str) -> bool:
        """Appends text; tells whether it may go out at once."""
        if not self.held and not self.row:
            self.said += text
            return True
        if self.held and isinstance(self.held[-1], str):
            self.held[-1] += text
        else:
            self.held.append(text)
        return False


class MarkerReader:
    """Cuts a stream into sentences and has those with markers resolved.

    Args:
        resolve: Returns what is held back of a sentence as it is to be shown, and what
            is put at its end. It is called with the sentence and, for a marker that
            stands alone, the text of the sentence before.
    """

    def __init__(self, resolve: Callable[[Sentence, str], str]) -> None:
        self._resolve = resolve
        self._scanner = markers.Scanner()
        self._out: list[str] = []
        self._sentence = Sentence()
        self._before = ""
        self._space = ""
        self._gap = ""
        self._tail = ""
        self._line = 0
        self._rows = 0
        self._over = False

    def feed(self, text: str) -> str:
        """Returns what can be shown after `text`."""
        self._take(self._scanner.feed(text))
        return self._taken()

    def close(self, *, cut: bool = False) -> str:
        """Returns the rest; an unfinished marker is text.

        Args:
            cut: Whether the answer broke off: its last sentence may be half of one.
        """
        self._take(self._scanner.close())
        ended = self._over or self._has_ended()
        self._sentence.is_half = cut and not ended
        self._end_line()
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
                self._mark(markers.as_written(piece.text))
            elif piece.kind == "text":
                for run in _RUN.findall(piece.text):
                    self._step(run)
            elif piece.kind == "fence":
                self._end_line()
                self._sentence.is_code = True
                self._literal(self._space + piece.text)
                self._space = ""
            else:
                self._visible(markers.literal(piece))

    def _mark(self, raw: str) -> None:
        if self._gap:
            self._sentence.is_marked = True
            self._end_line()
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
        """Ends the line, not yet its sentence: a marker may follow, or the rest."""
        self._rows = self._sentence.row
        sentence = self._sentence
        is_open = bool(sentence.said) and not sentence.held and not sentence.is_code
        if is_open or self._gap:
            self._gap += self._space + "\n"
        else:
            self._end_sentence()
            self._out.append(self._space + "\n")
            self._line = 0
        self._space = ""

    def _end_line(self) -> None:
        """Ends the sentence of a line that is over, if it is not yet ended."""
        if self._gap:
            self._end_sentence()
            self._out.append(self._gap)
            self._gap = ""
            self._line = 0

    def _blank(self, character: str) -> None:
        if not self._gap and self._has_ended():
            self._over = True
        self._space += character

    def _visible(self, run: str) -> None:
        if self._gap and not self._goes_on(run):
            self._end_line()
        elif self._over:
            self._end_sentence()
        if self._line == 0 and run.startswith("|"):
            self._sentence.row = self._rows + 1
        self._literal(self._gap + self._space + run)
        self._space = self._gap = ""
        if run in _ENDS_AT_ONCE and not self._sentence.row:
            self._over = True

    def _goes_on(self, run: str) -> bool:
        """Tells whether a sentence goes on after the end of its line."""
        ended = self._over or self._has_ended() or self._tail.endswith(":")
        if ended or self._gap.count("\n") > 1:
            return False
        sentence = self._sentence.said.lstrip()
        if sentence.startswith(("#", ">")) or not run[:1].isalnum():
            return False
        return run[:1].islower() or (self._line >= _LINE and not run[:1].isdigit())

    def _literal(self, text: str) -> None:
        """Appends text to the sentence; in a fence lines do not end it."""
        if self._sentence.add(text):
            self._out.append(text)
        self._tail = (self._tail + text)[-_TAIL:]
        last = text.rfind("\n")
        self._line = len(text) - last - 1 if last >= 0 else self._line + len(text)

    def _has_ended(self) -> bool:
        if self._sentence.row or _ABBREVIATED.search(self._tail):
            return False
        has_number = any(map(str.isdecimal, self._tail))
        if has_number and _ORDINAL.search(self._tail):
            return False
        return bool(_ENDED.search(self._tail))

    def _end_sentence(self) -> None:
        sentence = self._sentence
        text = sentence.text()
        if text or sentence.held:
            self._out.append(self._resolve(sentence, self._before))
        if text.strip():
            self._before = text
        self._sentence = Sentence()
        self._tail = ""
        self._over = False
