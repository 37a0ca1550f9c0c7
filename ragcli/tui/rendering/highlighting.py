"""Highlighted source code."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from textual.content import Content, Span

if TYPE_CHECKING:
    from textual.highlight import HighlightTheme

_LONGEST = 40_000
"""Characters beyond which code is shown plain: a lexer needs time a frame has not."""

_CALMER = {
    "Token.Name": "",
    "Token.Name.Function": "$text-primary",
    "Token.Name.Function.Magic": "$text-primary",
    "Token.Name.Class": "$text-primary bold",
    "Token.Operator": "",
}
"""Colours only: what Textual's own theme underlines or makes bold."""


def highlighted(code: str, language: str) -> Content:
    """Returns `code` coloured for `language`; plain when that is no known one."""
    if not language or len(code) > _LONGEST:
        return Content(code)
    from textual.highlight import highlight  # Pygments: only when there is code

    content = highlight(code, language=language, theme=_theme())
    return Content(content.plain, spans=[s for s in content.spans if _colours(s)])


def warm_up() -> None:
    """Loads what code is coloured with, which would hold the first answer's screen."""
    highlighted("def warm(): ...", "python")


def _colours(span: Span) -> bool:
    return span.style != "$text" and span.end > span.start


@cache
def _theme() -> type[HighlightTheme]:
    """Returns a calmer colouring than Textual's: colours only, no underlines."""
    from textual.highlight import HighlightTheme

    class Calm(HighlightTheme):
        STYLES = {  # noqa: RUF012 - declared by Textual without ClassVar
            token: _CALMER.get(str(token), style)
            for token, style in HighlightTheme.STYLES.items()
        }

    return Calm
