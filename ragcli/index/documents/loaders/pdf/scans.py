"""Pages that are pictures without text: which they are, and what is read of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli.errors import UnreadableDocument
from ragcli.index.documents.content import Content
from ragcli.index.documents.loaders.dispatch.bounds import (
    PICTURE_LIMIT,
    RECOGNITION_LIMIT,
)
from ragcli.index.documents.loaders.pdf import recognition

if TYPE_CHECKING:
    from ragcli.index.documents.loaders.pdf.page_words import PageWord

_SHARPEST = 300 / 72
"""Points of a picture in a point of the page, at most."""

_SWITCH = "`ragcli profile set documents.ocr true`, then add it again"


class Scans:
    """The scanned pages of one document.

    Args:
        content: The document; it says whether text is to be recognized.
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._read: Callable[[Any], list[recognition.RecognizedLine]] | None = None
        self._begun = time.monotonic()
        self._lines = 0
        self._broken = ""
        self._recognized: list[int] = []
        self._empty: list[int] = []
        self._late: list[int] = []
        self._unread: list[int] = []

    @cached_property
    def _engine(self) -> str:
        """What recognizes text here; looked for when the first scan is found."""
        return recognition.engine()

    def words(self, number: int, document: Any) -> list[PageWord]:
        """Returns the words of a page that is a picture; none when they are not read.

        Args:
            number: The page, counted from 1.
            document: PDFium's document.
        """
        if not (self._content.ocr and self._engine) or self._broken:
            self._unread.append(number)
            return []
        if time.monotonic() - self._begun > RECOGNITION_LIMIT:
            self._late.append(number)
            return []
        self._content.allow_time(PICTURE_LIMIT)
        try:
            self._read = self._read or recognition.recognizer(self._engine)
            scale, pixels = _drawn(document[number - 1])
            lines = self._read(pixels)
        except UnreadableDocument as error:
            self._broken = error.message
            self._unread.append(number)
            return []
        words = recognition.words(lines, scale, self._lines)
        self._lines += len(lines)
        (self._recognized if words else self._empty).append(number)
        return words

    def facts(self) -> dict[str, Any]:
        """Returns what is known of them, and the lines that a user should read.

        `scanned` has the pages, `recognized` those whose text was recognized, and
        `ocr` the engine that tried.
        """
        pages = sorted(self._recognized + self._empty + self._late + self._unread)
        if not pages:
            return {}
        facts: dict[str, Any] = {"scanned": pages, "notices": list(self._notices())}
        if self._content.ocr and self._engine:
            facts["ocr"] = self._engine
        if self._recognized:
            facts["recognized"] = self._recognized
        return facts

    def _notices(self) -> list[str]:
        notices: list[str] = []
        if self._recognized:
            which = _which(self._recognized, "was", "were")
            notices.append(
                f"{which} read by text recognition ({self._engine}), which may err"
            )
        if self._empty:
            which = _which(self._empty, "is a picture", "are pictures")
            notices.append(f"{which}: no text was recognized")
        if self._late:
            which = _which(self._late, "is a picture", "are pictures")
            minutes = RECOGNITION_LIMIT / 60
            notices.append(
                f"{which} without text: not read, the others took {minutes:g} minutes"
            )
        if self._unread:
            which = _which(self._unread, "is a picture", "are pictures")
            notices.append(f"{which} without text: not read; {self._remedy()}")
        return notices

    def _remedy(self) -> str:
        """Returns what has these pages read."""
        if self._broken:
            return self._broken
        install = recognition.installation()
        if self._content.ocr:
            return f"text recognition needs `{install}`, or tesseract"
        needed = "" if self._engine else f"`{install}`, "
        return f"text recognition (off) reads such pages: {needed}{_SWITCH}"


def _drawn(page: Any) -> tuple[float, Any]:
    """Returns a page as a picture, and how many of its points are one of the page."""
    scale = min(_SHARPEST, recognition.LONGEST_SIDE / max(1.0, *page.get_size()))
    try:
        return scale, page.render(scale=scale).to_numpy()
    finally:
        page.close()


def _which(numbers: Sequence[int], one: str, several: str) -> str:
    """Returns `page 2 is`, or `pages 2, 5-7 are`, with the verbs that are given."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    pages = ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in runs)
    return f"pages {pages} {several}" if len(numbers) > 1 else f"page {pages} {one}"
