"""The conversation: the turns around where the user is, and no more."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget

from ragcli.sessions.records.record_types import Turn
from ragcli.tui.keyboard.key_bindings import key
from ragcli.tui.widgets.conversation.turn import TurnView

MOUNTED = 60
"""Turns that are widgets at most."""

_NEAR = 4
"""Lines from an end at which the next page is asked for."""


class Transcript(VerticalScroll, can_focus=False):
    """A window on a conversation of any length.

    It follows the end while the user is there (Textual's anchor) and asks for older
    or newer turns when the user comes near the end of what is loaded.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key("transcript.end", "end", "end", "Go to the end, and follow it"),
        key("transcript.start", "home", "start", "Go to the first loaded turn"),
    ]

    @dataclass
    class OlderWanted(Message):
        """The user nears the oldest turn that is loaded."""

        before: int
        """Its sequence number."""

    @dataclass
    class NewerWanted(Message):
        """The user nears the newest turn that is loaded, and it is not the last."""

        after: int

    class FocusLost(Message):
        """The turn that had the keyboard has gone, and none took its place."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual
        super().__init__(id=id)
        self.has_older = False
        """Whether there are turns before those that are loaded."""
        self.has_newer = False
        """Whether there are turns after those that are loaded."""
        self.is_loading = False
        """Whether turns were asked for and have not come."""
        self._found: re.Pattern[str] | None = None

    def on_mount(self) -> None:
        """Stays at the end from the start."""
        self.anchor()

    @property
    def turns(self) -> list[TurnView]:
        """The loaded turns, oldest first."""
        return [child for child in self.children if isinstance(child, TurnView)]

    @property
    def last(self) -> TurnView | None:
        """The newest loaded turn."""
        turns = self.turns
        return turns[-1] if turns else None

    def view(self, turn_id: str) -> TurnView | None:
        """Returns the widget of a turn, if it is loaded."""
        return next((view for view in self.turns if view.turn.id == turn_id), None)

    def version_view(self, versions: Collection[str]) -> TurnView | None:
        """Returns the widget that shows one of these versions of a turn."""
        views = (view for view in self.turns if view.turn.id in versions)
        return next(views, None)

    def has_place_for(self, turn: Turn) -> bool:
        """Tells whether a turn stands among those that are loaded."""
        seqs = [view.turn.seq for view in self.turns if view.turn.seq]
        if not seqs:
            return True
        return (turn.seq >= seqs[0] or not self.has_older) and (
            turn.seq <= seqs[-1] or not self.has_newer
        )

    def swap(self, view: TurnView, turn: Turn) -> bool:
        """Shows another version of a turn, where that one was asked.

        Returns:
            Whether it stands in another place than the version that was shown.
        """
        view.settle(turn)
        others = [each for each in self.turns if each.turn.seq or each is view]
        was = others.index(view)
        others.remove(view)
        at = sum(each.turn.seq < turn.seq for each in others)
        if at == was:
            return False
        if at < len(others):
            self.move_child(view, before=others[at])
        else:
            self.move_child(view, after=others[-1])
        return True

    def insert(self, turn: Turn, live: TurnView | None) -> None:
        """Adds a turn among those that are loaded, before the one in progress."""
        later = (view for view in self.turns if view.turn.seq > turn.seq)
        view = TurnView(turn)
        self.mount(view, before=next(later, live))
        self._prepare([view])

    def take_off(
        self, *views: TurnView, instead: TurnView | None = None
    ) -> AwaitComplete:
        """Takes turns off the screen.

        Args:
            views: Which.
            instead: Gets the keyboard if one of them had it. Without, no turn has it:
                left to itself, the focus goes to a neighbour, and the next letter acts
                on a turn that the user has not gone to.
        """
        screen = self.screen
        if screen.focused in views:
            screen.set_focus(instead, scroll_visible=False)
            if instead is None:
                self.post_message(self.FocusLost())
        return AwaitComplete(*(view.remove() for view in views))

    async def show(
        self, turns: Sequence[Turn], *, older: bool, newer: bool = False
    ) -> None:
        """Shows these turns in place of what was there, the last one in sight."""
        with self.app.batch_update():
            await self.take_off(*self.turns)
            await self.remove_children()
            await self.mount_all([TurnView(turn) for turn in turns])
        self.has_older, self.has_newer, self.is_loading = older, newer, False
        self.anchor(not newer)
        self.find(self._found)

    async def show_instead(self, widget: Widget) -> None:
        """Shows a widget while there is no turn: the welcome."""
        await self.take_off(*self.turns)
        await self.remove_children()
        await self.mount(widget)
        self.has_older = self.has_newer = False

    async def put_before(self, turns: Sequence[Turn], *, more: bool) -> None:
        """Adds older turns at the top; what is on the screen stays where it is."""
        self.has_older, views = more, [TurnView(turn) for turn in turns]
        before = self.virtual_size.height
        if views:
            await self.mount_all(views, before=0)
        self._prepare(views)
        surplus = self.turns[MOUNTED:]
        if surplus and not any(view.is_live for view in surplus):
            self.has_newer = True
            self.anchor(False)

        def keep_place() -> None:
            grown = self.virtual_size.height - before
            self.scroll_to(y=self.scroll_y + grown, animate=False, immediate=True)
            if self.has_newer:
                self.take_off(*surplus)
            self.is_loading = False

        self.call_after_refresh(keep_place)

    async def put_after(self, turns: Sequence[Turn], *, more: bool) -> None:
        """Adds newer turns at the end of a window that does not reach it."""
        self.has_newer = more
        views = [TurnView(turn) for turn in turns]
        await self.mount_all(views)
        self._prepare(views)
        self.is_loading = False
        self._trim()
        if not more:
            self._anchored = True

    async def add(self, turn: Turn, before: TurnView | None = None) -> TurnView:
        """Adds one turn at the end, or before another; returns its widget."""
        for child in self.children:
            if not isinstance(child, TurnView):
                await child.remove()
        view = TurnView(turn)
        await self.mount(view, before=before)
        self._prepare([view])
        self._trim()
        return view

    def _prepare(self, views: Sequence[TurnView]) -> None:
        if self._found:
            for view in views:
                view.find(self._found)

    def _trim(self) -> None:
        """Lets go of the oldest turns while the user is at the end."""
        surplus = self.turns[:-MOUNTED]
        if surplus and self.is_vertical_scroll_end:
            self.has_older = True
            self.take_off(*surplus)

    def find(self, pattern: re.Pattern[str] | None) -> None:
        """Marks what `pattern` matches in every turn."""
        if pattern == self._found is None:
            return
        self._found = pattern
        for view in self.turns:
            view.find(pattern)

    def reveal(self, view: TurnView, pattern: re.Pattern[str] | None = None) -> None:
        """Scrolls to a turn, or to the line of it that `pattern` matches."""
        self.release_anchor()
        line = view.answer.line_of(pattern) if pattern else 0
        top = view.virtual_region.y + (line and line + view.answer.virtual_region.y)
        self.scroll_to(y=max(0, top - self.size.height // 3), animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Asks for more turns when the user nears an end."""
        super().watch_scroll_y(old_value, new_value)
        turns = self.turns
        if self.is_loading or not turns or new_value == old_value:
            return
        if new_value < _NEAR and self.has_older and new_value < old_value:
            self.is_loading = True
            self.post_message(self.OlderWanted(turns[0].turn.seq))
        elif self.has_newer and new_value > self.max_scroll_y - _NEAR:
            self.is_loading = True
            self.post_message(self.NewerWanted(turns[-1].turn.seq))

    def action_end(self) -> None:
        """Goes to the newest loaded turn, and follows it again."""
        self.anchor()

    def action_start(self) -> None:
        """Goes to the oldest loaded turn."""
        self.release_anchor()
        self.scroll_home(animate=False)
