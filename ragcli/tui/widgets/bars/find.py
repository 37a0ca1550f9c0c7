"""The bar that finds words in the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from ragcli.tui.keyboard.key_bindings import key


class FindBar(Horizontal):
    """An input and a count; Enter and Shift+Enter go from match to match."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("find.close", "escape", "close", "Close the find bar", footer="Close"),
        key("find.previous", "up,shift+enter", "step(-1)", "Go to the match before"),
        key("find.next", "down", "step(1)", "Go to the match after, as Enter does"),
    ]

    @dataclass
    class Looked(Message):
        """The user looks for this text; "" for nothing."""

        text: str

    @dataclass
    class Stepped(Message):
        """The user wants the next (1) or previous (-1) match."""

        step: int

    class Closed(Message):
        """The user closed the bar."""

    def compose(self) -> ComposeResult:
        """Yields label, input and count."""
        yield Static("Find", markup=False, classes="label")
        yield Input(placeholder="in this conversation", compact=True)
        yield Static("", markup=False, classes="count")

    def open(self, text: str = "") -> None:
        """Opens with the keyboard focus; the last text is selected."""
        self.display = True
        field = self.query_one(Input)
        field.value = text or field.value
        field.focus()
        field.select_all()
        self.post_message(self.Looked(field.value))

    def count(self, at: int, total: int) -> None:
        """Says which match of how many is shown; `at` from 1, 0 for none."""
        some = f"{at} of {total}" if total else "no match"
        text = some if self.query_one(Input).value else ""
        self.query_one(".count", Static).update(text)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Looked(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Stepped(1))

    def action_step(self, step: int) -> None:
        """Goes to another match."""
        self.post_message(self.Stepped(step))

    def action_close(self) -> None:
        """Hides the bar."""
        self.display = False
        self.post_message(self.Closed())
