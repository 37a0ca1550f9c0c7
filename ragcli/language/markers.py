r"""What in an answer is a citation marker, and what only looks like one.

An answer is Markdown. In it `[1]`, `[1, 3]` and `[2-4]` are markers unless they stand
in code (between backticks on one line, or in a fence) or index a dotted name, as in
`sys.argv[1]`. Text that would be taken for a marker has its brackets escaped, `\[1\]`,
and backticks that open nothing are escaped as well, so that whoever draws an answer
agrees on what is code. Everything else that has brackets and digits is text: `[^1]`,
`【1】`, `&#91;1&#93;`. `[~1]` is a marker that the model did not write: it was attached
to a sentence that a passage says.

`Scanner` is the one parser. What streams in, what is stored, shown and exported is
read by it; `quoted` and `fenced` make text of documents so that it finds none in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ragcli.frozen import frozen
from ragcli.language.patterns import deferred

_MARKER = deferred(
    r"\[~?[ \t]*[0-9]{1,3}(?:[ \t]*[,;\u2013-][ \t]*[0-9]{1,3})*[ \t]*\]"
)
_BEGINNING = deferred(
    r"\[~?[ \t]*(?:[0-9]{1,3}(?:[ \t]*[,;\u2013-][ \t]*[0-9]{1,3})*"
    r"[ \t]*(?:[,;\u2013-][ \t]*)?)?"
)
_RANGE = deferred(r"(\d+)\s*[\u2013-]\s*(\d+)|(\d+)")
_ATTACHED = "[~"
UNSUPPORTED = "[?]"
"""Shown after a sentence that no passage says; no part of an answer."""
_DOTTED = deferred(r"\b[A-Za-z_]\w*[._]\w+$")
_LONGEST_MARKER = 64
_WIDEST_RANGE = 20

_PLAIN = deferred(r"[^`\\\[\n]+")
_TICKS = deferred("`+")
_ESCAPABLE = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_LONGEST_CODE = 2000
"""Characters after an opening backtick among which the closing one is looked for."""

_CONTAINER = r"[ \t]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+|>[ \t]?)*"
_PREFIX = deferred(_CONTAINER)
"""What may stand before a fence: blanks, the bullets and bars of what it stands in."""
_PREFIX_BEGUN = deferred(_CONTAINER + r"(?:[-*+]|[0-9]{1,9}[.)]?)?")
_LONGEST_PREFIX = 64
_RUN = deferred("`+|~+")
_FEWEST_IN_FENCE = 3
_LONGEST_INFO = 200
_CLOSING = deferred(r"[ \t>]*(`*|~*)[ \t\r]*")
_LONGEST_CLOSING = 400

_CONTEXT = 24
"""Characters before a bracket that tell whether it belongs to a name."""

_ESCAPED = deferred(r"(\\\\)|\\([\[\]`])")
_LOOKALIKE = deferred(
    r"\[(\^[^\]\s]{1,64})\]|\\\[(~?[ \t]*[0-9][0-9 \t,;\u2013-]*)\]|\\.", re.DOTALL
)
"""A footnote's mark, a number of which only the first bracket is escaped, an escape."""


@frozen
class Piece:
    """A stretch of an answer, as it is written."""

    kind: str
    """`text`, `code` (with its backticks), `fence` (part of a fenced block, fences
    included), `ticks` (backticks that open nothing) or `marker`."""

    text: str


