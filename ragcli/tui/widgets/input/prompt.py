"""The prompt: where the user writes a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import TextArea

from ragcli.tui.attachments.pastes import Pastes
from ragcli.tui.keyboard.key_bindings import key

_MODIFIED_ENTER = frozenset({"shift+\r", "alt+\r", "ctrl+\r", "shift+\n", "alt+\n"})
"""How Textual names Enter with a modifier from xterm's modifyOtherKeys."""


def plain_lines(text: str) -> str:
    """Returns a text with plain line ends, whatever it was pasted with."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class PromptInput(TextArea):
    """A text area that grows, sends on Enter and remembers what was sent.

    Its keys come before the text area's own (priority), which means that the
    application acts on them at once, while letters typed just before may still wait
    in this widget's queue. So every such action queues up behind them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "prompt.send",
            "enter",
            "send",
            "Send the question",
            footer="Send",
            priority=True,
        ),
        key(
            "prompt.newline",
            "ctrl+j,alt+enter,shift+enter",
            "newline",
            "Start a new line",
            footer="New line",
            priority=True,
        ),
        key("prompt.earlier", "up", "earlier", "Recall what was sent", priority=True),
        key("prompt.later", "down", "later", "Come back from there", priority=True),
        key("prompt.complete", "tab", "complete", "Complete a word", priority=True),
        key("prompt.undo", "ctrl+underscore", "undo", "Take back the last change"),
    ]

    @dataclass
    class Sent(Message):
        """The user sent this text; the prompt is empty again."""

        text: str

    class EditorWanted(Message):
        """The user wants to write in an editor."""

    @dataclass
    class Edited(Message):
        """The text changed."""

        text: str
        """Up to the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual
        super().__init__(
            placeholder="Ask about your documents",
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
            id=id,
        )
        self.completing = False
        """Whether a list of completions is open, and takes Up, Down, Tab, Enter."""
        self.steer: Callable[[str], None] = lambda _key: None
        """Takes a key for that list at once: `up`, `down`, `accept`, `enter`.

        Not a message: the letters typed after it would overtake it.
        """
        self.pastes = Pastes()
        """The long texts that marks in the prompt stand for."""
        self._is_chord = False
        """Whether the last key was Ctrl+X, with nothing selected."""
        self._sent: list[str] = []
        self._at = 0
        self._kept = ""

    def remember(self, texts: Sequence[str]) -> None:
        """Sets what Up goes back through, oldest first."""
        self._sent = [text for text in texts if text]
        self._at = len(self._sent)

    def put(self, text: str) -> None:
        """Replaces the text; the cursor goes to its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def offer(self, text: str) -> None:
        """Puts a text that Enter sends, and that the first letter typed replaces."""
        self.put(text)
        self.select_all()

    def on_text_area_changed(self) -> None:
        """Posts `Edited`: completions follow the text, the draft is kept."""
        self.post_message(self.Edited(self.before_cursor))

    @property
    def before_cursor(self) -> str:
        """The text up to the cursor."""
        return self.get_text_range((0, 0), self.cursor_location)

    def complete(self, start: int, text: str) -> None:
        """Puts `text` in place of what stands from `start` to the cursor."""
        whole, at = self.text, len(self.before_cursor)
        self.put(whole[:start] + text + whole[at:])
        before = whole[:start] + text
        column = len(before) - (before.rfind("\n") + 1)
        self.move_cursor((before.count("\n"), column))

    def action_send(self) -> None:
        """Sends the text, or takes the completion."""
        self.call_later(self._send)

    def _send(self) -> None:
        if self.completing:
            self.steer("enter")
            return
        before = self.before_cursor
        if before.endswith("\\") and not before.endswith("\\\\"):
            self.action_delete_left()
            self._newline()
            return
        self.send()

    def send(self) -> None:
        """Sends the text as it stands."""
        text = self.text.strip()
        if not text:
            return
        if not self._sent or self._sent[-1] != text:
            self._sent.append(text)
        self._at = len(self._sent)
        self.put("")
        self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        """Starts a new line."""
        self.call_later(self._newline)

    def _newline(self) -> None:
        self.insert("\n")

    def action_complete(self) -> None:
        """Takes the completion; without one Tab goes to the next widget."""
        self.call_later(self._complete)

    def _complete(self) -> None:
        if self.completing:
            self.steer("accept")
        else:
            self.screen.focus_next()

    def action_earlier(self) -> None:
        """Moves up; on the first line to what was sent before."""
        self.call_later(self._earlier)

    def _earlier(self) -> None:
        if self.completing:
            self.steer("up")
        elif (
            self.cursor_location[0] > 0
            or self.wrapped_document.location_to_offset(self.cursor_location).y
        ):
            self.action_cursor_up()
        elif self._at > 0:
            self._recall(self._at - 1)

    def action_later(self) -> None:
        """Moves down; on the last line to what was sent after."""
        self.call_later(self._later)

    def _later(self) -> None:
        if self.completing:
            self.steer("down")
        elif self.cursor_location[0] < self.document.line_count - 1:
            self.action_cursor_down()
        elif self._at < len(self._sent):
            self._recall(self._at + 1)

    def _recall(self, at: int) -> None:
        if self._at == len(self._sent):
            self._kept = self.text
        self._at = at
        self.put(self._sent[at] if at < len(self._sent) else self._kept)

    def on_key(self, event: events.Key) -> None:
        """Takes Enter with a modifier, as older terminals report it; ends a chord."""
        if event.key not in {"ctrl+x", "ctrl+e"}:
            self._is_chord = False
        if event.key in _MODIFIED_ENTER:
            event.stop()
            event.prevent_default()
            self._newline()

    def action_cut(self) -> None:
        """Cuts what is selected; with nothing selected, begins Ctrl+X Ctrl+E."""
        self._is_chord = self.selection.is_empty
        if not self._is_chord:
            super().action_cut()

    def action_cursor_line_end(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - as Textual
        """Goes to the end of the line; right after Ctrl+X, to the editor."""
        if self._is_chord:
            self._is_chord = False
            self.post_message(self.EditorWanted())
        else:
            super().action_cursor_line_end(select)

    async def on_paste(self, event: events.Paste) -> None:
        """Takes pasted lines as they are, with their own line ends made plain."""
        event.prevent_default()
        event.stop()
        text = self.pastes.mark(plain_lines(event.text))
        self.replace(text, *self.selection, maintain_selection_offset=False)
