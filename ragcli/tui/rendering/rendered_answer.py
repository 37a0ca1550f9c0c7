"""A Markdown text that grows, parsed again only where it still can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.text import SafePieces
from ragcli.tui.rendering.answer_styles import Palette
from ragcli.tui.rendering.blocks import BlockBuilder, MarkdownBlock, parser

if TYPE_CHECKING:
    from markdown_it.token import Token


class RenderedAnswer:
    """The blocks of an answer.

    A block is final once another top-level block stands after it, so an answer of
    any length costs no more a token than its last block does.

    Args:
        palette: The styles of inline text.
        chosen: The citation marker that is selected; 0 for none.
    """

    def __init__(self, palette: Palette, chosen: int = 0) -> None:
        self._palette = palette
        self._chosen = chosen
        self._open = ""
        self._pieces = SafePieces()
        self.final: list[MarkdownBlock] = []
        """Blocks that no later text can change."""
        self.growing: list[MarkdownBlock] = []
        """The last top-level block, as far as it goes."""

    def append(self, text: str) -> int:
        """Adds text, made safe; returns how many blocks became final by it."""
        self._open += self._pieces.add(text)
        tokens = parser().parse(self._open)
        starts = [
            (index, token.map[0])
            for index, token in enumerate(tokens)
            if token.level == 0 and token.nesting >= 0 and token.map
        ]
        index, line = starts[-1] if starts else (0, 0)
        closed = self._build(tokens[:index])
        self.final += closed
        self.growing = self._build(tokens[index:])
        if line:
            self._open = "".join(self._open.splitlines(keepends=True)[line:])
        return len(closed)

    def _build(self, tokens: list[Token]) -> list[MarkdownBlock]:
        return BlockBuilder(self._palette, self._chosen).build(tokens)