class Scanner:
    """Takes an answer apart while it streams.

    The pieces' texts together are the answer. What a stretch is does not depend on how
    the answer was cut up; only text may come in other portions.

    Args:
        begins_line: Whether the first character stands at the beginning of a line.
        quoting: Read a document's text: it has no fences, and any bracket counts.
    """

    def __init__(self, *, begins_line: bool = True, quoting: bool = False) -> None:
        self._begins_line = begins_line
        self._quoting = quoting
        self._rest = ""
        self._before = ""
        self._fence = ""

    def feed(self, text: str) -> list[Piece]:
        """Returns the pieces that are decided after `text`."""
        self._rest += text
        return self._scan(final=False)

    def close(self) -> list[Piece]:
        """Returns the rest; what was not completed is text."""
        return self._scan(final=True)

    def _scan(self, *, final: bool) -> list[Piece]:
        pieces: list[Piece] = []
        text, at = self._rest, 0
        while at < len(text):
            piece = self._next(text, at, final=final)
            if piece is None:
                break
            pieces.append(piece)
            at += len(piece.text)
            self._before = (self._before + piece.text)[-_CONTEXT:]
            self._begins_line = piece.text.endswith("\n")
        self._rest = text[at:]
        return pieces

    def _next(self, text: str, at: int, *, final: bool) -> Piece | None:
        """Returns the piece at `at`; None when more must be known to tell."""
        if self._fence:
            return self._fenced(text, at, final=final)
        if self._begins_line and not self._quoting:
            end = self._opening(text, at, final=final)
            if end is None:
                return None
            if end:
                return Piece("fence", text[at:end])
        return self._inline(text, at, final=final)

    def _inline(self, text: str, at: int, *, final: bool) -> Piece | None:
        """Returns the piece at `at`, where no line of a fence begins."""
        character = text[at]
        if character == "`":
            return _code(text, at, final=final)
        if character == "[":
            return self._bracket(text, at, final=final)
        if character == "\\":
            return _escape(text, at, final=final)
        plain = _PLAIN.match(text, at)
        return Piece("text", plain[0] if plain else character)

    def _bracket(self, text: str, at: int, *, final: bool) -> Piece | None:
        begun = text[at : at + _LONGEST_MARKER]
        marker = _MARKER.match(begun)
        if marker:
            named = not self._quoting and _DOTTED.search(self._before)
            return Piece("text", "[") if named else Piece("marker", marker[0])
        if not final and len(begun) < _LONGEST_MARKER and _BEGINNING.fullmatch(begun):
            return None
        return Piece("text", "[")

    def _opening(self, text: str, at: int, *, final: bool) -> int | None:
        """Returns where the line ends that opens a fence; 0 if it opens none."""
        begun = text[at : at + _LONGEST_PREFIX]
        whole = final or len(begun) == _LONGEST_PREFIX
        if not whole and _PREFIX_BEGUN.fullmatch(begun):
            return None
        prefix = _PREFIX.match(begun)
        start = at + (prefix.end() if prefix else 0)
        run = _RUN.match(text, start)
        if not run:
            return 0
        line_end = text.find("\n", run.end())
        info = text[run.end() : line_end if line_end >= 0 else len(text)]
        is_short = len(run[0]) < _FEWEST_IN_FENCE and run.end() < len(text)
        if is_short or len(info) > _LONGEST_INFO or (run[0][0] == "`" and "`" in info):
            return 0
        if line_end < 0 and not final:
            return None
        if len(run[0]) < _FEWEST_IN_FENCE:
            return 0
        self._fence = run[0]
        return line_end + 1 or len(text)

    def _fenced(self, text: str, at: int, *, final: bool) -> Piece | None:
        """Returns a fence's next line, or what there is of it."""
        line_end = text.find("\n", at)
        line = text[at : line_end if line_end >= 0 else len(text)]
        if self._begins_line and len(line) <= _LONGEST_CLOSING:
            closing = _CLOSING.fullmatch(line)
            if closing and line_end < 0 and not final:
                return None
            if closing and closing[1].startswith(self._fence):
                self._fence = ""
                return Piece("fence", line)
        return Piece("fence", line + "\n" if line_end >= 0 else line)


def _escape(text: str, at: int, *, final: bool) -> Piece | None:
    """Returns a backslash and what it escapes, if it does."""
    if at + 1 == len(text) and not final:
        return None
    escapes = text[at + 1 : at + 2] in _ESCAPABLE
    return Piece("text", text[at : at + 1 + escapes])


def _code(text: str, at: int, *, final: bool) -> Piece | None:
    """Returns the code that backticks open, or the backticks when nothing closes it."""
    limit = at + _LONGEST_CODE
    opening = _TICKS.match(text, at)
    run = opening[0] if opening else "`"
    start = at + len(run)
    if start == len(text) and not final:
        return None
    line_end = text.find("\n", start, limit)
    end = line_end if line_end >= 0 else limit
    for closing in _TICKS.finditer(text, start):
        if closing.start() >= end:
            break
        if closing.end() == len(text) and not final:
            return None
        if closing[0] == run:
            return Piece("code", text[at : closing.end()])
    is_whole = final or line_end >= 0 or limit < len(text)
    return Piece("ticks", run) if is_whole else None


def pieces(answer: str) -> list[Piece]:
    """Returns the pieces of a whole answer; no two of text or fence side by side."""
    scanner = Scanner()
    return _joined([*scanner.feed(answer), *scanner.close()])


def marker_at(text: str, at: int) -> str:
    """Returns the marker at a place outside of code, "" when there is none."""
    marker = _MARKER.match(text[at : at + _LONGEST_MARKER])
    if not marker or _DOTTED.search(text[max(0, at - _CONTEXT) : at]):
        return ""
    return marker[0]


