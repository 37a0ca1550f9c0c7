"""The one sanitizer for text that reaches a terminal.

Documents, answers, file names, profile names, error messages and lock holders
are other people's bytes. A terminal obeys some of them (ECMA-48 escape and C1
sequences, OSC 52 and OSC 8), and readers are misled by others (bidirectional
controls, Unicode TR 36; tag characters, U+E0000). All of them are made visible
here, none is dropped silently. What is stored stays verbatim.
"""

from __future__ import annotations

import re

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = "\u200b\u2060\ufeff\u00ad\u180e\u2028\u2029\U000e0000-\U000e007f"
_UNSAFE = re.compile(
    f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufff9-\ufffb{_BIDI}{_INVISIBLE}]"
)
_LINE_BREAKS = re.compile(r"[\n\t]+")


def safe_text(text: str) -> str:
    r"""Returns `text` with every character that could act made visible.

    Newlines and tabs stay; `\r\n` becomes `\n`. C0 controls become their pictures
    (ESC is `␛`), everything else `\u{hex}`.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_visible, text.replace("\r\n", "\n"))


def safe_line(text: str, width: int = 0) -> str:
    """Returns `text` safe and on one line; cut to `width` characters if positive."""
    line = _LINE_BREAKS.sub(" ", safe_text(text.replace("\r\n", "\n").strip()))
    if width and len(line) > width:
        return line[: width - 1].rstrip() + "…"
    return line


def safe_name(text: str) -> str:
    """Returns a file or profile name, exact but safe: line breaks are shown too."""
    return safe_text(text).replace("\n", "␊").replace("\t", "␉")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"
