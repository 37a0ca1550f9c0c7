"""Blocks as strips of a given width."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.style import Style

from ragcli.tui.rendering.answer_styles import Palette
from ragcli.tui.rendering.blocks import MarkdownBlock
from ragcli.tui.rendering.columns import cut
from ragcli.tui.rendering.highlighting import highlighted

_NARROWEST = 4
"""Cells that a block gets at the least, however deep it stands."""

_COPY = "copy"

_GOES_ON = "↪ "
"""Stands before what goes on with a line of code that is too long."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How blocks become strips."""

    width: int
    """Cells of a line."""
    palette: Palette
    """The styles in force."""
    found: re.Pattern[str] | None = None
    """What is looked for; its matches are marked."""

    def lines(self, blocks: list[MarkdownBlock], code_from: int = 0) -> Iterator[Strip]:
        """Yields the strips of `blocks`; blocks of code count from `code_from`."""
        for block in blocks:
            if block.gap:
                yield self._strip(Content(""))
            if block.kind == "code":
                yield from self._code(block, code_from)
                code_from += 1
            elif block.kind == "table":
                yield from self._table(block)
            elif block.kind == "rule":
                rule = "─" * max(1, self.width - len(block.first))
                yield self._strip(self._muted(block.first + rule))
            else:
                yield from self._text(block)

    def note(self, text: str) -> Strip:
        """Returns a line that is ours, not the answer's."""
        return self._strip(self._muted(text))

    def places(self, places: Sequence[tuple[int, str]]) -> list[Strip]:
        """Returns a blank line and one with the places of sources, as many as fit.

        Args:
            places: Markers and places: `(1, "locks.md:12-20")`.
        """
        line, shown = Content(""), 0
        for marker, position in places:
            after = f"  +{len(places) - shown - 1}" if shown + 1 < len(places) else ""
            gap = "  " if shown else ""
            head = f"{gap}[{marker}] "
            room = self.width - line.cell_length - len(head) - len(after)
            if shown and cell_len(position) > room:
                break
            meta = Style.from_meta({"marker": marker})
            text = cut(position, max(1, room), keep_end=True)
            line += Content.assemble(
                (head, self.palette.marker + meta), (text, self.palette.muted + meta)
            )
            shown += 1
        if shown < len(places):
            line += self._muted(f"  +{len(places) - shown}")
        return [self._strip(Content("")), self._strip(line)] if places else []

    def _muted(self, text: str) -> Content:
        return Content.styled(text, self.palette.muted) if text else Content("")

    def _strip(self, content: Content, fill: Style | None = None) -> Strip:
        base = self.palette.text + fill if fill else self.palette.text
        segments = [
            Segment(text, style.rich_style)
            for text, style in content.render(base, "", _style)
        ]
        return Strip(segments).adjust_cell_length(self.width, base.rich_style)

    def _marked(self, content: Content) -> Content:
        if self.found is None:
            return content
        return content.highlight_regex(self.found, style=self.palette.found)

    def _wrapped(self, content: Content, indent: int) -> list[Content]:
        return content.wrap(max(_NARROWEST, self.width - indent))

    def _text(self, block: MarkdownBlock) -> Iterator[Strip]:
        content = self._marked(block.content)
        if block.kind == "heading":
            content = content.stylize_before(self.palette.heading)
        lines = self._wrapped(content, max(len(block.first), len(block.rest)))
        for number, line in enumerate(lines):
            prefix = block.rest if number else block.first
            yield self._strip(self._muted(prefix) + line)

    def _code(self, block: MarkdownBlock, number: int) -> Iterator[Strip]:
        indent = len(block.rest)
        inner = max(_NARROWEST, self.width - indent)
        yield self._code_label(block, number, inner)
        source = self._marked(highlighted(block.content.plain, block.language))
        for line in source.split("\n", allow_blank=True):
            for piece in self._folded(line.expand_tabs(4), inner - 2):
                yield self._panel(block, piece, inner)

    def _folded(self, line: Content, width: int) -> list[Content]:
        """Returns a line of code in pieces; a mark says which go on with it."""
        first, *rest = line.fold(max(2, width))
        if not rest or width < len(_GOES_ON) + 2:
            return [first, *rest]
        goes_on = line[len(first.plain) :].fold(width - len(_GOES_ON))
        return [first, *(self._muted(_GOES_ON) + piece for piece in goes_on)]

    def _code_label(self, block: MarkdownBlock, number: int, inner: int) -> Strip:
        """Returns the line above code: its language, and a place to click `copy`."""
        language = block.language[: max(0, inner - len(_COPY) - 3)]
        gap = " " * max(1, inner - 2 - len(language) - len(_COPY))
        copy = self.palette.label + Style.from_meta({"copy": number})
        label = Content.assemble((language + gap, self.palette.label), (_COPY, copy))
        return self._panel(block, label, inner)

    def _panel(self, block: MarkdownBlock, line: Content, inner: int) -> Strip:
        """Returns one line on the background that code stands on."""
        prefix = block.rest if block.rest.strip() else " " * len(block.rest)
        fill = self.palette.text + self.palette.block
        body = Content(" ") + line
        segments = [
            Segment(text, style.rich_style)
            for text, style in body.render(fill, "", _style)
        ]
        panel = Strip(segments).adjust_cell_length(inner, fill.rich_style)
        if not prefix:
            return panel
        margin = self._muted(prefix).render_segments(self.palette.text)
        return Strip.join([Strip(margin), panel])

    def _table(self, block: MarkdownBlock) -> Iterator[Strip]:
        widths = _column_widths(block.rows, self.width - len(block.rest))
        for number, row in enumerate(block.rows):
            yield from self._table_row(block, row, widths, header=not number)
            if not number:
                rule = "─┼─".join("─" * width for width in widths)
                yield self._strip(self._muted(block.rest + rule))

    def _table_row(
        self,
        block: MarkdownBlock,
        row: tuple[Content, ...],
        widths: list[int],
        *,
        header: bool,
    ) -> Iterator[Strip]:
        cells = []
        for cell, width in zip(row, widths, strict=False):
            content = self._marked(cell)
            if header:
                content = content.stylize_before(self.palette.strong)
            cells.append(content.wrap(width))
        aligns = (*block.aligns, *["left"] * len(cells))
        for number in range(max((len(cell) for cell in cells), default=0)):
            parts = [
                _padded(
                    cell[number] if number < len(cell) else Content(""), width, align
                )
                for cell, width, align in zip(cells, widths, aligns, strict=False)
            ]
            line = self._muted(" │ ").join(parts)
            yield self._strip(self._muted(block.rest) + line)


def _style(style: str | Style) -> Style:
    """Resolves the style names of highlighted code in the theme in force."""
    return Style.parse(style) if isinstance(style, str) else style


def _padded(content: Content, width: int, align: str) -> Content:
    room = max(0, width - content.cell_length)
    before = {"right": room, "center": room // 2}.get(align, 0)
    return content.pad_left(before).pad_right(room - before)


def _column_widths(rows: tuple[tuple[Content, ...], ...], width: int) -> list[int]:
    """Returns a width for each column: its natural one, or a fair share of it."""
    columns = max((len(row) for row in rows), default=0)
    wanted = [
        max((row[i].cell_length for row in rows if i < len(row)), default=1) or 1
        for i in range(columns)
    ]
    room = max(columns * 3, width - 3 * (columns - 1))
    while sum(wanted) > room:
        widest = wanted.index(max(wanted))
        if wanted[widest] <= 3:
            break
        wanted[widest] -= 1
    return wanted
