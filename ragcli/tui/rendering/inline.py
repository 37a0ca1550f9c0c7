"""Inline Markdown as `Content`: emphasis, code, links, citation markers.

Nothing here makes text act. A marker or a link carries plain metadata
(`{"marker": 1}`, `{"href": "https://…"}`), never an action string; the widget
decides what a click on it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.content import Content, Span
from textual.style import Style

from ragcli.language.markers import is_attached
from ragcli.text import safe_text
from ragcli.tui.rendering.answer_styles import Palette

if TYPE_CHECKING:
    from markdown_it.token import Token

_URL = re.compile(r"https?://[^\s<>\"'`|)\]]+")
_NUMBER = re.compile(r"\d+")
_OPENING = frozenset("([{]“„«'\"*_")
"""What a marker may stand right after; `]` ends the marker before it."""

_SPACES = re.compile(r"\s+")


class InlineWriter:
    """Collects the text and spans of one inline token.

    Args:
        palette: The styles to use.
        chosen: The marker that is drawn as selected; 0 for none.
    """

    def __init__(self, palette: Palette, chosen: int = 0) -> None:
        self._palette = palette
        self._chosen = chosen
        self._pieces: list[str] = []
        self._spans: list[Span] = []
        self._length = 0
        self._open: list[tuple[int, Style, str]] = []

    def content(self, token: Token) -> Content:
        """Returns the styled text of an `inline` token."""
        for child in token.children or ():
            self._write(child)
        return Content("".join(self._pieces), spans=self._spans)

    def _write(self, child: Token) -> None:
        handler = _HANDLERS.get(child.type)
        if handler is not None:
            handler(self, child)
        elif child.type.endswith("_open"):
            self._open.append((self._length, self._style_of(child.type), ""))
        elif child.type.endswith("_close"):
            self._close()

    def _style_of(self, kind: str) -> Style:
        styles = {
            "strong_open": self._palette.strong,
            "em_open": self._palette.em,
            "s_open": self._palette.strike,
        }
        return styles.get(kind, Style.null())

    def _add(self, text: str, style: Style | None = None) -> None:
        """Adds text; an entity such as `&#x202e;` is a character only here."""
        text = safe_text(text)
        if not text:
            return
        start = self._length
        self._pieces.append(text)
        self._length += len(text)
        if style is not None:
            self._spans.append(Span(start, self._length, style))

    def _text(self, child: Token) -> None:
        text = _SPACES.sub(" ", child.content)
        at = 0
        for match in _URL.finditer(text):
            self._add(text[at : match.start()])
            url = match[0].rstrip(".,;:!?")
            self._add(url, self._palette.link + Style.from_meta({"href": url}))
            self._add(match[0][len(url) :])
            at = match.end()
        self._add(text[at:])

    def _marker(self, child: Token) -> None:
        """Writes a marker: what surrounds a number goes with it."""
        raw, at = child.content, 0
        before = self._pieces[-1][-1:] if self._pieces else ""
        if before and not before.isspace() and before not in _OPENING:
            self._add(" ")
        numbers = list(_NUMBER.finditer(raw))
        for match in numbers:
            end = len(raw) if match is numbers[-1] else match.end()
            number = int(match[0])
            style = self._palette.marker
            if is_attached(raw):
                style = self._palette.attached
            if number == self._chosen:
                style += self._palette.chosen
            self._add(raw[at:end], style + Style.from_meta({"marker": number}))
            at = end

    def _unsupported(self, child: Token) -> None:
        self._add(child.content, self._palette.unsupported)

    def _code(self, child: Token) -> None:
        self._add(child.content, self._palette.code)

    def _break(self, child: Token) -> None:
        self._add("\n" if child.type == "hardbreak" else " ")

    def _link(self, child: Token) -> None:
        href = str(child.attrs.get("href", ""))
        style = self._palette.link + Style.from_meta({"href": href})
        self._open.append((self._length, style, href))

    def _image(self, child: Token) -> None:
        href = str(child.attrs.get("src", ""))
        self._add(child.content or "image", Style.from_meta({"href": href}))
        self._add(f" ({href})", self._palette.muted)

    def _close(self) -> None:
        if not self._open:
            return
        start, style, href = self._open.pop()
        self._spans.append(Span(start, self._length, style))
        if href and href != "".join(self._pieces)[start : self._length]:
            self._add(f" ({href})", self._palette.muted)


_HANDLERS: dict[str, Callable[[InlineWriter, Token], None]] = {
    "text": InlineWriter._text,  # noqa: SLF001 - the class's own table
    "marker": InlineWriter._marker,  # noqa: SLF001
    "unsupported": InlineWriter._unsupported,  # noqa: SLF001
    "code_inline": InlineWriter._code,  # noqa: SLF001
    "softbreak": InlineWriter._break,  # noqa: SLF001
    "hardbreak": InlineWriter._break,  # noqa: SLF001
    "link_open": InlineWriter._link,  # noqa: SLF001
    "image": InlineWriter._image,  # noqa: SLF001
}
