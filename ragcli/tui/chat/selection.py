"""The turn that keys, commands and the sources pane are about."""

from __future__ import annotations

from ragcli.errors import UsageError
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.widgets.panes.sources import SourcesPane

NONE = "This answer has no sources."


class Selection:
    """Keeps one turn selected, and its sources in the pane.

    Args:
        transcript: The turns.
        sources: The pane that shows the sources of the selected one.
    """

    def __init__(self, transcript: Transcript, sources: SourcesPane) -> None:
        self._transcript = transcript
        self._sources = sources
        self.view: TurnView | None = None
        """The selected turn."""

    @property
    def target(self) -> TurnView | None:
        """The turn that a command is about: the selected one, else the last."""
        if self.view is not None and self.view.is_attached:
            return self.view
        return self._transcript.last

    def answered(self) -> TurnView:
        """Returns the turn a command is about; raises when there is none."""
        view = self.target
        if view is None or view.is_live:
            raise UsageError("there is no answer yet", "ask something first")
        return view

    def take(self, view: TurnView | None) -> None:
        """Selects a turn; the citation that was lit in another goes out."""
        if self.view is not None and self.view is not view:
            self.view.choose(0)
            self.view.remove_class("-selected")
        self.view = view
        if view is not None:
            view.add_class("-selected")

    async def show(self, view: TurnView, marker: int = 0, none: str = NONE) -> None:
        """Selects a turn and shows its sources.

        Args:
            view: The turn.
            marker: The citation marker that is lit; 0 for none.
            none: Said where it has no sources.
        """
        self.take(view)
        view.choose(marker)
        await self._sources.show(view.sources, none)
        if marker:
            self._sources.select(marker)

    async def follow(self, view: TurnView, none: str = NONE) -> None:
        """Brings the pane up to date if this turn is the selected one."""
        if self.view is view:
            await self._sources.show(view.sources, none)

    async def show_sources(self, view: TurnView) -> None:
        """Shows the sources of a turn that nobody has selected."""
        await self._sources.show(view.sources)

    async def clear(self) -> None:
        """Selects nothing."""
        self.take(None)
        await self._sources.show([])

    def choose_source(self, marker: int) -> None:
        """Lights one citation of the selected turn, and its source."""
        if self.view is not None:
            self.view.choose(marker)
        self._sources.select(marker)
