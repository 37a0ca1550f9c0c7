"""The list of completions above the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ragcli.text import safe_line, safe_name


@dataclass(frozen=True, slots=True)
class Completion:
    """One thing that the text before the cursor may become."""

    start: int
    """Where in the prompt's text it begins."""
    text: str
    """What is put there."""
    help: str = ""
    """The help shown beside it."""
    runs: bool = False
    """Whether it is complete: Enter sends it at once."""


class Completions(OptionList, can_focus=False):
    """A list that the prompt steers."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual
        super().__init__(markup=False, id=id)
        self._items: Sequence[Completion] = ()

    def offer(self, items: Sequence[Completion]) -> None:
        """Shows these, the first one chosen; hides when there are none."""
        self._items = items
        self.display = bool(items)
        self.clear_options()
        width = max((len(item.text) for item in items), default=0) + 2
        for item in items:
            name = safe_name(item.text).ljust(width)
            help_ = (safe_line(item.help), "$foreground 60%")
            self.add_option(Option(Content.assemble(name, help_)))
        if items:
            self.highlighted = 0

    def move(self, step: int) -> None:
        """Chooses the next or previous one."""
        if self._items:
            self.highlighted = ((self.highlighted or 0) + step) % len(self._items)

    @property
    def chosen(self) -> Completion | None:
        """The completion that would be taken."""
        if not self._items or self.highlighted is None:
            return None
        return self._items[self.highlighted]