def numbers(marker: str) -> list[int]:
    """Returns the numbers that a marker names, in order; a range counts as all."""
    listed: list[int] = []
    for first, last, single in _RANGE.findall(marker):
        if single:
            listed.append(int(single))
        else:
            last_one = min(int(last), int(first) + _WIDEST_RANGE)
            listed += range(int(first), last_one + 1)
    return listed


def attached(numbers: Sequence[int]) -> str:
    """Returns the marker that is attached to a sentence which passages say."""
    return f"{_ATTACHED}{', '.join(map(str, numbers))}]"


def is_attached(marker: str) -> bool:
    """Tells whether a marker was attached, not written by the model."""
    return marker.startswith(_ATTACHED)


def as_written(marker: str) -> str:
    """Returns a marker of a model; it has no way to call one attached."""
    return marker.replace(_ATTACHED, "[", 1)


def without_attached(answer: str) -> str:
    """Returns an answer as its model wrote it: without what was attached."""
    if _ATTACHED not in answer:
        return answer
    out: list[str] = []
    for piece in pieces(answer):
        if piece.kind != "marker" or not is_attached(piece.text):
            out.append(piece.text)
        elif out:
            out[-1] = out[-1].removesuffix(" ")
    return "".join(out)


def with_unsupported(answer: str, sentences: Iterable[str]) -> str:
    """Returns an answer with a mark after each sentence that no passage says.

    Args:
        answer: The answer.
        sentences: Those sentences, in order; their blanks may differ.
    """
    out: list[str] = []
    at = 0
    for sentence in sentences:
        pattern = r"\s*".join(map(re.escape, sentence.split()))
        match = re.compile(pattern).search(answer, at) if pattern else None
        if match is None:
            continue
        out.append(f"{answer[at : match.end()]} {UNSUPPORTED}")
        at = match.end()
    return "".join([*out, answer[at:]])


def cited(answer: str) -> list[int]:
    """Returns the numbers of an answer's markers, in order, each once."""
    markers = (piece.text for piece in pieces(answer) if piece.kind == "marker")
    return list(dict.fromkeys(n for marker in markers for n in numbers(marker)))


def without_markers(answer: str) -> str:
    """Returns an answer without its markers and the blanks before them."""
    out: list[str] = []
    for piece in pieces(answer):
        if piece.kind != "marker":
            out.append(piece.text)
        elif out:
            out[-1] = out[-1].rstrip(" \t")
    return "".join(out)


def literal(piece: Piece) -> str:
    """Returns a piece so that it is no marker and opens no code, whatever it is."""
    if piece.kind == "marker":
        return f"\\[{piece.text[1:-1]}\\]"
    return piece.text.replace("`", "\\`") if piece.kind == "ticks" else piece.text


def unescaped(text: str) -> str:
    """Returns text for where Markdown is not read: brackets and backticks bare."""
    return _ESCAPED.sub(lambda match: match[1] or match[2], text)


def quoted(text: str) -> str:
    """Returns a document's text for an answer: its own markup, but no marker.

    Closed code stays code, and no line of it opens a fence.
    """
    scanner = Scanner(quoting=True)
    pieces = _joined([*scanner.feed(text), *scanner.close()])
    out = [
        _bared(piece.text) if piece.kind == "text" else literal(piece)
        for piece in pieces
    ]
    lines = "".join(out).split("\n")
    return "\n".join(map(_without_fence, lines))


def fenced(code: str) -> str:
    """Returns code in a fence that nothing in it can close."""
    longest = max(map(len, _TICKS.findall(code)), default=0)
    fence = "`" * max(_FEWEST_IN_FENCE, longest + 1)
    return f"{fence}\n{code}\n{fence}"


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Returns the pieces with neighbouring text, and the lines of a fence, together."""
    out: list[Piece] = []
    for piece in pieces:
        if out and piece.kind == out[-1].kind and piece.kind in {"text", "fence"}:
            out[-1] = Piece(piece.kind, out[-1].text + piece.text)
        else:
            out.append(piece)
    return out


def _bared(text: str) -> str:
    may_look_alike = "[" in text or "\\" in text
    return _LOOKALIKE.sub(_bare, text) if may_look_alike else text


def _bare(match: re.Match[str]) -> str:
    inside = match[1] or match[2]
    return f"\\[{inside}\\]" if inside else match[0]


def _without_fence(line: str) -> str:
    """Returns a line with tildes escaped that would open a fence."""
    prefix = _PREFIX.match(line)
    start = prefix.end() if prefix else 0
    opens = line.startswith("~" * _FEWEST_IN_FENCE, start)
    return f"{line[:start]}\\{line[start:]}" if opens else line
