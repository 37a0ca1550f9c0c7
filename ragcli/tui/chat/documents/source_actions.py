"""What can be done with one of the sources of a turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ragcli.chat.presentation import editors
from ragcli.errors import UsageError
from ragcli.text import safe_name
from ragcli.tui.chat.desk import Desk
from ragcli.tui.chat.documents.passage_context import passage_context
from ragcli.tui.turns.source_entries import SourceEntry
from ragcli.tui.widgets.panes.sources import SourceCard, SourcesPane
from ragcli.tui.workers.threads import aside


class SourceActions:
    """Does what the keys on a source ask for.

    Args:
        desk: Where the user is.
        sources: The pane with the sources.
        again: Asks the selected question again without these documents.
        copy: Puts a text into the clipboard and says what it is.
    """

    def __init__(
        self,
        desk: Desk,
        sources: SourcesPane,
        again: Callable[[frozenset[str]], None],
        copy: Callable[[str, str], None],
    ) -> None:
        self._desk = desk
        self._sources = sources
        self._again = again
        self._copy = copy

    def requested(self, message: SourceCard.Requested) -> None:
        """Does what a key on a source asks for."""
        card, what = message.card, message.what
        if what in {"previous", "next"}:
            self._move(card, 1 if what == "next" else -1)
        elif what == "copy":
            self._copy(card.source.text, "The passage")
        elif what == "open":
            self._desk.do("", self._open, card.source)
        elif what == "expand":
            self._desk.do("", self._expand, card)
        else:
            self._desk.do("", self._exclude, card.source)

    def _move(self, card: SourceCard, step: int) -> None:
        cards = self._sources.cards
        cards[(cards.index(card) + step) % len(cards)].focus()

    async def _open(self, source: SourceEntry) -> None:
        if not source.is_file and source.origin:
            raise UsageError(
                f"its file is not here: it came with {safe_name(source.origin)}",
                "space shows the passage whole",
            )
        if not source.is_file:
            raise UsageError(
                "piped text has no file to open", "space shows what is around it"
            )
        line = source.file_lines[0] if source.file_lines else None
        words = editors.command(
            source.path, line, chosen=self._desk.profile.settings.open_command
        )
        self._desk.lend_terminal(words)

    async def _expand(self, card: SourceCard) -> None:
        if card.expanded:
            card.show_around("", "")
            return
        before, after = await aside(
            passage_context, card.source, self._desk.profile.library.document
        )
        card.show_around(before, after)
        card.scroll_visible(animate=False)

    async def _exclude(self, source: SourceEntry) -> None:
        self._again(frozenset({source.path}))
        self._desk.say(f"Asking again without {safe_name(Path(source.path).name)}")
