"""One question and its answer in the transcript."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ragcli.chat.answers.state import BROKEN_OFF
from ragcli.chat.presentation.lines import thought_line
from ragcli.language.markers import with_unsupported
from ragcli.sessions.records.record_types import Turn
from ragcli.text import counted, labelled, safe_line, safe_text
from ragcli.tui.keyboard.key_bindings import key
from ragcli.tui.turns.source_entries import SourceEntry, from_turn
from ragcli.tui.widgets.conversation.answer import AnswerView

_NOTES = {
    "interrupted": "interrupted",
    "failed": "the model failed",
    "nothing_found": "nothing relevant found",
    "truncated": "not whole",
}
_ENDS = {
    "interrupted": "┄ stopped here",
    "failed": "┄ broken off here",
    "truncated": "┄ not whole",
}
"""Texts below an answer that did not end normally, by status."""

_NOTHING = "Nothing in the documents answers this."


class TurnView(Vertical, can_focus=True):
    """A question, one line about who answered it, and the answer.

    Args:
        turn: A recorded turn, or one that is being answered (`seq` 0).
    """

    FOCUS_ON_CLICK = False  # whoever clicks goes on to write, and letters would act
    BINDINGS: ClassVar[list[BindingType]] = [
        key("turn.up", "up,k", "request('previous')", "Go to the turn before"),
        key("turn.down", "down,j", "request('next')", "Go to the turn after"),
        key("turn.copy", "c", "request('copy')", "Copy the answer", footer="Copy"),
        key("turn.code", "y", "request('code')", "Copy its last code", footer="Code"),
        key("turn.again", "r", "request('regenerate')", "Ask again", footer="Again"),
        key(
            "turn.version_before",
            "left,h",
            "request('older')",
            "Show the version of the answer before this one",
            footer="Older",
        ),
        key(
            "turn.version_after",
            "right,l",
            "request('newer')",
            "Show the version of the answer after this one",
            footer="Newer",
        ),
        key("turn.edit", "e", "request('edit')", "Change the question", footer="Edit"),
        key(
            "turn.continue",
            "o",
            "request('continue')",
            "Go on where it stopped",
            footer="Go on",
        ),
        key("turn.fork", "f", "request('fork')", "Branch off here", footer="Fork"),
        key("turn.delete", "d", "request('forget')", "Delete it", footer="Delete"),
        key(
            "turn.reasoning",
            "t",
            "reasoning",
            "Show or hide what the model thought",
            footer="Thoughts",
        ),
        key(
            "turn.sources",
            "enter",
            "request('sources')",
            "Go to its sources",
            footer="Sources",
        ),
        key(
            "turn.marker",
            "right_square_bracket",
            "marker(1)",
            "Go to its next source; 1 to 9 go to the source of that number",
            footer="Next source",
        ),
        key(
            "turn.marker_back",
            "left_square_bracket",
            "marker(-1)",
            "Go to its source before",
        ),
    ]

    @dataclass
    class Requested(Message):
        """The user wants something done with this turn."""

        view: TurnView
        what: str

        @property
        def control(self) -> TurnView:
            """The turn."""
            return self.view

    @dataclass
    class Selected(Message):
        """This turn is the one that keys and the sources pane are about."""

        view: TurnView
        marker: int = 0
        """The citation marker that was chosen, 0 for none."""

        @property
        def control(self) -> TurnView:
            """The turn."""
            return self.view

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn
        self.sources: list[SourceEntry] = from_turn(turn)
        """What the sources pane shows for it."""
        self.marker = 0
        """The citation marker that is selected."""
        self._stage = ""
        self.note = ""
        """Said beside the model: its speed, or why it failed."""
        self._found: re.Pattern[str] | None = None
        self._question = Static(markup=False, classes="question")
        self._about = Static(markup=False, classes="about")
        self._reasoning = Static(markup=False, classes="reasoning")
        self._reasoning.display = False
        self.answer = AnswerView(_shown_answer(turn), _end_of(turn))
        self.answer.name_places(_places(self.sources))

    def compose(self) -> ComposeResult:
        """Yields the question, the line about it, the reasoning, and the answer."""
        yield self._question
        yield self._about
        yield self._reasoning
        yield self.answer

    def on_mount(self) -> None:
        """Draws what is known."""
        self._draw()

    @property
    def is_live(self) -> bool:
        """Whether it is still being answered."""
        return bool(self._stage)

    def stage(self, text: str) -> None:
        """Shows how far the answer is: `searching`, `ollama:llama3.2 · writing`.

        Once it is shown, only its own line is drawn again: an answer that streams
        must not have the whole screen laid out for its speed.
        """
        was_live, self._stage = self.is_live, text
        if was_live and self.is_mounted:
            self._about.update(Content(safe_line(text)), layout=False)
        else:
            self._draw()

    def settle(
        self,
        turn: Turn,
        note: str = "",
        stale: frozenset[int] = frozenset(),
        nothing: str = _NOTHING,
    ) -> None:
        """Takes the recorded turn in place of the provisional one.

        Args:
            turn: As it was recorded.
            note: Said beside the model: `41 tokens/s`, why it failed.
            stale: Markers whose file has changed since.
            nothing: Shown in place of an answer when nothing was found.
        """
        self.turn, self._stage = turn, ""
        self.sources = from_turn(turn, stale)
        self.answer.replace(_shown_answer(turn, nothing))
        self.answer.end_with(_end_of(turn))
        self.answer.name_places(_places(self.sources))
        self.note = note
        self._draw()

    def know_versions(self, versions: tuple[str, ...]) -> None:
        """Takes note that there are other versions of the turn."""
        if versions != self.turn.versions:
            self.turn = replace(self.turn, versions=versions)
            self._draw()

    def find(self, pattern: re.Pattern[str] | None) -> None:
        """Marks what `pattern` matches in question and answer."""
        self._found = pattern
        self.answer.find(pattern)
        self._draw()

    def choose(self, marker: int) -> None:
        """Selects a citation marker; 0 for none."""
        self.marker = marker
        self.answer.choose(marker)

    def _draw(self) -> None:
        question = Content(safe_text(self.turn.asked))
        if self._found:
            style = self.answer.get_visual_style("answer--found")
            question = question.highlight_regex(self._found, style=style)
        self._question.update(question)
        about = self._stage or self.about_line()
        self._about.update(Content(safe_line(about)))
        for name in ("live", "interrupted", "failed", "nothing_found"):
            wanted = self.is_live if name == "live" else self.turn.status == name
            self.set_class(wanted and (name == "live" or not self.is_live), f"-{name}")
        if self.has_focus:
            self.refresh_bindings()

    def about_line(self) -> str:
        """Returns the line below an answer: its model, its time, what is odd."""
        turn = self.turn
        cited = len(turn.citations)
        count = len(turn.versions)
        parts = [f"‹{turn.version}/{count}›" if count > 1 else ""]
        parts.append(labelled(turn.model, turn.remote))
        parts.append(f"{cited} source{'s' if cited != 1 else ''}" if cited else "")
        missing = len(turn.unsupported)
        parts.append(f"{counted(missing, 'sentence')} not found" if missing else "")
        parts.append(thought_line(turn))
        parts += ["continued" if turn.continues else "", self.note]
        if turn.status != "failed" or not self.note:  # the note says why
            parts.append(_NOTES.get(turn.status, ""))
        if not turn.seq and turn.status == "answered":
            parts.append("not recorded")
        return " · ".join(part for part in parts if part)

    def is_offered(self, name: str) -> bool:
        """Tells whether a key of its own does something with this very turn."""
        turn = self.turn
        there: Mapping[str, object] = {
            "turn.version_before": turn.version > 1,
            "turn.version_after": turn.version < len(turn.versions),
            "turn.code": "```" in turn.answer,
            "turn.continue": turn.status in BROKEN_OFF,
            "turn.reasoning": turn.reasoning,
            "turn.marker": turn.citations,
            "turn.sources": self.sources,
        }
        return bool(there.get(name, True))

    def action_request(self, what: str) -> None:
        """Posts `Requested` for a key."""
        self.post_message(self.Requested(self, what))

    def action_reasoning(self) -> None:
        """Shows what the model said to itself before the answer, or hides it."""
        reasoning = self._reasoning
        reasoning.display = bool(self.turn.reasoning) and not reasoning.display
        reasoning.update(Content(safe_text(self.turn.reasoning)))

    def action_marker(self, step: int) -> None:
        """Selects the next or previous citation marker."""
        markers = self.answer.markers()
        if not markers:
            return
        at = markers.index(self.marker) + step if self.marker in markers else 0
        self.post_message(self.Selected(self, markers[at % len(markers)]))

    def numbered(self, character: str | None) -> int:
        """Returns the marker that a typed digit means; 0 for none."""
        number = int(character) if character and character in "123456789" else 0
        return number if number in self.answer.markers() else 0

    def on_key(self, event: events.Key) -> None:
        """Takes a digit for the marker of that number."""
        if number := self.numbered(event.character):
            event.stop()
            self.post_message(self.Selected(self, number))

    def on_focus(self) -> None:
        """Becomes the selected turn."""
        self.post_message(self.Selected(self, self.marker))

    def on_click(self) -> None:
        """Becomes the selected turn, without taking the keyboard focus."""
        self.post_message(self.Selected(self, self.marker))

    @on(AnswerView.MarkerClicked)
    def _clicked(self, message: AnswerView.MarkerClicked) -> None:
        message.stop()
        self.post_message(self.Selected(self, message.marker))


def _places(sources: Sequence[SourceEntry]) -> list[tuple[int, str]]:
    return [(source.marker, source.place) for source in sources if source.cited]


def _end_of(turn: Turn) -> str:
    return _ENDS.get(turn.status, "") if turn.answer else ""


def _shown_answer(turn: Turn, nothing: str = _NOTHING) -> str:
    if not turn.answer and turn.status == "nothing_found":
        return nothing
    return with_unsupported(turn.answer, turn.unsupported)
