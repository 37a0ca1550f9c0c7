"""A file's bytes as a loader gets them, and how they become text."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.formats import HEAD, is_binary
from ragcli.language import encodings

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


class Content:
    """What a loader is given.

    Args:
        data: The file's bytes.
        name: Its name, without directories.
        format_name: Its format.
        ocr: Whether text in pictures of pages is to be recognized.
        allow_time: Gives the loader so many seconds of processor time from now.
        depth: How many documents it is inside of.
    """

    def __init__(
        self,
        data: bytes,
        name: str = "",
        format_name: str = "",
        *,
        ocr: bool = False,
        allow_time: Callable[[int], None] = lambda _: None,
        depth: int = 0,
    ) -> None:
        self.data = data
        self.name = name
        self.format = format_name
        self.ocr = ocr
        self.helpers = 0
        """How many other processes may take a part in reading it."""
        self.allow_time = allow_time
        self.depth = depth
        self.encoding = ""
        """What the bytes were decoded as, where that was a guess; set by `text`."""

    @cached_property
    def text(self) -> str:
        r"""The file's text, its line ends all `\n`.

        Raises:
            UnreadableDocument: The bytes are no text.
        """
        text, self.encoding = decode(self.data)
        return text


def decode(data: bytes) -> tuple[str, str]:
    r"""Returns a text file's text, its line ends all `\n`, and its encoding if guessed.

    A byte order mark decides; without one, UTF-8 where the bytes are that or
    nearly that, else what `ragcli.language.encodings` makes of them.

    Raises:
        UnreadableDocument: The bytes are no text.
    """
    text, encoding = _decoded(data)
    return with_newlines(text), encoding


def is_blank(data: bytes) -> bool:
    """Tells whether a file holds nothing but white space, in whatever encoding."""
    if not data.strip():
        return True
    try:
        return not _decoded(data)[0].strip()
    except UnreadableDocument:
        return False


def with_newlines(text: str) -> str:
    r"""Returns `text` with its line ends all `\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff"), ""
    head = data[:HEAD]
    if is_binary(head):
        raise UnreadableDocument("binary content", "only documents can be indexed")
    if b"\0" in head:
        encoding = encodings.utf_16(head)
        return data.decode(encoding, "replace"), encoding
    if _SHIFTED in head:
        return data.decode("iso2022_jp_2", "replace"), "iso-2022-jp"
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return _decoded_loosely(data)


_SHIFTED = b"\x1b$B"
"""Begins Japanese in ISO 2022, which is ASCII otherwise."""


def _decoded_loosely(data: bytes) -> tuple[str, str]:
    """Decodes damaged UTF-8 with replacement characters, anything else as guessed."""
    lenient = data.decode("utf-8", "replace")
    wrong = lenient.count("\ufffd")
    right = sum(character > "\x7f" for character in lenient) - wrong
    if right > wrong:
        return lenient, "utf-8 with errors"
    encoding = encodings.guessed(data)
    if encoding and encoding != "cp1252":
        return data.decode(encoding, "replace"), encoding
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "latin-1"
