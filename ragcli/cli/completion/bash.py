r"""Bash's quotes: reading what is typed, and writing names that mean themselves.

Bash inserts what completion prints into the command line as it is. So a name is
printed with quotes that fit where it is inserted: plain, or inside quotes that the
user has opened. Bytes that are not printable are written as `$'\ooo'`, which is
exact in every locale and can be seen.
"""

from __future__ import annotations

import os
import re

from ragcli.frozen import frozen
from ragcli.text import safe_text

_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-"
)
_ENDS_WORD = " \t\n;|&<>()"
_INSIDE = {
    quote: re.compile(pattern, re.DOTALL)
    for quote, pattern in {
        "": rf"\\(?P<escaped>.)|(?P<open>\$'|['\"]|\\)|(?P<plain>[^{_ENDS_WORD}])",
        "'": r"(?P<close>')|(?P<plain>.)",
        '"': r'(?P<close>")|\\(?P<escaped>[$`"\\])|(?P<plain>.)',
        "$'": r"(?P<close>')|\\(?P<code>[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)|(?P<plain>.)",
        "\\": r"(?!)",
    }.items()
}
"""What may come next, for each quote that is open."""
_LETTERS = {"a": 7, "b": 8, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


@frozen
class TypedWord:
    """One word as it is typed."""

    value: str
    """What a program would be given."""

    quote: str
    r"""The quote that is open at its end: `"`, `'`, `$'`, `\` or "" for none."""

    end: int
    """Where it ends in the line."""


def typed_words(line: str) -> tuple[list[str], str]:
    """Returns the values of all words before the last, and the last as typed.

    A line that ends between words has an empty last word.
    """
    words: list[str] = []
    last = ""
    at = 0
    while at < len(line):
        if line[at] in _ENDS_WORD:
            at += 1
            continue
        word = read_word(line, at)
        last = line[at : word.end]
        words.append(word.value)
        at = word.end
    if line and (not last or not line.endswith(last)):
        return words, ""
    return words[:-1], last


def read_word(line: str, at: int = 0) -> TypedWord:
    """Returns the word that begins at `at`; nothing in it is expanded."""
    value: list[str] = []
    quote = ""
    while match := _INSIDE[quote].match(line, at):
        at = match.end()
        kind = str(match.lastgroup)
        if kind == "open":
            quote = match[kind]
        elif kind == "close":
            quote = ""
        else:
            value.append(_decoded(match[kind]) if kind == "code" else match[kind])
    return TypedWord(os.fsdecode(os.fsencode("".join(value))), quote, at)


def quoted(name: str, quote: str = "") -> str:
    """Returns `name` so that bash takes it for itself, after an open `quote`.

    The quote stays open at the end, as bash closes it. The result is one line.
    """
    parts: list[str] = []
    hidden = b""
    for char in name:
        if char.isprintable() and safe_text(char) == char:
            parts += [_hidden(hidden, quote), _shown(char, quote)]
            hidden = b""
        else:
            hidden += os.fsencode(char)
    return "".join([*parts, _hidden(hidden, quote)])


def _shown(char: str, quote: str) -> str:
    """Returns one printable character."""
    if quote == "'":
        return r"'\''" if char == "'" else char
    if quote == '"':
        if char == "!":  # the history is expanded inside of these quotes, too
            return '"\\!"'
        return f"\\{char}" if char in '$`"\\' else char
    if quote:
        return char if char in _PLAIN or char > "\x7f" else f"\\{ord(char):03o}"
    return char if char in _PLAIN or char > "\x7f" else f"\\{char}"


def _hidden(data: bytes, quote: str) -> str:
    """Returns bytes that cannot be printed; an open quote is left for a moment."""
    if not data:
        return ""
    written = "".join(f"\\{byte:03o}" for byte in data)
    if quote == "$'":
        return written
    return f"{quote}$'{written}'{quote}"


def _decoded(code: str) -> str:
    r"""Returns what an escape of `$'…'` stands for."""
    if code[0] in "01234567":
        return os.fsdecode(bytes([int(code, 8) & 0xFF]))
    if len(code) > 1:
        return os.fsdecode(bytes([int(code[1:], 16)]))
    return chr(_LETTERS[code]) if code in _LETTERS else code
