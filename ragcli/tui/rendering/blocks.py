"""Markdown source as a flat list of blocks, each ready to be wrapped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from textual.content import Content

from ragcli.language.markers import UNSUPPORTED, marker_at
from ragcli.tui.rendering.answer_styles import Palette
from ragcli.tui.rendering.formulas import formula_at
from ragcli.tui.rendering.inline import InlineWriter

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_BULLETS = "•◦▪‣"
_TASK = re.compile(r"\[([ xX])\] ")
_DONE, _UNDONE = "☑", "☐"


@dataclass(frozen=True, slots=True)
class MarkdownBlock:
    """A paragraph, heading, list item, block of code, table or rule."""

    kind: str
    """`text`, `heading`, `code`, `table` or `rule`."""
    content: Content
    """Its text; for code the source, unstyled."""
    first: str = ""
    """What stands before its first line: indentation and bullet."""
    rest: str = ""
    """What stands before its other lines."""
    gap: bool = True
    """Whether a blank line stands above it."""
    language: str = ""
    """The language of a block of code, as the fence names it."""
    rows: tuple[tuple[Content, ...], ...] = ()
    """The cells of a table, the header first."""
    aligns: tuple[str, ...] = ()
    """How each column of a table is aligned: `left`, `right` or `center`."""


@cache
def parser() -> MarkdownIt:
    """Returns the parser: CommonMark with tables and strikethrough.

    HTML stays text. Citation markers are tokens. Reference definitions are off, since
    `[1]: …` in an answer would turn every citation marker into somebody's link; so are
    setext headings and indented code, which make a growing answer jump.
    """
    from markdown_it import MarkdownIt

    markdown_parser = (
        MarkdownIt("commonmark", {"html": False})
        .enable(["table", "strikethrough"])
        .disable(["reference", "lheading", "code", "html_block", "html_inline"])
    )
    markdown_parser.inline.ruler.before("link", "marker", _marker)
    markdown_parser.inline.ruler.before("escape", "formula", _formula)
    return markdown_parser


def _formula(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's
    r"""Makes a token of a formula: in it a backslash escapes nothing."""
    if state.src[state.pos] not in "\\$":
        return False
    formula = formula_at(state.src, state.pos)
    if formula is None:
        return False
    written, read = formula
    if not silent:
        state.push("text", "", 0).content = read
    state.pos += len(written)
    return True


def _marker(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's
    """Makes a token of a citation marker, and of the mark that stands for none.

    Escapes and code never come here.
    """
    kind = "marker"
    marker = marker_at(state.src, state.pos)
    if not marker and state.src.startswith(UNSUPPORTED, state.pos):
        kind, marker = "unsupported", UNSUPPORTED
    if not marker:
        return False
    if not silent:
        state.push(kind, "", 0).content = marker
    state.pos += len(marker)
    return True


@dataclass(slots=True)
class _Container:
    """A list, list item or quotation that is open while blocks are built."""

    kind: str
    indent: str = ""
    bullet: str = ""
    number: int = 0
    depth: int = 0
    fresh: bool = True
    """No block of it has been built: the bullet is still to be drawn."""


@dataclass(slots=True)
class BlockBuilder:
    """Turns the parser's tokens into blocks.

    Args:
        palette: The styles of inline text.
        chosen: The citation marker that is selected; 0 for none.
    """

    palette: Palette
    chosen: int = 0
    _blocks: list[MarkdownBlock] = field(default_factory=list)
    _stack: list[_Container] = field(default_factory=list)
    _rows: list[list[Content]] = field(default_factory=list)
    _aligns: list[str] = field(default_factory=list)
    _heading: str = ""
    _tight: bool = False

    def build(self, tokens: Iterable[Token]) -> list[MarkdownBlock]:
        """Returns the blocks of a run of top-level tokens."""
        for token in tokens:
            if token.nesting == 1:
                self._enter(token)
            elif token.nesting == -1:
                self._leave(token)
            else:
                self._leaf(token)
        return self._blocks

    def _enter(self, token: Token) -> None:
        kind = token.type.removesuffix("_open")
        if kind in {"bullet_list", "ordered_list", "blockquote"}:
            self._stack.append(self._container(token, kind))
        elif kind == "list_item":
            self._enter_item()
        elif kind == "heading":
            self._heading = token.tag
        elif kind == "paragraph":
            self._tight = token.hidden
        elif kind == "tr":
            self._rows.append([])
        elif kind == "th":
            style = str(token.attrs.get("style", ""))
            self._aligns.append(style.partition("text-align:")[2] or "left")

    def _container(self, token: Token, kind: str) -> _Container:
        depth = sum(c.kind == "bullet_list" for c in self._stack)
        start = int(token.attrs.get("start", 1) or 0) if kind == "ordered_list" else 0
        return _Container(kind, number=start, depth=depth)

    def _enter_item(self) -> None:
        parent = self._stack[-1]
        bullet = f"{_BULLETS[parent.depth % len(_BULLETS)]} "
        if parent.kind == "ordered_list":
            bullet = f"{parent.number}. "
            parent.number += 1
        self._stack.append(_Container("item", " " * len(bullet), bullet))

    def _leave(self, token: Token) -> None:
        kind = token.type.removesuffix("_close")
        if kind in {"bullet_list", "ordered_list", "blockquote", "list_item"}:
            item = self._stack.pop()
            if item.kind == "item" and item.fresh:
                self._stack.append(item)
                self._put("text", Content(""), gap=False)
                self._stack.pop()
        elif kind == "heading":
            self._heading = ""
        elif kind == "table":
            rows, aligns = tuple(map(tuple, self._rows)), tuple(self._aligns)
            self._put("table", Content(""), rows=rows, aligns=aligns)
            self._rows, self._aligns = [], []

    def _leaf(self, token: Token) -> None:
        if token.type == "inline":
            self._inline(InlineWriter(self.palette, self.chosen).content(token))
        elif token.type in {"fence", "code_block"}:
            language = token.info.split()[0] if token.info.strip() else ""
            self._put("code", Content(token.content.rstrip("\n")), language=language)
        elif token.type == "hr":
            self._put("rule", Content(""))

    def _inline(self, content: Content) -> None:
        if self._rows:
            self._rows[-1].append(content)
        elif self._heading:
            self._put("heading", content)
        else:
            self._put("text", self._task(content), gap=not self._tight)

    def _task(self, content: Content) -> Content:
        """Makes a check box of `[x]` at the beginning of a list item."""
        item = self._stack[-1] if self._stack else None
        match = _TASK.match(content.plain)
        if item is None or item.kind != "item" or not item.fresh or match is None:
            return content
        item.bullet = f"{_UNDONE if match[1] == ' ' else _DONE} "
        item.indent = " " * len(item.bullet)
        return content[match.end() :]

    def _put(
        self,
        kind: str,
        content: Content,
        *,
        gap: bool = True,
        language: str = "",
        rows: tuple[tuple[Content, ...], ...] = (),
        aligns: tuple[str, ...] = (),
    ) -> None:
        first, rest = self._prefixes()
        top = not self._stack or all(c.fresh for c in self._stack)
        if any(c.kind == "item" for c in self._stack) and not top:
            gap = gap and kind in {"code", "table"}
        self._blocks.append(
            MarkdownBlock(
                kind, content, first, rest, gap or top, language, rows, aligns
            )
        )
        for container in self._stack:
            container.fresh = False

    def _prefixes(self) -> tuple[str, str]:
        first = rest = ""
        for container in self._stack:
            bar = "▎ " if container.kind == "blockquote" else container.indent
            first += container.bullet if container.bullet and container.fresh else bar
            rest += bar
        return first, rest
