"""What a loader makes of a file, and how bytes become text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.formats import HEAD, is_binary

LONGEST_HEADING = 200
"""Characters; a longer heading is cut, for it is no heading."""

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document that stands under one heading, on one page."""

    text: str
    """The stretch; for text formats whole lines, verbatim."""

    heading: tuple[str, ...] = ()
    """Headings above it, outermost first; for a table its columns, innermost."""

    page: int | None = None
    """Page, slide, sheet or cell, counted from 1, where the format has them."""

    first_line: int | None = None
    """Line of the file at which `text` starts, counted from 1, for text formats.

    Lines end with a newline, a carriage return or both, and with nothing else.
    """

    kind: str = "prose"
    """`prose`, `code` or `table`."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document as its loader read it."""

    title: str
    """Its own title where it has one, else its file name without the suffix."""

    parts: tuple[Part, ...]
    """In reading order."""

    format: str
    """`markdown`, `pdf`, `python` …: a name of `ragcli.index.documents.formats`."""

    language: str
    """ISO 639-1 code of the language that most of it is in, or ""."""


def decode(data: bytes) -> str:
    r"""Returns a text file's text, its line ends all `\n`.

    A byte order mark decides; without one, UTF-8 where the bytes are that or
    nearly that, else Windows-1252, which is what most other Western text is in.

    Raises:
        UnreadableDocument: The bytes are no text.
    """
    text = _decoded(data)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    if is_binary(data[:HEAD]):
        raise UnreadableDocument("binary content", "only documents can be indexed")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded_loosely(data)


def _decoded_loosely(data: bytes) -> str:
    """Decodes damaged UTF-8 with replacement characters, anything else as Western."""
    lenient = data.decode("utf-8", "replace")
    wrong = lenient.count("\ufffd")
    right = sum(character > "\x7f" for character in lenient) - wrong
    if right > wrong:
        return lenient
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def well_formed(text: str) -> str:
    """Returns `text` without lone surrogates, which no encoding can store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        paired = text.encode("utf-16-le", "surrogatepass")
        return paired.decode("utf-16-le", "replace")
    return text


def one_line(text: str) -> str:
    """Returns a heading or title on one line, cut where it is no longer one."""
    return _SPACES.sub(" ", text[: 4 * LONGEST_HEADING]).strip()[:LONGEST_HEADING]
