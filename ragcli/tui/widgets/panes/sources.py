"""The passages behind an answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static

from ragcli.chat.presentation import links
from ragcli.text import safe_line, safe_text
from ragcli.tui.keyboard.key_bindings import key
from ragcli.tui.rendering.reflow import reflowed
from ragcli.tui.turns.source_entries import SourceEntry, quoted_spans

_NONE = "The passages behind an answer stand here."
_BEFORE, _AFTER = 160, 320
"""Characters shown before and after the start of the quotation, or of the passage,
until the passage is expanded."""


class SourceHead(Widget):
    """The line above a passage: marker and place, fitted to the width.

    Args:
        source: The passage.
    """

    def __init__(self, source: SourceEntry) -> None:
        super().__init__()
        self._source = source
        self._address = ""

    def on_mount(self) -> None:
        """Finds out whether the place can be a link: to a file that is there."""
        source = self._source
        is_own = source.is_file and not source.origin
        if is_own and links.are_known(os.environ) and _is_there(source.path):
            self._address = links.file_address(source.path)

    def render(self) -> Content:
        """Returns the line; a long place loses its middle."""
        source = self._source
        flags = (" changed" if source.stale else "") + (
            f" {source.doubt}" if source.doubt else ""
        )
        marker = f"{source.shown_marker} "
        room = self.size.width - len(f"{marker}{flags}")
        location = source.place
        if len(location) > room > 1:
            kept = room - 1
            location = (
                location[: kept - kept // 2]
                + "…"
                + location[len(location) - kept // 2 :]
            )
        return Content.assemble(
            (marker, "italic" if source.attached else "bold $text-accent"),
            (location, Style(bold=True, link=self._address or None)),
            (flags, "$text-warning"),
        )


def _is_there(path: str) -> bool:
    return os.path.isabs(path) and os.path.isfile(path)


class SourceCard(Vertical, can_focus=True):
    """One passage: its place, its text with the quotation marked."""

    FOCUS_ON_CLICK = False  # whoever clicks goes on to write, and letters would act
    BINDINGS: ClassVar[list[BindingType]] = [
        key("source.up", "up,k", "request('previous')", "Go to the source before"),
        key("source.down", "down,j", "request('next')", "Go to the source after"),
        key(
            "source.open",
            "enter,o",
            "request('open')",
            "Open the document in $EDITOR, at the line",
            footer="Open",
        ),
        key(
            "source.expand",
            "space",
            "request('expand')",
            "Show what stands around the passage",
            footer="Context",
        ),
        key(
            "source.exclude",
            "x",
            "request('exclude')",
            "Ask again without this document",
            footer="Ask without",
        ),
        key("source.copy", "c", "request('copy')", "Copy the passage", footer="Copy"),
    ]

    @dataclass
    class Requested(Message):
        """The user wants something done with this source."""

        card: SourceCard
        what: str

        @property
        def control(self) -> SourceCard:
            """The source."""
            return self.card

    @dataclass
    class Selected(Message):
        """This source is the one whose marker is to be shown."""

        card: SourceCard

        @property
        def control(self) -> SourceCard:
            """The source."""
            return self.card

    def __init__(self, source: SourceEntry) -> None:
        super().__init__(classes="-cited" if source.cited else "")
        self.source = source
        self.expanded = False
        self._heading = Static(markup=False, classes="heading")
        self._body = Static(markup=False, classes="body")

    def compose(self) -> ComposeResult:
        """Yields place, heading and text."""
        yield SourceHead(self.source)
        if self.source.heading:
            yield self._heading
        yield self._body

    def on_mount(self) -> None:
        """Draws it."""
        self._heading.update(Content(safe_line(self.source.heading)))
        self._body.update(self.passage_text())

    def passage_text(self) -> Content:
        """Returns the passage as it is shown, with what is quoted marked."""
        source = self.source
        flow = reflowed(source.text, source.units)
        spans = [
            (flow.at(start), flow.at(end - 1) + 1)
            for start, end in quoted_spans(source.text, source.quotes)
        ]
        content, whole = _marked(flow.text, spans)
        return content if self.expanded else _extract(content, whole)

    def show_around(self, before: str, after: str) -> None:
        """Toggles the text around the passage."""
        self.expanded = not self.expanded
        content = self.passage_text()
        if self.expanded:
            dim = "$foreground 60%"
            parts = [Content.styled(safe_text(before), dim)] if before else []
            parts.append(content)
            parts += [Content.styled(safe_text(after), dim)] if after else []
            content = Content("\n").join(parts)
        self._body.update(content)

    def action_request(self, what: str) -> None:
        """Posts `Requested` for a key."""
        self.post_message(self.Requested(self, what))

    def on_focus(self) -> None:
        """Shows which marker of the answer it belongs to."""
        self.post_message(self.Selected(self))

    def on_click(self) -> None:
        """Does the same, without taking the keyboard focus."""
        self.post_message(self.Selected(self))


def _marked(
    text: str, spans: Sequence[tuple[int, int]]
) -> tuple[Content, tuple[int, int] | None]:
    """Returns a text made safe, its spans marked, and where these begin and end.

    Args:
        text: As it was written; what is unsafe in it may become longer.
        spans: In order; they may overlap.
    """
    begins = text[: spans[0][0]] if spans else text
    parts, at = [Content(safe_text(begins).lstrip("\n"))], len(begins)
    first = last = len(parts[0])
    for start, end in spans:
        parts.append(Content(safe_text(text[at:start])))
        quote = safe_text(text[max(at, start) : end])
        parts.append(Content.styled(quote, "$text-warning on $warning 30%"))
        at = max(at, end)
    if spans:
        last = sum(map(len, parts))
        parts.append(Content(safe_text(text[at:])))
    content = Content("").join(parts)
    kept = len(content.plain.rstrip("\n"))
    return content[:kept], (first, last) if spans else None


def _extract(content: Content, span: tuple[int, int] | None) -> Content:
    """Returns the part of a passage around what is quoted from it."""
    text, first, last = content.plain, *(span or (0, 0))
    start = text.rfind(" ", 0, first - _BEFORE) + 1 if first > _BEFORE else 0
    end = text.find(" ", max(last, start + _AFTER))
    dots = Content.styled("…", "$foreground 40%")
    kept = content[start : end if end > 0 else len(text)]
    return (dots if start else Content("")) + kept + (dots if end > 0 else Content(""))


def _grouped(sources: Sequence[SourceEntry]) -> list[Widget]:
    """Returns a card for each source; what is cited stands apart from the rest."""
    groups = [
        ("Cited", [source for source in sources if source.cited]),
        ("Also found", [source for source in sources if not source.cited]),
    ]
    filled = [(title, group) for title, group in groups if group]
    widgets: list[Widget] = []
    for title, group in filled:
        if len(filled) > 1:
            heading = f"{title} · {len(group)}"
            widgets.append(Static(heading, markup=False, classes="group"))
        widgets += [SourceCard(source) for source in group]
    return widgets


class SourcesPane(VerticalScroll, can_focus=False):
    """The sources of the selected answer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual
        super().__init__(id=id)
        self._title = Static("Sources", markup=False, classes="title")
        self._none = Static(_NONE, markup=False, classes="none")

    async def mount_deferred(self) -> None:
        """Mounts the title, and the note for an answer without sources."""
        await self.mount(self._title, self._none)

    def on_descendant_focus(self) -> None:
        """Lights the title while the keyboard is here."""
        self._title.add_class("-focused")

    def on_descendant_blur(self) -> None:
        """Puts the light out again."""
        self._title.remove_class("-focused")

    @property
    def cards(self) -> list[SourceCard]:
        """The sources, in order."""
        return list(self.query(SourceCard))

    async def show(self, sources: Sequence[SourceEntry], none: str = _NONE) -> None:
        """Shows these sources in place of what was there."""
        if [card.source for card in self.cards] == list(sources):
            return
        with self.app.batch_update():
            await self.query(".group, SourceCard").remove()
            await self.mount_all(_grouped(sources))
        self._none.update(none)
        self._none.display = not sources
        self.scroll_home(animate=False)

    def select(self, marker: int, *, focus: bool = False) -> bool:
        """Scrolls to a marker's source; False when there is none."""
        for card in self.cards:
            wanted = card.source.marker == marker
            card.set_class(wanted, "-selected")
            if wanted:
                card.scroll_visible(animate=False)
                if focus:
                    card.focus()
        return any(card.source.marker == marker for card in self.cards)
