"""The chat screen's parts, state and the few things that all of its actions use."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar, ParamSpec

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import Worker, get_current_worker

from ragcli.errors import RagcliError
from ragcli.sessions.records.records import Turn
from ragcli.text import safe_line
from ragcli.tui.ports import ProfilePort, RuntimePort
from ragcli.tui.widgets.completions import Completions
from ragcli.tui.widgets.find import FindBar
from ragcli.tui.widgets.ingest import IngestBar
from ragcli.tui.widgets.prompt import Prompt
from ragcli.tui.widgets.sidebar import Sidebar
from ragcli.tui.widgets.sources import SourcesPane
from ragcli.tui.widgets.status import StatusLine
from ragcli.tui.widgets.transcript import Transcript
from ragcli.tui.widgets.turn import TurnView
from ragcli.tui.workers.answering import Asking

P = ParamSpec("P")

DEFERRED_STYLES = Path(__file__).parents[1] / "deferred.tcss"
"""The styles of all that is mounted after the first frame."""

WIDEST = 160
"""Columns from which both panes are broad ones."""

WIDE = 120
"""Columns from which both panes stand beside the transcript."""

MIDDLE = 84
"""Columns from which the sources do."""

LOW = 14
"""Lines under which the footer is left out."""


class ChatBase(Screen[None]):
    """Composes the chat and keeps what is known about it.

    Args:
        profiles: This process.
        profile: The open profile.
        conversation: The conversation to show; "" for a new one.
    """

    AUTO_FOCUS: ClassVar[str | None] = "Prompt"
    has_draft = False
    """Whether the draft that was kept is in the prompt, whose text replaces it."""
    is_kept = False
    """Whether answer and draft were kept because the profile is being left."""

    def __init__(
        self, profiles: RuntimePort, profile: ProfilePort, conversation: str = ""
    ) -> None:
        super().__init__()
        self.profiles = profiles
        self.profile = profile
        self.conversation = conversation
        """The conversation on the screen; "" for one that has not begun."""
        self.selected: TurnView | None = None
        """The turn that keys, commands and the sources pane are about."""
        self.asking: Asking | None = None
        """The question that is being answered."""
        self.live: TurnView | None = None
        """Its widget, while it is on the screen."""
        self.queue: deque[str] = deque()
        """Questions that wait for their turn."""
        self.editing: Turn | None = None
        """The turn that the next question takes the place of."""
        self.opened = 0
        """Counts what was opened: tells one new conversation from the next."""
        self.is_furnished = False
        """Whether `mount_deferred` is done."""
        self.early: list[Callable[[], None]] = []
        """What the user has asked for before that."""
        self.draft = ""
        """The text in the prompt."""
        self.read_only = False
        """Whether turns are left unrecorded."""
        self._under_way: Counter[str] = Counter()
        self._in_order = {"open": asyncio.Lock(), "draft": asyncio.Lock()}
        self._want_sidebar = profile.settings.sidebar
        self._want_sources = profile.settings.sources_pane

    def compose(self) -> ComposeResult:
        """Yields what the first frame shows; `mount_deferred` adds the rest.

        Every widget costs a share of the time to first paint, so the lists, bars and
        footer, which are empty or hidden then, come right after it.
        """
        with Horizontal(id="panes"):
            yield Sidebar(id="sidebar")
            yield Transcript(id="transcript")
            yield SourcesPane(id="sources")
        with Vertical(id="entry"):
            yield Prompt(id="prompt")
        yield StatusLine(id="status")
        yield Vertical(id="foot")

    async def mount_deferred(self) -> None:
        """Mounts what the first frame can do without, and loads how it looks."""
        self.app.stylesheet.read(DEFERRED_STYLES)
        with self.app.batch_update():
            await self.sidebar.mount_deferred()
            await self.sources.mount_deferred()
            await self.query_one("#entry").mount(
                IngestBar(id="ingest"),
                FindBar(id="find"),
                Completions(id="completions"),
                Static(id="queue", markup=False),
                before=0,
            )
            footer = Footer(compact=True, show_command_palette=False)
            await self.query_one("#foot").mount(footer)
        self.is_furnished = True
        self.refresh_bindings()  # the footer waits for that before it shows any

    # Parts

    @property
    def transcript(self) -> Transcript:
        """The turns."""
        return self.query_one(Transcript)

    @property
    def prompt(self) -> Prompt:
        """Where the user writes."""
        return self.query_one(Prompt)

    @property
    def status(self) -> StatusLine:
        """The status line."""
        return self.query_one(StatusLine)

    @property
    def sources(self) -> SourcesPane:
        """The sources pane."""
        return self.query_one(SourcesPane)

    @property
    def sidebar(self) -> Sidebar:
        """Conversations and profiles."""
        return self.query_one(Sidebar)

    @property
    def target(self) -> TurnView | None:
        """The turn that a command is about: the selected one, else the last."""
        if self.selected is not None and self.selected.is_attached:
            return self.selected
        return self.transcript.last

    def unsent(self) -> str:
        """Returns the queued questions and the text in the prompt."""
        waiting = [*self.queue, self.draft]
        return "\n".join(text for text in waiting if text.strip())

    # Folding

    def on_resize(self) -> None:
        """Folds the panes that the width has no room for."""
        self.fold()

    def fold(self, *, opened: str = "") -> None:
        """Shows and hides panes by width and wish.

        Args:
            opened: The pane that the user opened just now; on a narrow screen it
                lies over the transcript, one at a time.
        """
        width, height = self.size
        room = {"sidebar": width >= WIDE, "sources": width >= MIDDLE}
        wanted = {"sidebar": self._want_sidebar, "sources": self._want_sources}
        for name, pane in (("sidebar", self.sidebar), ("sources", self.sources)):
            over = not room[name]
            pane.set_class(over, "-over")
            pane.display = wanted[name] if room[name] else name == opened
        self.query_one("#foot").display = height >= LOW
        self.set_class(height < LOW, "-low")
        self.set_class(width < MIDDLE, "-narrow")
        self.set_class(width >= WIDEST, "-wide")

    def toggle_pane(self, name: str) -> bool:
        """Shows or hides `sidebar` or `sources`; returns whether it is shown now."""
        pane = self.sidebar if name == "sidebar" else self.sources
        shown = not pane.display
        if not pane.has_class("-over"):
            setattr(self, f"_want_{name}", shown)
        self.fold(opened=name if shown else "")
        if not shown and self.focused is None:
            self.prompt.focus()
        return shown

    # Saying things

    def say(self, message: str, *, severity: SeverityLevel = "information") -> None:
        """Shows a short notice; the text may be anybody's."""
        self.notify(safe_line(message, 300), severity=severity, markup=False)

    def say_error(self, error: RagcliError) -> None:
        """Shows an error of ours: what is wrong, and what to do."""
        text = f"{error.message} ({error.hint})" if error.hint else error.message
        self.notify(safe_line(text, 400), severity="error", markup=False, timeout=10)

    def do(
        self,
        group: str,
        call: Callable[P, Coroutine[Any, Any, None]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Runs `call` beside the screen; an error of ours becomes a notice.

        Args:
            group: Work of one group runs one by one (`open`, `draft`), or the later
                takes the place of the earlier (any other name); "" is free.
            call: Awaits what may block with `threads.aside`.
            args: For it.
            kwargs: For it.
        """
        queue = self._in_order.get(group)
        self._under_way[group] += 1

        async def guarded() -> None:
            try:
                async with queue or nullcontext():
                    await call(*args, **kwargs)
            except RagcliError as error:
                self.say_error(error)
            finally:
                self._under_way[group] -= 1

        exclusive = bool(group) and queue is None
        _: Worker[None] = self.run_worker(
            guarded, group=group or "work", exclusive=exclusive
        )

    def abandon_work(self) -> None:
        """Ends all that runs beside the screen, but for the work that calls this."""
        mine = get_current_worker()
        for worker in list(self.workers):
            if worker is not mine:
                worker.cancel()

    @property
    def is_opening(self) -> bool:
        """Whether another conversation or profile is about to be shown."""
        return self._under_way["open"] > 0

    def show_state(self) -> None:
        """Brings the status line up to date."""
        asking, state, kind = self.asking, "ready", ""
        if asking is not None and asking.cancelled:
            state, kind = "stopping", "busy"
        elif asking is not None:
            writing = asking.retrieved is not None
            state, kind = "writing" if writing else "searching", "busy"
        elif self.editing is not None:
            state, kind = "editing the question, Esc to leave", "warning"
        elif self.read_only:
            state, kind = "read-only", "warning"
        self.status.say(profile=self.profile.name, state=state, kind=kind)
        if not self.is_furnished:
            return
        lines = [f"next: {safe_line(text, 70)}" for text in self.queue]
        waiting = self.query_one("#queue", Static)
        waiting.update("\n".join(lines[-3:]))
        waiting.display = bool(lines)
