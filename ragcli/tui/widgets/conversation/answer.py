"""An answer: streamed Markdown in one widget, drawn line by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from ragcli.language.markers import cited
from ragcli.text import safe_text
from ragcli.tui.rendering.answer_styles import Palette
from ragcli.tui.rendering.block_layout import Layout
from ragcli.tui.rendering.blocks import MarkdownBlock
from ragcli.tui.rendering.rendered_answer import RenderedAnswer

_PREFIX = "answer--"
ALONE = "-alone"
"""Class of a screen on which no sources stand beside the answers."""

_FILLED = {"block", "chosen", "found"}


class AnswerView(Widget):
    """Shows Markdown and follows it as it grows.

    One widget whatever the length: final blocks keep their strips, and only the
    last block is parsed and wrapped again when text arrives.

    Args:
        source: What is there already.
        note: Said below it: how it ended, where that was not by itself.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {_PREFIX + n for n in Palette.names()}

    @dataclass
    class MarkerClicked(Message):
        """The user chose a citation marker."""

        answer: AnswerView
        marker: int

        @property
        def control(self) -> AnswerView:
            """The answer it stands in."""
            return self.answer

    @dataclass
    class LinkClicked(Message):
        """The user clicked a link; nothing has been opened."""

        href: str

    @dataclass
    class CodeClicked(Message):
        """The user clicked `copy` above a block of code."""

        code: str

    def __init__(self, source: str = "", note: str = "") -> None:
        super().__init__()
        self.source = source
        self._note = note
        self._tail: list[Strip] = []
        self._places: Sequence[tuple[int, str]] = ()
        self.chosen = 0
        """The marker that is chosen; 0 for none."""
        self._found: re.Pattern[str] | None = None
        self._document: RenderedAnswer | None = None
        self._final: list[Strip] = []
        self._growing: list[Strip] = []
        self._width = 0
        self._codes = 0

    # What it shows

    def append(self, text: str) -> None:
        """Adds text at the end; redraws only what changed."""
        self.source += text
        if self._document is None or not self._width:
            self.refresh(layout=True)
            return
        before = len(self._final) + len(self._growing)
        kept = len(self._final)
        self._extend(self._document, text)
        after = len(self._final) + len(self._growing)
        if after != before:
            self.refresh(layout=True)
        self.refresh(Region(0, kept, self.size.width, max(after, before) - kept))

    def replace(self, source: str) -> None:
        """Shows another text: the answer as it was recorded."""
        if source != self.source:
            self.source = source
            self._forget()

    def end_with(self, note: str) -> None:
        """Shows below the text how it ended; "" for a normal end."""
        if note != self._note:
            self._note = note
            self._forget()

    def name_places(self, places: Sequence[tuple[int, str]]) -> None:
        """Says below the text where it is from, while no pane beside it does.

        Args:
            places: Markers and places, in order.
        """
        if places != self._places:
            self._places = places
            self._forget()

    def choose(self, marker: int) -> None:
        """Draws a citation marker as selected; 0 for none."""
        if marker != self.chosen:
            self.chosen = marker
            self._forget()

    def find(self, pattern: re.Pattern[str] | None) -> None:
        """Marks what `pattern` matches; None for nothing."""
        if pattern != self._found:
            self._found = pattern
            self._forget()

    def markers(self) -> list[int]:
        """Returns the citation markers, in order, each once."""
        return cited(self.source)

    def codes(self) -> list[str]:
        """Returns the source of each block of code."""
        blocks = self._blocks()
        return [block.content.plain for block in blocks if block.kind == "code"]

    def line_of(self, pattern: re.Pattern[str]) -> int:
        """Returns the first line that `pattern` matches in; 0 when none does."""
        for number, strip in enumerate(self._final + self._growing):
            if pattern.search(strip.text):
                return number
        return 0

    # How it is drawn

    def _blocks(self) -> list[MarkdownBlock]:
        if self._document is None:
            self._document = RenderedAnswer(self._palette(), self.chosen)
            self._document.append(self.source)
        return self._document.final + self._document.growing

    def _palette(self) -> Palette:
        return Palette.collect(self._style_of)

    def _style_of(self, name: str) -> Style:
        if name == "text":
            return self.visual_style
        # A partial style has no opaque background, so the filled roles are whole.
        return self.get_visual_style(_PREFIX + name, partial=name not in _FILLED)

    def _layout_of(self, width: int) -> Layout:
        return Layout(width, self._palette(), self._found)

    def _forget(self) -> None:
        self._document = None
        self._width = 0
        self.refresh(layout=True)

    def notify_style_update(self) -> None:
        """Draws everything anew in the theme's colours."""
        self._document = None
        self._width = 0
        super().notify_style_update()

    def _lay_out(self, width: int) -> None:
        """Makes sure that strips are there for this width."""
        if width == self._width and self._document is not None:
            return
        self._width, self._final, self._growing, self._codes = width, [], [], 0
        self._document = RenderedAnswer(self._palette(), self.chosen)
        self._extend(self._document, self.source)
        layout = self._layout_of(width)
        self._tail = [layout.note(self._note)] if self._note else []
        if self.screen.has_class(ALONE):
            self._tail += layout.places(self._places)

    def _extend(self, document: RenderedAnswer, text: str) -> None:
        layout = self._layout_of(self._width)
        closed = document.append(text)
        blocks = document.final[len(document.final) - closed :]
        self._final += layout.lines(blocks, self._codes)
        self._codes += sum(block.kind == "code" for block in blocks)
        self._growing = list(layout.lines(document.growing, self._codes))
        if not self._final and self._growing and not self._growing[0].text.strip():
            self._growing.pop(0)
        elif len(document.final) == closed and self._final:
            self._final.pop(0)

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        """Returns the available width."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Returns the number of lines at `width`."""
        self._lay_out(max(1, width))
        return len(self._final) + len(self._growing) + len(self._tail)

    def render_line(self, y: int) -> Strip:
        """Returns one line, with the selection and the offsets that select it."""
        self._lay_out(max(1, self.size.width))
        kept = len(self._final)
        if y < kept:
            strip = self._final[y]
        elif y - kept < len(self._growing) + len(self._tail):
            strip = [*self._growing, *self._tail][y - kept]
        else:
            return Strip.blank(self.size.width, self.rich_style)
        return self._selected(strip, y).apply_offsets(0, y)

    def _selected(self, strip: Strip, y: int) -> Strip:
        selection = self.text_selection
        span = selection.get_span(y) if selection else None
        if span is None:
            return strip
        start, end = span
        stop = strip.cell_length if end == -1 else min(end, strip.cell_length)
        if start >= stop:
            return strip
        style = self.screen.get_component_rich_style("screen--selection")
        before, inside, after = strip.divide([start, stop, strip.cell_length])
        lit = Segment.apply_style(inside, post_style=style)  # over grounds of its own
        return Strip.join([before, Strip(lit, inside.cell_length), after])

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Returns the selected text as it stands on the screen."""
        lines = [strip.text.rstrip() for strip in self._final + self._growing]
        return selection.extract("\n".join(lines)), "\n"

    # What a click means

    def on_click(self, event: events.Click) -> None:
        """Posts what was clicked; opens nothing."""
        meta = event.style.meta
        if "marker" in meta:
            event.stop()
            self.post_message(self.MarkerClicked(self, int(meta["marker"])))
        elif "href" in meta:
            event.stop()
            self.post_message(self.LinkClicked(safe_text(str(meta["href"]))))
        elif "copy" in meta:
            event.stop()
            codes = self.codes()
            if int(meta["copy"]) < len(codes):
                self.post_message(self.CodeClicked(codes[int(meta["copy"])]))
