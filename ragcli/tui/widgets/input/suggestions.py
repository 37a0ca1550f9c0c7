"""Questions that may be asked next, in lines above the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ragcli.text import safe_line

MOST = 3
"""Questions that are shown."""


class Suggestions(OptionList, can_focus=False):
    """A few lines, each with its key; hidden while there are none."""

    @dataclass
    class Chosen(Message):
        """A line was clicked."""

        at: int
        """Which question, counted from 0; -1 for the last one again."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual
        super().__init__(markup=False, compact=True, id=id)
        self.questions: Sequence[str] = ()
        self.again = ""

    def offer(
        self, questions: Sequence[str], again: str = "", keys: Sequence[str] = ()
    ) -> None:
        """Shows these; hides when there is nothing to show.

        Args:
            questions: What may be asked.
            again: The last question, where it may be asked again.
            keys: What asks again, and what each of the questions is chosen by.
        """
        self.questions, self.again = questions[:MOST], again
        lines = [f"ask again: {again}" if again else "", *self.questions]
        rows = [(key, text) for key, text in zip(keys, lines, strict=False) if text]
        self.clear_options()
        self.add_options([Option(_row(key, text)) for key, text in rows])
        self.display = bool(rows)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(event.option_index - bool(self.again)))


def _row(key: str, text: str) -> Content:
    return Content.assemble((key, "bold $text-accent"), "  ", safe_line(text, 120))
