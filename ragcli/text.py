"""The one sanitizer for text that reaches a terminal.

Documents, answers, file names, profile names, error messages and lock holders
are other people's bytes. A terminal obeys some of them (ECMA-48 escape and C1
sequences, OSC 52 and OSC 8), and readers are misled by others: bidirectional
controls (Unicode TR 36) and everything that has no shape of its own, in which
words can hide or differ unseen (Default_Ignorable_Code_Point and joiners of
hieroglyphs). All of them are made visible here, none is dropped silently. What is
stored stays verbatim.

Two kinds of invisible characters are part of ordinary writing and stay where they
do their work: U+FE0E and U+FE0F directly after a character that has an emoji form,
and the joiners U+200C and U+200D directly after one that is not ASCII. Other
variation selectors are shown, ideographic ones too: 240 of them that nobody sees
would carry a byte behind every ideograph.

`counted` is the one thing here that writes: a number with its noun.
"""

from __future__ import annotations

import re
from functools import cache

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufff9-\ufffb"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2028\u2029"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufff8"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_NEVER = f"{_CONTROLS}{_BIDI}{_INVISIBLE}"
_JOINERS = "\u200c\u200d"
_STYLES = "\ufe0e\ufe0f"
_EMOJI = (  # what emoji-variation-sequences.txt names, in ranges
    "#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2"
    "\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001faff"
)
_LINE_BREAKS = re.compile(r"[\n\t]+")


@cache
def _unsafe() -> re.Pattern[str]:
    """Returns what finds characters that could act; hardly a line of ours has any."""
    return re.compile(
        f"(?P<kept>(?<=[{_EMOJI}])[{_STYLES}]\u200d?"
        f"|(?<=[^\x00-\x7f{_NEVER}{_JOINERS}{_STYLES}])[{_JOINERS}])"
        f"|[{_NEVER}{_JOINERS}{_STYLES}]"
    )


def safe_text(text: str, *, after: str = "") -> str:
    r"""Returns `text` with every character that could act made visible.

    Newlines and tabs stay; `\r\n` becomes `\n`. C0 controls become their pictures
    (ESC is `␛`), everything else `\u{hex}`.

    Args:
        text: Anything.
        after: What stands before it, if it is a piece of something longer.
    """
    if _is_plain(text):
        return text
    text = text.replace("\r\n", "\n")
    unsafe = _unsafe()
    lead = after[-2:]  # a joiner looks back at a style, and that at an emoji
    if not lead:
        return unsafe.sub(_visible, text)
    return unsafe.sub(_visible, lead + text)[len(unsafe.sub(_visible, lead)) :]


def _is_plain(text: str) -> bool:
    """Tells, without a long look, that nothing in a text could act."""
    shown = text.replace("\n", "").replace("\t", "")
    return shown.isprintable() and (
        shown.isascii() or not _other_script().search(shown)
    )


@cache
def _other_script() -> re.Pattern[str]:
    """Returns what finds characters that are no Latin letters and no common signs.

    What is invisible among those is not printable either.
    """
    return re.compile("[^\x00-\u02ff\u2000-\u2bff]")


class SafePieces:
    """Makes a text safe that comes in pieces: the same as if it came whole."""

    def __init__(self) -> None:
        self._carriage = ""
        self._after = ""

    def add(self, piece: str) -> str:
        r"""Returns what can be shown so far; a last `\r` waits for its `\n`."""
        text = self._carriage + piece
        self._carriage = "\r" if text.endswith("\r") else ""
        text = text[: len(text) - len(self._carriage)]
        shown = safe_text(text, after=self._after)
        self._after = (self._after + text)[-2:]
        return shown

    def end(self) -> str:
        r"""Returns what was held back: a `\r` at the end is a line break."""
        held, self._carriage, self._after = self._carriage, "", ""
        return "\n" if held else ""


def safe_line(text: str, width: int = 0) -> str:
    """Returns `text` safe and on one line; cut to `width` characters if positive."""
    line = _LINE_BREAKS.sub(" ", safe_text(text.replace("\r\n", "\n").strip()))
    if width and len(line) > width:
        return line[: width - 1].rstrip() + "…"
    return line


def safe_name(text: str) -> str:
    """Returns a file or profile name, exact but safe: line breaks are shown too."""
    return safe_text(text).replace("\n", "␊").replace("\t", "␉")


def labelled(model: str, remote: str) -> str:
    """Returns a model's name as people see it: with the machine that it runs on.

    Args:
        model: Its spec.
        remote: The other machine's address; "" for this one.
    """
    return f"{model} (remote: {remote})" if remote else model


def _visible(match: re.Match[str]) -> str:
    if match["kept"]:
        return match[0]
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Returns a number with its noun: `1 file`, `1,204 files`."""
    word = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,} {word}"
